"""Work of `osler selftest`: the fail-closed matrix and the faults, each in a scratch folder, and what came of them."""

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from osler.app import config as configuration
from osler.core.errors import InputError, SelftestFailed
from osler.selftest import report
from osler.selftest.faults import SCENARIOS
from osler.selftest.matrix.outages import COLUMNS, NONE
from osler.selftest.matrix.run import Matrix, Wanted, run
from osler.selftest.scenario import Broken, Outcome, Scenario, Scene, outcome

MATRIX = "matrix"
_PROMISE = "with this guard down, no route lets out anything with PHI, and each request gets one clear error"
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What came of the parts that were run. `broken` says why the matrix could not be run to its end."""

    seed: int
    matrix: Matrix | None = None
    broken: str = ""
    outcomes: tuple[Outcome, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything that was run holds. What was skipped does not count."""
        matrix = not self.broken and (self.matrix is None or self.matrix.ok)
        return matrix and all(o.state != "fail" for o in self.outcomes)


def parts() -> dict[str, str]:
    """Everything that `--only` may name, and what each promises."""
    named = {MATRIX: "the whole matrix: every route, plain and streamed, under the outage of each guard"}
    named |= {f"{MATRIX}.{column}": _PROMISE for column in COLUMNS if column != NONE}
    return named | {scenario.name: scenario.promise for scenario in SCENARIOS}


def selftest(
    *, only: tuple[str, ...], list_parts: bool, options: dict[str, Any], config: Path | None
) -> None:
    """Run what is wanted and print what came of it. Raises SelftestFailed when something does not hold."""
    if list_parts:
        report.listed(parts(), as_json=options["json"])
        return
    _require_known(only)
    loaded, path = configuration.load(config), configuration.find(config)
    seed = secrets.randbelow(2**31) if options["seed"] is None else int(options["seed"])
    folder = _folder(options["scratch"])
    columns = frozenset(name.partition(".")[2] for name in only if name.startswith(f"{MATRIX}."))
    scenarios = [s for s in SCENARIOS if not only or s.name in only]
    results = Results(seed=seed)
    try:
        if not only or MATRIX in only or columns:
            whole = not only or MATRIX in only
            wanted = Wanted(
                config=loaded, file=path, folder=folder / MATRIX, columns=None if whole else columns
            )
            results = _matrix(wanted, seed)
        scene = Scene(folder=folder / "faults", seed=seed, rounds=options["rounds"])
        outcomes = tuple(_faults(scenarios, scene))
        results = Results(seed=seed, matrix=results.matrix, broken=results.broken, outcomes=outcomes)
    finally:
        kept = None if results.ok else folder
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)
    report.printed(results, kept, as_json=options["json"])
    if not results.ok:
        raise SelftestFailed(
            "The self-test found something that does not hold.",
            remedy=f"Serve no patients' data with this installation before it holds; the report and {kept} say more.",
        )


def _matrix(wanted: Wanted, seed: int) -> Results:
    with _progress("matrix") as tell:
        try:
            return Results(seed=seed, matrix=run(replace(wanted, progress=tell)))
        except Broken as fault:
            return Results(seed=seed, broken=str(fault))


def _faults(scenarios: Sequence[Scenario], scene: Scene) -> Iterator[Outcome]:
    for scenario in scenarios:
        folder = scene.folder / scenario.name.replace(" ", "-")
        folder.mkdir(parents=True, mode=0o700)
        with _progress(scenario.name) as tell:
            yield outcome(scenario, Scene(folder=folder, seed=scene.seed, rounds=scene.rounds, progress=tell))


@contextlib.contextmanager
def _progress(what: str) -> Iterator[Tell]:
    """A bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _require_known(only: Sequence[str]) -> None:
    known = parts()
    for name in only:
        if name not in known:
            raise InputError("--only names no part of the self-test.", remedy=f"Known: {', '.join(known)}.")


def _folder(scratch: Path | None) -> Path:
    """A new folder: on the disk that is to be tried, else where temporary files go."""
    try:
        return Path(tempfile.mkdtemp(prefix="osler-selftest-", dir=scratch))
    except OSError as error:
        raise InputError(
            f"No folder can be made in the scratch folder ({type(error).__name__}).",
            remedy="Name one with --scratch that is there and can be written to.",
        ) from None
