"""Names of people: patients, relatives, clinicians and staff.

Two sources: what stands around a word (a title, a relation, a field label, credentials; `name_cues`) and what
the word is (the name lists). A word that is also an eponym, a drug, a month or everyday English needs more of the
former. Titles, relations, labels and credentials stay outside the span.
"""

from collections.abc import Iterable
from itertools import chain

from osler.core.spans import Label, Span
from osler.deid import gazetteers
from osler.deid.detectors import hl7, name_cues
from osler.deid.detectors.name_lists import Listed
from osler.deid.tokens import words


class NameDetector:
    """NAME: `Dr. Okafor`, `her daughter Lucia`, `GONZALEZ, MARIA`, `J. Smith, RN`, `Patient Name: anna kowalski`."""

    name = "names"

    def __init__(self) -> None:
        self._lists = gazetteers.load()

    def find(self, text: str) -> Iterable[Span]:
        """Spans of names, each as long as the name goes on."""
        tokens = words(text)
        listed = Listed(tokens, self._lists)
        for start, end, score in chain(name_cues.find(tokens, listed), listed.find()):
            yield Span(start=start, end=end, label=Label.NAME, score=score, detector=self.name)
        yield from hl7.find(text, Label.NAME, self.name)
