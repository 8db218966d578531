"""The ASGI application: routes, errors, life span.

`create()` is the factory that uvicorn calls in each worker process. It reads where to work from the
environment (`OSLER_CONFIG`, `OSLER_WORKSPACE`, `OSLER_REQUIRE_KEYS`, `OSLER_BEHIND_TLS_PROXY`,
`OSLER_LOG_LEVEL`, `OSLER_LOG_FORMAT`), because worker processes inherit nothing else.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from osler.api import logs
from osler.api.admin import app as admin
from osler.api.admin.gate import Gate
from osler.api.admin.routes import Admin
from osler.api.draining import Drain, drain_on_stop
from osler.api.edge import Around, Edge, Ongoing
from osler.api.errors import error_headers, error_json
from osler.api.logs import log
from osler.api.metrics import Metrics
from osler.api.protocol import TIMEOUTS
from osler.api.reloading import OnePlatform, reload_on_hangup
from osler.api.render import json_response
from osler.api.routes import Answering, Api
from osler.api.standing import Standing
from osler.api.traces import Traces
from osler.app import config as configuration
from osler.app.build import WORKSPACE, Platform, build
from osler.app.config import Config
from osler.app.live import Live
from osler.app.reload import Reloader
from osler.app.serving import overridden
from osler.app.tracing import tracing
from osler.core.errors import InputError, OslerError
from osler.gateway.limits import Concurrency

_SWITCH_S = 0.0005
"""How long the event loop keeps the interpreter while the audit log's thread wants it, a tenth of what Python gives:
each record waits for it several times, and with it everybody whose request is signed."""
_CANCELLED_S = 5.0
"""Seconds that requests have to sign how they ended, once they were cancelled at the end of the drain."""


def create() -> Starlette:
    """The factory for `osler serve`: one platform per worker process."""
    logs.configure(os.environ.get("OSLER_LOG_LEVEL", "info"), os.environ.get("OSLER_LOG_FORMAT", "json"))
    config_path = os.environ.get("OSLER_CONFIG")
    workspace = Path(os.environ.get("OSLER_WORKSPACE") or WORKSPACE)
    metrics = Metrics()
    proxied = os.environ.get("OSLER_BEHIND_TLS_PROXY") == "1"

    def load() -> Config:
        path = Path(config_path) if config_path else None
        return overridden(configuration.load(path), behind_tls_proxy=proxied)

    try:
        platform = build(load(), workspace, observer=metrics)
    except OslerError as error:
        # A configuration that went bad (exit code 3) also ends the supervisor; after anything else it tries again.
        log.error("cannot start", error=str(error))
        sys.exit(error.exit_code)
    require_keys = os.environ.get("OSLER_REQUIRE_KEYS") == "1"
    sys.setswitchinterval(_SWITCH_S)
    return application(platform, metrics, require_keys=require_keys, load=load)


def application(
    platform: Platform, metrics: Metrics, *, require_keys: bool, load: Callable[[], Config] | None = None
) -> Starlette:
    """The Starlette application over a platform; the platform in force is closed when it shuts down.

    `load` reads the configuration anew for a reload; without it a reload makes the same one again.
    """
    live = Live(platform)
    reloader = Reloader(live, load or (lambda: platform.config), metrics.reloaded)
    server = platform.config.server
    around = _around(live, metrics)
    metrics.watch(Standing(live, lambda: around.concurrency.now))
    api = Api(live, metrics, around.drain, require_keys=require_keys)
    routes = [
        Route("/v1/chat/completions", Answering(api.chat), methods=["POST"]),
        Route("/v1/completions", Answering(api.completions), methods=["POST"]),
        Route("/v1/responses", Answering(api.responses), methods=["POST"]),
        Route("/v1/embeddings", Answering(api.embeddings), methods=["POST"]),
        Route("/v1/models", api.models, methods=["GET"]),
        Route("/v1/models/{name:path}", api.model, methods=["GET"]),
        Route("/v1/openapi.json", api.document, methods=["GET"]),
        Route("/admin/{rest:path}", admin_surface(live, reloader, metrics, api)),
        Route("/healthz", api.healthz, methods=["GET"]),
        Route("/readyz", api.readyz, methods=["GET"]),
        Route("/metrics", api.metrics_page, methods=["GET"]),
    ]

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        live.newest.pipeline.parts.begin()
        watch = asyncio.create_task(_stop_with_parent())
        stop_listening = reload_on_hangup(reloader)
        stop_draining = drain_on_stop(around.drain, server.drain_wait_s)
        try:
            yield {TIMEOUTS: server.timeouts}
        finally:
            stop_listening()
            stop_draining()
            watch.cancel()
            await around.ongoing.ended(_CANCELLED_S)
            if around.traces is not None:
                await around.traces.aclose()
            await live.aclose()

    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={
            OslerError: _osler_error,
            ClientDisconnect: _gone,
            404: _not_found,
            405: _not_found,
        },
    )
    app.add_middleware(OnePlatform, live=live)
    app.add_middleware(Edge, around=around)
    return app


def _around(live: Live, metrics: Metrics) -> Around:
    """What stands around all requests."""
    config = live.newest.config
    sent_to = tracing(config)
    return Around(
        metrics=metrics,
        ongoing=Ongoing(),
        concurrency=Concurrency(config.server.max_concurrent),
        drain=Drain(),
        wan_down=lambda: live.newest.pipeline.parts.failover.wan_down,
        traces=Traces(sent_to, live) if sent_to is not None else None,
    )


def admin_surface(live: Live, reloader: Reloader, metrics: Metrics, api: Api) -> Gate:
    """The routes below `/admin`. Their application is made at the first request that is let in."""
    routes = Admin(live, metrics, reloader)
    return Gate(api.admission, lambda: admin.make(routes), body_s=live.newest.config.server.timeouts.body_s)


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
        remedy="Served: POST /v1/chat/completions, /v1/responses, /v1/completions, /v1/embeddings, GET /v1/models.",
    )
    return json_response(error_json(fault), status, headers={**error_headers(fault), **allowed})


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=499)
