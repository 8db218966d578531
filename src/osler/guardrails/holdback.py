"""Releases an answer as it comes, but for what must be checked first; streamed and plain alike.

Of a sentence the words flow until a dose, a drug, an order or a contraindication begins (`risk.py`). From there on
it is held until it is whole and checked: a sentence is let go when the next one has begun. With `hold="all"` every
sentence is held from its start. Decisions depend on the characters so far and never on how they were cut into
pieces, so any chunking gives the same text and the same findings. White space between sentences passes byte for
byte. At most MAX_HELD characters are held.
"""

import re
from dataclasses import replace
from typing import Literal

from osler.core.citations import Evidence
from osler.core.findings import Finding, Severity
from osler.core.ports.check import Statement
from osler.core.ports.records import RecordItem
from osler.guardrails.guard import Guard
from osler.guardrails.lines import Lines
from osler.guardrails.risk import Watch
from osler.lexicon import drugs
from osler.lexicon.sentences import split

MAX_HELD = 2000
"""Characters of a sentence without an end that are held before they are checked and released as they are."""

_WORD_ENDS = re.compile(r"(?<=\S)\s|\n")
_MAY_END = re.compile(r"[.!?…\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_OPEN_MARKER = re.compile(r"\[[\d\s,;–-]*$")
_BULLET = re.compile(r"[\s*_]*(?:[-*+•·▪◦‣]|\(?\d{1,3}[.)])\s+")


class HoldBack:
    """Feed it the pieces of one answer, release what it gives, then what `finish` gives.

    With `withhold`, a sentence with a blocking finding is replaced by a notice with the reason, from where it was
    held on; without, it passes and the finding tells. `findings` grows as sentences are checked; their offsets are
    into the released text.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        question: str,
        evidence: tuple[Evidence, ...],
        record: tuple[RecordItem, ...] | None,
        withhold: bool,
        hold: Literal["risky", "all"] = "risky",
    ) -> None:
        self._guard = guard
        self._idle = not guard.reads_sentences
        self._statement = Statement(
            part="sentence", text="", question=question, evidence=evidence, record=record
        )
        self._withhold = withhold
        self._held = ""
        self._looked = 0
        self._shown = 0
        self._released = 0
        self._watch: Watch | None = None
        if hold == "risky" and guard.flows and not self._idle:
            self._watch = Watch(asked=record is not None and bool(drugs.load().find(question)))
        self._lines = Lines()
        self.findings: list[Finding] = []

    def feed(self, piece: str) -> str:
        """What can be released of the text so far: checked sentences, and of the next one what is harmless."""
        if self._idle:
            return piece  # nobody looks at sentences: there is nothing to wait for
        self._held += piece
        out: list[str] = []
        while True:
            found = _WORD_ENDS.search(self._held, self._looked, MAX_HELD)
            if found is not None:
                self._looked = found.end()
                out.append(self._release(_complete(self._held[: found.end()])))
                out.append(self._flow())
            elif len(self._held) >= MAX_HELD:
                out.append(self._release(_last_gap(self._held[:MAX_HELD])))
            else:
                return "".join(out)

    def finish(self) -> str:
        """The rest of the answer, checked."""
        return self._release(len(self._held))

    def _flow(self) -> str:
        """Of the sentence that has begun what is harmless and was not shown yet."""
        if self._watch is None:
            return ""
        at, self._shown = self._shown, max(self._shown, self._watch.until(self._held, self._looked))
        return self._held[at : self._shown]

    def _release(self, length: int) -> str:
        """Check and let go the first `length` characters that are held; what was shown of them is not given again."""
        if not length:
            return ""
        text, self._held = self._held[:length], self._held[length:]
        self._looked = max(0, self._looked - length)
        shown, self._shown = self._shown, max(0, self._shown - length)
        if self._watch is not None:
            self._watch.restart()
        out: list[str] = []
        at = 0
        for start, end in split(text):
            gap, sentence = text[at:start], text[start:end]
            out.append(self._pass(gap, gap))
            out.append(self._checked(sentence, shown - start))
            at = end
        out.append(self._pass(text[at:], text[at:]))
        return "".join(out)[shown:]

    def _checked(self, sentence: str, shown: int) -> str:
        """The sentence, or what takes its place; its first `shown` characters were released before."""
        lead = self._lines.lead(sentence)
        before = f"{lead}\n" if lead else ""
        found = self._guard.sentence(replace(self._statement, text=before + sentence))
        own = [f for f in found if f.start < 0 or f.end > len(before)]
        blocking = [f for f in own if f.severity is Severity.BLOCK]
        if not (blocking and self._withhold):
            for finding in own:
                self.findings.append(self._placed(finding, len(before)))
            return self._pass(sentence, sentence)
        kept = self._kept(sentence, shown)
        notice = f"[Withheld by Osler: {blocking[0].reason.rstrip('. ')}]"
        start = self._released + len(kept)
        for finding in own:
            self.findings.append(replace(finding, start=start, end=start + len(notice)))
        return self._pass(sentence, kept + notice)

    def _kept(self, sentence: str, shown: int) -> str:
        """What stands of a sentence that is withheld: its list marker, and what had flowed."""
        bullet = _BULLET.match(sentence)
        begun = self._watch.begins(sentence) if self._watch is not None else 0
        kept = sentence[: max(begun, shown, bullet.end() if bullet else 0)]
        # A check that promised to flow and blocks what holds nothing risky: it was shown, and the notice follows.
        return kept + " " if kept == sentence else kept

    def _placed(self, finding: Finding, before: int) -> Finding:
        if finding.start < 0:
            return finding
        return replace(
            finding,
            start=self._released + max(0, finding.start - before),
            end=self._released + finding.end - before,
        )

    def _pass(self, said: str, shown: str) -> str:
        """Count what is shown, and remember what was said for the sentences that depend on it."""
        self._lines.follow(said)
        self._released += len(shown)
        return shown


def _complete(text: str) -> int:
    """How much of `text`, which ends at the end of a word or line, is whole sentences whatever follows."""
    if not _MAY_END.search(text) or _OPEN_MARKER.search(text.rstrip()):
        return 0
    if text.endswith("\n"):
        # A line that may run on is not whole yet: see whether a word in lower case would join it.
        spans = split(text + "x")
        return len(text) if spans and spans[-1][0] == len(text) else _before_last(spans)
    return _before_last(split(text))


def _before_last(spans: tuple[tuple[int, int], ...]) -> int:
    return spans[-1][0] if len(spans) > 1 else 0


def _last_gap(text: str) -> int:
    """Where to cut a text without an end: after its last white space, so that no word is cut in two."""
    cut = len(text.rstrip()) if text[-1].isspace() else max(text.rfind(c) for c in " \n\t") + 1
    return cut if cut > len(text) // 2 else len(text)
