"""All cells of the matrix: two wards side by side, one whose guards fail at once, one whose guards hang."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from osler.app.config import Config
from osler.core import errors
from osler.core.clock import SystemClock
from osler.selftest.matrix.judge import Seen, Standard, code, faults, transform
from osler.selftest.matrix.outages import BREACHES, COLUMNS, NONE, Outage, expected, outages
from osler.selftest.matrix.routes import CANARIES, ROWS, Ask, Row, unknown
from osler.selftest.matrix.site import sight, with_outside
from osler.selftest.matrix.trial import Setting, Trial

State = Literal["ok", "fail", "unused", "closed"]
QUICK_S, HANG_S = 15.0, 1.5
"""Seconds that guards are waited for: where they fail at once, and where they hang."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that did not hold: on which route, with what down, for which request."""

    row: str
    column: str
    outage: str
    ask: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One route under one outage: how many requests were tried, and what did not hold.

    `unused`: the route does without that guard; it was tried all the same. `closed`: by the site's own
    configuration nobody gets an answer there, so that nothing can be shown.
    """

    row: str
    column: str
    tried: int = 0
    state: State = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """What came of it. `breaches` are the planted ones: which, and whether they were seen."""

    cells: tuple[Cell, ...]
    failures: tuple[Failure, ...]
    breaches: Mapping[str, bool]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.failures and all(self.breaches.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Rows on which the site's rules let PHI go to nobody (`closed`), and where text leaves as it is (`untouched`)."""

    closed: frozenset[str] = frozenset()
    untouched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be run: the site's configuration and its file, a scratch folder, and which part of the matrix.

    `rows` are names of rows and `columns` of outages; None for all. The control is always among them. `hanging`:
    guards that hang are tried too, which takes a second server and its time.
    """

    config: Config
    file: Path | None
    folder: Path
    rows: frozenset[str] | None = None
    columns: frozenset[str] | None = None
    hanging: bool = True
    progress: Progress = lambda done, total: None


def run(wanted: Wanted) -> Matrix:
    """Run the matrix. Raises Broken when the server under trial does not start or ends by itself."""
    rows = [r for r in ROWS if wanted.rows is None or r.name in wanted.rows]
    columns = [c for c in COLUMNS if wanted.columns is None or c in wanted.columns or c == NONE]
    wards = [_Ward(wanted, rows, columns, waits=waits) for waits in (False, True)[: 1 + wanted.hanging]]
    total = sum(ward.total for ward in wards)

    def progress() -> None:
        wanted.progress(sum(ward.done for ward in wards), total)

    with ThreadPoolExecutor(len(wards)) as pool:
        quick, *hanging = pool.map(lambda ward: ward.run(progress), wards)
    return _joined(quick, hanging[0]) if hanging else quick


class _Ward:
    """One server under trial, and what is tried on it."""

    def __init__(self, wanted: Wanted, rows: list[Row], columns: list[str], *, waits: bool) -> None:
        self._wanted = wanted
        self._rows = rows
        self._columns = columns
        self._waits = waits
        self.done = 0
        self.total = sum(len(self._asks(row)) * len(self._outages(c, row)) for row in rows for c in columns)

    def _asks(self, row: Row) -> tuple[Ask, ...]:
        """A guard that hangs takes its time: one request a route is enough to see that it ends."""
        return row.asks[:1] if self._waits else row.asks

    def _outages(self, column: str, row: Row) -> tuple[Outage | None, ...]:
        if column == NONE:
            return () if self._waits else (None,)
        return outages(column, row, waits=self._waits)

    def run(self, progress: Callable[[], None]) -> Matrix:
        """Its part of the matrix."""
        if not self.total:
            return Matrix(cells=(), failures=(), breaches={})
        wanted = self._wanted
        setting = Setting(
            config=wanted.config,
            file=wanted.file,
            folder=wanted.folder / ("hanging" if self._waits else "quick"),
            waits=self._waits,
            guard_s=HANG_S if self._waits else QUICK_S,
        )
        cells: list[Cell] = []
        failures: list[Failure] = []
        with Trial(setting) as trial:
            standard = _standard(wanted.config, trial.hello)
            if not self._waits:
                failures += _forgotten(trial.hello)
            ways = self._ways(trial)
            for row in self._rows:
                for column in self._columns:
                    tried, found = self._cell(trial, standard, row, column, ways, progress)
                    if tried:
                        cells.append(_stated(row, column, tried, found, ways, wanted.config))
                        failures += found
            seen = {} if self._waits else _breaches(trial, standard, ways)
        notes = tuple(
            f"{name}: this configuration gives no answer there to PHI; nothing could be shown"
            for name in (row.name for row in self._rows)
            if name in ways.closed
        )
        return Matrix(cells=tuple(cells), failures=tuple(failures), breaches=seen, notes=notes)

    def _cell(
        self,
        trial: Trial,
        standard: Standard,
        row: Row,
        column: str,
        ways: Ways,
        progress: Callable[[], None],
    ) -> tuple[int, list[Failure]]:
        found: list[Failure] = []
        tried = 0
        for outage in self._outages(column, row):
            for ask in self._asks(row):
                asked = _as_configured(ask, row, ways, self._wanted.config)
                what = self._try(trial, standard, row, asked, outage)
                name = outage.name if outage else "nothing down"
                found += [
                    Failure(row=row.name, column=column, outage=name, ask=ask.what, what=w) for w in what
                ]
                tried += 1
                self.done += 1
                progress()
        # Where the route does without that guard nothing new was at stake: the next cell's look covers it.
        matters = column == NONE or any(column in ask.needs for ask in row.asks)
        if tried and matters and not (verdict := trial.stores.audit.verify()).ok:
            name = "afterwards"
            what_broke = f"the audit chain does not verify at record {verdict.broken_at}"
            found.append(Failure(row=row.name, column=column, outage=name, ask="all", what=what_broke))
        return tried, found

    def _try(self, trial: Trial, standard: Standard, row: Row, ask: Ask, outage: Outage | None) -> list[str]:
        trial.order(outage)
        seen = trial.ask(row, ask)
        trial.order(None)
        return faults(ask, expected(ask, outage), seen, standard)

    def _ways(self, trial: Trial) -> Ways:
        """What the site's rules, with everything up, make of the first request of each row."""
        trial.order(None)
        closed, untouched = set(), set()
        for row in self._rows:
            if row.asks[0].kind == "other":
                continue
            seen = trial.ask(row, row.asks[0])
            if _is_refusal(seen):
                closed.add(row.name)
            elif transform(row.asks[0], seen.answer) == "none":
                untouched.add(row.name)
        return Ways(closed=frozenset(closed), untouched=frozenset(untouched))


