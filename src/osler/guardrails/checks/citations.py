"""Do an answer's citation markers name evidence that was given, and was that evidence ever opened?

It judges markers, not meaning: whether a cited sentence supports the claim is another check's work.
"""

import re
from collections.abc import Iterator

from osler.core.citations import Evidence
from osler.core.findings import Finding, Severity
from osler.core.ports.check import Statement

SOURCE = "rule: citations"
MAX_RANGE = 50
"""A range with more numbers than this is taken as its two ends."""

# [3]  [1, 2]  [2-4]  [1; 3–5]; up to three digits, as [2024] is a year. Not the text of a Markdown link,
# `[1](…)` or `[1]: …`, and not the inside of `[[1]]`.
_MARKER = re.compile(
    r"(?<!\[)\[\s*(\d{1,3}(?:\s*[-–]\s*\d{1,3})?(?:\s*[,;]\s*\d{1,3}(?:\s*[-–]\s*\d{1,3})?)*)\s*\](?!\(|\]|:\s*(?:https?|www))"
)
_PART = re.compile(r"(\d{1,3})(?:\s*[-–]\s*(\d{1,3}))?")


class CitationCheck:
    """Finds markers without evidence, answers without markers, and evidence that nobody opened."""

    name = "citations"
    waits = False
    parts = ("answer",)

    def check(self, statement: Statement) -> Iterator[Finding]:
        """Findings of the kinds citation_unresolved, uncited_answer and basis_recalled."""
        given = {evidence.n: evidence for evidence in statement.evidence}
        used: dict[str, Evidence] = {}
        cited = False
        for start, end, numbers in markers(statement.text):
            missing = sorted(n for n in numbers if n not in given)
            if missing:
                yield _unresolved(start, end, statement.text[start:end], missing)
            for n in numbers:
                if n in given:
                    cited = True
                    used.setdefault(given[n].doc, given[n])
        if given and not cited and statement.text.strip():
            yield _uncited(len(given))
        for evidence in used.values():
            if evidence.basis == "recalled":
                yield _recalled(evidence)


def markers(text: str) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Each citation marker: its start, its end and the numbers that it names, in order."""
    for found in _MARKER.finditer(text):
        yield found.start(), found.end(), tuple(_numbers(found[1]))


def _numbers(inside: str) -> Iterator[int]:
    for part in _PART.finditer(inside):
        first, last = int(part[1]), int(part[2] or part[1])
        if first <= last <= first + MAX_RANGE:
            yield from range(first, last + 1)
        else:
            yield first
            yield last


def _unresolved(start: int, end: int, marker: str, missing: list[int]) -> Finding:
    listed = ", ".join(str(n) for n in missing)
    return Finding(
        kind="citation_unresolved",
        severity=Severity.WARN,
        reason=f"The answer cites {listed}, but no evidence of that number was given to the model.",
        source=SOURCE,
        start=start,
        end=end,
        claim=marker,
    )


def _uncited(given: int) -> Finding:
    return Finding(
        kind="uncited_answer",
        severity=Severity.WARN,
        reason=f"The model was given {given} sentence{'s' if given > 1 else ''} of evidence and cites none: "
        "nothing shows where the answer comes from.",
        source=SOURCE,
    )


def _recalled(evidence: Evidence) -> Finding:
    return Finding(
        kind="basis_recalled",
        severity=Severity.INFO,
        reason=f"The answer cites {evidence.doc}, which was written from memory, no source was opened; "
        "verify before use.",
        source=evidence.doc,
    )
