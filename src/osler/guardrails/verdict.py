"""The verdict on a text: the gravest thing that was found in it."""

from collections.abc import Iterable
from typing import Literal

from osler.core.findings import Finding, Severity

Verdict = Literal["pass", "warn", "block"]


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Block outweighs warn, warn outweighs pass; remarks (info) change nothing."""
    severities = {finding.severity for finding in findings}
    if Severity.BLOCK in severities:
        return "block"
    return "warn" if Severity.WARN in severities else "pass"
