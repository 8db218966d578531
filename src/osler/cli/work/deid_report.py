"""Work of `osler deid report`."""

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from osler import __version__
from osler.cli.deid import ReportOptions
from osler.cli.work.deid_output import Line, RunOutput, parsed, require_new, write_whole
from osler.core.clock import SystemClock
from osler.core.errors import InputError
from osler.core.spans import Label
from osler.deid.anonymity import Anonymity, assess
from osler.deid.leak_rate import LeakRate, Reviewed, estimate
from osler.deid.report import Output, Report, Run, as_json, html, markdown
from osler.deid.sample import DOUBTFUL

_WRITERS: dict[str, Callable[[Report], str]] = {
    ".html": html,
    ".htm": html,
    ".md": markdown,
    ".json": lambda report: (
        msgspec.json.format(msgspec.json.encode(as_json(report)), indent=2).decode() + "\n"
    ),
}


def report(*, options: ReportOptions) -> None:
    """Write the report of a run. It holds no PHI."""
    write = _WRITERS.get(Path(options.output).suffix.lower())
    if write is None:
        raise InputError(
            "--output has no known ending.", remedy="Name a file that ends in .html, .md or .json."
        )
    if options.table is None and (options.quasi_identifiers or options.sensitive):
        raise InputError("--quasi-identifiers and --sensitive go with --table.", remedy="Name the table too.")
    run = RunOutput.at(options.out)
    given = [Path(p) for p in (options.out, options.reviewed, options.table) if p is not None]
    target = require_new(options.output, overwrite=options.overwrite, own=(run.lines, *given))
    output = _output(run)
    made = Report(
        made=SystemClock().now().date(),
        version=__version__,
        run=Run() if run.state is None else Run.of(run.state.identity, run.state.seed.day),
        output=output,
        leaks=None if options.reviewed is None else _leaks(Path(options.reviewed), run, output),
        anonymity=None if options.table is None else _anonymity(Path(options.table), options),
        ids=options.list_ids,
    )
    write_whole(target, write(made).encode())
    print(f"{output.records} records, {output.failed} failed, {sum(output.found.values())} identifiers.")
    if made.leaks is None:
        print("No reviewed sample was given: how much was missed is not known.")
    else:
        low, high = made.leaks.leaking.exact
        print(
            f"Documents with a miss: {made.leaks.leaking.value:.2%} (95 %: {low:.2%} to {high:.2%}), from "
            f"{made.leaks.reviewed} that were read."
        )
    print("The report determines nothing: 45 CFR 164.514(b) leaves that to the covered entity.")


# -- what the run wrote


def _output(run: RunOutput) -> Output:
    digest = hashlib.sha256()
    found: Counter[str] = Counter()
    detectors: Counter[str] = Counter()
    values: Counter[str] = Counter()
    records = failed = empty = uncertain = 0
    told = True
    for records, row in run.rows(digest):  # the last number is their count
        line = Line.of(row, records)
        failed += line.failed
        told = told and (line.failed or line.spans is not None)
        empty += line.count == 0
        values.update(line.values)
        found.update(line.found or {})
        for span in line.spans or ():
            found[span["label"]] += 1
            detectors[span["detector"]] += 1
            uncertain += span["score"] < DOUBTFUL
    through: Mapping[str, int] | None = None
    if run.state is not None:
        # messages that failed, and resources, stand in no line that could be counted
        tally = run.state.tally
        records, failed, found = tally.records, tally.failed, Counter(tally.found)
        through = tally.let_through
    return Output(
        records=records,
        failed=failed,
        found={label.value: found[label.value] for label in Label if found[label.value]},
        sha256=digest.hexdigest(),
        let_through=through,
        empty=empty if told else None,
        uncertain=uncertain if told else None,
        detectors=dict(sorted(detectors.items())),
        values=dict(sorted(values.items())),
    )


# -- the reviewed sample


