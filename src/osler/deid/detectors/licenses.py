"""Certificate and licence numbers: driving and professional licences, NPI, DEA registration."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors import checksums, hl7
from osler.deid.detectors.keyed import Keyed
from osler.deid.tokens import fold

_DEA = re.compile(r"[A-Za-z][A-Za-z9]\d{7}")
_TEN = re.compile(r"[12]\d{9}")
_MARK = r"(?:#|no\b\.?|nbr|num(?:ber)?|id(?:entifier)?)"


class LicenseDetector:
    """LICENSE: `License # A12345`, `DL: S123-4567`, NPI with its Luhn digit, DEA numbers with theirs."""

    name = "licenses"

    def __init__(self) -> None:
        self._keyed = Keyed(
            self.name,
            Label.LICENSE,
            r"(?:licen[sc]e|lic)(?! ?plate)(?: ?(?:state|issued|in|from) [a-z]{2,12})?",
            rf"(?:certificate|certification|cert|registration|board|diploma)[ _-]?{_MARK}",
            r"(?:dl|npi|dea|cds|upin)",
            digits=4,
        )

    def find(self, text: str) -> Iterable[Span]:
        """Spans of licence numbers, labels left outside."""
        yield from self._keyed.find(text, folded=fold(text), score=0.94)
        for pattern, check, score in ((_DEA, checksums.dea, 0.9), (_TEN, checksums.npi, 0.6)):
            for match in pattern.finditer(text):
                before = text[match.start() - 1] if match.start() else " "
                after = text[match.end()] if match.end() < len(text) else " "
                if before.isalnum() or before in ".+" or after.isalnum():
                    continue
                if check(match.group().upper()):
                    yield Span(
                        start=match.start(),
                        end=match.end(),
                        label=Label.LICENSE,
                        score=score,
                        detector=self.name,
                    )
        yield from hl7.find(text, Label.LICENSE, self.name)
