"""`osler serve`."""

from typing import Annotated, Literal

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Workspace

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["json", "console"]


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to bind. Without it `server.host`.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one. Without it `server.port`."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=64, help="Worker processes. Without it `server.workers`."),
    ] = None,
    behind_tls_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-tls-proxy", help="A proxy does TLS in front of it: `server.behind_tls_proxy`."
        ),
    ] = False,
    log_level: Annotated[
        LogLevel, typer.Option("--log-level", help="Which lines go into the log. No level shows a text.")
    ] = "info",
    log_format: Annotated[
        LogFormat,
        typer.Option("--log-format", help="`json`: one object a line, for programs; `console`: for reading."),
    ] = "json",
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Serve the OpenAI-compatible gateway until stopped."""
    work(
        "serve",
        "serve",
        bind=(host, port),
        workers=workers,
        behind_tls_proxy=behind_tls_proxy,
        log=(log_level, log_format),
        config=config,
        workspace=workspace,
    )
