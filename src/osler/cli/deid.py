"""`osler deid`: find and replace identifiers."""

from dataclasses import dataclass
from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace, spread

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
    vault: Annotated[
        bool, typer.Option("--vault", help="Keep the ways back from surrogates in the workspace's vault.")
    ] = False
    ttl: Annotated[str | None, typer.Option("--ttl", help="How long the vault keeps them: 12h, 30d, 8w.")] = (
        None
    )
    review: Annotated[
        str | None, typer.Option("--review", help="Write what is uncertain there, a JSON line a text.")
    ] = None
    review_below: Annotated[
        float, typer.Option("--review-below", min=0, max=1, help="Scores below this are uncertain.")
    ] = 0.7
    review_above: Annotated[
        float,
        typer.Option("--review-above", min=0, max=1, help="Doubts left in the text count from here on."),
    ] = 0.3
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Put each text into its line of --review: that is PHI.")
    ] = False
    keep_names: Annotated[
        bool, typer.Option("--keep-names", help="Keep the names of files, which may name patients.")
    ] = False
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that is there.")] = False
    json: Json = False
    config: ConfigFile = None
    workspace: Workspace = HERE


@app.command()
@spread(Run)
def run(options: Run) -> None:
    """De-identify many records, resumably: run it again after a kill and it goes on."""
    if options.engine == "local":
        work("deid_start", "start")
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


@app.command()
def sample(
    out: Annotated[str, typer.Argument(metavar="OUT", help="What the run was given as --output.")],
    output: Annotated[str, typer.Option("--output", help="Where to write the sample, which may hold PHI.")],
    size: Annotated[int, typer.Option("--size", min=1, max=1_000_000, help="How many documents.")] = 200,
    seed: Annotated[int | None, typer.Option("--seed", help="Draw the same ones again.")] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Strata: found, doubt or field:NAME; none without it.")
    ] = None,
    given: Annotated[
        str | None, typer.Option("--input", help="The run's JSONL input: readers see the text as given.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Draw documents of a run for people to read, to estimate what was missed."""
    work(
        "deid_sample", "sample",
        out=out, output=output, size=size, seed=seed, by=by, given=given, overwrite=overwrite,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """Arguments and options of `osler deid report`."""

    out: Annotated[str, typer.Argument(metavar="OUT", help="What the run was given as --output.")]
    output: Annotated[str, typer.Option("--output", help="Where to write: .html, .md or .json.")]
    reviewed: Annotated[
        str | None, typer.Option("--reviewed", help="The sample of `osler deid sample`, reviewed.")
    ] = None
    table: Annotated[
        str | None, typer.Option("--table", help="CSV of what is released beside the text, a row a person.")
    ] = None
    quasi_identifiers: Annotated[
        str | None, typer.Option("--quasi-identifiers", help="Columns of the table, with commas.")
    ] = None
    sensitive: Annotated[
        str | None, typer.Option("--sensitive", help="Sensitive columns of the table, with commas.")
    ] = None
    list_ids: Annotated[
        bool, typer.Option("--list-ids", help="Name the documents in which something was missed.")
    ] = False
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False


@app.command()
@spread(ReportOptions)
def report(options: ReportOptions) -> None:
    """Write the report of a run: method, what was removed, what is not covered, what was missed."""
    work("deid_report", "report", options=options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """Arguments and options of `osler deid restore`."""

    input: Annotated[str, typer.Argument(metavar="INPUT", help="What `osler deid run` wrote, or a text.")]
    output: Annotated[str, typer.Option("--output", help="Where to write the originals: a file, or -.")]
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the audit log.")]
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="Only this record; of a changed text, where it is from.")
    ] = None
    format: Annotated[str, typer.Option("--format", help="jsonl or text; by the file's name.")] = ""
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that is there.")] = False
    json: Json = False
    config: ConfigFile = None
    workspace: Workspace = HERE


@app.command()
@spread(Restore)
def restore(options: Restore) -> None:
    """Put originals back for surrogates of `osler deid run --mode surrogate --vault`; audited."""
    work("deid_restore", "restore", options=options)
