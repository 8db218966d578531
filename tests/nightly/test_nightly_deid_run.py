"""`osler deid run` at size: flat memory, two workers against one, many kills, Ray."""

import importlib.util
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    os.environ.get("OSLER_NIGHTLY") != "1", reason="minutes; OSLER_NIGHTLY=1 runs it"
)

PEOPLE = ("Ann Whitfield", "Maria Alvarez", "Wei Chen", "Fatima Al-Sayed", "Tom Oyelaran", "Zofia Nowak")
PLAIN = "The patient reports chest pain radiating to the left arm, improved with rest. BP 120/80, HR 72. "


MEASURE = """
import ctypes, os, resource, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: workers end up as children of this process
code = subprocess.run(sys.argv[1:]).returncode
try:
    while True:
        os.wait()
except ChildProcessError:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def notes(path: Path, megabytes: float, *, line_kb: float = 3) -> Path:
    """Notes of so many megabytes; the same each time."""
    chance = random.Random(9)
    count = 0
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < megabytes * 1e6:
            who = chance.choice(PEOPLE)
            text = (
                f"Patient: {who}, MRN {10384000 + count}. Seen on 3/{count % 27 + 1}/2021 by Dr. Sam Okafor. "
            )
            text += PLAIN * max(1, int(line_kb * 1000 * chance.uniform(0.3, 1.7) / len(PLAIN)))
            text += f"{who.split()[0]} will call 617-555-01{count % 90 + 10}."
            line = {"id": f"n{count}", "text": text, "patient_key": f"p{count % 400}"}
            file.write(json.dumps(line) + "\n")
            count += 1
    return path


def run(folder: Path, *arguments: str) -> tuple[dict[str, object], float, int]:
    """The report, seconds, and the most memory of any of its processes, in MB."""
    command = [sys.executable, "-m", "osler", "deid", "run", *arguments, "--fast", "--json"]
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), time.monotonic() - begun, int(done.stderr.split()[-1]) // 1024


@pytest.mark.timeout(1500)
def test_memory_is_flat(tmp_path: Path) -> None:
    """Sixty megabytes take no more than two: neither parent nor workers keep what is done."""
    notes(tmp_path / "small.jsonl", 2)
    notes(tmp_path / "large.jsonl", 60)
    _, _, small = run(tmp_path, "small.jsonl", "--output", "small.out", "--mode", "surrogate")
    _, _, large = run(tmp_path, "large.jsonl", "--output", "large.out", "--mode", "surrogate")
    assert large < small * 1.25 + 40, (small, large)


@pytest.mark.timeout(900)
def test_lines_of_ten_megabytes(tmp_path: Path) -> None:
    notes(tmp_path / "long.jsonl", 60, line_kb=10_000)
    report, _, most = run(tmp_path, "long.jsonl", "--output", "long.out", "--mode", "redact")
    assert report["failed"] == 0
    assert most < 1500


@pytest.mark.timeout(900)
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core")
def test_two_workers_are_nearly_twice_as_fast(tmp_path: Path) -> None:
    """By what forty megabytes more take, since loading takes the same however many there are."""
    notes(tmp_path / "small.jsonl", 4)
    notes(tmp_path / "large.jsonl", 44)
    more = {}
    for workers in ("1", "2"):
        best = {}
        for size in ("small", "large") * 2:
            _, seconds, _ = run(
                tmp_path, f"{size}.jsonl", "--output", "out", "--workers", workers, "--overwrite"
            )
            best[size] = min(best.get(size, seconds), seconds)
        more[workers] = best["large"] - best["small"]
    assert more["1"] / more["2"] >= 1.7, more


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("seed", range(3))
def test_many_kills_at_random(tmp_path: Path, seed: int) -> None:
    notes(tmp_path / "in.jsonl", 16)
    command = [
        sys.executable,
        "-m",
        "osler",
        "deid",
        "run",
        "in.jsonl",
        "--fast",
        "--mode",
        "surrogate",
        "--output",
    ]
    state = tmp_path / "out.state.json"
    chance = random.Random(seed)
    kills = 0
    while kills < 400:
        running = subprocess.Popen([*command, "out"], cwd=tmp_path, stdout=subprocess.DEVNULL)
        try:
            assert running.wait(chance.uniform(0.2, 4 + kills)) == 0
            break
        except subprocess.TimeoutExpired:
            if state.exists() and (kept := json.loads(state.read_text()))["key"]:
                saved = kept
            running.kill()
            running.wait()
            kills += 1
    assert kills > 1
    saved |= {
        "at": {"offset": 0, "number": 0},
        "written": [0],
        "tally": {"records": 0, "failed": 0, "found": {}},
    }
    (tmp_path / "whole").touch()
    (tmp_path / "whole.state.json").write_text(json.dumps(saved))
    subprocess.run([*command, "whole"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "out").read_bytes()


@pytest.mark.timeout(900)
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
def test_ray_gives_the_same(tmp_path: Path) -> None:
    """And takes up what local processes began."""
    notes(tmp_path / "in.jsonl", 8)
    run(tmp_path, "in.jsonl", "--output", "local.out")
    run(tmp_path, "in.jsonl", "--output", "ray.out", "--engine", "ray", "--workers", "2")
    assert (tmp_path / "ray.out").read_bytes() == (tmp_path / "local.out").read_bytes()
    command = [sys.executable, "-m", "osler", "deid", "run", "in.jsonl", "--fast", "--output", "both.out"]
    running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    state = tmp_path / "both.out.state.json"
    while running.poll() is None and not (state.exists() and json.loads(state.read_text())["at"]["number"]):
        time.sleep(0.02)
    running.kill()
    running.wait()
    report, _, _ = run(tmp_path, "in.jsonl", "--output", "both.out", "--engine", "ray", "--workers", "2")
    assert report["resumed_from"] > 0  # type: ignore[operator]
    assert (tmp_path / "both.out").read_bytes() == (tmp_path / "local.out").read_bytes()


def test_the_measure_of_memory_measures() -> None:
    """Of processes, too, that nobody waits for."""
    hungry = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'bytearray(300_000_000)'])"
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, sys.executable, "-c", hungry], capture_output=True, text=True
    )
    assert int(done.stderr.split()[-1]) > 290_000
