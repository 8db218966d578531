"""`osler route`: where requests would go, and why."""

from pathlib import Path
from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace

app = typer.Typer(help="Where requests would go, and why.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Where requests would go, and why."""


@app.command()
def explain(
    request: Annotated[
        str,
        typer.Option(
            "--request", help="File with the body of a chat completion in JSON; - reads standard input."
        ),
    ],
    role: Annotated[str, typer.Option("--role", help="The caller's role to assume.")] = "clinician",
    tenant: Annotated[str, typer.Option("--tenant", help="The caller's tenant to assume.")] = "default",
    header: Annotated[
        list[str] | None,
        typer.Option(
            "--header", help="An x-osler- header of the request, as NAME:VALUE; as often as needed."
        ),
    ] = None,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Print the decision trace of a request. No model is called; nothing of the text is printed."""
    work(
        "route",
        "explain",
        request=None if request == "-" else Path(request),
        caller=(role, tenant),
        headers=tuple(header or ()),
        json=json,
        config=config,
        workspace=workspace,
    )
