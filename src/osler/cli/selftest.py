"""`osler selftest`."""

from pathlib import Path
from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import ConfigFile, Json, folder


def selftest(
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Run this part only; may be given several times. --list names the parts."),
    ] = None,
    list_parts: Annotated[bool, typer.Option("--list", help="List the parts and what each promises.")] = False,
    rounds: Annotated[
        int, typer.Option("--rounds", min=1, max=10_000, help="Faults at random moments that are tried.")
    ] = 30,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Makes the random moments of an earlier run again.")
    ] = None,
    scratch: Annotated[
        Path | None,
        typer.Option(
            "--scratch", help="Work in a new folder inside of this one: the disk that is to be tried.",
            parser=folder, metavar="FOLDER",
        ),
    ] = None,
    json: Json = False,
    config: ConfigFile = None,
) -> None:  # fmt: skip
    """Switch off each guard and bring about faults, in scratch folders, and see whether this installation holds."""
    options = {"rounds": rounds, "seed": seed, "scratch": scratch, "json": json}
    work(
        "selftest", "selftest", only=tuple(only or ()), list_parts=list_parts, options=options, config=config
    )
