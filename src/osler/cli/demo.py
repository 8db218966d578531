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
            help=(
                "Work in this folder, or in a new folder inside it when it is not empty. Without it, "
                "in a new temporary one."
            ),
        ),
    ] = None,
    samples: Annotated[
        Path | None,
        typer.Option(
            "--samples",
            help=(
                "Take the sample bundles from this folder instead of the shipped ones; the patients' "
                "ids must stay. Change an allergy there, and answer and findings change."
            ),
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Load sample records, serve, ask four questions, verify the audit chain."""
    work("demo", "demo", workspace=workspace, samples=samples, json=json)
