"""Work of `osler deid sample`."""

import itertools
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from osler.cli.work.deid_output import Line, RunOutput, parsed, require_new, write_whole
from osler.core.errors import InputError
from osler.deid.sample import Drawn, draw, stratum
from osler.jobs import Position, Record
from osler.jobs.records import read
from osler.jobs.sources import LineSource

_FIELD = "field:"
_BATCH = 2**20


def sample(
    *, out: str, output: str, size: int, seed: int | None, by: str | None, given: str | None, overwrite: bool
) -> None:
    """Draw documents of a run for people to read. The sample may hold PHI: it is readable for its owner only."""
    if by not in (None, "found", "doubt") and not (by.startswith(_FIELD) and len(by) > len(_FIELD)):
        raise InputError("--by is not known.", remedy="Use found, doubt or field:NAME.")
    if by is not None and by.startswith(_FIELD) and given is None:
        raise InputError("--by field:NAME needs --input.", remedy="Name the input of the run.")
    run = RunOutput.at(out)
    own = (run.lines, Path(out), *([Path(given)] if given is not None else []))
    target = require_new(output, overwrite=overwrite, own=own)
    seed = secrets.randbelow(2**32) if seed is None else seed
    drawn = draw(_strata(run, by, given), size, seed)
    lines = b"".join(msgspec.json.encode(line) + b"\n" for line in _lines(run, drawn, by, given))
    write_whole(target, lines, private=True)
    told = f"{len(drawn.chosen)} of {sum(n for n, _ in drawn.strata.values())} documents, seed {seed}."
    print(told)
    if len(drawn.strata) > 1:
        # values of a field of the input could say something of a patient
        hidden = (by or "").startswith(_FIELD)
        for at, (name, (documents, count)) in enumerate(drawn.strata.items(), 1):
            print(f"  {count} of {documents}: {f'stratum {at}' if hidden else name}")
    print(
        'In each line that was read set "missed" to the identifiers that were not found: [] or '
        '[{"label": "NAME"}, …]. The file may hold PHI.',
        file=sys.stderr,
    )


def _strata(run: RunOutput, by: str | None, given: str | None) -> Iterator[tuple[int, str]]:
    """Each document that could be read, with its stratum."""
    for number, row, record in _paired(run, given):
        line = Line.of(row, number)
        if line.failed:
            continue
        if by is None:
            yield number, "all"
        elif by.startswith(_FIELD):
            yield number, _field(record, by.removeprefix(_FIELD))
        else:
            if line.spans is None:
                raise InputError(
                    "The lines of this output have no spans.", remedy="Draw uniformly: leave --by out."
                )
            yield number, stratum(by, line.scores)  # type: ignore[arg-type]


def _lines(run: RunOutput, drawn: Drawn, by: str | None, given: str | None) -> Iterator[dict[str, Any]]:
    for number, row, record in _paired(run, given):
        name = drawn.chosen.get(number)
        if name is None:
            continue
        documents, count = drawn.strata[name]
        line = Line.of(row, number)
        body: dict[str, Any] = {"id": row.get("id", number)}
        if record is not None:
            body["text"] = read(record, "jsonl").text
        elif "text" in row:
            body["text"] = row["text"]
        elif "resourceType" in row:
            body = {"id": number, "resource": row}
        yield {
            **body,
            **({"found": line.count} if line.spans is None else {"spans": line.spans}),
            "missed": None,
            "stratum": {
                "by": (by or "all").split(":")[0],
                "name": name,
                "documents": documents,
                "drawn": count,
            },
            "weight": documents / count,
            "run": run.run,
        }


def _paired(run: RunOutput, given: str | None) -> Iterator[tuple[int, dict[str, Any], Record | None]]:
    """Lines of the output, each with its record of the input where that is given."""
    if given is None:
        yield from ((number, row, None) for number, row in run.rows())
        return
    for pair in itertools.zip_longest(run.rows(), _records(Path(given))):
        if pair[0] is None or pair[1] is None or not _belong(pair[0][1], pair[1]):
            raise InputError(
                "The --input is not what this output was made from.",
                remedy="Name the INPUT of the run, in JSONL.",
            )
        (number, row), record = pair
        yield number, row, record


def _belong(row: dict[str, Any], record: Record) -> bool:
    item = read(record, "jsonl")
    return "error" in row or (not item.fault and msgspec.json.decode(item.id) == row.get("id"))


def _records(path: Path) -> Iterator[Record]:
    if not path.is_file():
        raise InputError("There is no such --input.", remedy="Name the INPUT of the run, in JSONL.")
    for batch in LineSource.at(path).batches(Position(), _BATCH):
        yield from batch.records


def _field(record: Record | None, name: str) -> str:
    value = None if record is None else parsed(record.data, record.number, "input").get(name)
    if value is None or isinstance(value, dict | list):
        raise InputError(
            "A document of the input does not have the field of --by, or not as one value.",
            remedy="Give it to each document, or sample by found or doubt.",
        )
    return str(value)
