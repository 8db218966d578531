"""`osler ask`."""

from dataclasses import dataclass, field
from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace, spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Arguments and options of `osler ask`."""

    question: Annotated[
        str,
        typer.Argument(
            help=(
                "The question. `-` reads it from standard input, so that it does not stand in the "
                "shell's history."
            )
        ),
    ] = field(repr=False)
    patient: Annotated[
        str | None,
        typer.Option(
            "--patient",
            help=(
                "The patient: `ID` or `Patient/ID`, as the record has it. Without it no record is looked at."
            ),
        ),
    ] = field(default=None, repr=False)
    model: Annotated[
        str, typer.Option("--model", help="A model's name, `destination/name`, or `auto`: the rules choose.")
    ] = "auto"
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            help="A task's name: its prompt and its schema are added. `osler tasks list` shows them.",
        ),
    ] = None
    show_sent: Annotated[bool, typer.Option("--show-sent", help="Also show what the model was sent.")] = False
    json: Json = False
    config: ConfigFile = None
    workspace: Workspace = HERE


@spread(Ask)
def ask(options: Ask) -> None:
    """Answer a question through the nine steps: cited, checked and signed."""
    work("ask", "ask", options=options)
