"""`osler keys`: API keys."""

from dataclasses import dataclass
from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace, spread

app = typer.Typer(
    help="API keys. Only their digests are stored.", no_args_is_help=True, rich_markup_mode=None
)

KeyId = Annotated[str, typer.Argument(help="The key's id, as `osler keys list` shows it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """What a key is to be."""

    name: Annotated[str, typer.Argument(help="Whom or what the key is for. Do not use a patient's name.")] = (
        "default"
    )
    role: Annotated[
        str,
        typer.Option(
            "--role",
            help=(
                "`clinician`, `reviewer`, `service` or `admin`. Rules can look at it; `admin` opens "
                "the admin surface."
            ),
        ),
    ] = "clinician"
    tenant: Annotated[
        str,
        typer.Option("--tenant", help="The tenant that it belongs to. `default` is that of the whole site."),
    ] = "default"
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            help="What it may do: `chat`, `responses`, `completions`, `embeddings`, `models`, `metrics`, "
            "`admin:read`, `admin:write`, `admin` for both; `models:NAME` and `destinations:NAME` name the only ones "
            "that it may use. Several with commas, or the option again. Without it all that the role may.",
        ),
    ] = None
    expires: Annotated[
        str | None, typer.Option("--expires", help="Its last day, as 2027-01-31, to its last second in UTC.")
    ] = None
    per_minute: Annotated[
        int | None,
        typer.Option(
            "--per-minute", min=1, help="Requests a minute, instead of `server.rate_limit.per_minute`."
        ),
    ] = None
    json: Json = False
    config: ConfigFile = None
    workspace: Workspace = HERE


@app.command()
@spread(Create)
def create(options: Create) -> None:
    """Make a key and print it once."""
    held = (options.tenant, options.scope or [], options.expires, options.per_minute)
    work(
        "keys",
        "create",
        name=options.name,
        role=options.role,
        held=held,
        json=options.json,
        config=options.config,
        workspace=options.workspace,
    )


@app.command("list")
def list_(json: Json = False, config: ConfigFile = None, workspace: Workspace = HERE) -> None:
    """List keys, never their text."""
    work("keys", "list_", json=json, config=config, workspace=workspace)


@app.command()
def rotate(
    key_id: KeyId,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the old key valid; revoke it once nobody uses it any more.")
    ] = False,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Make another key for the same use, print it once, and revoke the old one."""
    work("keys", "rotate", key_id=key_id, keep=keep, json=json, config=config, workspace=workspace)


@app.command()
def revoke(
    key_id: KeyId,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Revoke a key for good."""
    work("keys", "revoke", key_id=key_id, json=json, config=config, workspace=workspace)
