"""Known identifiers: found in every way that they are commonly put, and nothing else."""

import time

import pytest

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid.known import KnownFinder
from osler.deid.known_forms import KEPT, learned


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


WILL = (Label.NAME, "Will Long")
SUMMER = (Label.NAME, "April May Summer")


@pytest.mark.parametrize(
    ("text", "known", "wanted"),
    [
        # names that are everyday words: what goes on as a sentence about a person
        ("Will's knee hurts. Long may call.", WILL, ["Will", "Long"]),
        ("Will return in May. Long-acting insulin. It will be a long wait.", WILL, []),
        ("LONG ACTING INSULIN FOR THIS PATIENT, SAYS WILL LONG.", WILL, ["WILL LONG"]),
        ("No Graves disease. Graves disease", (Label.NAME, "Walter Graves"), ["Graves", "Graves"]),
        # initials, in capitals only
        ("April M. Summer and A. M. Summer", SUMMER, ["April M. Summer", "A. M. Summer"]),
        ("SUMMER, A. felt a summer cold in this Summer A", SUMMER, ["SUMMER, A", "Summer"]),
        # names of two letters
        ("Ng's potassium; Mr. Ng; NG tube; no go", (Label.NAME, "Bo Ng"), ["Ng", "Ng"]),
        # a possessive without its apostrophe, words run together, particles
        ("gonzalezs labs", (Label.NAME, "Gonzalez"), ["gonzalezs"]),
        ("OBrien, o'brien, O’Brien", (Label.NAME, "Ann O'Brien"), ["OBrien", "o'brien", "O’Brien"]),
        ("VanDerBerg and van der Berg", (Label.NAME, "Jan van der Berg"), ["VanDerBerg", "van der Berg"]),
        ("wright-hall, summer j.", (Label.NAME, "Wright-Hall, Summer J."), ["wright-hall, summer j"]),
        # scripts without blanks
        ("患者王小明今天来诊。小明说", (Label.NAME, "小明 王"), ["王小明"]),
        ("住在上海市", (Label.LOCATION, "上海"), ["上海"]),
        (
            "José ÑÚÑEZ, Nunez, Nu\u0301n\u0303ez",
            (Label.NAME, "Ñúñez"),
            ["ÑÚÑEZ", "Nunez", "Nu\u0301n\u0303ez"],
        ),
    ],
)
def test_names_that_are_hard_to_find(text: str, known: tuple[Label, str], wanted: list[str]) -> None:
    assert values(text, known) == wanted


@pytest.mark.parametrize(
    ("text", "known", "wanted"),
    [
        ("MRN4471902, ID4471902, A4471902", (Label.MRN, "4471902"), ["4471902", "4471902"]),
        ("00-44-12-9 or 0044129", (Label.MRN, "MRN-00-44-12-9"), ["00-44-12-9", "0044129"]),
        ("UDI +H123/$$420020216LOT1/S9.", (Label.DEVICE, "+H123/$$420020216LOT1/S9"), ["H123/$$420020216LOT1/S9"]),
        ("Patient/sample-af, sample af", (Label.OTHER_ID, "sample-af"), ["sample-af"]),
        ("aspirin 1 tablet for aspirin-1", (Label.OTHER_ID, "aspirin-1"), ["aspirin-1"]),
        ("metformin twice a day", (Label.OTHER_ID, "metformin"), []),
        ("in 2010 and on 2010-03-04", (Label.LICENSE, "2010"), []),
        ("Boston, MA 2128, in 2128", (Label.LOCATION, "2128"), ["2128"]),
        ("at O'Hara & Sons.", (Label.LOCATION, "O'Hara & Sons"), ["O'Hara & Sons"]),
        ("5550142 or 555 0142", (Label.PHONE, "617-555-0142"), ["5550142", "555 0142"]),
        ("138 0013 8000 or 013800138000", (Label.PHONE, "+86 138 0013 8000"), ["138 0013 8000", "013800138000"]),
        ("DOB 5/9/31", (Label.DATE, "1931-05-09"), ["5/9/31"]),
        ("reading; in Reading; IN READING PENNSYLVANIA TODAY", (Label.LOCATION, "Reading"), ["Reading", "READING"]),
    ],
)  # fmt: skip
def test_numbers_and_places_that_are_hard_to_find(
    text: str, known: tuple[Label, str], wanted: list[str]
) -> None:
    assert values(text, known) == wanted


def test_the_forms_of_a_record_are_learned_once() -> None:
    known = [KnownIdentifier(label=Label.NAME, value=f"Zorba{n} Quandt{n}") for n in range(2000)]
    begun = time.process_time()
    KnownFinder(known, of_record=True)
    first = time.process_time() - begun
    begun = time.process_time()
    for _ in range(10):
        KnownFinder(list(known), of_record=True)
    assert time.process_time() - begun < 5 * first
    assert learned.cache_info().maxsize == KEPT
