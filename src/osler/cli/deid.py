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
    file: Annotated[str, typer.Argument(help="A UTF-8 text file, or `-` for standard input.")],
    mode: Annotated[
        str,
        typer.Option(
            "--mode",
            help=(
                "`redact`: labels. `surrogate`: made-up identifiers, dates shifted. `safe-harbor`: as"
                " the identifier list of 45 CFR 164.514(b)(2)(i) asks."
            ),
        ),
    ] = "redact",
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """Print a text with its identifiers replaced, and what was found."""
    work("deid", "text", file=file, mode=mode, json=json, config=config)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Arguments and options of `osler deid run`."""

    input: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="A file, a folder (not with `jsonl`), or `-` for standard input (`jsonl` and `hl7`).",
        ),
    ]
    output: Annotated[
        str,
        typer.Option(
            "--output", help="Where to write: a file, a folder (what is replaced in a folder), or `-`."
        ),
    ]
    format: Annotated[str, typer.Option("--format", help="`jsonl`, `text`, `fhir` or `hl7`.")] = "jsonl"
    mode: Annotated[
        str,
        typer.Option(
            "--mode",
            help=(
                "`spans`: where identifiers stand. `redact`: labels in their place. `surrogate`: "
                "made-up values in their place, dates shifted. `safe-harbor`: years and ZIP areas "
                "stay, ages over 89 become `90+`."
            ),
        ),
    ] = "spans"
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Patterns and name lists only, without the model: several times as quick, finds less.",
        ),
    ] = False
    roster: Annotated[
        str | None,
        typer.Option(
            "--roster", help="JSONL of known identities, looked for in their patient's texts or in all."
        ),
    ] = None
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            max=1024,
            help="Worker processes. Without it, one for each core. The output does not depend on it.",
        ),
    ] = None
    engine: Annotated[
        str,
        typer.Option(
            "--engine", help="`local`, or `ray`: the same work on Ray Data; needs `pip install 'osler[ray]'`."
        ),
    ] = "local"
    vary: Annotated[
        str,
        typer.Option(
            "--vary",
            help=(
                "For `jsonl` and `text`. `never`: a patient's surrogates are the same in all their "
                "texts. `document`, `mention`: they differ on purpose, so that a name that was missed"
                " does not stand out."
            ),
        ),
    ] = "never"
    date_shift: Annotated[
        int,
        typer.Option(
            "--date-shift",
            help="The most days by which a patient's dates move, either way, in mode `surrogate`.",
        ),
    ] = 365
    whole_weeks: Annotated[
        bool, typer.Option("--whole-weeks", help="Move dates by whole weeks, so that weekdays stay.")
    ] = False
    vault: Annotated[
        bool,
        typer.Option(
            "--vault",
            help=(
                "With `--mode surrogate`, for `jsonl` and `text`: keep the way back of each text in "
                "the vault of the workspace, for `osler deid restore`. The workspace is made if it is"
                " not there."
            ),
        ),
    ] = False
    ttl: Annotated[
        str | None,
        typer.Option(
            "--ttl",
            help=(
                "How long the vault keeps them: hours, days or weeks, as `12h`, `30d`, `8w`. Without "
                "it `stores.vault_ttl`, else until they are shredded."
            ),
        ),
    ] = None
    review: Annotated[
        str | None,
        typer.Option(
            "--review",
            help=(
                "Also write a queue of what is uncertain, a line for each text that has something. "
                "Texts only: not with `fhir` or `hl7` where something is replaced."
            ),
        ),
    ] = None
    review_below: Annotated[
        float,
        typer.Option(
            "--review-below", min=0, max=1, help="Found spans with a score below this are uncertain."
        ),
    ] = 0.7
    review_above: Annotated[
        float,
        typer.Option(
            "--review-above",
            min=0,
            max=1,
            help="Doubts that were left in the text are listed from this score on. 1 lists none.",
        ),
    ] = 0.3
    with_text: Annotated[
        bool,
        typer.Option(
            "--with-text",
            help=(
                "Put each text, as it was given, into its line of `--review`. That is PHI: a file "
                "that Osler makes for it is readable for its owner only."
            ),
        ),
    ] = False
    keep_names: Annotated[
        bool,
        typer.Option(
            "--keep-names",
            help=(
                "Where text is replaced files are written under numbers, since file names often name "
                "a patient. This keeps their names."
            ),
        ),
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
    gold: Annotated[
        str,
        typer.Option(
            "--gold",
            help=(
                'Annotated texts: `{"id","text","spans":[{"start","end","label"}]}`, offsets in code points.'
            ),
        ),
    ],
    pred: Annotated[
        str,
        typer.Option(
            "--pred", help='What was found: `{"id","spans":[…]}`, as `osler deid run --mode spans` writes it.'
        ),
    ],
    worst: Annotated[int, typer.Option("--worst", min=0, max=10000, help="How many misses to list.")] = 20,
    show_text: Annotated[
        bool,
        typer.Option(
            "--show-text",
            help=(
                "Show each miss with 40 characters of text on both sides. That is PHI: mind where it goes."
            ),
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Compare found identifiers with annotated ones."""
    work("deid_evaluate", "evaluate", gold=gold, pred=pred, worst=worst, show_text=show_text, json=json)


