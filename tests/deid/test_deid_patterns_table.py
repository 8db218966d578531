"""Reading of the tables of marked sentences for the pattern pass, and the checks that every table shares."""

import re
from collections.abc import Iterable

from deid_cases import marked

from osler.core.spans import Span, resolve
from osler.deid.patterns import PatternScanner

_TOKEN = re.compile(r"\w+")
SCANNER = PatternScanner()


def faults(line: str) -> list[str]:
    """What the scanner gets wrong in a marked line: tokens missed, tokens taken too many, labels mistaken."""
    text, gold = marked(line)
    found = resolve(SCANNER.find(text))
    wrong = [
        f"missed {label} {text[a:b]!r}"
        for start, end, label in gold
        for a, b in _tokens(text, start, end)
        if not _within(found, a, b)
    ]
    wrong += [
        f"too much {span.label.value} {text[a:b]!r}"
        for span in found
        for a, b in _tokens(text, span.start, span.end)
        if not any(a < end and b > start for start, end, _ in gold)
    ]
    for start, end, label in gold:
        labels = {s.label.value for s in found if s.start < end and s.end > start}
        if labels and labels != {label}:
            wrong.append(f"{label} {text[start:end]!r} is called {sorted(labels)}")
    return wrong


def _tokens(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [m.span() for m in _TOKEN.finditer(text, start, end)]


def _within(found: Iterable[Span], a: int, b: int) -> bool:
    return set(range(a, b)) <= {i for s in found for i in range(s.start, s.end)}


def test_marks_are_read() -> None:
    assert marked("a [[MRN:12]] b") == ("a 12 b", [(2, 4, "MRN")])


def test_faults_are_seen() -> None:
    assert faults("MRN: [[MRN:00412345]]") == []
    assert faults("MRN: 00412345") == ["too much MRN '00412345'"]
    assert faults("[[MRN:blue]]") == ["missed MRN 'blue'"]
    assert faults("MRN: [[SSN:00412345]]") == ["SSN '00412345' is called ['MRN']"]