def _as_configured(ask: Ask, row: Row, ways: Ways, config: Config) -> Ask:
    """The request with what the site's configuration makes of it."""
    without = {
        "detector": config.deid.engine == "off",
        "retrieval": not config.knowledge.ground,
        "patient": config.deid.wrong_patient == "off",
        "outbound": row.name in ways.untouched,
    }
    needs = ask.needs - {guard for guard, is_off in without.items() if is_off}
    return replace(ask, needs=needs, refused=ask.refused or row.name in ways.closed)


def _stated(row: Row, column: str, tried: int, found: list[Failure], ways: Ways, config: Config) -> Cell:
    needs = _as_configured(row.asks[0], row, ways, config).needs
    state: State = "ok"
    if found:
        state = "fail"
    elif row.name in ways.closed:
        state = "closed"
    elif column != NONE and column not in needs:
        state = "unused"
    return Cell(row=row.name, column=column, tried=tried, state=state)


def _forgotten(hello: Mapping[str, Any]) -> list[Failure]:
    return [
        Failure(
            row=f"{method} {path}",
            column=NONE,
            outage="nothing down",
            ask="all",
            what="the application has this route, but the matrix has no row for it",
        )
        for method, path in unknown([(m, p) for m, p in hello["routes"]])
    ]


def _breaches(trial: Trial, standard: Standard, ways: Ways) -> dict[str, bool]:
    """Whether the matrix sees what is planted: a matrix that cannot fail shows nothing."""
    row = ROWS[0]
    if row.name in ways.closed:
        return {}
    seen = {}
    for breach in BREACHES:
        ask = row.asks[breach.ask]
        trial.order(breach.plant)
        looked_at = trial.ask(row, ask)
        trial.order(None)
        seen[breach.name] = bool(faults(ask, expected(ask, breach.seen_as), looked_at, standard))
    return seen


def _is_refusal(seen: Seen) -> bool:
    return code(seen.answer.body) in (errors.PolicyRefused.code, errors.UnknownModel.code)


def _standard(config: Config, hello: Mapping[str, Any]) -> Standard:
    today: date = SystemClock().now().date()
    tables = with_outside(config)
    return Standard(
        sights={
            service: {name: sight(table, service, today) for name, table in tables.items()}
            for service in ("chat", "embeddings")
        },
        canaries=(*CANARIES, *hello["canaries"]),
        codes=frozenset(
            kind.code
            for kind in vars(errors).values()
            if isinstance(kind, type) and issubclass(kind, errors.OslerError)
        ),
    )


def _joined(quick: Matrix, hanging: Matrix) -> Matrix:
    """Both wards in one table."""
    more = {(c.row, c.column): c for c in hanging.cells}
    cells = []
    for cell in quick.cells:
        other = more.get((cell.row, cell.column))
        worse = other is not None and other.state == "fail"
        tried = cell.tried + (other.tried if other else 0)
        cells.append(replace(cell, tried=tried, state="fail" if worse else cell.state))
    return Matrix(
        cells=tuple(cells),
        failures=(*quick.failures, *hanging.failures),
        breaches=quick.breaches,
        notes=tuple(dict.fromkeys((*quick.notes, *hanging.notes))),
    )
