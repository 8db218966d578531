"""Runs the checks. Fails closed: a check that raises stops the request, and only its name is told."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from osler.core.errors import GuardUnavailable, PluginError
from osler.core.findings import Finding, Severity
from osler.core.ports.check import Check, Statement

PARTS = ("question", "sentence", "answer")


class Guard:
    """The configured checks, in their order. Holds no state between calls.

    PluginError when one of `checks` does not look like a check.
    """

    def __init__(self, checks: Sequence[Check]) -> None:
        for place, check in enumerate(checks, 1):
            if not isinstance(check, Check) or not set(check.parts) <= set(PARTS):
                raise PluginError(
                    f"Check number {place} does not implement the port osler.core.ports.check.",
                    remedy="Give it a name, parts out of question, sentence and answer, and a method check().",
                )
        self._checks = tuple(checks)

    @property
    def waits(self) -> bool:
        """Whether a check may wait for something outside of the process: all do that do not say otherwise."""
        return any(getattr(check, "waits", True) for check in self._checks)

    @property
    def idle(self) -> bool:
        """Whether there is no check at all."""
        return not self._checks

    @property
    def reads_sentences(self) -> bool:
        """Whether a check looks at the sentences of an answer."""
        return any("sentence" in check.parts for check in self._checks)

    @property
    def flows(self) -> bool:
        """Whether all that its checks may block in a sentence has a dose, a drug, an order, a warning or a yes in it.

        A check says so by an attribute `flows = True`. With one that does not, whole sentences are held.
        """
        return all(getattr(check, "flows", False) for check in self._checks if "sentence" in check.parts)

    def joined_by(self, check: Check) -> "Guard":
        """The same, with one more check, which comes last."""
        return Guard((*self._checks, check))

    def question(self, statement: Statement) -> tuple[Finding, ...]:
        """What the checks find in a question."""
        return self._run(statement, "question")

    def sentence(self, statement: Statement) -> tuple[Finding, ...]:
        """What the checks find in one sentence of an answer."""
        return self._run(statement, "sentence")

    def answer(self, statement: Statement) -> tuple[Finding, ...]:
        """What the checks find in an answer as a whole."""
        return self._run(statement, "answer")

    def _run(self, statement: Statement, part: str) -> tuple[Finding, ...]:
        if not self._checks:
            return ()
        if statement.part != part:
            statement = replace(statement, part=part)
        return tuple(
            finding
            for check in self._checks
            if part in check.parts
            for finding in _findings(check, statement)
        )


def _findings(check: Check, statement: Statement) -> tuple[Finding, ...]:
    try:
        returned: object = check.check(statement)
        found = tuple(returned) if isinstance(returned, Iterable) else None
    except Exception:
        # What it raised may quote the statement: neither its text nor its traceback goes further.
        raise GuardUnavailable(
            f"The check '{check.name}' failed; what it had not passed is not released.",
            remedy="Run `osler doctor`; to go on without it, remove it from [guardrails] checks.",
        ) from None
    if found is None or not all(_whole(finding, len(statement.text)) for finding in found):
        raise PluginError(
            f"The check '{check.name}' returned something that is no finding, or not a whole one.",
            remedy="Hold it to its contract with osler.testing.check_check, or remove it from [guardrails] checks.",
        )
    return found


def _whole(finding: object, length: int) -> bool:
    """Whether it is a finding that can be shown and signed.

    It gives a kind, a reason and a source, and a place inside of the text or none. An audit record takes texts that
    are Unicode and whole numbers only.
    """
    if not isinstance(finding, Finding) or not isinstance(finding.severity, Severity):
        return False
    words = (finding.kind, finding.reason, finding.source, finding.where, finding.claim)
    if not all(isinstance(w, str) and _is_unicode(w) for w in words) or not all(words[:4]):
        return False
    if type(finding.start) is not int or type(finding.end) is not int:
        return False
    return (finding.start, finding.end) == (-1, -1) or 0 <= finding.start <= finding.end <= length


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
