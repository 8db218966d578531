"""With a roster: recall of the names and record numbers of people who are known beforehand.

    python benchmarks/deid/roster.py [--fast]

The roster of a document is its own NAME and MRN values of two letters or digits and more, as a hospital's tables would
have them: each name in full and never the form in which it stands elsewhere (initials, first name alone, small
letters). Those shorter forms have to be found from the full one, or by the engine alone. `slips` puts one wrong
letter into every known name of eight letters or more before looking.
"""

import argparse
import json
import random
import re
from pathlib import Path

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import Deidentifier

HERE = Path(__file__).parent
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true")
    engine = Deidentifier.load(fast=parser.parse_args().fast)
    rng = random.Random(1)  # noqa: S311
    hits: dict[str, list[int]] = {}
    for line in (HERE / "public.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        known = known_of(row["text"], row["spans"])
        words = {
            w.casefold()
            for k in known
            if k.label is Label.NAME
            for w in _TOKEN.findall(k.value)
            if len(w) > 2
        }
        slips = slipped(row["text"], row["spans"], words, rng)
        runs = (
            ("no roster", row["text"], []),
            ("roster", row["text"], known),
            ("roster, slips", slips, known),
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
    for name, (hit, of) in sorted(hits.items()):
        print(f"{name:22} {hit / of:.4f}  ({hit} of {of} tokens)")


if __name__ == "__main__":
    main()
