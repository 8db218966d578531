"""How fast de-identification is: one text after the other and in batches, beside twenty usual patterns.

    taskset -c 0 python benchmarks/deid/speed.py [--documents public.jsonl] [--join 4] [--rounds 4] [--output FILE]
    python benchmarks/run.py deid/speed

In one process and run, by CPU time; rounds are interleaved so that a busy machine slows all alike. The table has
the best round of each, the file all rounds, in the format of `benchmarks/README.md` (`--json`: the best only).
`--join N` makes one text of N documents: real notes are longer than those of the benchmark, and short texts cost more
by the byte.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from engines import twenty_patterns

from osler.deid import Deidentifier

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from runner import measure  # noqa: E402
from runner.contenders import Against, Benchmark, Contender, Metric, Round, Settings  # noqa: E402

PUBLIC = HERE / "public.jsonl"
PATTERNS = "20 patterns, re"
SPEED = Metric(name="speed", unit="MB/s", better="higher", says="Over CPU time, on one core.")
_BATCH = 100
_QUICK = 20


def jobs(texts: list[str]) -> dict[str, Callable[[], object]]:
    """What is timed, by name; each goes over all texts once."""
    full, fast = Deidentifier.load(), Deidentifier.load(fast=True)
    floor = twenty_patterns()
    batches = [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)]
    return {
        PATTERNS: lambda: [list(floor(text)) for text in texts],
        "full, find": lambda: [full.find(text) for text in texts],
        "full, find_many": lambda: [full.find_many(batch) for batch in batches],
        "fast, find": lambda: [fast.find(text) for text in texts],
        "fast, find_many": lambda: [fast.find_many(batch) for batch in batches],
    }


def texts_of(documents: Path, join: int) -> list[str]:
    """The texts of a JSONL file, `join` of them in one."""
    given = [json.loads(line)["text"] for line in documents.read_text(encoding="utf-8").splitlines()]
    return ["\n\n".join(given[i : i + join]) for i in range(0, len(given), join)]


def size_of(texts: list[str]) -> int:
    """Bytes of all texts."""
    return sum(len(text.encode()) for text in texts)


@contextmanager
def _timed(job: Callable[[], object], size: int) -> Iterator[Round]:
    def one_round(case: str) -> dict[str, float]:
        begun = time.process_time()
        job()
        return {SPEED.name: size / (time.process_time() - begun) / 1e6}

    yield one_round


def over(texts: list[str]) -> Benchmark:
    """The benchmark over some texts."""
    size, todo = size_of(texts), jobs(texts)
    return Benchmark(
        title="de-identification, text through one core",
        contenders=tuple(
            Contender(name=name, start=partial(_timed, job, size)) for name, job in todo.items()
        ),
        metrics=(SPEED,),
        against=(
            Against(metric=SPEED.name, of=tuple(n for n in todo if n != PATTERNS), to=PATTERNS, kind="peer"),
        ),
        settings={"texts": len(texts), "bytes a text": round(size / len(texts))},
    )


@contextmanager
def benchmark(settings: Settings) -> Iterator[Benchmark]:
    """The benchmark over the public documents."""
    texts = texts_of(PUBLIC, 1)
    yield over(texts[:_QUICK] if settings.quick else texts)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=Path, default=PUBLIC)
    parser.add_argument("--join", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    texts = texts_of(options.documents, options.join)
    size = size_of(texts)
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(scratch=Path(scratch), rounds=options.rounds, warmup=0)
        result = measure.run("deid/speed", over(texts), settings, folder=HERE)
    best = {figure.contender: figure.max for figure in result.figures}
    rows = {name: {"mb_s": speed, "ratio": speed / best[PATTERNS]} for name, speed in best.items()}
    print(f"{len(texts)} texts of {size / len(texts):.0f} bytes\n")
    print("| engine | MB/s | x 20 patterns |\n|---|---|---|")
    for name, row in rows.items():
        print(f"| {name} | {row['mb_s']:.2f} | {row['ratio']:.2f} |")
    if options.json:
        options.json.write_text(json.dumps({"bytes": size, "texts": len(texts), "engines": rows}, indent=1))
    if options.output:
        options.output.write_text(result.to_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
