"""`osler plugins`: what is installed at each plug point, and whether a plug-in keeps its contract."""

from pathlib import Path
from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import ConfigFile, Json

app = typer.Typer(
    help="What is installed at each plug point, and whether it keeps its contract.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_(json: Json = False, config: ConfigFile = None) -> None:
    """List the installed plug-ins: their names, their packages, and which the configuration uses."""
    work("plugins", "list_", json=json, config=config)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="NAME, or GROUP.NAME: detectors.badge.")],
    file: Annotated[
        Path | None, typer.Option("--file", help="For a reader: a file that it is for.", dir_okay=False)
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, max=3600, help="Seconds until it counts as hanging.")
    ] = 60.0,
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """Hold a plug-in, made as the configuration says, to the contract of its port. A backend is really called."""
    work("plugins", "check", name=name, file=file, timeout=timeout, json=json, config=config)
