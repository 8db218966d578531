"""The order of rounds, intervals, contenders that fail, and a small benchmark from end to end."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import run
from runner import catalogue, intervals, measure, result
from runner.contenders import (
    Added,
    Against,
    Benchmark,
    BenchmarkError,
    Contender,
    Metric,
    Round,
    Settings,
    Unavailable,
)
from runner.processes import running
from runner.schedule import turns

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
README = (BENCHMARKS / "README.md").read_text(encoding="utf-8")


def test_rounds_are_interleaved_there_and_back() -> None:
    plan = list(turns({"x": ["a", "b", "c"], "y": ["a", "b"]}, rounds=6, warmup=1, seed=3))
    assert [t.contender for t in plan if t.round < 0] == ["a", "b", "c", "a", "b"]
    for case, names in (("x", "abc"), ("y", "ab")):
        orders = [[t.contender for t in plan if t.round == n and t.case == case] for n in range(6)]
        assert all(sorted(order) == list(names) for order in orders)
        assert all(orders[n + 1] == orders[n][::-1] for n in (0, 2, 4))
    assert plan == list(turns({"x": ["a", "b", "c"], "y": ["a", "b"]}, rounds=6, warmup=1, seed=3))
    firsts = {
        tuple(t.contender for t in turns({"x": list("abc")}, rounds=1, warmup=0, seed=s)) for s in range(40)
    }
    assert len(firsts) == 6, "not every order is drawn"


@pytest.mark.parametrize("rounds", [8, 15])
def test_the_interval_of_a_ratio_covers_the_truth(rounds: int) -> None:
    """Noise that hits both contenders of a round alike, noise of each, and now and then a round that is spoilt."""
    rng, covered, widths = np.random.default_rng(5), 0, []
    for trial in range(200):
        shared, own = rng.normal(0, 0.4, rounds), rng.normal(0, 0.05, (2, rounds))
        own[0, 0] += 0.5 if trial % 4 == 0 else 0
        of, to = 3 * np.exp(shared + own[0]), np.exp(shared + own[1])
        estimate = intervals.ratio(of.tolist(), to.tolist(), seed=trial)
        assert estimate.ci is not None
        covered += estimate.ci[0] <= 3 <= estimate.ci[1]
        widths.append(estimate.ci[1] / estimate.ci[0])
    assert 0.88 <= covered / 200 <= 0.99
    assert np.median(widths) < 1.2, "what both share has not cancelled out"


def test_intervals_are_seeded_and_need_five_rounds() -> None:
    values = [1.0, 1.1, 1.3, 0.9, 1.2]
    assert intervals.median(values, seed=1) == intervals.median(values, seed=1)
    assert intervals.median(values[:4], seed=1).ci is None
    assert intervals.median(values, seed=1).value == 1.1
    for wrong in (([], []), ([1.0], [1.0, 2.0]), ([1.0], [0.0]), ([-1.0], [1.0])):
        with pytest.raises(ValueError, match="above 0"):
            intervals.ratio(*wrong, seed=1)


COST = Metric(name="cost", unit="s", better="lower")
MORE = Metric(name="more", unit="s", better="lower")


class Steady:
    """A contender that costs the same in each round, and can fail at the start, in a round and at the end."""

    def __init__(self, cost: float, *, at_start: Exception | None = None, in_call: int = -1) -> None:
        self.cost, self.at_start, self.in_call = cost, at_start, in_call
        self.calls, self.stopped = 0, False

    @contextmanager
    def start(self) -> Iterator[Round]:
        if self.at_start:
            raise self.at_start
        try:
            yield self.one_round
        finally:
            self.stopped = True

    def one_round(self, case: str) -> Mapping[str, float]:
        self.calls += 1
        if self.calls == self.in_call:
            raise OSError("the disk is gone")
        return {"cost": self.cost * (2 if case == "large" else 1)}


def measured(contenders: dict[str, Steady], tmp_path: Path, rounds: int = 6) -> result.Result:
    benchmark = Benchmark(
        title="steady",
        contenders=tuple(Contender(name=name, start=c.start) for name, c in contenders.items()),
        cases=("small", "large"),
        metrics=(COST,),
        against=(Against(metric="cost", of=("ours",), to="floor", kind="floor"),),
        added=(Added(metric=MORE, of="cost", to="floor"),),
    )
    return measure.run("steady", benchmark, Settings(scratch=tmp_path, rounds=rounds), folder=tmp_path)


def test_figures_differences_and_ratios(tmp_path: Path) -> None:
    done = measured({"floor": Steady(2), "ours": Steady(3)}, tmp_path)
    figures = {(f.contender, f.case, f.metric): f for f in done.figures}
    assert figures["ours", "large", "cost"].values == (6.0,) * 6
    assert figures["ours", "small", "more"].median == 1.0
    assert ("floor", "small", "more") not in figures
    assert [(r.case, r.value, r.rounds) for r in done.ratios] == [
        ("small", pytest.approx(1.5), 6),
        ("large", pytest.approx(1.5), 6),
    ]
    assert done.commit == result.Commit(id=None, dirty=None)
    assert done.machine.cpu


def test_who_fails_is_listed_with_the_reason_and_the_others_go_on(tmp_path: Path) -> None:
    contenders = {
        "floor": Steady(2),
        "ours": Steady(3, in_call=7),
        "gone": Steady(1, at_start=Unavailable("not installed")),
        "broken": Steady(1, at_start=RuntimeError("bad build\nsecond line")),
    }
    done = measured(contenders, tmp_path)
    absent = {a.contender: a for a in done.absent}
    assert (absent["gone"].kind, absent["gone"].reason) == ("missing", "not installed")
    assert (absent["broken"].kind, absent["broken"].reason) == ("failed", "RuntimeError: bad build")
    assert (absent["ours"].kind, absent["ours"].round, absent["ours"].reason) == (
        "failed",
        2,
        "OSError: the disk is gone",
    )
    assert contenders["ours"].stopped
    assert contenders["floor"].calls == 14
    kept = next(f for f in done.figures if f.contender == "ours")
    assert kept.values.count(None) in (3, 4)
    assert kept.ci is None, "fewer than five rounds ended well"


def test_a_round_must_give_the_metrics_that_the_benchmark_names(tmp_path: Path) -> None:
    done = measured({"floor": Steady(float("nan")), "ours": Steady(1)}, tmp_path, rounds=1)
    assert done.absent[0].reason == "the round gave no finite number for 'cost'"


def test_the_folder_is_listed_without_being_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert {"audit", "pipeline", "deid/speed", "deid/roster"} <= {
        line.split()[0] for line in listed.splitlines()
    }
    for entry in catalogue.entries(BENCHMARKS).values():
        assert entry.says.endswith("."), f"{entry.name} says nothing of itself in its first line"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["pipelin"], "Did you mean 'pipeline'?"),
        (["audit", "pipeline", "--output", "one.json"], "give a folder"),
        (["audit", "--cores", "999"], "core 999"),
        (["report", "nothing.json"], "nothing.json cannot be read"),
    ],
)
def test_wrong_arguments(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(arguments) == 2
    assert says in capsys.readouterr().err


def test_the_example_of_the_readme_runs_and_its_result_is_read(tmp_path: Path) -> None:
    found = re.search(r"<!-- file: mine/(\w+)\.py -->\n```python\n(.*?)```", README, re.DOTALL)
    assert found
    name, text = found.groups()
    (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "broken.py").write_text("def benchmark(settings):\n    raise RuntimeError('no')\n")
    command = [sys.executable, BENCHMARKS / "run.py", name, "--folder", tmp_path, "--rounds", "5", "--quick"]
    command += ["--output", tmp_path / "out.json", "--cores", "none"]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found_result = result.read(tmp_path / "out.json")
    assert len(found_result.ratios) == 1
    assert all(None not in f.values and f.ci for f in found_result.figures)
    assert found_result.notes == ("Not pinned, as asked.",)
    assert "| ratio |" in done.stdout


def test_the_load_generator_and_the_model_server_speak(tmp_path: Path) -> None:
    """Plain and streamed; an error voids the round instead of becoming a fast answer."""
    servers = BENCHMARKS / "servers"
    with (
        running([sys.executable, servers / "model.py", "0.02"], name="model", scratch=tmp_path) as model,
        running([sys.executable, servers / "load.py"], name="load", scratch=tmp_path) as load,
    ):
        port = int(model.line())
        for stream in (False, True):
            for pace in ("fast", "slow"):
                body = {
                    "model": pace,
                    "stream": stream,
                    "messages": [{"role": "user", "content": "Pain. " * 50}],
                }
                command = {
                    "port": port,
                    "bodies": [json.dumps(body)],
                    "connections": 3,
                    "requests": 7,
                    "spread_s": 0.01,
                }
                answer = load.ask(command)
                assert len(answer["latency_us"]) == 7
                assert min(answer["latency_us"]) >= (15_000 if pace == "slow" else 0)
                assert all(f <= t for f, t in zip(answer["first_us"], answer["latency_us"], strict=True))
        with pytest.raises(BenchmarkError, match="closed a connection"):
            load.ask(
                {"port": port, "bodies": ['{"messages": []}'], "connections": 1, "requests": 1, "spread_s": 0}
            )
