"""Both halves on answers: what is taken out of answers, what is held back, what it costs.

    python benchmarks/deid/answers.py [--all]

Reads `answers.txt` (invented identifiers marked), streams each answer through `AnswerStream` in pieces of six
characters, and prints recall and what was taken out without need, each with the texts under `--all`.
"""

import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from osler.deid import Deidentifier
from osler.deid.answers import AnswerStream
from osler.deid.restore import Table

MARK = re.compile(r"\[\[([A-Z_]+)\|([^\]]+)\]\]")
PIECE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A text and its invented identifiers as (start, end, label)."""

    text: str
    gold: tuple[tuple[int, int, str], ...]


def answers(path: Path) -> list[list[Answer]]:
    """The answers of the file, part by part."""
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if not line.startswith("# ")]
    parts = "\n".join(lines).split("\n====\n")
    return [[parsed(block) for block in part.split("\n----\n")] for part in parts]


def parsed(block: str) -> Answer:
    """One answer without its marks."""
    out, gold, at = "", [], 0
    block = block.strip("\n")
    for match in MARK.finditer(block):
        out += block[at : match.start()]
        gold.append((len(out), len(out) + len(match[2]), match[1]))
        out += match[2]
        at = match.end()
    return Answer(text=out + block[at:], gold=tuple(gold))


def main() -> None:
    """Prints the figures."""
    engine = Deidentifier.load()
    for number, part in enumerate(answers(Path(__file__).with_name("answers.txt")), 1):
        seen = [looked_at(engine, answer) for answer in part]
        missed = [line for one in seen for line in one.missed]
        needless = [line for one in seen for line in one.needless]
        held = sorted(count for one in seen for count in one.held)
        gold = sum(len(answer.gold) for answer in part)
        print(
            f"part {number}: {len(part)} answers, {sum(len(a.text) for a in part)} characters;"
            f" {gold - len(missed)} of {gold} identifiers taken out, {len(needless)} needlessly;"
            f" held back p50 {held[len(held) // 2]}, p95 {held[len(held) * 95 // 100]}, most {held[-1]};"
            f" CPU {min(cost(engine, part) for _ in range(3)):.0f} µs a piece of {PIECE} characters"
        )
        if "--all" in sys.argv:
            print(*missed, *needless, sep="\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What became of one answer: lines about errors, and the characters held back after each piece."""

    missed: list[str]
    needless: list[str]
    held: list[int]


def looked_at(engine: Deidentifier, answer: Answer) -> Seen:
    """Streams one answer and compares."""
    replaced: list[tuple[int, int, str]] = []
    held: list[int] = []
    stream, at = AnswerStream(Table(), finder=engine), 0
    for i in range(0, len(answer.text) + PIECE, PIECE):
        for old, new in stream.advance(answer.text[i : i + PIECE], last=i >= len(answer.text)):
            if new is not None:
                replaced.append((at, at + len(old), new))
            at += len(old)
        held.append(min(i + PIECE, len(answer.text)) - at)
    text = answer.text
    return Seen(
        missed=[
            f"  missed {label}: {text[max(0, a - 30) : b + 20]!r}"
            for a, b, label in answer.gold
            if uncovered(text, a, b, replaced)
        ],
        needless=[
            f"  needless {new}: {text[max(0, a - 30) : b + 20]!r}"
            for a, b, new in replaced
            if not any(x < b and a < y for x, y, _ in answer.gold)
        ],
        held=held,
    )


def cost(engine: Deidentifier, part: list[Answer]) -> float:
    """Microseconds of CPU for each piece."""
    began, pieces = time.process_time(), 0
    for answer in part:
        stream = AnswerStream(Table(), finder=engine)
        for i in range(0, len(answer.text), PIECE):
            stream.feed(answer.text[i : i + PIECE])
            pieces += 1
        stream.finish()
    return (time.process_time() - began) / pieces * 1e6


def uncovered(text: str, start: int, end: int, replaced: list[tuple[int, int, str]]) -> str:
    """The letters and digits of a stretch that still stand, but for titles and credentials."""
    kept = [i for i in range(start, end) if not any(a <= i < b for a, b, _ in replaced)]
    left = "".join(text[i] for i in kept)
    return re.sub(r"\W|Dr|Mr|Ms|Nurse|MD|NP", "", left)


if __name__ == "__main__":
    main()
