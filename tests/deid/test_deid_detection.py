"""What is found in the tables of sentences, and that plain clinical language is left alone."""

import re
from collections import Counter

import deid_cases
import pytest

from osler.core.spans import Label
from osler.deid import Deidentifier

TOKEN = re.compile(r"\w+")
ENGINE = Deidentifier.standard()


def tokens(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [m.span() for m in TOKEN.finditer(text, start, end)]


def measured() -> tuple[Counter[str], Counter[str], int]:
    """Gold tokens covered and missed by label, and tokens covered that are no identifier."""
    hit: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    over = 0
    for line in deid_cases.PHI:
        text, gold = deid_cases.marked(line)
        found = ENGINE.find(text)
        covered = {i for s in found for i in range(s.start, s.end)}
        wanted = {i for start, end, _ in gold for i in range(start, end)}
        for start, end, label in gold:
            for a, b in tokens(text, start, end):
                (hit if covered.issuperset(range(a, b)) else missed)[label] += 1
        over += sum(
            not wanted.intersection(range(a, b)) for s in found for a, b in tokens(text, s.start, s.end)
        )
    return hit, missed, over


def test_the_tables_are_large_enough_and_cover_every_label() -> None:
    labels = {label for line in deid_cases.PHI for _, _, label in deid_cases.marked(line)[1]}
    assert labels == {label.value for label in Label}
    assert len(deid_cases.PHI) >= 120
    assert len(deid_cases.CLEAN) >= 80


def test_recall_and_precision_on_the_table() -> None:
    hit, missed, over = measured()
    total = hit.total() + missed.total()
    assert hit.total() / total >= 0.97
    assert hit.total() / (hit.total() + over) >= 0.96
    for label in Label:
        assert hit[label.value] / (hit[label.value] + missed[label.value]) >= 0.9, label


@pytest.mark.parametrize("text", deid_cases.CLEAN)
def test_clinical_language_without_identifiers_is_left_alone(text: str) -> None:
    assert [(s.label.value, text[s.start : s.end]) for s in ENGINE.find(text)] == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("fax 617-555-0142, tel 617-555-0143", ["FAX", "PHONE"]),
        ("Seen 3/14/2024.", ["DATE"]),
        ("a 92-year-old and an 88-year-old", ["AGE"]),
        ("SSN 123-45-6789", ["SSN"]),
        ("MRN 00412345", ["MRN"]),
    ],
)
def test_labels(text: str, wanted: list[str]) -> None:
    assert [s.label.value for s in ENGINE.find(text)] == wanted


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Dr. Okafor agrees.", "Okafor"),
        ("Patient Name: Anna Bell, MD", "Anna Bell"),
        ("MRN: 00412345.", "00412345"),
        ("Lives in Salem, OR", "Salem"),
        ("on 2024-03-14T10:15:00Z", "2024-03-14"),
        ("a 91-year-old man", "91"),
        ("Maria's labs", "Maria"),
        ("seen with her aunt (Gonzalez) today", "Gonzalez"),
    ],
)
def test_titles_labels_and_credentials_stay_outside(text: str, value: str) -> None:
    assert [text[s.start : s.end] for s in ENGINE.find(text)] == [value]


def test_a_name_is_found_again_in_the_same_text() -> None:
    text = "Mrs. Okonkwo was admitted. okonkwo ambulated; OKONKWO ate. Okonkwo's son called."
    found = [text[s.start : s.end] for s in ENGINE.find(text) if s.label is Label.NAME]
    assert found == ["Okonkwo", "okonkwo", "OKONKWO", "Okonkwo"]


def test_a_name_that_is_a_word_is_not_found_again_as_the_word() -> None:
    text = "Mr. Young came. The young man left. Seen with Mr. Wilson; Wilson disease excluded. Young denies pain."
    found = [text[s.start : s.end] for s in ENGINE.find(text)]
    assert found == ["Young", "Wilson", "Young"]
