"""Device identifiers: serial numbers by label, GS1 device identifiers, IMEIs, network addresses of hardware."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors.keyed import Keyed
from osler.deid.tokens import fold

_GS1 = re.compile(r"\(01\)\d{14}(?:\(\d{2}\)[!-'*-z]{1,20}){0,4}")
"""A unique device identifier in GS1 form: device part (01), then date, lot and serial parts."""

_MAC = re.compile(
    r"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])"
)
_MARK = r"(?:#|no\b\.?|nbr|num(?:ber)?|id(?:entifier)?)"


class DeviceDetector:
    """DEVICE: `serial number PJN123456`, `S/N: 55-X1`, `UDI (01)0088…`, MAC addresses."""

    name = "devices"

    def __init__(self) -> None:
        self._keyed = Keyed(
            self.name,
            Label.DEVICE,
            r"serial(?: ?(?:number|no\b\.?|num|nbr|#|id|code))?s?",
            r"s/n",
            r"sn(?= ?[:#])",
            r"sn(?= (?=[a-z-]{0,4}\d{4})[a-z0-9-]{6,20}(?![a-z0-9]))",
            rf"(?:device|implant|pacemaker|icd|generator|lead|pump|sensor|meter|monitor|transmitter"
            rf"|stimulator"
            rf"|prosthesis|hardware|equipment|ventilator|cpap|ilr|asset)[ _-]?(?:serial ?)?{_MARK}",
            r"(?:udi|udi-di|udi-pi|imei|meid|esn)",
            digits=3,
        )

    def find(self, text: str) -> Iterable[Span]:
        """Spans of device identifiers, labels left outside."""
        yield from self._keyed.find(text, folded=fold(text))
        for pattern in (_GS1, _MAC):
            for match in pattern.finditer(text):
                yield Span(
                    start=match.start(), end=match.end(), label=Label.DEVICE, score=0.97, detector=self.name
                )