def _leaks(path: Path, run: RunOutput, output: Output) -> LeakRate:
    released = output.records - output.failed
    reviewed: list[Reviewed] = []
    strata: dict[str, int] = {}
    numbered: dict[str, str] = {}
    unreviewed = 0
    for number, row in _reviewed_lines(path):
        if row.get("run") and run.run and row["run"] != run.run:
            raise InputError(
                "The reviewed sample was drawn from another run.",
                remedy="Give the sample of this very output.",
            )
        name, documents = _stratum(row, number, released, numbered)
        if strata.setdefault(name, documents) != documents:
            raise _refused(number, "gives another size of its stratum than a line before it")
        if row.get("missed") is None:
            unreviewed += 1
        else:
            reviewed.append(_reviewed(row, number, name))
    if strata and sum(strata.values()) != released:
        raise InputError(
            f"The reviewed sample is one of {sum(strata.values())} documents, and the run has {released}.",
            remedy="Give the whole sample as it was drawn from this very output, no line left out.",
        )
    return estimate(reviewed, strata, unreviewed=unreviewed)


def _reviewed_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if raw.strip():
                    yield number, parsed(raw.removeprefix(b"\xef\xbb\xbf"), number, "reviewed sample")
    except OSError as error:
        raise InputError(
            f"The reviewed sample cannot be read ({type(error).__name__}).",
            remedy="Check the path of --reviewed.",
        ) from None


def _stratum(row: Mapping[str, Any], number: int, released: int, numbered: dict[str, str]) -> tuple[str, int]:
    """Name and size. Values of a field of the input could say something of a patient: they give way to numbers."""
    given = row.get("stratum")
    if given is None:
        return "all", released
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise _refused(number, "has a stratum that `osler deid sample` did not write")
    documents = given.get("documents")
    if not isinstance(documents, int) or isinstance(documents, bool) or documents < 1:
        raise _refused(number, "has a stratum without the number of its documents")
    name = given["name"]
    if given.get("by") not in ("all", "found", "doubt"):
        name = numbered.setdefault(name, f"stratum {len(numbered) + 1}")
    return name, documents


def _reviewed(row: Mapping[str, Any], number: int, stratum: str) -> Reviewed:
    missed, spans, found = row["missed"], row.get("spans"), row.get("found")
    if not isinstance(missed, list):
        raise _refused(number, "has a `missed` that is no list")
    if spans is not None and not (isinstance(spans, list) and all(isinstance(s, dict) for s in spans)):
        raise _refused(number, "has `spans` that are no list of objects")
    count = len(spans) if spans is not None else found
    return Reviewed(
        id=msgspec.json.encode(row.get("id", number)).decode(),
        stratum=stratum,
        found=count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None,
        wrong=sum(1 for s in spans or () if s.get("wrong") is True),
        missed=tuple(_label(entry, number) for entry in missed),
    )


def _label(entry: object, number: int) -> Label:
    name = entry.get("label") if isinstance(entry, dict) else entry
    if not isinstance(name, str) or name not in Label.__members__:
        raise _refused(number, f"has a missed identifier of no known label; known are {', '.join(Label)}")
    return Label[name]


def _refused(number: int, why: str) -> InputError:
    return InputError(
        f"Line {number} of the reviewed sample {why}.",
        remedy='Readers change nothing but "missed": null where a line was not read, else a list of '
        '{"label": …}; and may set "wrong": true in spans.',
    )


# -- the table


def _anonymity(path: Path, options: ReportOptions) -> Anonymity:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ",", strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"The table cannot be read ({type(error).__name__}).", remedy="Give a CSV file in UTF-8."
        ) from None
    rows = [row for row in rows if row]
    if not rows:
        raise InputError("The table is empty.", remedy="Its first line names the columns.")
    columns, *body = rows
    for number, row in enumerate(body, 2):
        if len(row) != len(columns):
            raise InputError(
                f"Row {number} of the table has {len(row)} values for {len(columns)} columns.",
                remedy="Mend it.",
            )
    return assess(columns, body, quasi=_names(options.quasi_identifiers), sensitive=_names(options.sensitive))


def _names(listed: str | None) -> list[str]:
    return [name.strip() for name in (listed or "").split(",") if name.strip()]
