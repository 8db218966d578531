"""Medical record numbers: values behind a label that names a record, chart or patient number."""

from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors import hl7
from osler.deid.detectors.keyed import Keyed


class MrnDetector:
    """MRN: `MRN 00123456`, `Medical Record Number: A-44-12`, `pt id 4471`, HL7 PID-3."""

    name = "mrn"

    def __init__(self) -> None:
        self._keyed = Keyed(
            self.name,
            Label.MRN,
            r"e?mrns?",
            r"mr ?(?:#|nos?\b\.?|nbr|numbers?|id)",
            r"(?:medical|health|hospital|clinic|patient|med|pt) ?rec(?:ord)?s?",
            r"record (?:#|no\b\.?|num(?:ber)?|id)",
            r"chart ?(?:#|no\b\.?|num(?:ber)?|id)",
            r"chart(?= (?:[a-z]{1,3}-?\d{3}|\d{5}))",
            r"(?:patient|pat|pt|hospital|hosp|clinic|unit|person|client|resident)[ _-]?"
            r"(?:#|no\b\.?|nbr|num(?:ber)?|id(?:entifier)?)",
            r"e?mpi(?:d)?",
            r"uhid",
            r"nhs (?:no\b\.?|num(?:ber)?)",
            r"chi (?:no\b\.?|num(?:ber)?)",
            digits=4,
        )

    def find(self, text: str) -> Iterable[Span]:
        """Spans of medical record numbers, labels left outside."""
        yield from self._keyed.find(text)
        yield from hl7.find(text, Label.MRN, self.name)
