"""The ASGI application: routes, errors, life span.

`create()` is the factory that uvicorn calls in each worker process. It reads where to work from the
environment (`OSLER_CONFIG`, `OSLER_WORKSPACE`, `OSLER_REQUIRE_KEYS`), because worker processes
inherit nothing else.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from osler.api import logs
from osler.api.errors import error_headers, error_json
from osler.api.logs import log
from osler.api.metrics import Metrics
from osler.api.render import json_response
from osler.api.routes import Api
from osler.app import config as configuration
from osler.app.build import WORKSPACE, Platform, build
from osler.core.errors import InputError, OslerError

_CANCELLED_S = 5.0
"""Seconds that requests have to sign how they ended, once they were cancelled at the end of the drain."""


def create() -> Starlette:
    """The factory for `osler serve`: one platform per worker process."""
    logs.configure()
    config_path = os.environ.get("OSLER_CONFIG")
    workspace = Path(os.environ.get("OSLER_WORKSPACE") or WORKSPACE)
    metrics = Metrics()
    try:
        config = configuration.load(Path(config_path) if config_path else None)
        platform = build(config, workspace, observer=metrics)
    except OslerError as error:
        # A configuration that went bad (exit code 3) also ends the supervisor; after anything else it tries again.
        log.error("cannot start", error=str(error))
        sys.exit(error.exit_code)
    return application(platform, metrics, require_keys=os.environ.get("OSLER_REQUIRE_KEYS") == "1")


def application(platform: Platform, metrics: Metrics, *, require_keys: bool) -> Starlette:
    """The Starlette application over a platform; the platform is closed when it shuts down."""
    api = Api(platform, metrics, require_keys=require_keys)
    routes = [
        Route("/v1/chat/completions", api.chat, methods=["POST"]),
        Route("/v1/embeddings", api.embeddings, methods=["POST"]),
        Route("/v1/models", api.models, methods=["GET"]),
        Route("/v1/models/{name:path}", api.model, methods=["GET"]),
        Route("/healthz", api.healthz, methods=["GET"]),
        Route("/readyz", api.readyz, methods=["GET"]),
        Route("/metrics", api.metrics_page, methods=["GET"]),
    ]

    ongoing = Ongoing()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watch = asyncio.create_task(_stop_with_parent())
        try:
            yield
        finally:
            watch.cancel()
            await ongoing.ended(_CANCELLED_S)
            await platform.aclose()

    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={
            OslerError: _osler_error,
            ClientDisconnect: _gone,
            404: _not_found,
            405: _not_found,
            Exception: _unforeseen,
        },
    )
    app.add_middleware(Measured, metrics=metrics, ongoing=ongoing)
    return app


class Ongoing:
    """Requests that are being answered. The stores are closed after the last: each signs how it ended."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """A request, until the block ends."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def ended(self, seconds: float) -> None:
        """Wait until there is none, so many seconds at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._none.wait()


class Measured:
    """Counts and logs responses by route and status, and adds the headers that every answer carries."""

    def __init__(self, app: Any, metrics: Metrics, ongoing: Ongoing) -> None:
        self._app = app
        self._metrics = metrics
        self._ongoing = ongoing

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.monotonic()

        async def measured(message: Any) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                self._metrics.response(route, message["status"])
                message["headers"] = [
                    *message.get("headers", []),
                    (b"cache-control", b"no-store"),
                    (b"x-content-type-options", b"nosniff"),
                ]
                ms = round((time.monotonic() - begun) * 1000, 1)
                log.info("response", route=route, status=message["status"], ms=ms)
            await send(message)

        with self._ongoing.one():
            await self._app(scope, receive, measured)


async def _stop_with_parent() -> None:
    """A worker whose supervisor was killed must not go on serving alone: it drains when its parent changes."""
    if os.environ.get("OSLER_WORKER") != "1":
        return
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - the kernel tells nobody when a parent is gone
        await asyncio.sleep(0.5)
    log.error("supervisor gone", remedy="start `osler serve` again")
    signal.raise_signal(signal.SIGTERM)


async def _osler_error(request: Request, error: Exception) -> Response:
    known = error if isinstance(error, OslerError) else OslerError("Something unforeseen happened.")
    return json_response(error_json(known), known.status, headers=error_headers(known))


async def _not_found(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    allowed = getattr(error, "headers", None) or {}
    fault = InputError(
        "There is no such route, or not with this method.",
        remedy="Served: POST /v1/chat/completions, POST /v1/embeddings, GET /v1/models.",
    )
    return json_response(error_json(fault), status, headers={**error_headers(fault), **allowed})


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=499)


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("unforeseen", error=type(error).__name__)
    fault = OslerError("Something unforeseen happened.", remedy="The server's log names its kind.")
    return json_response(error_json(fault), 500)
