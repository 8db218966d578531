"""The runner over real processes: order, faults of workers, kills, and what is refused."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from jobs_work import capitals

from osler.core.errors import ConfigError, GuardUnavailable, InputError, OslerError
from osler.jobs import Job, Progress, Report, Seed, Target, run
from osler.jobs.sources import LineSource


def lines_file(folder: Path, count: int = 3000, extra: dict[int, str] | None = None) -> Path:
    path = folder / "in"
    wanted = extra or {}
    path.write_text("".join(f"{wanted.get(n, f'line {n} ' + 'x' * (n % 90))}\n" for n in range(1, count + 1)))
    return path


def job(path: Path, *, workers: int = 2, overwrite: bool = False, **options: object) -> Job:
    return Job(
        source=LineSource.at(path),
        task=capitals(**options),
        target=Target(streams=(path.parent / "out",), state=path.parent / "out.state.json"),
        identity={"task": "capitals"},
        workers=workers,
        overwrite=overwrite,
        seed=Seed(key=b"k" * 32, day=date(2026, 1, 2)),
    )


def go(path: Path, **options: object) -> tuple[Report, list[str]]:
    report = run(job(path, **options))  # type: ignore[arg-type]
    return report, (path.parent / "out").read_text().splitlines()


@pytest.mark.parametrize("workers", [1, 3])
def test_each_line_gives_a_line_in_order(tmp_path: Path, workers: int) -> None:
    seen: list[Progress] = []
    path = lines_file(tmp_path)
    report = run(job(path, workers=workers), seen.append)
    out = (tmp_path / "out").read_text().splitlines()
    assert [int(line.split(":")[0]) for line in out] == list(range(1, 3001))
    assert out[41].startswith("42:LINE 42 XXX")
    assert report.tally.records == 3000
    assert report.tally.found == {"LINE": 3000}
    assert [p.at for p in seen] == sorted(p.at for p in seen)
    assert seen[-1].at == seen[-1].total == path.stat().st_size


def test_a_line_that_kills_its_worker_fails_alone(tmp_path: Path) -> None:
    path = lines_file(tmp_path, 600, {20: "kill the worker", 21: "raise", 600: "kill the worker"})
    report, out = go(path)
    assert report.tally.failed == 3
    assert [n for n, line in enumerate(out, 1) if line.startswith(f"{n}!")] == [20, 21, 600]
    assert [n for n, line in enumerate(out, 1) if not line.startswith(f"{n}!")] == [
        n for n in range(1, 601) if n not in (20, 21, 600)
    ]


@pytest.mark.parametrize(
    ("broken", "kind"), [("refuses", ConfigError), ("fails", GuardUnavailable), ("dies", GuardUnavailable)]
)
def test_a_worker_that_cannot_start_ends_the_run(tmp_path: Path, broken: str, kind: type[OslerError]) -> None:
    with pytest.raises(kind) as caught:
        go(lines_file(tmp_path, 5), broken=broken)
    assert "Quartermain" not in str(caught.value)
    assert caught.value.remedy


def test_a_finished_run_is_not_done_again(tmp_path: Path) -> None:
    path = lines_file(tmp_path, 50)
    _, first = go(path)
    report, second = go(path, broken="fails")
    assert first == second
    assert report.resumed_from == 50


def test_another_input_is_refused(tmp_path: Path) -> None:
    path = lines_file(tmp_path, 50)
    go(path)
    path.write_text(path.read_text().replace("line 50", "line 51"))
    with pytest.raises(InputError, match="other input"):
        go(path)
    report, _ = go(path, overwrite=True)
    assert report.resumed_from == 0


def test_an_input_that_only_looks_younger_is_the_same(tmp_path: Path) -> None:
    path = lines_file(tmp_path, 50)
    go(path)
    os.utime(path, (1, 1))
    report, _ = go(path)
    assert report.resumed_from == 50


def test_an_input_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = lines_file(tmp_path, 3000)
    changed = []

    def change(_: Progress) -> None:
        if not changed:
            changed.append(os.utime(path, (1, 1)))

    with pytest.raises(InputError, match="changed while it was read"):
        run(job(path), change)


def test_an_interrupted_run_keeps_what_is_done(tmp_path: Path) -> None:
    path = lines_file(tmp_path)
    seen: list[int] = []

    def interrupt(progress: Progress) -> None:
        seen.append(progress.records)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(job(path), interrupt)
    report, out = go(path)
    assert report.resumed_from == seen[-1]
    assert [int(line.split(":")[0]) for line in out] == list(range(1, 3001))
    assert {line.rsplit(":", 1)[1] for line in out} == {"6b6b6b6b"}, "the secret stays the same"


@pytest.mark.ci
def test_kill_9_at_random_points_then_resume(tmp_path: Path) -> None:
    """Identical to an uninterrupted run, and no worker outlives its run."""
    path = lines_file(tmp_path, 4000)
    pids = tmp_path / "pids"
    pids.mkdir()
    (tmp_path / "whole").mkdir()
    whole = tmp_path / "whole" / "out"
    assert process(path, whole, pids, nap_s=0).wait(60) == 0
    chance = random.Random(11)
    out = tmp_path / "out"
    kills, reached = 0, []
    while kills < 4:
        running = process(path, out, pids, nap_s=0.5)
        try:
            running.wait(chance.uniform(0.5, 1.8))
            break
        except subprocess.TimeoutExpired:
            os.kill(running.pid, signal.SIGKILL)
            running.wait()
            kills += 1
            reached.append(out.stat().st_size if out.exists() else 0)
    assert kills >= 2, "it has to be killed while it runs"
    assert max(reached) > 0
    assert process(path, out, pids, nap_s=0).wait(60) == 0
    assert out.read_bytes() == whole.read_bytes()
    end = time.monotonic() + 10
    while any(map(alive, pids.iterdir())) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, pids.iterdir()))


def process(path: Path, out: Path, pids: Path, *, nap_s: float) -> "subprocess.Popen[bytes]":
    script = Path(__file__).with_name("jobs_process.py")
    return subprocess.Popen([sys.executable, script, path, out, "2", str(nap_s), pids])


def alive(pid: Path) -> bool:
    try:
        os.kill(int(pid.name), 0)
    except ProcessLookupError:
        return False
    return True
