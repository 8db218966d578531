"""`osler audit`: the chained record of everything."""

from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace

app = typer.Typer(
    help="The chained record of every answer, refusal and fault.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def verify(
    head: Annotated[
        str | None,
        typer.Option(
            "--head",
            help=(
                "A head that was kept elsewhere, NUMBER:HASH as this command printed it: that record "
                "must still be there, unchanged."
            ),
        ),
    ] = None,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Verify the whole hash chain; names the first broken record."""
    work("audit", "verify", head=head, json=json, config=config, workspace=workspace)


@app.command()
def show(
    number: Annotated[
        int | None, typer.Argument(help="One record, whole. Without it, the newest ones.")
    ] = None,
    last: Annotated[int, typer.Option("--last", min=1, max=10_000, help="How many of the newest.")] = 10,
    tenant: Annotated[
        str | None,
        typer.Option("--tenant", help="Only what callers of this tenant asked for and did, and its keys."),
    ] = None,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Show audit records. They hold handles, counts and keyed digests, no PHI."""
    work(
        "audit",
        "show",
        number=number,
        last=last,
        tenant=tenant,
        json=json,
        config=config,
        workspace=workspace,
    )


@app.command(name="break-glass")
def break_glass(
    pending: Annotated[
        bool, typer.Option("--pending", help="Only those that nobody has reviewed yet.")
    ] = False,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """List requests that broke the glass, and who reviewed them. The reasons are not shown here."""
    work("audit", "break_glass", pending=pending, json=json, config=config, workspace=workspace)
