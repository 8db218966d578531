"""Known identifiers: found in every way that they are commonly put, and nothing else."""

import time

import pytest

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid.known import KnownFinder


def values(text: str, *known: tuple[Label, str]) -> list[str]:
    finder = KnownFinder(KnownIdentifier(label=label, value=value) for label, value in known)
    spans = {(s.start, s.end) for s in finder.find(text)}
    outer = [s for s in spans if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans)]
    return [text[a:b] for a, b in sorted(outer)]


MARIA = (Label.NAME, "Maria Elena Gonzalez")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Maria Elena Gonzalez", ["Maria Elena Gonzalez"]),
        ("MARIA GONZALEZ", ["MARIA GONZALEZ"]),
        ("Gonzalez, Maria", ["Gonzalez, Maria"]),
        ("GONZALEZ,MARIA ELENA", ["GONZALEZ,MARIA ELENA"]),
        ("Gonzalez^Maria^Elena", ["Gonzalez", "Maria", "Elena"]),
        ("maria\ngonzalez", ["maria\ngonzalez"]),
        ("M. Gonzalez's labs", ["M. Gonzalez"]),
        ("maria_gonzalez@example.net", ["maria_gonzalez"]),
        ("mariana gonzalezes", []),
        ("González", ["González"]),
    ],
)
def test_names(text: str, wanted: list[str]) -> None:
    assert values(text, MARIA) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Burton100 Kozey370", ["Burton100 Kozey370"]),
        ("burton kozey", ["burton kozey"]),
        ("Kozey, Burton", ["Kozey, Burton"]),
        ("Kozey370", ["Kozey370"]),
    ],
)
def test_names_with_digits(text: str, wanted: list[str]) -> None:
    assert values(text, (Label.NAME, "Mr. Burton100 Kozey370")) == wanted


def test_names_that_are_words_need_a_capital_inside_a_sentence() -> None:
    known = (Label.NAME, "Will Young")
    assert values("Will she stand? The young man and Mr. Young agree.", known) == ["Young"]
    assert values("will young", known) == ["will young"]


def test_last_name_first_and_credentials() -> None:
    assert values("adaeze okonkwo", (Label.NAME, "Okonkwo, Adaeze, MD")) == ["adaeze okonkwo"]


@pytest.mark.parametrize(
    "text", ["(617) 555-0142", "617-555-0142", "617.555.0142", "6175550142", "+1 617 555 0142", "555-0142"]
)
def test_phone_numbers_in_any_punctuation(text: str) -> None:
    assert values(f"at {text}.", (Label.PHONE, "+1-617-555-0142")) == [text.removeprefix("+")]


@pytest.mark.parametrize("text", ["00-77-12-34", "00771234", "0077 1234", "771234"])
def test_numbers_with_and_without_separators(text: str) -> None:
    assert values(f"number {text}, done", (Label.MRN, "00771234")) == [text]


def test_numbers_are_whole() -> None:
    assert values("a00771234 007712345 10077123", (Label.MRN, "00771234")) == []
    assert values("123-45-6789 and 123456789", (Label.SSN, "123-45-6789")) == ["123-45-6789", "123456789"]
    assert values(
        "7C9E6679-7425-40DE-944B-E07FC1F90AE7", (Label.OTHER_ID, "7c9e6679-7425-40de-944b-e07fc1f90ae7")
    ) == ["7C9E6679-7425-40DE-944B-E07FC1F90AE7"]


@pytest.mark.parametrize(
    "text",
    [
        "1951-03-02",
        "03/02/1951",
        "3/2/1951",
        "3/2/51",
        "March 2, 1951",
        "2 Mar 1951",
        "Mar. 2nd, 1951",
        "02MAR1951",
        "19510302",
    ],
)
def test_dates_in_any_form(text: str) -> None:
    assert values(f"born {text} there", (Label.DATE, "1951-03-02")) == [text]
    assert values(f"born {text} there", (Label.DATE, "1951-03-02T08:00:00-05:00")) == [text]


def test_other_dates_are_not_known() -> None:
    assert values("1951-03-03, 3/2/1952, March 2", (Label.DATE, "1951-03-02")) == []


def test_places() -> None:
    street = (Label.LOCATION, "12 Alder Street")
    assert values("12 alder st. and 12 ALDER STREET", street) == ["12 alder st", "12 ALDER STREET"]
    assert values("mobile; in Mobile", (Label.LOCATION, "Mobile")) == ["Mobile"]


def test_short_and_empty_values_are_not_looked_for() -> None:
    assert (
        values("12 a 123", (Label.MRN, "12"), (Label.NAME, ""), (Label.NAME, "A"), (Label.ACCOUNT, "123"))
        == []
    )


def test_two_hundred_identifiers_in_twenty_kilobytes() -> None:
    known = [KnownIdentifier(label=Label.MRN, value=f"{n:09d}") for n in range(100)]
    known += [KnownIdentifier(label=Label.NAME, value=f"Zorba{n} Quandt{n}") for n in range(50)]
    known += [KnownIdentifier(label=Label.DATE, value=f"19{n:02d}-03-02") for n in range(10, 60)]
    text = (
        "Seen by Zorba7 Quandt7 on 3/2/1922, MRN 000000042, potassium 4.1, no acute distress today. " * 230
    )[:20_000]
    begun = time.process_time()
    found = list(KnownFinder(known).find(text))
    assert time.process_time() - begun < 0.5
    assert len({(s.start, s.end) for s in found}) >= 3 * (20_000 // 92 - 1)
