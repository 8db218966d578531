"""`osler vault`: the keys that name patients and lead back from surrogates."""

from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace

app = typer.Typer(
    help="The keys that name patients and lead back from surrogates.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_(json: Json = False, config: ConfigFile = None, workspace: Workspace = HERE) -> None:
    """List what the vault holds: handles, counts and dates, never a patient's id."""
    work("vault", "list_", json=json, config=config, workspace=workspace)


@app.command()
def shred(
    patient: Annotated[str, typer.Argument(help="The patient's id, or their handle.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the audit log.")] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask. Without a terminal to ask at, it is needed.")
    ] = False,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Destroy a patient's key, for good: audit digests and surrogates of theirs lead nowhere any more."""
    work(
        "vault", "shred",
        patient=patient, reason=reason, yes=yes, json=json, config=config, workspace=workspace,
    )  # fmt: skip


@app.command()
def expire(json: Json = False, config: ConfigFile = None, workspace: Workspace = HERE) -> None:
    """Destroy the surrogate maps whose time is over."""
    work("vault", "expire", json=json, config=config, workspace=workspace)


@app.command()
def rotate(
    destroy_old: Annotated[
        bool,
        typer.Option(
            "--destroy-old",
            help=(
                "Delete the old key file. Without it, it stays as `vault.key.retired-ID`, for older backups."
            ),
        ),
    ] = False,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Seal everything under a new master key. Run it again after a kill and it goes on."""
    work("vault", "rotate", destroy_old=destroy_old, json=json, config=config, workspace=workspace)
