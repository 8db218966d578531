"""Each detector by itself: its contract, its validators, its time on hostile input."""

import random
import time
from concurrent.futures import ThreadPoolExecutor

import deid_cases
import pytest

from osler.core.ports.detector import Detector
from osler.core.spans import Span
from osler.deid import Deidentifier
from osler.deid.detectors import BUILT_IN, checksums
from osler.deid.detectors.ages import AgeDetector
from osler.deid.detectors.dates import DateDetector
from osler.deid.detectors.licenses import LicenseDetector
from osler.deid.detectors.locations import LocationDetector
from osler.deid.detectors.names import NameDetector
from osler.deid.detectors.phones import PhoneDetector
from osler.deid.detectors.urls import UrlDetector
from osler.deid.detectors.vehicles import VehicleDetector

MEGABYTE = 1_000_000


def found(detector: Detector, text: str) -> list[str]:
    return [text[s.start : s.end] for s in sorted(detector.find(text), key=lambda s: s.start)]


@pytest.mark.parametrize("kind", BUILT_IN)
def test_contract(kind: type[Detector]) -> None:
    detector = kind()
    assert isinstance(detector, Detector)
    assert detector.name
    for line in deid_cases.PHI:
        text, _ = deid_cases.marked(line)
        for span in detector.find(text):
            assert isinstance(span, Span)
            assert 0 <= span.start < span.end <= len(text)
            assert span.detector == detector.name
            assert 0 < span.score <= 1


def test_detectors_are_safe_in_several_threads() -> None:
    texts = [deid_cases.marked(line)[0] for line in deid_cases.PHI]
    detectors = [kind() for kind in BUILT_IN]

    def run(text: str) -> list[Span]:
        return [s for d in detectors for s in d.find(text)]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, texts)) == [run(t) for t in texts]


