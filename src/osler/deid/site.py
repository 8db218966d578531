"""A site's own protocol: words that are no identifiers there, words and patterns that are, labels that may stay.

    [deid]
    allow = ["Mercy Protocol"]                       # never taken, unless it is a known identifier of the record
    keep = ["LOCATION"]                              # labels that stay in the text
    deny = [{ label = "LOCATION", values = ["Unit Oak"] }]
    patterns = [{ name = "trial", label = "OTHER_ID", expression = 'OSL-\\d{4}' }]

Expressions are RE2's, so that none takes more than linear time. What `allow` and `keep` let through is the site's
decision: reports name both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import re2

from osler.core.errors import ConfigError
from osler.core.spans import Label, Span
from osler.deid.config import DeidConfig
from osler.deid.propagate import occurrences
from osler.deid.tokens import fold

_SCORE = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProtocol:
    """What a site decided. `allow`: folded texts. `deny`: folded texts with their label."""

    allow: frozenset[str] = field(default=frozenset(), repr=False)
    deny: tuple[tuple[Label, str], ...] = field(default=(), repr=False)
    patterns: tuple[tuple[Label, str, str], ...] = ()
    keep: frozenset[Label] = frozenset()

    @classmethod
    def of(cls, config: DeidConfig, place: str = "deid") -> Self:
        """From `[deid]`. Raises ConfigError that names the place of a pattern that is none."""
        for i, pattern in enumerate(config.patterns):
            _compiled(pattern.expression, f"{place}.patterns[{i}].expression")
        return cls(
            allow=frozenset(fold(word) for word in config.allow),
            deny=tuple((row.label, fold(value)) for row in config.deny for value in row.values),
            patterns=tuple((p.label, p.name, p.expression) for p in config.patterns),
            keep=frozenset(config.keep),
        )

    def lets_through(self, text: str, span: Span) -> bool:
        """Whether the site says that this span stays."""
        return span.label in self.keep or (
            bool(self.allow) and fold(text[span.start : span.end]) in self.allow
        )


class SiteDetector:
    """Detector `site`: the deny-list and the patterns of a protocol."""

    name = "site"
    waits = False
    lasting = True

    def __init__(self, protocol: SiteProtocol) -> None:
        self._deny = protocol.deny
        self._patterns = [
            (label, name, _compiled(expression, "deid.patterns"))
            for label, name, expression in protocol.patterns
        ]

    def find(self, text: str) -> Iterator[Span]:
        """Where an entry stands as a whole, in any case, and where a pattern matches."""
        low = fold(text) if self._deny else ""
        for label, value in self._deny:
            for start, end in occurrences(low, value):
                yield Span(start=start, end=end, label=label, score=_SCORE, detector=self.name)
        for label, name, pattern in self._patterns:
            for match in pattern.finditer(text):
                if match.end() > match.start():
                    yield Span(
                        start=match.start(),
                        end=match.end(),
                        label=label,
                        score=_SCORE,
                        detector=f"{self.name}:{name}",
                    )


def _compiled(expression: str, place: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(expression, options)
    except re2.error:
        raise ConfigError(
            f"{place} is no regular expression that RE2 takes.",
            remedy="RE2 has no look-around and no back references: https://github.com/google/re2/wiki/Syntax",
        ) from None
    if pattern.search("") is not None:
        raise ConfigError(
            f"{place} matches the empty text.",
            remedy="Write an expression that needs at least one character.",
        )
    return pattern


def detectors_of(protocol: SiteProtocol) -> Sequence[SiteDetector]:
    """The site's detector, where there is something for it to look for."""
    return [SiteDetector(protocol)] if protocol.deny or protocol.patterns else []
