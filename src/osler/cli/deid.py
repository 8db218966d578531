"""`osler deid`: find and replace identifiers."""

from dataclasses import dataclass
from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import ConfigFile, Json, spread

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Arguments and options of `osler deid run`."""

    input: Annotated[str, typer.Argument(metavar="INPUT", help="A file, a folder, or - for standard input.")]
    output: Annotated[str, typer.Option("--output", help="Where to write: a file, a folder, or -.")]
    format: Annotated[str, typer.Option("--format", help="jsonl, text, fhir or hl7.")] = "jsonl"
    mode: Annotated[str, typer.Option("--mode", help="spans, redact, surrogate or safe-harbor.")] = "spans"
    fast: Annotated[bool, typer.Option("--fast", help="Rules and name lists only, without the model.")] = (
        False
    )
    roster: Annotated[str | None, typer.Option("--roster", help="JSONL of known identities.")] = None
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=1024, help="Worker processes; one a core.")
    ] = None
    engine: Annotated[str, typer.Option("--engine", help="local or ray.")] = "local"
    vary: Annotated[
        str, typer.Option("--vary", help="Let surrogates differ: never, by document or by mention.")
    ] = "never"
    date_shift: Annotated[
        int, typer.Option("--date-shift", help="The most days by which a patient's dates move.")
    ] = 365
    whole_weeks: Annotated[
        bool, typer.Option("--whole-weeks", help="Move dates by whole weeks, so that weekdays stay.")
    ] = False
    keep_names: Annotated[
        bool, typer.Option("--keep-names", help="Keep the names of files, which may name patients.")
    ] = False
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that is there.")] = False
    json: Json = False
    config: ConfigFile = None


@app.command()
@spread(Run)
def run(options: Run) -> None:
    """De-identify many records, resumably: run it again after a kill and it goes on."""
    work("deid_run", "run", options=options)


@app.command()
def evaluate(
    gold: Annotated[str, typer.Option("--gold", help="JSONL of texts with annotated spans.")],
    pred: Annotated[str, typer.Option("--pred", help="JSONL of found spans, as `osler deid run` writes it.")],
    worst: Annotated[int, typer.Option("--worst", min=0, max=10000, help="How many misses to list.")] = 20,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Show each miss with the text around it, which is PHI.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare found identifiers with annotated ones."""
    work("deid_evaluate", "evaluate", gold=gold, pred=pred, worst=worst, show_text=show_text, json=json)
