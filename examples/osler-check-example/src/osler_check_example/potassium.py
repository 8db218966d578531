"""Is a potassium that an answer states one that a blood sample can have?

It blocks a value outside of the limits that the site sets, most often a slip of the decimal point, and warns of a unit
other than mmol/L or mEq/L (which are the same for potassium). It judges the number as written, not whether it is the
patient's; it looks at numbers that follow the word within a few words, and not at doses (mmol, mg, tablets).
"""

import re
from collections.abc import Iterator

from osler.core.errors import ConfigError
from osler.core.findings import Finding, Severity
from osler.core.ports.check import Statement

_STATED = re.compile(
    r"\b(?:serum |plasma )?(?:potassium|K\+)(?: (?:level|value|concentration|result))?"
    r"(?: (?:was|is|of|at|now|:|=))*[ :=]+(?P<value>\d{1,3}(?:\.\d{1,3})?) ?(?P<unit>[A-Za-zµ]{1,6}/[A-Za-z]{1,3})",
    re.IGNORECASE,
)
_UNITS = ("mmol/l", "meq/l")


class PotassiumCheck:
    """Implements osler.core.ports.check.Check. Keeps nothing of what it sees.

    The keyword arguments are its options in osler.toml, `[guardrails.options.potassium]`: the lowest and the highest
    value (mmol/L) that the site's laboratory could report.
    """

    name = "potassium"
    parts = ("sentence",)

    def __init__(self, *, low: float = 1.0, high: float = 12.0) -> None:
        if not 0 < low < high:
            raise ConfigError(
                "The check 'potassium' needs limits with 0 < low < high.",
                remedy="Correct [guardrails.options.potassium] in osler.toml.",
            )
        self._low, self._high = low, high

    def check(self, statement: Statement) -> Iterator[Finding]:
        """Findings of the kinds potassium_unit and potassium_implausible; offsets are code points of the text."""
        for found in _STATED.finditer(statement.text):
            value, unit = float(found["value"]), found["unit"]
            if unit.lower() not in _UNITS:
                yield _finding(
                    found, "potassium_unit", Severity.WARN,
                    "Potassium is stated in a unit other than mmol/L or mEq/L.", "rule: potassium_unit",
                )  # fmt: skip
            elif not self._low <= value <= self._high:
                yield _finding(
                    found, "potassium_implausible", Severity.BLOCK,
                    f"A potassium outside of {self._low:g} to {self._high:g} mmol/L is most likely a slip.",
                    "rule: [guardrails.options.potassium] of this site",
                )  # fmt: skip


def _finding(found: re.Match[str], kind: str, severity: Severity, reason: str, source: str) -> Finding:
    return Finding(
        kind=kind, severity=severity, reason=reason, source=source, start=found.start(), end=found.end(), claim=found[0]
    )  # fmt: skip
