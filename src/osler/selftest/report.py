"""What came of a self-test, as a table and sentences or as one JSON document."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from osler.selftest.matrix.outages import COLUMNS
from osler.selftest.matrix.run import Cell, Failure, Matrix
from osler.selftest.scenario import Outcome

_MARKS = {"ok": ("✓", "green"), "fail": ("✗", "bold red"), "unused": ("–", "dim"), "closed": ("–", "yellow")}
_PLAIN = {"✓": "ok", "✗": "FAIL", "–": "-"}
_WIDTH = 160
_REMEDIES = {
    "detector": "Take detectors that are not Osler's own out of [deid], run it again, and report the line if it stays.",
    "guardrail": "Take checks that are not Osler's own out of [guardrails], run it again, report the line if it stays.",
    "none": "Run `osler config check` and `osler doctor`; report the line if both find nothing.",
}
_REPORT = "Serve no PHI with this version, and report the line."


class Shown(Protocol):
    """Results, as `osler.selftest.command` has them."""

    @property
    def seed(self) -> int: ...
    @property
    def matrix(self) -> Matrix | None: ...
    @property
    def broken(self) -> str: ...
    @property
    def outcomes(self) -> tuple[Outcome, ...]: ...
    @property
    def ok(self) -> bool: ...


def listed(parts: Mapping[str, str], *, as_json: bool) -> None:
    """The parts that can be run, and what each promises."""
    if as_json:
        _print_json([{"name": name, "promise": promise} for name, promise in parts.items()])
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, promise in parts.items():
        table.add_row(Text(name, style="bold"), Text(promise))
    _console().print(table)


def printed(results: Shown, kept: Path | None, *, as_json: bool) -> None:
    """Everything that came of it. `kept` is the scratch folder, where it was left in place."""
    if as_json:
        _print_json(_document(results, kept))
        return
    console = _console()
    if results.matrix is not None:
        _matrix(console, results.matrix)
    if results.broken:
        console.print(Text(f"{_mark(console, 'fail')} the matrix could not be run: {results.broken}."))
    _faults(console, results.outcomes)
    if kept is not None:
        console.print(Text(f"Left in place, with made-up data only: {kept}"))
    console.print(_conclusion(results))


def _matrix(console: Console, matrix: Matrix) -> None:
    columns = [c for c in COLUMNS if any(cell.column == c for cell in matrix.cells)]
    table = Table(
        box=None, padding=(0, 2, 0, 0), title="Fail closed: routes, and what is down", title_justify="left"
    )
    table.add_column("route", overflow="fold")
    for column in columns:
        table.add_column(column)
    by_place = {(c.row, c.column): c for c in matrix.cells}
    for row in dict.fromkeys(c.row for c in matrix.cells):
        table.add_row(Text(row), *(_cell(console, by_place.get((row, column))) for column in columns))
    console.print(table)
    console.print()
    for failure, count in _grouped(matrix.failures):
        console.print(Text(f"{_mark(console, 'fail')} {_line(failure, count)}", style="red"))
    for note in matrix.notes:
        console.print(Text(f"{_mark(console, 'closed')} {note}."))
    missed = [name for name, seen in matrix.breaches.items() if not seen]
    for name in missed:
        line = (
            f"{_mark(console, 'fail')} planted and not seen: {name}. The matrix shows nothing here. {_REPORT}"
        )
        console.print(Text(line, style="red"))
    if matrix.breaches and not missed:
        console.print(Text(f"{len(matrix.breaches)} planted breaches, and the matrix saw each of them."))
    console.print()


def _cell(console: Console, cell: Cell | None) -> Text:
    if cell is None:
        return Text("")
    return Text(f"{_mark(console, cell.state)} {cell.tried}", style=_MARKS[cell.state][1])


def _mark(console: Console, state: str) -> str:
    mark = _MARKS[state][0]
    return mark if console.encoding.lower().startswith("utf") else _PLAIN[mark]


def _line(failure: Failure, count: int) -> str:
    times = f" ({count} requests)" if count > 1 else ""
    down = f", {failure.outage}" if failure.outage != "nothing down" else ", nothing down"
    return f"{failure.row}{down}: {failure.what}{times}. {_REMEDIES.get(failure.column, _REPORT)}"


def _grouped(failures: Iterable[Failure]) -> list[tuple[Failure, int]]:
    """Each that is the same but for the request, once."""
    found: dict[tuple[str, str, str], list[Failure]] = {}
    for failure in failures:
        found.setdefault((failure.row, failure.outage, failure.what), []).append(failure)
    return [(same[0], len(same)) for same in found.values()]


def _faults(console: Console, outcomes: Iterable[Outcome]) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column()
    table.add_column(overflow="fold")
    marks = {"ok": "ok", "fail": "fail", "skipped": "closed"}
    for done in outcomes:
        said = f"{done.found}. {done.remedy}" if done.remedy else f"{done.found}."
        text = Text(said if done.state != "skipped" else f"skipped: {said}")
        mark = Text(_mark(console, marks[done.state]), style=_MARKS[marks[done.state]][1])
        table.add_row(mark, Text(f"{done.name} ({done.seconds:.0f} s)"), text)
    if table.row_count:
        console.print(table)


def _conclusion(results: Shown) -> Text:
    tried = sum(cell.tried for cell in results.matrix.cells) if results.matrix else 0
    held = sum(o.state == "ok" for o in results.outcomes)
    skipped = sum(o.state == "skipped" for o in results.outcomes)
    counted = [f"{tried} requests"] if tried else []
    if results.outcomes:
        counted.append(f"{held} of {len(results.outcomes)} kinds of fault hold, {skipped} skipped")
    verdict = "Everything that was tried holds" if results.ok else "Not everything holds"
    return Text(
        f"{verdict}: {', '.join(counted) or 'nothing was tried'} (seed {results.seed}).", style="bold"
    )


def _document(results: Shown, kept: Path | None) -> dict[str, Any]:
    matrix = results.matrix
    return {
        "ok": results.ok,
        "seed": results.seed,
        "matrix": None
        if matrix is None
        else {
            "ok": matrix.ok,
            "cells": [asdict(cell) for cell in matrix.cells],
            "failures": [asdict(failure) for failure in matrix.failures],
            "breaches_seen": dict(matrix.breaches),
            "notes": list(matrix.notes),
        },
        "broken": results.broken or None,
        "faults": [asdict(outcome) for outcome in results.outcomes],
        "scratch": str(kept) if kept else None,
    }


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH, soft_wrap=False)


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
