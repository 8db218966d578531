"""`osler ask`."""

from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace


def ask(
    question: Annotated[
        str,
        typer.Argument(
            help=(
                "The question. `-` reads it from standard input, so that it does not stand in the "
                "shell's history."
            )
        ),
    ],
    patient: Annotated[
        str | None,
        typer.Option(
            "--patient",
            help=(
                "The patient: `ID` or `Patient/ID`, as the record has it. Without it no record is looked at."
            ),
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="A model's name, `destination/name`, or `auto`: the rules choose.")
    ] = "auto",
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            help="A task's name: its prompt and its schema are added. `osler tasks list` shows them.",
        ),
    ] = None,
    show_sent: Annotated[
        bool, typer.Option("--show-sent", help="Also show what the model was sent.")
    ] = False,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Answer a question through the nine steps: cited, checked and signed."""
    work(
        "ask", "ask", question=question, patient=patient, model=model, task=task,
        show_sent=show_sent, json=json, config=config, workspace=workspace,
    )  # fmt: skip
