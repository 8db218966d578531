"""`osler serve`."""

from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Workspace


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to bind (default 127.0.0.1).")] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one (default 8080)."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=64, help="Worker processes (default 1).")
    ] = None,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Serve the OpenAI-compatible gateway until stopped."""
    work("serve", "serve", host=host, port=port, workers=workers, config=config, workspace=workspace)
