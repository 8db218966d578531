"""Notes and model answers with surrogates and invented people, and ways to cut a text, for the tests of both halves."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import Deidentifier, Replacer

NOTES = (
    "Maria Gonzalez, MRN: 00412345, DOB 3/2/1951, seen March 14, 2024 by Dr. J. Okafor at 12 Alder Street, Salem, OR 97301;"
    " phone (503) 555-0188, maria.gonzalez@mail.example.com. Mrs. Gonzalez takes metformin 500 mg.",
    "Patient: Thornbury, Avery. MRN 5812-0993. His wife Brook Quill called from 617-555-0142. Seen 2/3/2024 by Dr. Wells.",
    "José Núñez-Ortega (SSN 219-09-9999) and Zoë D'Angelo share an address: 4 Oak Lane, Dayton, OH 45402. José's INR is 2.4.",
)
"""The second holds names that are surrogates too: none of them may come back for somebody else."""
INVENTED = (
    ("Karen Whitfield", Label.NAME),
    ("Theodore Blankenship", Label.NAME),
    ("212-555-0164", Label.PHONE),
    ("r.hargrove@stmarys.example.org", Label.EMAIL),
    ("078-05-1120", Label.SSN),
)
CONTEXTS = {
    Label.NAME: "Dr. {} will call tomorrow.",
    Label.PHONE: "Call {} if it gets worse.",
    Label.EMAIL: "Write to {} for a copy.",
    Label.SSN: "The SSN is {} as stated.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One request: its replacer, what went out, the note."""

    replacer: Replacer
    outbound: str = field(repr=False)
    note: str = field(repr=False)


def prepared(engine: Deidentifier, note: str, seed: int) -> Prepared:
    """A note sent out under surrogates."""
    known = (KnownIdentifier(label=Label.MRN, value="00412345"),)
    replacer = Replacer(engine, known=known, rng=random.Random(seed))
    return Prepared(replacer=replacer, outbound=replacer.apply([note])[0], note=note)


def cut(text: str, rng: random.Random) -> Iterator[str]:
    """`text` in random pieces, now and then in single characters."""
    if rng.random() < 0.2:
        yield from text
        return
    count = rng.choice((1, 3, 10, 40, 120))
    edges = sorted({0, len(text), *(rng.randrange(len(text) + 1) for _ in range(count))})
    yield from (text[a:b] for a, b in pairwise(edges))


def answer(case: Prepared, rng: random.Random) -> tuple[str, list[tuple[str, Label]]]:
    """What a model might answer: the surrogates of the note among plain prose, and invented people."""
    said = rng.sample(INVENTED, rng.randint(0, 3))
    parts = [
        case.outbound,
        "Continue metformin 500 mg twice daily and recheck the HbA1c in 3 months.",
        "Parkinson disease and the Wells score are not relevant here.",
        *(CONTEXTS[label].format(value) for value, label in said),
    ]
    rng.shuffle(parts)
    return rng.choice((" ", "\n", "\n\n- ")).join(parts), said


def as_json(text: str, rng: random.Random) -> str:
    """An answer as a JSON document, with escapes or without."""
    document = {"summary": text, "items": [{"note": text[:80], "dose_mg": 500}], "ok": True, "nothing": None}
    return json.dumps(document, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, 2)))


def streamed(feed: Callable[[str], str], finish: Callable[[], str], pieces: Iterator[str]) -> str:
    """The whole of what is shown."""
    return "".join(map(feed, pieces)) + finish()
