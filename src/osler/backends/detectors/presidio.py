"""Detector `presidio`: Presidio's pattern recognizers, by class name, without a language model.

Needs `pip install 'osler[presidio]'`. A recognizer's score is that of its pattern or its checksum. Presidio raises
scores by words nearby only with a language model, which is not done here, so that many finds stay doubts (below 0.45)
and count only where another detector agrees. Not covered: recognizers that need a language model or a service, and
those that fetch something over the network (EmailRecognizer does).
"""

import importlib
import logging
import time
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from osler.backends.detectors import labels
from osler.backends.detectors.options import (
    THRESHOLD,
    ClassName,
    Options,
    Score,
    Target,
    Text,
    checked,
    required,
)
from osler.backends.detectors.sections import sections
from osler.core.errors import ConfigError, GuardUnavailable
from osler.core.spans import Label, Span

NAME = "presidio"
ENTITIES: dict[str, Target] = {
    "ABA_ROUTING_NUMBER": Label.ACCOUNT,
    "CREDIT_CARD": Label.ACCOUNT,
    "CRYPTO": Label.ACCOUNT,
    "DATE_TIME": Label.DATE,
    "IBAN_CODE": Label.ACCOUNT,
    "IP_ADDRESS": Label.IP,
    "MAC_ADDRESS": Label.IP,
    "MEDICAL_LICENSE": Label.LICENSE,
    "PHONE_NUMBER": Label.PHONE,
    "UK_NHS": Label.MRN,
    "US_BANK_NUMBER": Label.ACCOUNT,
    "US_CLAIM_NUMBER": Label.ACCOUNT,
    "US_DRIVER_LICENSE": Label.LICENSE,
    "US_HEALTH_INSURANCE_MEMBER_ID": Label.HEALTH_PLAN,
    "US_ITIN": Label.OTHER_ID,
    "US_MBI": Label.HEALTH_PLAN,
    "US_NPI": Label.LICENSE,
    "US_PASSPORT": Label.OTHER_ID,
    "US_PRESCRIPTION_NUMBER": Label.OTHER_ID,
    "US_PRIOR_AUTHORIZATION_NUMBER": Label.HEALTH_PLAN,
    "US_PROVIDER_TAX_ID": Label.OTHER_ID,
    "US_REFERRAL_NUMBER": Label.OTHER_ID,
    "US_SSN": Label.SSN,
    "UUID": Label.OTHER_ID,
}
"""Presidio's entities with Osler's labels, where nothing else is said; those that are Osler's by name are too."""
_WITHOUT_PATTERNS = frozenset({"PhoneRecognizer", "ZaMobileNumberRecognizer", "ZaTelephoneNumberRecognizer"})
_ON_THE_NETWORK = frozenset({"EmailRecognizer"})
_SECTION = 20_000
_OVERLAP = 500


class PresidioOptions(Options):
    """`recognizers`: class names in presidio_analyzer.predefined_recognizers. `entities`: adds to ENTITIES."""

    recognizers: Annotated[tuple[ClassName, ...], Field(min_length=1)]
    entities: dict[Text, Target] = Field(default_factory=dict)
    threshold: Score = THRESHOLD


def presidio(**options: object) -> "PresidioDetector":
    """The detector. ConfigError names the option, the recognizer or the library at fault."""
    chosen = checked(PresidioOptions, NAME, options)
    library = required(lambda: importlib.import_module("presidio_analyzer"), plugin=NAME, extra="presidio")
    known = importlib.import_module("presidio_analyzer.predefined_recognizers")
    patterns = importlib.import_module("presidio_analyzer.pattern_recognizer")
    # its IBAN recognizer writes what it could not parse into the log
    logging.getLogger("presidio-analyzer").disabled = True
    made = [_recognizer(known, library.PatternRecognizer, name) for name in dict.fromkeys(chosen.recognizers)]
    return PresidioDetector(made, chosen, patience_s=float(patterns.REGEX_TIMEOUT_SECONDS))


class PresidioDetector:
    """Implements osler.core.ports.detector.Detector. Keeps no text; recognizers keep none either."""

    name = NAME

    def __init__(self, recognizers: Sequence[Any], options: PresidioOptions, *, patience_s: float) -> None:
        """`recognizers` are made; `patience_s` is how long Presidio lets a pattern run before it skips it."""
        self._recognizers = tuple(recognizers)
        found = sorted({entity for r in recognizers for entity in r.supported_entities})
        self._kinds = labels.mapped(NAME, found, {**ENTITIES, **options.entities})
        self._entities = [entity for entity, label in self._kinds.items() if label is not None]
        idle = sorted(set(options.entities) - set(found))
        if idle or not self._entities:
            raise ConfigError(
                f"The detector '{NAME}': its `entities` name what no recognizer finds, or leave nothing to find:"
                f" {', '.join(idle[:12]) or 'all are O'}.",
                remedy=f"Its recognizers find: {', '.join(found)}.",
            )
        self._threshold = options.threshold
        self._patience_s = patience_s
        for recognizer in self._recognizers:  # compiles the patterns, before threads come
            recognizer.analyze("a", self._entities, None)

    def find(self, text: str) -> list[Span]:
        """Spans of `text`. GuardUnavailable when a pattern took so long that Presidio gave it up in silence."""
        found = set()
        for at, section in sections(text, _SECTION, _OVERLAP):
            for recognizer in self._recognizers:
                begun = time.monotonic()
                results = recognizer.analyze(section, self._entities, None)
                if time.monotonic() - begun >= self._patience_s:
                    raise GuardUnavailable(
                        f"A recognizer of the detector '{NAME}' gave up on a text ({type(recognizer).__name__}).",
                        remedy="Nothing was let through. Leave that recognizer out, or raise REGEX_TIMEOUT_SECONDS.",
                    )
                found |= {span for result in results if (span := self._span(at, result)) is not None}
        return sorted(found, key=lambda s: (s.start, s.end, s.label, s.score))

    def _span(self, at: int, result: Any) -> Span | None:
        label = self._kinds.get(result.entity_type)
        score = min(1.0, max(0.0, float(result.score)))
        if label is None or score < self._threshold or result.end <= result.start:
            return None
        return Span(start=at + result.start, end=at + result.end, label=label, score=score, detector=NAME)


def _recognizer(known: Any, pattern_recognizer: type, name: str) -> Any:
    if name in _ON_THE_NETWORK:
        raise ConfigError(
            f"The detector '{NAME}' does not run {name}: it fetches a list over the network.",
            remedy="Leave it out: the built-in rules find e-mail addresses.",
        )
    kind = getattr(known, name, None)
    if not isinstance(kind, type):
        raise ConfigError(
            f"The detector '{NAME}': this Presidio has no recognizer '{name}'.",
            remedy="Name classes of presidio_analyzer.predefined_recognizers: UsSsnRecognizer, say.",
        )
    if not issubclass(kind, pattern_recognizer) and name not in _WITHOUT_PATTERNS:
        raise ConfigError(
            f"The detector '{NAME}' does not run {name}: it needs a language model or a service.",
            remedy="Name pattern recognizers only; for models there are onnx_tokens, transformers_tokens and gliner.",
        )
    try:
        return kind()
    except Exception as error:
        raise ConfigError(
            f"The detector '{NAME}': its recognizer {name} cannot be made ({type(error).__name__}).",
            remedy="Leave it out, or install what it needs.",
        ) from None
