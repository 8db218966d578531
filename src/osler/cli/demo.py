"""`osler demo`."""

from pathlib import Path
from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import Json


def demo(
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace",
            envvar="OSLER_WORKSPACE",
            help="Folder to work in; a new one inside it if it is not empty (default: a new one).",
        ),
    ] = None,
    samples: Annotated[
        Path | None,
        typer.Option("--samples", help="A folder of sample bundles to use instead of the shipped ones."),
    ] = None,
    json: Json = False,
) -> None:
    """Load sample records, serve, ask four questions, verify the audit chain."""
    work("demo", "demo", workspace=workspace, samples=samples, json=json)
