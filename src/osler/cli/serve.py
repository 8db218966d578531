"""`osler serve`."""

from dataclasses import dataclass
from typing import Annotated, Literal

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Workspace, spread

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["json", "console"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Serve:
    """How to serve."""

    host: Annotated[str | None, typer.Option("--host", help="Address to bind. Without it `server.host`.")] = (
        None
    )
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one. Without it `server.port`."),
    ] = None
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=64, help="Worker processes. Without it `server.workers`."),
    ] = None
    behind_tls_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-tls-proxy", help="A proxy does TLS in front of it: `server.behind_tls_proxy`."
        ),
    ] = False
    log_level: Annotated[
        LogLevel, typer.Option("--log-level", help="Which lines go into the log. No level shows a text.")
    ] = "info"
    log_format: Annotated[
        LogFormat,
        typer.Option("--log-format", help="`json`: one object a line, for programs; `console`: for reading."),
    ] = "json"
    config: ConfigFile = None
    workspace: Workspace = HERE


@spread(Serve)
def serve(options: Serve) -> None:
    """Serve the OpenAI-compatible gateway until stopped."""
    work(
        "serve",
        "serve",
        bind=(options.host, options.port),
        workers=options.workers,
        behind_tls_proxy=options.behind_tls_proxy,
        log=(options.log_level, options.log_format),
        config=options.config,
        workspace=options.workspace,
    )
