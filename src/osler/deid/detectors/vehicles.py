"""Vehicle identifiers: VINs by their check digit, VINs and plates by label."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors import checksums
from osler.deid.detectors.keyed import Keyed
from osler.deid.tokens import fold

_VIN = re.compile(r"[A-HJ-NPR-Za-hj-npr-z0-9]{17}")
_PLATE = r"(?:[a-z]{2}[ -](?=[a-z0-9 -]{0,8}\d))?(?=[a-z -]{0,6}\d)[a-z0-9]{1,8}(?:[ \-·][a-z0-9]{1,5})?"


class VehicleDetector:
    """VEHICLE: `VIN 1HGCM82633A004352`, `license plate 7ABC123`, `plate no. KJM-4829`."""

    name = "vehicles"

    def __init__(self) -> None:
        self._vin = Keyed(
            self.name,
            Label.VEHICLE,
            r"vin",
            r"vehicle[ _-]?(?:identification|id|identifier|registration|serial)",
            digits=4,
        )
        self._plate = Keyed(
            self.name,
            Label.VEHICLE,
            r"(?:licen[sc]e|registration|vehicle|car|truck|motorcycle|number|tag)[ -]?plates?(?: tag)?",
            r"plates? ?(?:#|no\b\.?|num(?:ber)?)",
            r"(?:licen[sc]e|vehicle|car) tag",
            r"plates?(?= ?:)",
            r"plates?(?= (?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{5,8}(?![a-z0-9]))",
            value=_PLATE,
            digits=2,
        )

    def find(self, text: str) -> Iterable[Span]:
        """Spans of VINs and plates, labels left outside."""
        folded = fold(text)
        yield from self._vin.find(text, folded=folded)
        yield from self._plate.find(text, folded=folded, score=0.96)
        for match in _VIN.finditer(text):
            before = text[match.start() - 1] if match.start() else " "
            after = text[match.end()] if match.end() < len(text) else " "
            if not before.isalnum() and not after.isalnum() and checksums.vin(match.group()):
                yield Span(
                    start=match.start(), end=match.end(), label=Label.VEHICLE, score=0.97, detector=self.name
                )
