"""Port: a check of what a model says. Plug point `osler.checks`.

A check is a pure function of a statement: the answer (or one sentence of it), the question, the
evidence and the record. It names a source for everything it finds, and raises nothing on purpose:
an exception means that the check is down, and then nothing is released. A check that only computes may
say so by an attribute `waits = False`, as a detector may. A check of sentences all of whose blocking findings stand
in sentences with a drug, a dose, an order, a warning or a yes may say so by `flows = True`: the words before these are
then shown before the sentence is whole. Without it, whole sentences are held.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from osler.core.citations import Evidence
from osler.core.findings import Finding
from osler.core.ports.records import RecordItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is checked. `text` is the whole answer or one sentence of it, real identifiers restored.

    `part` tells a check which text it is given: the "question", one "sentence" of the answer, or
    the whole "answer". `record` holds the patient's allergies, conditions and medications, and is
    None when no patient was named.
    """

    part: str
    text: str = field(repr=False)
    question: str = field(default="", repr=False)
    evidence: tuple[Evidence, ...] = field(default=(), repr=False)
    record: tuple[RecordItem, ...] | None = field(default=None, repr=False)


@runtime_checkable
class Check(Protocol):
    """One kind of check. `parts` lists the parts of Statement that it wants to see."""

    name: str
    parts: tuple[str, ...]

    def check(self, statement: Statement) -> Iterable[Finding]:
        """What is wrong with the statement; nothing when nothing is."""
        ...
