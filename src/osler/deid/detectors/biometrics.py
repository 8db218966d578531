"""Biometric identifiers: references to fingerprints, voiceprints, iris and face templates, by label."""

from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors.keyed import Keyed


class BiometricDetector:
    """BIOMETRIC: `fingerprint ID FP-88213`, `voiceprint: VP_20931`, `iris template #A55-0193`."""

    name = "biometrics"

    def __init__(self) -> None:
        what = r"(?: (?:scan|template|record|reference|ref|hash|file|sample|enrol?lment|profile|identifier|signature))?"
        self._keyed = Keyed(
            self.name,
            Label.BIOMETRIC,
            r"(?:finger|thumb|palm|voice|face|hand|foot|retina|retinal|iris)[ -]?(?:print|scan|vein"
            r"|template|geometry)s?" + what,
            r"(?:biometrics?|facial recognition|face recognition|facial|fingerprints|iris|dna|gait)" + what,
            digits=4,
        )

    def find(self, text: str) -> Iterable[Span]:
        """Spans of biometric references, labels left outside."""
        return self._keyed.find(text, score=0.96)
