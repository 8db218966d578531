"""What a check has to say about an answer: never a bare boolean, always a reason and a source."""

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How grave: INFO is a remark, WARN asks the reader to look, BLOCK must not reach a reader as it is."""

    INFO = "info"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding of one check.

    `kind` is a stable snake_case word; `where` says which text was looked at; `start`/`end` are
    offsets into that text, -1 when the finding is about the whole; `source` names what a reader can
    open: a document id, a rule.
    """

    kind: str
    severity: Severity
    reason: str = field(repr=False)
    source: str
    where: str = "answer"
    start: int = -1
    end: int = -1
    claim: str = field(default="", repr=False)

    def to_json(self) -> dict[str, object]:
        """The finding as the wire shows it."""
        return {
            "kind": self.kind,
            "severity": self.severity.value,
            "where": self.where,
            "start": self.start,
            "end": self.end,
            "claim": self.claim,
            "reason": self.reason,
            "source": self.source,
        }
