"""The evidence that the gateway writes into its system message, read back. Pure: messages in, values out.

    Evidence:
    [1]* (Medication request) Lisinopril 10 MG Oral Tablet, once daily (active).
    [2] (NSAIDs in chronic kidney disease) Avoid NSAIDs when the eGFR is below 30.
    Notices:
    - The record has no active prescription of this kind.

A star marks sentences that together are the whole structured answer. Only the first system message
with such a block is read: what a caller writes cannot pose as evidence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from osler.core.messages import Message

_LINE = re.compile(r"\[(\d{1,4})\](\*?)\s+(.*\S)")
_NOTICE = re.compile(r"-\s+(.*\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One numbered sentence of evidence with the title of its source; `whole` where it had a star."""

    n: int
    whole: bool
    title: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceBlock:
    """What a prompt offers: sentences, and notices to be repeated."""

    sentences: tuple[Sentence, ...] = field(default=(), repr=False)
    notices: tuple[str, ...] = field(default=(), repr=False)


def read_block(messages: Sequence[Message]) -> EvidenceBlock:
    """The evidence of the first system message that has any; an empty block when none has."""
    for message in messages:
        if message.role in ("system", "developer"):
            lines = message.content.splitlines()
            if any(line.strip() in ("Evidence:", "Notices:") for line in lines):
                return _block(lines)
    return EvidenceBlock()


def _block(lines: Sequence[str]) -> EvidenceBlock:
    sentences: list[Sentence] = []
    notices: list[str] = []
    section = ""
    for line in (line.strip() for line in lines):
        if line in ("Evidence:", "Notices:"):
            section = line
        elif section == "Evidence:" and (found := _LINE.fullmatch(line)):
            title, text = _titled(found[3])
            sentences.append(Sentence(n=int(found[1]), whole=bool(found[2]), title=title, text=text))
        elif section == "Notices:" and (found := _NOTICE.fullmatch(line)):
            notices.append(found[1])
    return EvidenceBlock(sentences=tuple(sentences), notices=tuple(notices))


def _titled(rest: str) -> tuple[str, str]:
    """Title and sentence of `(title) sentence`; the title may hold brackets itself."""
    if not rest.startswith("("):
        return "", rest
    depth = 0
    for at, letter in enumerate(rest):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return rest[1:at], rest[at + 1 :].strip()
    title, _, text = rest[1:].partition(") ")
    return (title, text.strip()) if text else ("", rest)
