"""Social Security numbers, whole or their last four digits."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors import hl7
from osler.deid.detectors.keyed import Keyed
from osler.deid.tokens import fold

_SHAPE = re.compile(r"(?:\d{3}|[xX*#]{3})([-–‑])(?:\d{2}|[xX*#]{2})\1\d{4}")


class SsnDetector:
    """SSN: `123-45-6789`, `SSN 123 45 6789`, `xxx-xx-6789`, `SSN ending in 6789`."""

    name = "ssn"

    def __init__(self) -> None:
        self._keyed = Keyed(
            self.name,
            Label.SSN,
            r"(?:ssn|ss ?#|s\.s\.n\.?|soc(?:ial)? sec(?:urity)?(?: (?:number|no\b\.?|num|#))?"
            r"|social(?= ?[:#])|tin|itin)"
            r"(?: (?:ending in|ends in|last (?:4|four)(?: digits)?)|'s last (?:4|four))?",
            r"last (?:4|four)(?: digits)?(?: of)?(?: (?:his|her|the|their))? (?:ssn|social)",
            r"last (?:4|four)(?: digits)?(?= (?:are |is |: ?)?\d{4}(?!\d))",
            value=r"(?:\d{3}[-–. ]?\d{2}[-–. ]?\d{4}|[x*#]{3}[- ]?[x*#]{2}[- ]?\d{4}|\d{4})",
            digits=4,
        )

    def find(self, text: str) -> Iterable[Span]:
        """Spans of the numbers; masked leading digits are part of the span."""
        yield from self._keyed.find(text, folded=fold(text), score=0.98)
        for match in _SHAPE.finditer(text):
            before = text[match.start() - 1] if match.start() else " "
            after = text[match.end()] if match.end() < len(text) else " "
            if before.isalnum() or before in "-–.+" or after.isalnum() or after in "-–":
                continue
            yield Span(start=match.start(), end=match.end(), label=Label.SSN, score=0.97, detector=self.name)
        yield from hl7.find(text, Label.SSN, self.name)
