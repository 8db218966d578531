"""Names of people: patients, relatives, clinicians and staff.

Two sources: what stands around a word (a title, a relation, a field label, credentials; `name_cues`) and what
the word is (the name lists). A word that is also an eponym, a drug, a month or everyday English needs more of the
former. Titles, relations, labels and credentials stay outside the span.
"""

from collections.abc import Iterable, Iterator

from osler.core.spans import Label, Span
from osler.deid import gazetteers
from osler.deid.detectors import hl7
from osler.deid.detectors.name_cues import Cues
from osler.deid.detectors.name_shapes import Shapes
from osler.deid.tokens import words


class NameDetector:
    """NAME: `Dr. Okafor`, `her daughter Lucia`, `GONZALEZ, MARIA`, `J. Smith, RN`, `Patient Name: anna kowalski`."""

    name = "names"

    def __init__(self) -> None:
        self._lists = gazetteers.load()

    def find(self, text: str) -> Iterable[Span]:
        """Spans of names, each as long as the name goes on."""
        tokens = words(text)
        shapes = Shapes(tokens, self._lists)
        cues = Cues(tokens, shapes)
        for start, end, score in _joined(cues.find(), shapes.find()):
            yield Span(start=start, end=end, label=Label.NAME, score=score, detector=self.name)
        yield from hl7.find(text, Label.NAME, self.name)


def _joined(*sources: Iterator[tuple[int, int, float]]) -> Iterator[tuple[int, int, float]]:
    for source in sources:
        yield from source
