"""With a roster: recall of the names and record numbers of people who are known beforehand.

    python benchmarks/deid/roster.py [--fast] [--output roster.json]
    python benchmarks/run.py deid/roster --rounds 1 --warmup 0

The roster of a document is its own NAME and MRN values of two letters or digits and more, as a hospital's tables would
have them: each name in full and never the form in which it stands elsewhere (initials, first name alone, small
letters). Those shorter forms have to be found from the full one, or by the engine alone. `slips` puts one wrong
letter into every known name of eight letters or more before looking.
"""

import argparse
import json
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import Deidentifier

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from runner import measure  # noqa: E402
from runner.contenders import Benchmark, Contender, Metric, Round, Settings  # noqa: E402

NONE, ROSTER, SLIPS = "no roster", "roster", "roster, slips"
RECALL = Metric(name="recall", unit="share of tokens", better="higher")
_TOKEN = re.compile(r"[^\W_]+")


def known_of(text: str, spans: list[dict[str, object]]) -> list[KnownIdentifier]:
    """The roster of a document: full names (two words or more), and record numbers."""
    values = {(str(s["label"]), text[int(str(s["start"])) : int(str(s["end"]))]) for s in spans}
    return [
        KnownIdentifier(label=Label(label), value=value)
        for label, value in sorted(values)
        if label == "MRN" or (label == "NAME" and len(value.split()) > 1)
    ]


def of_roster(label: str, value: str, words: set[str]) -> bool:
    """Whether a gold span is about somebody on the roster."""
    return label == "MRN" or any(w.casefold() in words for w in _TOKEN.findall(value) if len(w) > 2)


def slipped(text: str, spans: list[dict[str, object]], words: set[str], rng: random.Random) -> str:
    """`text` with one wrong letter, not the first, in each long word of a known name."""
    chars = list(text)
    for s in spans:
        if s["label"] == "NAME":
            for m in _TOKEN.finditer(text, int(str(s["start"])), int(str(s["end"]))):
                if len(m.group()) >= 8 and m.group().casefold() in words:
                    at = rng.randrange(m.start() + 1, m.end())
                    chars[at] = rng.choice([c for c in "aeioubdklmnrst" if c != chars[at].lower()])
    return "".join(chars)


def tallies(engine: Deidentifier, rows: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Tokens covered and tokens in all, by label and kind of run."""
    rng = random.Random(1)
    hits: dict[str, list[int]] = {}
    for row in rows:
        known = known_of(row["text"], row["spans"])
        names = [k.value for k in known if k.label is Label.NAME]
        words = {w.casefold() for name in names for w in _TOKEN.findall(name) if len(w) > 2}
        slips = slipped(row["text"], row["spans"], words, rng)
        runs: tuple[tuple[str, str, list[KnownIdentifier]], ...] = (
            (NONE, row["text"], []),
            (ROSTER, row["text"], known),
            (SLIPS, slips, known),
        )
        for kind, text, given in runs:
            covered = bytearray(len(text))
            for span in engine.find(text, given):
                covered[span.start : span.end] = b"\1" * (span.end - span.start)
            for s in row["spans"]:
                if s["label"] in ("NAME", "MRN") and of_roster(
                    s["label"], row["text"][s["start"] : s["end"]], words
                ):
                    tally = hits.setdefault(f"{s['label']}, {kind}", [0, 0])
                    for m in _TOKEN.finditer(text, s["start"], s["end"]):
                        tally[0] += all(covered[m.start() : m.end()])
                        tally[1] += 1
    return hits


def documents() -> list[dict[str, Any]]:
    """The public documents with their gold spans."""
    return [json.loads(line) for line in (HERE / "public.jsonl").read_text(encoding="utf-8").splitlines()]


@contextmanager
def _shares(found: dict[str, list[int]], kind: str) -> Iterator[Round]:
    """Recall of one kind of run, by label: the same in every round, as nothing in it is chance."""
    yield lambda label: {RECALL.name: found[f"{label}, {kind}"][0] / found[f"{label}, {kind}"][1]}


def of(found: dict[str, list[int]]) -> Benchmark:
    """The figures as a benchmark of one round."""
    return Benchmark(
        title="recall of people known beforehand",
        contenders=tuple(
            Contender(name=kind, start=partial(_shares, found, kind)) for kind in (NONE, ROSTER, SLIPS)
        ),
        cases=("NAME", "MRN"),
        metrics=(RECALL,),
        notes=("One round tells all: the figures do not vary.",),
    )


@contextmanager
def benchmark(settings: Settings) -> Iterator[Benchmark]:
    """The benchmark with the full engine."""
    yield of(tallies(Deidentifier.load(), documents()[: 20 if settings.quick else None]))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    hits = tallies(Deidentifier.load(fast=options.fast), documents())
    for name, (hit, of_all) in sorted(hits.items()):
        print(f"{name:22} {hit / of_all:.4f}  ({hit} of {of_all} tokens)")
    if options.output:
        with tempfile.TemporaryDirectory() as scratch:
            settings = Settings(scratch=Path(scratch), rounds=1, warmup=0)
            result = measure.run("deid/roster", of(hits), settings, folder=HERE)
        options.output.write_text(result.to_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
