"""Ours beside the peers that install from PyPI, and twenty patterns one by one: same text, same run, one core.

    python benchmarks/deid/peers.py [--venvs /tmp/peers] [--install] [--rounds 3] [--json peers.json]

Each engine runs in its own process and its own virtual environment (`VENVS/<name>`; `--install` makes the absent ones
with pip), pinned to one core. In each round every engine makes one timed pass over public.jsonl after a warm-up pass;
MB/s is of UTF-8 text over CPU time, the median of the rounds, and the ratio is taken to the twenty patterns within each
round. A peer that cannot be installed or run is listed with the reason.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines import ENGINES
from score import evaluate, read, tally

HERE = Path(__file__).parent
FLOOR = "20 patterns, re"
PACKAGES = {
    "presidio-analyzer": "presidio-analyzer",
    "scrubadub": "scrubadub",
    "pyDeid": "pyDeid",
    "datafog": "datafog",
}
SHOWN = {
    "token recall, all labels": "recall",
    "token precision": "precision",
    "recall: NAME, AGE": "NAME, AGE",
    "recall: LOCATION": "LOCATION",
    "recall: numbers and codes": "codes",
    "recall: contacts and dates": "contacts, dates",
    "recall: lower-case dictation": "dictation",
    "documents with a whole identifier missed": "missed docs",
    "non-PHI tokens redacted": "over-redacted",
    "PHI-free documents touched": "free touched",
}
TIMEOUT_S = 1800


@dataclass(kw_only=True, slots=True)
class Result:
    """What became of one engine: figures, or why there are none."""

    reason: str = ""
    load_s: float = 0.0
    seconds: list[float] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)


def _environment(venvs: Path, package: str) -> Path:
    return venvs / package.lower().replace("-", "_")


def install(venvs: Path) -> None:
    """Make the virtual environments that are not there; a failure is left for the run to report."""
    for package in PACKAGES.values():
        place = _environment(venvs, package)
        if place.exists():
            continue
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(place / "bin" / "pip"), "install", "--quiet", package]
        subprocess.run(pip, check=False)


def _command(name: str, venvs: Path, source: Path, out: Path) -> list[str]:
    python = sys.executable
    if name in PACKAGES:
        python = str(_environment(venvs, PACKAGES[name]) / "bin" / "python")
    pin = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    return [*pin, python, str(HERE / "engines.py"), name, str(source), str(out), "1"]


def run_once(name: str, venvs: Path, source: Path, out: Path) -> dict[str, Any]:
    """One process of one engine. Raises RuntimeError with its last words if it fails."""
    command = _command(name, venvs, source, out)
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
    )
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, **threads},
        )
    except FileNotFoundError:
        raise RuntimeError("not installed (no virtual environment)") from None
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not done within {TIMEOUT_S} s") from None
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["failed"])[-1])
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def compare(venvs: Path, source: Path, work: Path, rounds: int) -> dict[str, Result]:
    """All engines, `rounds` times in turn; predictions stay in `work`."""
    work.mkdir(parents=True, exist_ok=True)
    gold = read(source)
    results = {name: Result() for name in ENGINES}
    for _ in range(rounds):
        for name, result in results.items():
            if result.reason:
                continue
            out = work / f"{name.replace(' ', '_').replace(',', '')}.jsonl"
            try:
                answer = run_once(name, venvs, source, out)
            except RuntimeError as fault:
                result.reason = str(fault)
                continue
            result.load_s = answer["load_s"]
            result.seconds += answer["passes_s"]
            if not result.rows:
                predicted = read(out)
                result.rows = evaluate(
                    [tally(doc, predicted[doc_id]["spans"]) for doc_id, doc in gold.items()]
                )
    return results


def table(results: dict[str, Result], size_mb: float) -> str:
    """The comparison as a Markdown table, the reasons for absences under it."""
    lines = [
        "| engine | MB/s | × 20 patterns | load s | " + " | ".join(SHOWN.values()) + " |",
        "|---" * (len(SHOWN) + 4) + "|",
    ]
    floor = results[FLOOR].seconds
    for name, result in results.items():
        if result.reason:
            continue
        speed = size_mb / statistics.median(result.seconds)
        ratio = statistics.median(base / own for base, own in zip(floor, result.seconds, strict=True))
        values = {row["measure"]: row["value"] for row in result.rows}
        cells = [f"{values[measure]:.3f}" for measure in SHOWN]
        lines.append(
            f"| {name} | {speed:.3f} | {ratio:.3f} | {result.load_s:.2f} | " + " | ".join(cells) + " |"
        )
    lines += [f"\nNot run: {name}: {result.reason}" for name, result in results.items() if result.reason]
    return "\n".join(lines)


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description="Ours beside peers from PyPI on public.jsonl, one core.")
    parser.add_argument("--venvs", type=Path, default=Path("/tmp/peers"))
    parser.add_argument("--install", action="store_true", help="make absent virtual environments with pip")
    parser.add_argument("--work", type=Path, default=Path("/tmp/peers/predictions"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    source = HERE / "public.jsonl"
    if options.install:
        install(options.venvs)
    results = compare(options.venvs, source, options.work, options.rounds)
    size_mb = sum(len(line["text"].encode()) for line in read(source).values()) / 1e6
    print(table(results, size_mb))
    if options.json is not None:
        found = {
            name: {
                "reason": r.reason,
                "load_s": r.load_s,
                "seconds": r.seconds,
                "mb": size_mb,
                "rows": r.rows,
            }
            for name, r in results.items()
        }
        options.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
