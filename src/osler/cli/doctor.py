"""`osler doctor`."""

from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace


def doctor(
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Walk the whole database, every text and every audit record, however many."
        ),
    ] = False,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Say what is installed, reachable, misconfigured or damaged, with remedies."""
    work("doctor", "doctor", deep=deep, json=json, config=config, workspace=workspace)