HOSTILE = {
    "letters": "a" * MEGABYTE,
    "capitals": "Aa " * (MEGABYTE // 3),
    "digits": "1" * MEGABYTE,
    "dashes": "1-" * (MEGABYTE // 2),
    "slashes": "1/2/" * (MEGABYTE // 4),
    "ats": "a@" * (MEGABYTE // 2),
    "dots": "a." * (MEGABYTE // 2),
    "keys": "mrn: " * (MEGABYTE // 5),
    "titles": "Dr. " * (MEGABYTE // 4),
    "hyphens": "A-b" * (MEGABYTE // 3),
    "colons": "a:" * (MEGABYTE // 2),
    "blanks": " " * MEGABYTE,
    "lines": "\n" * MEGABYTE,
    "streets": "12 Main " * (MEGABYTE // 8),
    "spoken": "one two " * (MEGABYTE // 8),
    "months": "may 5 " * (MEGABYTE // 6),
    "initials": "A. B. " * (MEGABYTE // 6),
    "pipes": "PID|" * (MEGABYTE // 4),
    "brackets": "((((" * (MEGABYTE // 4),
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_time_is_linear_on_hostile_input(shape: str) -> None:
    text = HOSTILE[shape][: MEGABYTE // 8]
    for kind in BUILT_IN:
        detector = kind()
        begun = time.process_time()
        for _ in detector.find(text):
            pass
        assert time.process_time() - begun < 1.0, kind.__name__


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checksums.luhn, "4111111111111111", "4111111111111112"),
        (checksums.npi, "1234567893", "1234567890"),
        (checksums.dea, "AB1234563", "AB1234564"),
        (checksums.vin, "1HGCM82633A004352", "1HGCM82643A004352"),
        (checksums.iban, "GB82WEST12345698765432", "GB82WEST12345698765433"),
    ],
)
def test_check_digits(check, good: str, bad: str) -> None:  # type: ignore[no-untyped-def]
    assert check(good)
    assert not check(bad)
    assert not check("")


@pytest.mark.parametrize("check", [checksums.npi, checksums.dea, checksums.vin, checksums.iban])
def test_check_digits_of_anything(check) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(4)
    for _ in range(200):
        check("".join(rng.choices("0123456789ABCXYZ-é٣ ", k=rng.randint(0, 20))))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("VIN 1HGCM82633A004352", ["1HGCM82633A004352"]),
        ("plate ABC-1234", []),
        ("license plate: ABC-1234", ["ABC-1234"]),
    ],
)
def test_vehicles(text: str, values: list[str]) -> None:
    assert sorted(set(found(VehicleDetector(), text))) == values


def test_licences_by_their_check_digit_alone() -> None:
    assert found(LicenseDetector(), "signed AB1234563 and 1234567893 and AB1234564") == [
        "AB1234563",
        "1234567893",
    ]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("pain 3/10, strength 5/5, BP 120/80", []),
        ("admitted 3/14, d/c 3/18", ["3/14", "3/18"]),
        ("3/2/24 and 03-02-1951 and 2024-03-02", ["3/2/24", "03-02-1951", "2024-03-02"]),
        ("2/30/2024 and 13/45/2024", []),
        ("March 2, 1951; 2 Mar 1951; 02MAR1951", ["March 2, 1951", "2 Mar 1951", "02MAR1951"]),
        ("in 2019 on Monday at 10:30", []),
        ("you may 2 tablets", []),
        ("in May and since last October", ["May", "October"]),
        ("march fourteenth twenty twenty four", ["march fourteenth twenty twenty four"]),
        ("version 2.3.24, L4/5, T12/L1", []),
        ("Christmas disease; before Christmas", ["Christmas"]),
        ("July 4-6, 2023", ["July 4-6, 2023"]),
    ],
)
def test_dates(text: str, values: list[str]) -> None:
    spans = sorted({(s.start, s.end) for s in DateDetector().find(text)})
    whole = [s for s in spans if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans)]
    assert [text[a:b] for a, b in whole] == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("91-year-old", ["91"]),
        ("aged 93", ["93"]),
        ("ninety-two years old", ["ninety-two"]),
        ("91 y/o", ["91"]),
        ("97F with fever", ["97"]),
        ("T 97F with fever", []),
        ("89-year-old", []),
        ("SpO2 95 %, HR 92, 95 days", []),
        ("18 to 92 years of age", []),
        ("a 101 yo man", ["101"]),
    ],
)
def test_ages(text: str, values: list[str]) -> None:
    assert sorted(set(found(AgeDetector(), text))) == values


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Phone: (617) 555-0123 Fax: (617) 555-0124", ["PHONE", "FAX"]),
        ("617-555-0123 (fax)", ["FAX"]),
        ("call 555-0123", ["PHONE"]),
        ("range 150-4000, 251-1000 min", []),
        ("poison control 1-800-222-1222", []),
        ("+44 20 7946 0958", ["PHONE"]),
        ("ext. 4410", ["PHONE"]),
    ],
)
def test_phones(text: str, labels: list[str]) -> None:
    assert [s.label.value for s in Deidentifier([PhoneDetector()]).find(text)] == labels


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("see https://example.net/a?b=1.", ["https://example.net/a?b=1"]),
        ("janes-blog.com", ["janes-blog.com"]),
        ("www.cdc.gov and https://www.nih.gov/x", []),
        ("e.g. this, i.e. that, vs. those", []),
    ],
)
def test_urls(text: str, values: list[str]) -> None:
    assert sorted(set(found(UrlDetector(), text))) == values


@pytest.mark.parametrize(
    "text",
    [
        "Maria Gonzalez, MD",
        "the diabetes clinic and the Emergency Department",
        "3 way stopcock, 2 hours drive, 5 mg st",
        "Framingham score, Boston criteria, Lyme disease",
        "works at night, lives with her son",
        "moved to Texas from Mexico",
    ],
)
def test_what_is_no_place(text: str) -> None:
    assert found(LocationDetector(), text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Will start; May take; Rose to stand; Mark the site",
        "Foley catheter, Crohn's disease, Kaplan-Meier curve, Stevens-Johnson syndrome",
        "Past Medical History: Social History: Family History:",
        "Drug name: Lantus. Test name: HbA1c. Generic name: apixaban",
        "MR angiography, MS contin, ms contin, DR system",
        "Patient: Yes. Doctor: Fantastic.",
        "St. John's wort",
    ],
)
def test_what_is_no_name(text: str) -> None:
    assert found(NameDetector(), text) == []
