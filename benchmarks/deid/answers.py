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
    """The answers of the file: those that rules were written with, and the others."""
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if not line.startswith("# ")]
    halves = "\n".join(lines).split("\n====\n")
    return [[parsed(block) for block in half.split("\n----\n")] for half in halves]


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
    engine.find("Warm up, Dr. Adams.")
    for name, half in zip(("written with", "apart"), answers(Path(__file__).with_name("answers.txt")), strict=True):
        found = missed = wrong = characters = pieces = 0
        held: list[int] = []
        seconds = 0.0
        for answer in half:
            replaced: list[tuple[int, int, str]] = []
            stream, at = AnswerStream(Table(), finder=engine), 0
            cuts = [answer.text[i : i + PIECE] for i in range(0, len(answer.text), PIECE)]
            for k, piece in enumerate([*cuts, ""]):
                began = time.process_time()
                out = stream.advance(piece, last=k == len(cuts))
                seconds += time.process_time() - began
                for old, new in out:
                    if new is not None:
                        replaced.append((at, at + len(old), new))
                    at += len(old)
                held.append(min((k + 1) * PIECE, len(answer.text)) - at)
            pieces += len(cuts)
            characters += len(answer.text)
            for start, end, label in answer.gold:
                left = uncovered(answer.text, start, end, replaced)
                if left:
                    missed += 1
                    if "--all" in sys.argv:
                        print(f"  missed {label}: {left!r} in {answer.text[max(0, start - 30) : end + 20]!r}")
                else:
                    found += 1
            for start, end, new in replaced:
                if not any(a < end and start < b for a, b, _ in answer.gold):
                    wrong += 1
                    if "--all" in sys.argv:
                        print(f"  needless {new}: {answer.text[max(0, start - 30) : end + 20]!r}")
        held.sort()
        print(
            f"{name}: {len(half)} answers, {characters} characters; {found} of {found + missed} identifiers taken out,"
            f" {wrong} needlessly; held back p50 {held[len(held) // 2]}, p95 {held[len(held) * 95 // 100]},"
            f" most {held[-1]}; CPU {seconds / pieces * 1e6:.0f} µs a piece of {PIECE} characters"
        )


def uncovered(text: str, start: int, end: int, replaced: list[tuple[int, int, str]]) -> str:
    """The letters and digits of a stretch that still stand, but for titles and credentials."""
    kept = [i for i in range(start, end) if not any(a <= i < b for a, b, _ in replaced)]
    left = "".join(text[i] for i in kept)
    return re.sub(r"\W|Dr|Mr|Ms|Nurse|MD|NP", "", left)


if __name__ == "__main__":
    main()
