"""The citation markers of an answer: `[3]`, `[1, 2]`, `[1][4]`, `[2-4]`.

A marker is numbers in square brackets and nothing else; `[NAME]`, `[^1]` and Markdown links and
their definitions (`[3](https://…)`, `[3]: https://…`) are none. The numbers are those of the
evidence that the model was given.
"""

import re
from collections.abc import Iterator, Sequence

from osler.core.citations import Citation, Evidence

_MARKER = re.compile(r"\[(?P<body>[\d,;\s\u2013-]{1,78})\]")
_RANGE = re.compile(r"(\d+)(?:\s*[-\u2013]\s*(\d+))?")
_BODY = re.compile(r"\s*\d+(?:\s*[-\u2013]\s*\d+)?(?:\s*[,;]\s*\d+(?:\s*[-\u2013]\s*\d+)?)*\s*[,;]?\s*")
_LINK = re.compile(
    r"(?:\[\s*\d[\d,;\s\u2013-]*\])*(?:\((?:https?:|mailto:|www\.|[/#]|[^\s()]+\.\w)|:\s+(?:https?:|<))"
)
_LONGEST_RANGE = 200
_LONGEST_NUMBER = 6


def cited(answer: str, evidence: Sequence[Evidence]) -> tuple[Citation, ...]:
    """The evidence that `answer` cites, each once, in the order of first mention."""
    by_number = {e.n: e for e in evidence}
    numbers = [n for _, _, wanted in _markers(answer) for n in wanted if n in by_number]
    return tuple(_citation(by_number[n]) for n in dict.fromkeys(numbers))


def unresolved(answer: str, evidence: Sequence[Evidence]) -> tuple[tuple[int, int, str], ...]:
    """Start, end and text of each marker that names a number which no evidence has."""
    known = {e.n for e in evidence}
    return tuple(
        (start, end, answer[start:end])
        for start, end, wanted in _markers(answer)
        if not wanted or any(n not in known for n in wanted)
    )


def clean(answer: str, evidence: Sequence[Evidence]) -> str:
    """`answer` without what cites nothing: such markers go with the blanks before them.

    A marker of which some numbers resolve keeps those.
    """
    known = {e.n for e in evidence}
    out, at = [], 0
    for start, end, wanted in _markers(answer):
        kept = [n for n in wanted if n in known]
        if wanted and len(kept) == len(wanted):
            continue
        before = answer[at:start]
        out.append(f"{before}[{', '.join(map(str, kept))}]" if kept else before.rstrip(" \t"))
        at = end
    out.append(answer[at:])
    return "".join(out)


def _markers(answer: str) -> Iterator[tuple[int, int, list[int]]]:
    """Start, end and numbers of every marker, `[1][4]` as two."""
    if "[" not in answer:
        return
    for found in _MARKER.finditer(answer):
        if _BODY.fullmatch(found["body"]) and not _LINK.match(answer, found.end()):
            yield found.start(), found.end(), _numbers(found["body"])


def _numbers(inside: str) -> list[int]:
    """The numbers of a marker, ranges written out; a range that runs backwards or is absurd gives its ends."""
    found: list[int] = []
    for match in _RANGE.finditer(inside):
        if max(len(part or "") for part in match.groups()) > _LONGEST_NUMBER:
            found.append(-1)
            continue
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        found.extend(range(first, last + 1) if first <= last <= first + _LONGEST_RANGE else (first, last))
    return found


def _citation(e: Evidence) -> Citation:
    return Citation(
        n=e.n,
        doc=e.doc,
        title=e.title,
        quote=e.quote,
        start=e.start,
        end=e.end,
        sha256=e.sha256,
        basis=e.basis,
    )
