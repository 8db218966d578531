"""How fast: ours one text after the other and in batches, beside the twenty patterns, in one process and run.

    taskset -c 0 python benchmarks/deid/speed.py [--documents public.jsonl] [--join 4] [--rounds 4] [--json speed.json]

CPU time, best of the rounds, which are interleaved so that a busy machine slows all alike. `--join N` makes one text of
N documents: real notes are longer than those of the benchmark, and short texts cost more by the byte.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from engines import twenty_patterns

from osler.deid import Deidentifier

HERE = Path(__file__).parent
_BATCH = 100


def jobs(texts: list[str]) -> dict[str, Callable[[], object]]:
    """What is timed, by name; each goes over all texts once."""
    begun = time.process_time()
    full, fast = Deidentifier.load(), Deidentifier.load(fast=True)
    print(f"loaded both engines in {time.process_time() - begun:.2f} s of CPU time")
    floor = twenty_patterns()
    batches = [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)]
    return {
        "20 patterns, re": lambda: [list(floor(text)) for text in texts],
        "full, find": lambda: [full.find(text) for text in texts],
        "full, find_many": lambda: [full.find_many(batch) for batch in batches],
        "fast, find": lambda: [fast.find(text) for text in texts],
        "fast, find_many": lambda: [fast.find_many(batch) for batch in batches],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=Path, default=HERE / "public.jsonl")
    parser.add_argument("--join", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    given = [json.loads(line)["text"] for line in options.documents.read_text(encoding="utf-8").splitlines()]
    texts = ["\n\n".join(given[i : i + options.join]) for i in range(0, len(given), options.join)]
    size = sum(len(text.encode()) for text in texts)
    best: dict[str, float] = {}
    todo = jobs(texts)
    for _ in range(options.rounds):
        for name, job in todo.items():
            begun = time.process_time()
            job()
            best[name] = min(best.get(name, 1e9), time.process_time() - begun)
    floor = best["20 patterns, re"]
    rows = {name: {"mb_s": size / s / 1e6, "ratio": floor / s} for name, s in best.items()}
    print(
        f"{len(texts)} texts of {size / len(texts):.0f} bytes\n\n| engine | MB/s | x 20 patterns |\n|---|---|---|"
    )
    for name, row in rows.items():
        print(f"| {name} | {row['mb_s']:.2f} | {row['ratio']:.2f} |")
    if options.json:
        options.json.write_text(json.dumps({"bytes": size, "texts": len(texts), "engines": rows}, indent=1))


if __name__ == "__main__":
    main()
