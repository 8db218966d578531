"""`osler store`: the database that holds everything, as a whole."""

from pathlib import Path
from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace

app = typer.Typer(
    help="The database that holds everything: move it, back it up, restore it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def show(json: Json = False, config: ConfigFile = None, workspace: Workspace = HERE) -> None:
    """Say which database is in use and what it holds: rows by table, head of the audit chain."""
    work("store", "show", json=json, config=config, workspace=workspace)


@app.command()
def migrate(
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="URL",
            help="postgresql://… , env:NAME for a URL in an environment variable, or sqlite:FOLDER.",
        ),
    ],
    keep: Annotated[
        bool, typer.Option("--keep", help="Copy only: go on using the present database too.")
    ] = False,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Move all content to another, empty database, and prove that it arrived."""
    work("store", "migrate", to=to, keep=keep, json=json, config=config, workspace=workspace)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="Put the vault's key in too: keep the backup as secret as it.")
    ] = False,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Back everything up while it is in use, with digests to check it by."""
    work("store", "backup", folder=folder, with_key=with_key, json=json, config=config, workspace=workspace)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="A backup.")],
    json: Json = False,
) -> None:
    """Check a backup from its start to its end: digests, rows, audit chain. It is not changed."""
    work("store", "verify", folder=folder, json=json)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A backup.")],
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Put a backup's content into an empty workspace or database, all of it or nothing."""
    work("store", "restore", folder=folder, json=json, config=config, workspace=workspace)


@app.command()
def reopen(config: ConfigFile = None, workspace: Workspace = HERE) -> None:
    """Use a database again whose content was moved elsewhere."""
    work("store", "reopen", config=config, workspace=workspace)
