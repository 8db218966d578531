"""The routes: each parses, calls one workflow and renders."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from osler.api import openapi, wire
from osler.api.admission import Admission
from osler.api.draining import Drain
from osler.api.edge import request_id
from osler.api.errors import error_headers, error_json
from osler.api.incoming import discard_body, read_body, while_connected
from osler.api.metrics import CONTENT_TYPE, Metrics
from osler.api.outgoing import ChatShape, CompletionShape, ResponsesShape, Shape
from osler.api.readiness import Need, details, readiness
from osler.api.render import json_response
from osler.api.stream import EventStream, Patience
from osler.app.build import Platform
from osler.app.live import Live
from osler.core.errors import AuthError, InputError, RateLimited, UnknownModel
from osler.core.messages import Caller, ChatRequest
from osler.core.ports.access import ADMIN_READ, RouteScope
from osler.gateway.bounds import Bounds
from osler.gateway.exchange import Done, Failed
from osler.gateway.router import AUTO, known_names

Read = Callable[[Mapping[str, Any], Mapping[str, str], Caller, str], ChatRequest]
Shaped = Callable[[ChatRequest, Mapping[str, Any]], Shape]


class Answering:
    """A route's handler as an ASGI application. Starlette's own way wraps each in a handler of exceptions of its own,
    while the one around all routes already does what is needed."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(Request(scope, receive, send))
        await response(scope, receive, send)


class Api:
    """The routes over the platform in force."""

    def __init__(self, live: Live, metrics: Metrics, drain: Drain, *, require_keys: bool) -> None:
        self._live = live
        self._drain = drain
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
        return await self._answered(request, "chat", wire.chat_request, ChatShape)

    async def completions(self, request: Request) -> Response:
        """POST /v1/completions."""
        return await self._answered(request, "completions", wire.completion_request, CompletionShape)

    async def responses(self, request: Request) -> Response:
        """POST /v1/responses."""
        return await self._answered(request, "responses", wire.responses_request, ResponsesShape)

    async def _answered(self, request: Request, scope: RouteScope, read: Read, shaped: Shaped) -> Response:
        """What the pipeline gives for a request that `read` understands, in the shape of its route."""
        caller, data = await self._admitted(request, scope)
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
        caller, data = await self._admitted(request, "embeddings")
        ident = request_id(request)
        asked = wire.embeddings_request(wire.parse(data))
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        work = self.platform.embeddings.run(
            texts, model=asked.model, caller=caller, request_id=ident, dimensions=asked.dimensions
        )
        result = await while_connected(request, work)
        return json_response(wire.embeddings(result, asked), 200)

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""
        names = await self._names(request)
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "osler"} for name in names]
        return json_response({"object": "list", "data": data}, 200)

    async def model(self, request: Request) -> Response:
        """GET /v1/models/{name}."""
        names = await self._names(request)
        wanted = request.path_params["name"]
        if wanted not in names:
            raise UnknownModel(
                "There is no model of that name.", remedy=f"Known: {', '.join(names)}.", param="model"
            )
        return json_response({"id": wanted, "object": "model", "created": 0, "owned_by": "osler"}, 200)

    async def _names(self, request: Request) -> tuple[str, ...]:
        """The names that the caller may ask for."""
        caller = await self.admission.caller(request, "models")
        config = self.platform.config
        may = self.platform.pipeline.parts.tenants.destinations(caller)
        found = [d.value(name) for name, d in config.destinations.items() if may is None or name in may]
        names = known_names(found)
        if caller.models is not None:
            own = {name.rpartition("/")[2] for name in caller.models}
            names = tuple(name for name in names if name in own)
        return (AUTO, *names)

    async def document(self, request: Request) -> Response:
        """GET /v1/openapi.json."""
        await self.admission.caller(request, "models")
        return json_response(openapi.document(), 200)

    async def healthz(self, request: Request) -> Response:
        """GET /healthz: the process is alive."""
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """GET /readyz: whether requests can be answered; 503 with the reason otherwise."""
        need = request.query_params.get("need", "any")
        if need not in get_args(Need):
            raise InputError(
                "There is no such need.", remedy=f"Known: {', '.join(get_args(Need))}.", param="need"
            )
        found = await readiness(self.platform, leaving=self._drain.leaving, within_s=self.guard_s)
        fault = found.fault(cast(Need, need))
        status = 503 if fault else 200
        plain = "verbose" not in request.query_params
        if plain and "application/json" not in request.headers.get("accept", ""):
            return PlainTextResponse(f"not ready: {fault}\n" if fault else "ready\n", status_code=status)
        shown: dict[str, Any] = {"ready": not fault, "fault": fault}
        if await self.admission.may_look(request, ADMIN_READ):
            shown |= found.to_json() | details(self.platform)
        return json_response(shown, status)

    async def metrics_page(self, request: Request) -> Response:
        """GET /metrics."""
        await self.admission.caller(request, "metrics")
        return Response(self.metrics.text(), media_type=CONTENT_TYPE)

    async def _admitted(self, request: Request, scope: RouteScope) -> tuple[Caller, bytes]:
        """Who calls, and the body that came with it."""
        try:
            caller = await self.admission.caller(request, scope)
        except (AuthError, RateLimited):
            await discard_body(request)
            raise
        return caller, await read_body(request, self.max_body, self.body_s)
