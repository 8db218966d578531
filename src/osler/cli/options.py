"""Options that many commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer


def folder(text: str | Path) -> Path:
    """A folder's path, there or not. An empty one would mean the current folder: most likely a mistake."""
    if not str(text):
        raise typer.BadParameter("it is empty.")
    if os.path.isfile(text):
        raise typer.BadParameter("it is a file, not a folder.")
    if os.path.isdir(text) and not os.access(text, os.R_OK | os.X_OK):
        raise typer.BadParameter("the folder cannot be read.")
    return Path(text)


Workspace = Annotated[
    Path,
    typer.Option(
        "--workspace", envvar="OSLER_WORKSPACE", help="Folder that holds Osler's state.", parser=folder,
        metavar="FOLDER",
    ),
]  # fmt: skip
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", envvar="OSLER_CONFIG", help="Configuration file; osler.toml in this folder if there."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
HERE = Path(".osler")
