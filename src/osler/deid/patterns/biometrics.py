"""Biometric identifiers: references to fingerprints, voiceprints, iris, face and DNA templates, by label."""

from osler.core.spans import Label
from osler.deid.patterns.keyed import Keys

_WHAT = (
    r"(?: (?:scan|template|record|reference|ref|hash|file|sample|enrol?lment|profile|identifier"
    r"|signature|id|match|token|capture|image|data|database id|print|barcode)){0,2}"
)

KEYS = (
    Keys(
        label=Label.BIOMETRIC,
        detector="biometrics",
        score=0.96,
        bare=3,
        marked=3,
        strong=r"(?:finger|thumb|palm|voice|face|hand|foot|retina|retinal|iris|ear|vein|heel) (?:print"
        r"|scan|vein|template|geometry|recognition|id|hash|match)s?"
        + _WHAT
        + r"|(?:biometrics?|facial recognition|face recognition|facial|fingerprints|iris|retina"
        r"|retinal|dna|genetic|gait|palm|voice biometric|voice|speaker|genomic)" + _WHAT,
    ),
)
