"""`osler openapi`: the OpenAPI documents, without a running server."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from osler.cli import work


def openapi(
    surface: Annotated[
        Literal["v1", "admin"],
        typer.Argument(
            help="`v1`: what clients use, with the pages beside it. `admin`: what administrators use."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", help="Write to this file. Without it, to standard output.")
    ] = None,
) -> None:
    """Print the OpenAPI document of a surface. It is the same on every site."""
    work("openapi", "publish", surface=surface, output=output)
