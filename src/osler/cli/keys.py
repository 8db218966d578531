"""`osler keys`: API keys."""

from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace

app = typer.Typer(
    help="API keys. Only their digests are stored.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def create(
    name: Annotated[
        str, typer.Argument(help="Whom or what the key is for. Do not use a patient's name.")
    ] = "default",
    role: Annotated[
        str,
        typer.Option(
            "--role",
            help=(
                "`clinician`, `reviewer`, `service` or `admin`. Rules can look at it; `admin` opens "
                "the admin surface."
            ),
        ),
    ] = "clinician",
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Make a key and print it once."""
    work("keys", "create", name=name, role=role, json=json, config=config, workspace=workspace)


@app.command("list")
def list_(json: Json = False, config: ConfigFile = None, workspace: Workspace = HERE) -> None:
    """List keys, never their text."""
    work("keys", "list_", json=json, config=config, workspace=workspace)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `osler keys list` shows it.")],
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Revoke a key for good."""
    work("keys", "revoke", key_id=key_id, json=json, config=config, workspace=workspace)
