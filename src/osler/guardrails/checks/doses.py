"""Does an answer state a dose that nobody gave it, or write one so that it can be misread?

A dose that is stated beside a drug must stand in the question, the evidence or the record, in this unit or another of
the same kind (1 g is 1000 mg). Not covered: whether a dose is right, for whom, how often; doses in words ("two
tablets"); a dose that was given for another drug; one that only an earlier turn of the conversation holds. It warns
and never blocks.
"""

import re
from collections.abc import Iterator

from osler.core.findings import Finding, Severity
from osler.core.ports.check import Statement
from osler.lexicon.drugs import DrugMention, load

RULE = "rule: doses"
LIST = "Joint Commission: official “Do Not Use” list"
_NEAR = 48
"""Characters that may stand between a drug and its dose."""
_UNITS = {
    "mcg": ("mass", 0.001),
    "µg": ("mass", 0.001),
    "μg": ("mass", 0.001),
    "microgram": ("mass", 0.001),
    "micrograms": ("mass", 0.001),
    "mg": ("mass", 1.0),
    "milligram": ("mass", 1.0),
    "milligrams": ("mass", 1.0),
    "g": ("mass", 1000.0),
    "gram": ("mass", 1000.0),
    "grams": ("mass", 1000.0),
    "ml": ("volume", 1.0),
    "unit": ("units", 1.0),
    "units": ("units", 1.0),
    "u": ("units", 1.0),
    "iu": ("units", 1.0),
    "meq": ("meq", 1.0),
    "mmol": ("mmol", 1.0),
}
"""Unit to what it measures, and how many of that kind's first unit it is."""
# Bounded, so that no text makes it slow. Not a result: "110 mg/dL". The unit of insulin may be glued on: "10U".
_DOSE = re.compile(
    rf"(?<![\w.,/])(\d{{1,3}}(?:,\d{{3}}){{1,3}}|\d{{1,7}}(?:\.\d{{1,4}})?|\.\d{{1,4}})[ \u00a0-]?"
    rf"({'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![\w])(?!\s?/\s?d?L\b)",
    re.IGNORECASE,
)
Amount = tuple[str, float]


class DosesCheck:
    """Finds `dose_not_given` and `dose_notation`."""

    name = "doses"
    waits = False
    flows = True
    parts = ("sentence",)

    def __init__(self) -> None:
        self._lexicon = load()

    def check(self, statement: Statement) -> Iterator[Finding]:
        """Findings with offsets of the dose in the text."""
        found = list(_DOSE.finditer(statement.text))
        if not found:
            return
        mentions = self._lexicon.find(statement.text)
        given = _given(statement)
        for dose in found:
            fault = _misreadable(dose)
            if fault:
                yield _finding("dose_notation", dose, f"“{dose[0]}” can be misread: {fault}", LIST)
            drug = _beside(dose, mentions)
            if drug is not None and _amount(dose) not in given:
                yield _finding(
                    "dose_not_given",
                    dose,
                    f"The answer states {dose[0]} of {drug.surface}; no such dose stands in the question, the "
                    "evidence or the record.",
                    RULE,
                )


def _given(statement: Statement) -> frozenset[Amount]:
    """All amounts that the model was given."""
    texts = [statement.question, *(evidence.quote for evidence in statement.evidence)]
    for item in statement.record or ():
        texts += (item.display, item.value, item.text)
    return frozenset(_amount(dose) for text in texts if text for dose in _DOSE.finditer(text))


def _amount(dose: re.Match[str]) -> Amount:
    kind, factor = _UNITS[dose[2].lower()]
    return kind, round(float(dose[1].replace(",", "")) * factor, 6)


def _beside(dose: re.Match[str], mentions: tuple[DrugMention, ...]) -> DrugMention | None:
    """The drug that a dose is of: the nearest before it, else the next after it."""
    before = [m for m in mentions if m.end <= dose.start() and dose.start() - m.end <= _NEAR]
    after = [m for m in mentions if m.start >= dose.end() and m.start - dose.end() <= _NEAR]
    return before[-1] if before else after[0] if after else None


def _misreadable(dose: re.Match[str]) -> str:
    """What is wrong with how a dose is written; "" where nothing is."""
    number, unit = dose[1], dose[2]
    if number.startswith("."):
        return "a zero belongs before the decimal point."
    if "." in number and not number.split(".")[1].strip("0"):
        return "no zero belongs after the decimal point."
    if unit.lower() in ("u", "iu"):
        return "write “units”."
    return ""


def _finding(kind: str, dose: re.Match[str], reason: str, source: str) -> Finding:
    return Finding(
        kind=kind,
        severity=Severity.WARN,
        reason=reason,
        source=source,
        start=dose.start(),
        end=dose.end(),
        claim=dose[0],
    )
