"""`osler deid`: find and replace identifiers."""

from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import ConfigFile, Json

app = typer.Typer(help="Find and replace identifiers.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Find and replace identifiers."""


@app.command()
def text(
    file: Annotated[str, typer.Argument(help="A text file, or - for standard input.")],
    mode: Annotated[str, typer.Option("--mode", help="redact, surrogate or safe-harbor.")] = "redact",
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """Print a text with its identifiers replaced, and what was found."""
    work("deid", "text", file=file, mode=mode, json=json, config=config)
