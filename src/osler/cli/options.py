"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

Workspace = Annotated[
    Path,
    typer.Option(
        "--workspace", envvar="OSLER_WORKSPACE", help="Folder that holds Osler's state.", file_okay=False
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", envvar="OSLER_CONFIG", help="Configuration file; osler.toml in this folder if there."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
HERE = Path(".osler")
