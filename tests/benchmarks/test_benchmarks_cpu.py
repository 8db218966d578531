"""CPU time of process trees, against programs that say themselves what they have burnt; pinning; stopping."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from runner import pin
from runner.contenders import BenchmarkError
from runner.cpu import Tree
from runner.processes import running

# Burns CPU in itself, in a thread that ends, in a child that ends and in a grandchild that ends; says how much in all.
BURNER = """
import json, subprocess, sys, threading, time
def burn(s, clock=time.thread_time):
    end = clock() + s
    while clock() < end: pass
kind = sys.argv[1] if len(sys.argv) > 1 else "root"
if kind == "leaf":
    burn(0.08)
elif kind == "middle":
    burn(0.05)
    subprocess.run([sys.executable, "-S", __file__, "leaf"])
else:
    for line in sys.stdin:
        before = resource()
        burn(0.06)
        thread = threading.Thread(target=burn, args=(0.06,))
        thread.start(); thread.join()
        subprocess.run([sys.executable, "-S", __file__, "middle"])
        print(json.dumps({"spent": resource() - before}), flush=True)
"""
RESOURCE = """
import resource as r
def resource():
    return sum(u.ru_utime + u.ru_stime for u in (r.getrusage(r.RUSAGE_SELF), r.getrusage(r.RUSAGE_CHILDREN)))
"""


def test_the_cpu_of_a_tree_is_what_its_processes_say(tmp_path: Path) -> None:
    program = tmp_path / "burner.py"
    program.write_text(RESOURCE + BURNER)
    with running([sys.executable, "-S", program], name="burner", scratch=tmp_path) as child:
        tree = Tree([child.pid])
        said = child.ask({})["spent"]
        seen = tree.seconds()
        assert said >= 0.25
        assert seen == pytest.approx(said, abs=0.05)
        tree.restart()
        assert tree.seconds() < 0.02
        twice = child.ask({})["spent"]
        assert tree.seconds() == pytest.approx(twice, abs=0.05)


def test_a_process_that_idles_costs_nothing(tmp_path: Path) -> None:
    with running(["sleep", "5"], name="sleeper", scratch=tmp_path) as child:
        tree = Tree([child.pid])
        time.sleep(0.1)
        assert tree.seconds() < 0.005


def test_a_root_that_has_ended_gives_no_figure(tmp_path: Path) -> None:
    with running(["cat"], name="reader", scratch=tmp_path) as child:
        tree = Tree([child.pid])
        os.kill(child.pid, signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(BenchmarkError, match="has ended"):
        tree.seconds()


def test_the_lost_time_of_an_orphan_is_noticed(tmp_path: Path) -> None:
    """The parent ends first, so that nobody in the tree is told what the orphan had spent."""
    programs = {
        "leaf": "import os, time\n"
        "while time.process_time() < 0.12: pass\n"
        "open('burnt', 'w').close()\n"
        "while not os.path.exists('go'): time.sleep(0.01)",
        "middle": "import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-S', 'leaf'])\ntime.sleep(60)",
        "root": "import subprocess, sys, time\nsubprocess.run([sys.executable, '-S', 'middle'])\ntime.sleep(60)",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
    with running([sys.executable, "-S", "root"], name="root", scratch=tmp_path) as child:
        _until((tmp_path / "burnt").exists)
        tree = Tree([child.pid])
        middle = psutil.Process(child.pid).children()[0]
        leaf = middle.children()[0]
        middle.kill()
        _until(lambda: not middle.is_running())
        tree.seconds()
        (tmp_path / "go").touch()
        _until(lambda: not leaf.is_running())
        with pytest.raises(BenchmarkError, match="lost"):
            tree.seconds()


@pytest.mark.skipif(sys.platform != "linux", reason="affinity calls are Linux's")
def test_a_child_runs_on_the_cores_it_is_given(tmp_path: Path) -> None:
    core = min(pin.allowed())
    with running(["sleep", "5"], name="sleeper", scratch=tmp_path, cores=frozenset({core})) as child:
        assert os.sched_getaffinity(child.pid) == {core}


def test_cores_are_chosen_and_foreign_ones_refused() -> None:
    here = sorted(pin.allowed())
    chosen = pin.choose()
    if len(here) > 1:
        assert (chosen.measured, chosen.others, chosen.note) == ({here[0]}, set(here[1:]), "")
        assert pin.choose(here[::-1]).measured == {here[-1]}
    else:
        assert chosen.note
    assert "One core" in pin.choose(here[:1]).note
    with pytest.raises(ValueError, match="999"):
        pin.choose([999])


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL], ids=["asked", "killed"])
def test_a_benchmark_that_is_stopped_leaves_no_process_behind(sign: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "lasting.py").write_text(
        "from contextlib import contextmanager\n"
        "from pathlib import Path\n"
        "from runner.processes import running\n"
        "@contextmanager\n"
        "def benchmark(settings):\n"
        "    with running(['sleep', '60'], name='x', scratch=settings.scratch) as child:\n"
        f"        Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\n"
        "        child.line()\n"
    )
    run = Path(__file__).parents[2] / "benchmarks" / "run.py"
    command = [sys.executable, run, "lasting", "--folder", tmp_path, "--scratch", tmp_path]
    with subprocess.Popen([str(c) for c in command], stderr=subprocess.DEVNULL) as process:
        _until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
        process.send_signal(sign)
        assert process.wait(timeout=20) != 0
    child = int((tmp_path / "pid").read_text())
    _until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
    if sign is signal.SIGTERM:
        assert not list(tmp_path.glob("osler-bench-*")), "the scratch folder is still there"


def _until(holds: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
