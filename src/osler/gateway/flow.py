"""An answer on its way back: restore, drop citations of nothing, check by sentence.

The same object serves plain and streamed answers; a plain answer is one big piece. Any chunking
gives the same text.
"""

import re
from collections.abc import Sequence

from osler.core.citations import Evidence
from osler.core.findings import Finding
from osler.core.ports.records import RecordItem
from osler.deid import Replacer
from osler.guardrails import Guard, HoldBack
from osler.knowledge import cite

# A closed marker waits too: what follows may make a link of it, "[7](https://…", which is no marker.
_OPENING = re.compile(
    r"\s*(?:\[[\d,;\s\u2013-]*\])*(?:\[[\d,;\s\u2013-]*|(?<=\])(?:\([^\s()]{0,60}|:\s{0,3}[^\s]{0,8})?)$"
)
_LONGEST_MARKER = 240


class MarkerFilter:
    """Removes citation markers that name no evidence; holds back only what may still become a marker."""

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        self._evidence = tuple(evidence)
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be released of the text so far."""
        text = self._held + piece
        opening = _OPENING.search(text, max(0, len(text) - _LONGEST_MARKER))
        if opening:
            text, self._held = text[: opening.start()], text[opening.start() :]
        else:
            stripped = text.rstrip()
            # White space goes with a marker that follows it, so it waits for what comes next.
            text, self._held = stripped, text[len(stripped) :]
        return cite.clean(text, self._evidence)

    def finish(self) -> str:
        """The rest."""
        text, self._held = self._held, ""
        return cite.clean(text, self._evidence)


class AnswerFlow:
    """Steps 7 and 8 as one incremental object."""

    def __init__(
        self,
        *,
        replacer: Replacer,
        guard: Guard,
        question: str,
        evidence: tuple[Evidence, ...],
        record: tuple[RecordItem, ...] | None,
        withhold: bool,
    ) -> None:
        self._restorer = replacer.stream()
        self._markers = MarkerFilter(evidence)
        self._evidence = evidence
        self._hold = HoldBack(guard, question=question, evidence=evidence, record=record, withhold=withhold)
        self._raw: list[str] = []
        self._released: list[str] = []

    def restore(self, piece: str) -> str:
        """Step 7: originals for surrogates."""
        restored = self._restorer.feed(piece)
        self._raw.append(restored)
        return restored

    def verify(self, piece: str) -> str:
        """Step 8: what of the answer may be shown by now."""
        return self._release(self._hold.feed(self._markers.feed(piece)))

    def finish(self, notices: Sequence[str]) -> str:
        """The rest of the answer, those notices that it does not already state, and what rests on memory."""
        tail = self._restorer.finish()
        self._raw.append(tail)
        out = self._hold.feed(self._markers.feed(tail) + self._markers.finish()) + self._hold.finish()
        said = "".join(self._released) + out
        for notice in notices:
            if notice not in said:
                out += f"\n\nOsler: {notice}"
        out += _recalled(said, self._evidence)
        return self._release(out)

    @property
    def raw(self) -> str:
        """The restored answer as the model gave it, before anything was withheld or removed."""
        return "".join(self._raw)

    @property
    def answer(self) -> str:
        """What was released."""
        return "".join(self._released)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the checks found in the sentences so far."""
        return tuple(self._hold.findings)

    def _release(self, text: str) -> str:
        self._released.append(text)
        return text


def _recalled(answer: str, evidence: Sequence[Evidence]) -> str:
    """The line that says which citations rest on a topic for which no source was opened; "" without such."""
    numbers = [f"[{c.n}]" for c in cite.cited(answer, evidence) if c.basis == "recalled"]
    if not numbers:
        return ""
    listed = " and ".join(part for part in (", ".join(numbers[:-1]), numbers[-1]) if part)
    rest = "rest" if len(numbers) > 1 else "rests"
    return f"\n\nOsler: {listed} {rest} on a topic written from memory (basis: recalled); verify before use."
