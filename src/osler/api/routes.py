"""The routes: each parses, calls one workflow and renders."""

import asyncio
import contextlib
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from osler.api import wire
from osler.api.errors import error_headers, error_json
from osler.api.incoming import discard_body, read_body, require_local, while_connected
from osler.api.metrics import CONTENT_TYPE, Metrics
from osler.api.render import json_response
from osler.api.stream import EventStream
from osler.app.build import Platform
from osler.core.errors import AuthError, OslerError, UnknownModel
from osler.core.messages import Caller, ChatRequest
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
        caller, data = await self._admitted(request)
        request_id = wire.new_request_id()
        body = wire.parse(data)
        chat = wire.chat_request(body, wire.own_headers(request.headers.items()), caller, request_id)
        if not self.platform.config.knowledge.ground:
            chat = replace(chat, ground="off")
        if chat.stream:
            return await while_connected(request, EventStream.begin(self.platform.pipeline, chat, body))
        return await while_connected(request, self._answer(chat))

    async def _answer(self, chat: ChatRequest) -> Response:
        """A plain answer, or the error that stands in its place."""
        request_id = chat.request_id
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
        caller, data = await self._admitted(request)
        request_id = wire.new_request_id()
        asked = wire.embeddings_request(wire.parse(data))
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        work = self.platform.embeddings.run(texts, model=asked.model, caller=caller, request_id=request_id)
        result = await while_connected(request, work)
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

    async def _admitted(self, request: Request) -> tuple[Caller, bytes]:
        """Who calls, and the body that came with it."""
        try:
            caller = self._caller(request)
        except AuthError:
            await discard_body(request)
            raise
        return caller, await read_body(request, self.max_body)

    def _caller(self, request: Request) -> Caller:
        """Who calls. Where keys are off, any key is ignored and everyone is the local caller."""
        if not self.require_keys:
            require_local(request)
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
