"""The routes: each parses, calls one workflow and renders."""

import asyncio
import contextlib
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from osler.api import wire
from osler.api.errors import error_headers, error_json
from osler.api.metrics import CONTENT_TYPE, Metrics
from osler.api.render import json_response
from osler.api.stream import EventStream
from osler.app.build import Platform
from osler.core.errors import AuthError, OslerError, TooLarge, UnknownModel
from osler.core.messages import Caller
from osler.gateway.exchange import Done, Failed
from osler.gateway.router import AUTO, known_names


class Api:
    """The routes over one platform."""

    def __init__(self, platform: Platform, metrics: Metrics, *, require_keys: bool) -> None:
        self.platform = platform
        self.metrics = metrics
        self.require_keys = require_keys
        self.max_body = platform.config.server.max_body_mb * 2**20

    async def chat(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        caller = self._caller(request)
        request_id = wire.new_request_id()
        body = wire.parse(await self._body(request))
        headers = {k.lower(): v for k, v in request.headers.items()}
        chat = wire.chat_request(body, headers, caller, request_id)
        if not self.platform.config.knowledge.ground:
            chat = replace(chat, ground="off")
        if chat.stream:
            return await EventStream.begin(self.platform.pipeline, chat, body)
        async with contextlib.aclosing(self.platform.pipeline.run(chat)) as events:
            async for event in events:
                if isinstance(event, Done):
                    return json_response(wire.completion(event.exchange), 200, request_id)
                if isinstance(event, Failed):
                    shown = error_json(event.error, decision=event.decision, record=event.record)
                    return json_response(shown, event.error.status, request_id, error_headers(event.error))
        raise RuntimeError("the pipeline ended without an answer")

    async def embeddings(self, request: Request) -> Response:
        """POST /v1/embeddings."""
        caller = self._caller(request)
        request_id = wire.new_request_id()
        asked = wire.embeddings_request(wire.parse(await self._body(request)))
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        result = await self.platform.embeddings.run(
            texts, model=asked.model, caller=caller, request_id=request_id
        )
        return json_response(wire.embeddings(result, asked), 200, request_id)

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""
        self._caller(request)
        destinations = [d.value(name) for name, d in self.platform.config.destinations.items()]
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "osler"}
            for name in (AUTO, *known_names(destinations))
        ]
        return json_response({"object": "list", "data": data}, 200)

    async def model(self, request: Request) -> Response:
        """GET /v1/models/{name}."""
        self._caller(request)
        destinations = [d.value(name) for name, d in self.platform.config.destinations.items()]
        names = (AUTO, *known_names(destinations))
        wanted = request.path_params["name"]
        if wanted not in names:
            raise UnknownModel(
                "There is no model of that name.", remedy=f"Known: {', '.join(names)}.", param="model"
            )
        return json_response({"id": wanted, "object": "model", "created": 0, "owned_by": "osler"}, 200)

    async def healthz(self, request: Request) -> Response:
        """GET /healthz: the process is alive."""
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """GET /readyz: the database answers and the audit log can be read; 503 with the reason otherwise."""
        try:
            await asyncio.to_thread(self.platform.stores.database.check)
            await asyncio.to_thread(self.platform.stores.audit.head)
        except OslerError as error:
            return PlainTextResponse(f"not ready: {error}\n", status_code=503)
        return PlainTextResponse("ready\n")

    async def metrics_page(self, request: Request) -> Response:
        """GET /metrics."""
        self._caller(request)
        return Response(self.metrics.text(), media_type=CONTENT_TYPE)

    def _caller(self, request: Request) -> Caller:
        """Who calls. Where keys are off, any key is ignored and everyone is the local caller."""
        if not self.require_keys:
            return Caller()
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        given = secret.strip() if scheme.lower() == "bearer" else ""
        caller = self.platform.stores.access.authenticate(given) if given else None
        if caller is None:
            raise AuthError(
                "The API key is missing, unknown or revoked.",
                remedy="Send `Authorization: Bearer KEY`; `osler keys create` makes one.",
            )
        return caller

    async def _body(self, request: Request) -> bytes:
        """The body within its limit, read piece by piece so that a large one is refused early."""
        pieces, size = [], 0
        async for piece in request.stream():
            size += len(piece)
            if size > self.max_body:
                raise TooLarge(
                    f"The request body is larger than {self.max_body // 2**20} MB.",
                    remedy="Send less, or raise server.max_body_mb.",
                )
            pieces.append(piece)
        return b"".join(pieces)
