"""`osler config`: check and show the configuration."""

import typer

from osler.cli import work
from osler.cli.options import ConfigFile, Json

app = typer.Typer(help="Check and show the configuration.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def check(json: Json = False, config: ConfigFile = None) -> None:
    """Check the file, its secrets, its plug-ins and its rule tests."""
    work("config", "check", json=json, config=config)


@app.command()
def show(json: Json = False, config: ConfigFile = None) -> None:
    """Print the configuration in force, defaults included; secrets stay references."""
    work("config", "show", json=json, config=config)


@app.command()
def schema() -> None:
    """Print the JSON Schema of osler.toml."""
    work("config", "schema")