@app.command()
def sample(
    out: Annotated[
        str,
        typer.Argument(
            metavar="OUT", help="What the run was given as `--output`; the run has to be finished."
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", help="Where to write the sample. It may hold PHI and is readable for its owner only."
        ),
    ],
    size: Annotated[
        int,
        typer.Option("--size", min=1, max=1_000_000, help="How many documents; all where there are fewer."),
    ] = 200,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Draw the same ones again. Without it a seed is drawn, and printed."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            help=(
                "Draw by strata, from each as many: `found` (how many identifiers were found), "
                "`doubt` (whether one has a score below 0.7), `field:NAME` (that field of the input's"
                " lines; needs `--input`). Without it, uniformly."
            ),
        ),
    ] = None,
    given: Annotated[
        str | None,
        typer.Option(
            "--input",
            help=(
                "The input of the run, in JSONL: the sample shows the texts as they were given. "
                "Without it, as the run wrote them."
            ),
        ),
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

    out: Annotated[
        str,
        typer.Argument(
            metavar="OUT",
            help="What the run was given as `--output`; the run has to be finished, and its output unchanged.",
        ),
    ]
    output: Annotated[
        str,
        typer.Option(
            "--output",
            help=(
                "Where to write. The ending decides: `.html` (one page that needs nothing else, fit "
                "for printing), `.md`, `.json`."
            ),
        ),
    ]
    reviewed: Annotated[
        str | None,
        typer.Option("--reviewed", help="The sample of `osler deid sample`, after people read it."),
    ] = None
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            help=(
                "A table of what is released beside the text, a row for each person; the first line "
                "names the columns. `.tsv` is taken as tab-separated. Needs `pip install "
                "'osler[anonymity]'`."
            ),
        ),
    ] = None
    quasi_identifiers: Annotated[
        str | None,
        typer.Option(
            "--quasi-identifiers",
            help="Columns of the table that others may know of a person, with commas between them.",
        ),
    ] = None
    sensitive: Annotated[
        str | None,
        typer.Option(
            "--sensitive", help="Columns of the table that others should not learn, with commas between them."
        ),
    ] = None
    list_ids: Annotated[
        bool,
        typer.Option("--list-ids", help="Name the documents of the sample in which something was missed."),
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

    input: Annotated[str, typer.Argument(metavar="INPUT", help="What the run wrote (JSONL), or a text.")]
    output: Annotated[
        str, typer.Option("--output", help="A file, readable for its owner only, or `-` for standard output.")
    ]
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            help=(
                "Why, in 1 to 500 characters; kept in the audit log. What looks like an identifier "
                "gives way to its label there."
            ),
        ),
    ]
    ids: Annotated[
        list[str] | None,
        typer.Option(
            "--id",
            help=(
                "In JSONL only this record is restored, the others stay as they are. For a text that "
                "was changed since, a record that it was made from. May be given several times."
            ),
        ),
    ] = None
    format: Annotated[
        str,
        typer.Option(
            "--format",
            help="`jsonl` or `text`. Without it, JSONL for names that end in `.jsonl` or `.ndjson`.",
        ),
    ] = ""
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that is there.")] = False
    json: Json = False
    config: ConfigFile = None
    workspace: Workspace = HERE


@app.command()
@spread(Restore)
def restore(options: Restore) -> None:
    """Put originals back for surrogates of `osler deid run --mode surrogate --vault`; audited."""
    work("deid_restore", "restore", options=options)
