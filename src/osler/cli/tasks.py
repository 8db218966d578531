"""`osler tasks`: the tasks that requests may name."""

from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import ConfigFile, Json

app = typer.Typer(
    help="The tasks that a request may name: prompts, output schemas, checks, models.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_(json: Json = False, config: ConfigFile = None) -> None:
    """List the tasks, shipped and configured, with their versions."""
    work("tasks", "list_", json=json, config=config)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The task's name.")],
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """Print a task's prompt and its output schema, as they are sent."""
    work("tasks", "show", name=name, json=json, config=config)
