"""The routes: each parses, calls one workflow and renders."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from osler.api import openapi, wire
from osler.api.admission import Admission
from osler.api.edge import request_id
from osler.api.errors import error_headers, error_json
from osler.api.incoming import discard_body, read_body, while_connected
from osler.api.metrics import CONTENT_TYPE, Metrics
from osler.api.outgoing import ChatShape, CompletionShape, ResponsesShape, Shape
from osler.api.render import json_response
from osler.api.stream import EventStream, Patience
from osler.app.build import Platform
from osler.app.live import Live
from osler.core.errors import AuthError, OslerError, RateLimited, UnknownModel
from osler.core.messages import Caller, ChatRequest
from osler.gateway.bounds import Bounds
from osler.gateway.exchange import Done, Failed
from osler.gateway.router import AUTO, known_names

Read = Callable[[Mapping[str, Any], Mapping[str, str], Caller, str], ChatRequest]
Shaped = Callable[[ChatRequest, Mapping[str, Any]], Shape]


class Api:
    """The routes over the platform in force."""

    def __init__(self, live: Live, metrics: Metrics, *, require_keys: bool) -> None:
        self._live = live
        platform = live.newest
        self.metrics = metrics
        server = platform.config.server
        self.max_body = server.max_body_mb * 2**20
        self.body_s = server.timeouts.body_s
        self.guard_s = server.timeouts.guard_s
        # A guard that is down is told by the status, so that no stream begins while one may still be waited for.
        self._patience = Patience(
            first_s=max(server.heartbeat_s, self.guard_s + 1), beat_s=server.heartbeat_s
        )
        self.admission = Admission(
            platform.stores.access,
            server,
            require_keys=require_keys,
            monotonic=platform.pipeline.parts.clock.monotonic,
            bounds=Bounds(waits=platform.stores.waits, patience_s=server.timeouts.guard_s),
        )

    @property
    def platform(self) -> Platform:
        """That of the request which is being answered."""
        return self._live.platform

    async def chat(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        return await self._answered(request, wire.chat_request, ChatShape)

    async def completions(self, request: Request) -> Response:
        """POST /v1/completions."""
        return await self._answered(request, wire.completion_request, CompletionShape)

    async def responses(self, request: Request) -> Response:
        """POST /v1/responses."""
        return await self._answered(request, wire.responses_request, ResponsesShape)

    async def _answered(self, request: Request, read: Read, shaped: Shaped) -> Response:
        """What the pipeline gives for a request that `read` understands, in the shape of its route."""
        caller, data = await self._admitted(request)
        body = wire.parse(data)
        chat = read(body, wire.own_headers(request.headers.items()), caller, request_id(request))
        if not self.platform.config.knowledge.ground:
            chat = replace(chat, ground="off")
        shape = shaped(chat, body)
        if chat.stream:
            work = EventStream.begin(self.platform.pipeline, chat, shape, self._patience)
            return await while_connected(request, work)
        return await while_connected(request, self._answer(chat, shape))

    async def _answer(self, chat: ChatRequest, shape: Shape) -> Response:
        """A plain answer, or the error that stands in its place."""
        async with contextlib.aclosing(self.platform.pipeline.run(chat)) as events:
            async for event in events:
                if isinstance(event, Done):
                    return json_response(shape.whole(event.exchange), 200)
                if isinstance(event, Failed):
                    shown = error_json(event.error, decision=event.decision, record=event.record)
                    return json_response(shown, event.error.status, error_headers(event.error))
        raise RuntimeError("the pipeline ended without an answer")

    async def embeddings(self, request: Request) -> Response:
        """POST /v1/embeddings."""
        caller, data = await self._admitted(request)
        ident = request_id(request)
        asked = wire.embeddings_request(wire.parse(data))
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        work = self.platform.embeddings.run(texts, model=asked.model, caller=caller, request_id=ident)
        result = await while_connected(request, work)
        return json_response(wire.embeddings(result, asked), 200)

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""
        await self.admission.caller(request)
        destinations = [d.value(name) for name, d in self.platform.config.destinations.items()]
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "osler"}
            for name in (AUTO, *known_names(destinations))
        ]
        return json_response({"object": "list", "data": data}, 200)

    async def model(self, request: Request) -> Response:
        """GET /v1/models/{name}."""
        await self.admission.caller(request)
        destinations = [d.value(name) for name, d in self.platform.config.destinations.items()]
        names = (AUTO, *known_names(destinations))
        wanted = request.path_params["name"]
        if wanted not in names:
            raise UnknownModel(
                "There is no model of that name.", remedy=f"Known: {', '.join(names)}.", param="model"
            )
        return json_response({"id": wanted, "object": "model", "created": 0, "owned_by": "osler"}, 200)

    async def document(self, request: Request) -> Response:
        """GET /v1/openapi.json."""
        await self.admission.caller(request)
        return json_response(openapi.document(), 200)

    async def healthz(self, request: Request) -> Response:
        """GET /healthz: the process is alive."""
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """GET /readyz: the database answers and the audit log can be read; 503 with the reason otherwise."""
        try:
            async with asyncio.timeout(self.guard_s):
                await asyncio.to_thread(self.platform.stores.database.check)
                await asyncio.to_thread(self.platform.stores.audit.head)
        except OslerError as error:
            return PlainTextResponse(f"not ready: {error}\n", status_code=503)
        except Exception as error:
            # Whoever watches wants an answer whatever is down; the text of a foreign error may quote anything.
            what = f"not ready: the stores failed ({type(error).__name__}). Run `osler doctor`.\n"
            return PlainTextResponse(what, status_code=503)
        return PlainTextResponse("ready\n")

    async def metrics_page(self, request: Request) -> Response:
        """GET /metrics."""
        await self.admission.caller(request)
        return Response(self.metrics.text(), media_type=CONTENT_TYPE)

    async def _admitted(self, request: Request) -> tuple[Caller, bytes]:
        """Who calls, and the body that came with it."""
        try:
            caller = await self.admission.caller(request)
        except (AuthError, RateLimited):
            await discard_body(request)
            raise
        return caller, await read_body(request, self.max_body, self.body_s)
