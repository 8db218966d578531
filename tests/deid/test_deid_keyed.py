"""Replacing by key: the same everywhere, consistent within a patient, told apart from everything real."""

import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from deid_marked import NOTE, marked
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.core.errors import ConfigError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid.keyed import NOT_SAFE_HARBOR, PatientSurrogates, ReplaceOptions, TextReplacer, replace_text
from osler.deid.keyed.draw import Draw, derived
from osler.deid.keyed.people import LETTERS, Kind, cultures, kind, pool, short_forms, stem

KEY = bytes(range(32))
KEYS = st.binary(min_size=32, max_size=32)


def replaced(
    text: str, *, key: bytes = KEY, patient: str | None = "p1", document: str = "d1", **options: object
) -> str:
    plain, spans = marked(text)
    return (
        TextReplacer(key, ReplaceOptions(**options))
        .replace(plain, spans, patient_key=patient, document=document)
        .text
    )


def values(text: str) -> set[str]:
    return {m for m in re.findall(r"\{[A-Z_]+=([^}]*)\}", text) if m}


# -- one person, one surrogate


def test_variants_of_a_name_in_one_note() -> None:
    out = replaced(
        "{NAME=Maria Gonzalez} came. {NAME=GONZALEZ, MARIA} was seen. Mrs. {NAME=Gonzalez} left. {NAME=Maria}'s son "
        "{NAME=Tom Gonzalez}, {NAME=M. Gonzalez}, {NAME=M.G.}, {NAME=MG}, {NAME=maria gonzalez}, {NAME=Gonzalez's}."
    )
    first, last = re.match(r"(\S+) (\S+) came", out).groups()  # type: ignore[union-attr]
    assert f"{last.upper()}, {first.upper()} was seen. Mrs. {last} left. {first}'s son" in out
    m, g = first[0], last[0]
    assert f" {last}, {m}. {last}, {m}.{g}., {m}{g}, {first.lower()} {last.lower()}, {last}'s." in out


def test_the_same_person_in_all_notes_of_a_patient_whatever_form_stands_alone() -> None:
    full = replaced("{NAME=Maria Gonzalez} and {EMAIL=mgonzalez7@x.org}, {NAME=Robert Smith}")
    first, last = re.match(r"(\S+) (\S+) and", full).groups()  # type: ignore[union-attr]
    assert re.search(f"{first[0]}{last}\\d@example".lower(), full.lower())
    for alone, wanted in (
        ("{NAME=Gonzalez}", last),
        ("{NAME=MARIA}", first.upper()),
        ("{NAME=M. Gonzalez}", f"{first[0]}. {last}"),
        ("{NAME=M.G.}", f"{first[0]}.{last[0]}."),
        ("{NAME=Gonzalez, M.}", f"{last}, {first[0]}."),
        ("{NAME=Mária González}", f"{first} {last}"),
    ):
        assert replaced(alone, document="another") == wanted
    assert (
        replaced("{NAME=Gonzalez}", patient="p2") != last or replaced("{NAME=Maria}", patient="p2") != first
    )


def test_a_short_form_goes_with_its_name() -> None:
    out = replaced("{NAME=Robert Smith}, called {NAME=Bob}, and his brother {NAME=Bill}")
    first, nick = re.match(r"(\S+) \S+, called (\S+),", out).groups()  # type: ignore[union-attr]
    assert nick != first
    assert nick.lower() in short_forms().get(first.lower(), (nick.lower(),))
    assert replaced("{NAME=Bob}", document="d2") == nick


@pytest.mark.parametrize(
    ("name", "culture", "given_name"),
    [
        ("Maria", "hispanic", "f"),
        ("Carlos", "hispanic", "m"),
        ("Gonzalez", "hispanic", ""),
        ("Nguyen", "vietnamese", ""),
        ("Okafor", "nigerian", ""),
        ("Patel", "indian", ""),
        ("Priya", "indian", "f"),
        ("Dmitri", "russian", "m"),
        ("Kowalczyk", "polish", ""),
        ("Yamashiromoto", "japanese", ""),
        ("Goldberg", "jewish", ""),
        ("Keisha", "african_american", "f"),
        ("Zhang", "chinese", ""),
        ("Linda", "english", "f"),
        ("Kevin", "english", "m"),
    ],
)
def test_culture_and_gender_are_kept(name: str, culture: str, given_name: str) -> None:
    found = kind(stem(name))
    assert (found.culture, found.given) == (culture, given_name)
    names = set(pool(Kind(culture=culture, given=given_name)).names)
    for seed in range(20):
        out = replaced(f"{{NAME={name}}}", key=bytes([seed]) * 32)
        assert out in names
        assert out != name


def test_the_pools_are_large_and_their_initials_fit_those_of_the_key() -> None:
    assert len(cultures()) >= 12
    for culture in cultures():
        for given_name, least in (("m", 60), ("f", 60), ("", 80)):
            names = pool(Kind(culture=culture, given=given_name)).names
            assert len(set(names)) >= least, (culture, given_name)
            assert all(n[0].isupper() and n.isascii() and len(n) > 1 for n in names)
            assert sum(any(n[0] == letter for n in names) for letter in LETTERS) >= 10


# -- never the real thing


def test_no_value_of_the_text_or_the_record_is_a_surrogate() -> None:
    plain, spans = marked(NOTE)
    known = [KnownIdentifier(label=Label.NAME, value=n) for n in pool(Kind(culture="hispanic")).names[:300]]
    for seed in range(20):
        done = TextReplacer(bytes([seed]) * 32).replace(plain, spans, patient_key="p", known=known)
        new = {
            w.lower() for p in done.pieces if p.label is not Label.DATE for w in re.findall(r"\w{3,}", p.new)
        }
        real = {w.lower() for v in values(NOTE) for w in re.findall(r"\w{3,}", v)} - {
            "apt",
            "hospital",
            "example",
        }
        assert not {w for w in new & real if w.isalpha()}
        assert not {p.new for p in done.pieces if p.label is not Label.DATE} & values(NOTE)
        assert not new & {k.value.lower() for k in known}


def test_two_people_of_a_note_never_share_a_surrogate() -> None:
    names = pool(Kind(culture="hispanic", given="f")).names[:60]
    out = replaced(" ".join(f"{{NAME={n}}};" for n in names))
    assert len(set(out.split())) == len(names)
    assert not set(out.replace(";", "").split()) & set(names)


def test_nothing_but_the_key_decides() -> None:
    assert replaced(NOTE) == replaced(NOTE)
    assert replaced(NOTE) != replaced(NOTE, key=bytes(32))
    assert replaced(NOTE) != replaced(NOTE, patient="p2")
    assert replaced(NOTE, patient=None, document="a") != replaced(NOTE, patient=None, document="b")
    assert replaced(NOTE, document="a") == replaced(NOTE, document="b")


def test_another_process_another_order_and_threads_answer_the_same() -> None:
    plain, spans = marked(NOTE)
    wanted = replace_text(plain, spans, "surrogate", "p1", key=KEY)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from deid_marked import NOTE, marked\n"
        "from osler.deid.keyed import replace_text\n"
        "t, s = marked(NOTE)\n"
        "[replace_text(t, s, 'surrogate', f'x{i}', key=bytes(range(32))) for i in range(3)]\n"
        "sys.stdout.write(replace_text(t, s, 'surrogate', 'p1', key=bytes(range(32))))"
    )
    folder = __file__.rsplit("/", 1)[0]
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, timeout=60)
    assert done.stdout == wanted
    replacer = TextReplacer(KEY)
    with ThreadPoolExecutor(8) as threads:
        outs = threads.map(lambda n: replacer.replace(plain, spans, patient_key=f"p{n % 4}").text, range(200))
    assert [o == wanted for n, o in enumerate(outs) if n % 4 == 1] == [True] * 50


# -- formats


SHAPES = [
    ("PHONE", "(617) 555-0142", r"\([2-9]\d\d\) 555-01\d\d"),
    ("PHONE", "617.867.5309 x45", r"[2-9]\d\d\.555\.01\d\d x\d\d"),
    ("PHONE", "867-5309", r"555-01\d\d"),
    ("PHONE", "+1 617 867 5309", r"\+1 [2-9]\d\d 555 01\d\d"),
    ("PHONE", "+44 20 7946 0123", r"\+44 \d\d \d555 01\d\d"),
    ("PHONE", "1-800-FLOWERS", r"1-[2-9]\d\d-55501\d\d"),
    ("PHONE", "ext. 4512", r"ext\. \d{4}"),
    ("PHONE", "five five five oh one two three", r"([a-z]+ ){6}[a-z]+"),
    ("FAX", "6178675309", r"[2-9]\d\d55501\d\d"),
    ("SSN", "123-45-6789", r"9\d\d-[1-4]\d-\d{4}"),
    ("SSN", "123456789", r"9\d\d[1-4]\d{5}"),
    ("SSN", "xxx-xx-6789", r"xxx-xx-\d{4}"),
    ("MRN", "MR-004512", r"MR-00\d{4}"),
    ("MRN", "E1234567", r"E\d{7}"),
    ("ACCOUNT", "4111 1111 1111 1111", r"\d{4}( \d{4}){3}"),
    ("ACCOUNT", "GB82 WEST 1234 5698 7654 32", r"GB00 [A-Z]{4}( \d{4}){3} \d\d"),
    ("HEALTH_PLAN", "1EG4-TE5-MK73", r"0[A-Z]{2}\d-[A-Z]{2}\d-[A-Z]{2}\d\d"),
    ("LICENSE", "1234567893", r"\d{10}"),
    ("LICENSE", "AB1234563", r"[A-Z]{2}\d{7}"),
    ("VEHICLE", "1HGCM82633A004352", r"[0-9A-HJ-NPR-Z]{17}"),
    ("VEHICLE", "ABC-1234", r"[A-Z]{3}-\d{4}"),
    ("DEVICE", "(01)00844588003288(17)141120(10)7654321D", r"\(01\)\d{14}\(17\)\d{6}\(10\)\d{7}[A-Z]"),
    ("IP", "10.1.2.3", r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}"),
    ("IP", "10.1.2.3:8080", r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}:8080"),
    ("IP", "fe80::1ff:fe23:4567:890a", r"2001:db8::[0-9a-f:]+"),
    ("IP", "00:1B:44:11:3A:B7", r"00:00:5E:00:53:[0-9A-F]{2}"),
    ("EMAIL", "info@stmarys.org", r"info@example\.(org|com|net)"),
    ("EMAIL", "j.smith2@stmarys.org", r"[a-z]\.[a-z]+\d@example\.(org|com|net)"),
    ("URL", "https://portal.hosp.org/pt/12345?mrn=1", r"https://example\.(org|com|net)/[a-z]{8}"),
    ("URL", "www.jane-doe.com", r"www\.example\.(org|com|net)/[a-z]{8}"),
    ("PHOTO", "IMG_4512.jpg", r"IMG_\d{4}\.jpg"),
    ("PHOTO", "smith_face.png", r"[a-z]{5}_face\.png"),
    ("OTHER_ID", "550e8400-e29b-41d4-a716-446655440000", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("OTHER_ID", "S21-12345", r"[A-Z]\d\d-\d{5}"),
    ("BIOMETRIC", "left iris scan", r"\[BIOMETRIC\]"),
    ("AGE", "94", r"90\+"),
    ("LOCATION", "97301-1234", r"00[0-4]\d\d-\d{4}"),
    ("LOCATION", "12 Oak Lane Apt 4", r"\d\d [A-Z][a-z]+ Lane Apt \d"),
    ("LOCATION", "ST. MARY'S HOSPITAL", r"[A-Z]+ HOSPITAL"),
    ("LOCATION", "University of Michigan", r"University of [A-Z][a-z]+"),
    ("LOCATION", "P.O. Box 1234", r"P\.O\. Box \d{4}"),
    ("LOCATION", "MGH", r"[A-Z]{3}"),
    ("LOCATION", "boston", r"[a-z]+"),
]


@pytest.mark.parametrize(("label", "value", "shape"), SHAPES, ids=[v for _, v, _ in SHAPES])
def test_a_kind_keeps_its_shape_and_is_nobodys(label: str, value: str, shape: str) -> None:
    for seed in range(30):
        out = replaced(f"<{{{label}={value}}}>", key=bytes([seed]) * 32)[1:-1]
        assert re.fullmatch(shape, out), out
        assert out != value


def test_check_digits_are_wrong_on_purpose() -> None:
    for seed in range(200):
        key = seed.to_bytes(32)
        assert not luhn(replaced("{ACCOUNT=4111111111111111}", key=key))
        assert not luhn("80840" + replaced("{LICENSE=1234567893}", key=key))
        assert not luhn(replaced("{DEVICE=490154203237518}", key=key))
        dea = replaced("{LICENSE=AB1234563}", key=key)
        d = [int(c) for c in dea[2:]]
        assert (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 != d[6]


def luhn(digits: str) -> bool:
    doubled = [int(d) * (2 if n % 2 else 1) for n, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def test_a_number_is_one_number_with_and_without_separators() -> None:
    one, two = replaced("{MRN=0041-2345}"), replaced("{MRN=00412345}", document="d2")
    assert one.replace("-", "") == two
    whole, last = replaced("{SSN=123-45-6789}"), replaced("{SSN=6789}", document="d2")
    assert whole.endswith(last)
    far, near = replaced("{PHONE=(617) 867-5309}"), replaced("{PHONE=867-5309}", document="d2")
    assert far.endswith(near)
    hospital, short = (
        replaced("{LOCATION=St. Mary's Hospital}"),
        replaced("{LOCATION=st marys}", document="d2"),
    )
    assert hospital.split()[0].lower() == short


# -- on purpose not consistent


def test_vary() -> None:
    text = "{NAME=Gonzalez} {NAME=Gonzalez} {NAME=Gonzalez} {MRN=12345678} {MRN=12345678} on {DATE=3/14/2021}, {DATE=3/24/2021}"
    outs = {d: replaced(text, vary="document", document=d).split() for d in ("d1", "d2", "d3")}
    assert all(len({*words[:3]}) == 1 and words[3] == words[4] for words in outs.values())
    assert len({words[0] for words in outs.values()}) > 1
    mention = replaced(text, vary="mention").split()
    assert len({*mention[:3]}) > 1
    assert mention[3] != mention[4]
    assert {w[-2:] == mention[-2:] for w in outs.values()} == {True}, (
        "dates move alike, for intervals have to stay"
    )
    assert replaced(text, vary="mention") == replaced(text, vary="mention")


# -- what options and reports say


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "none"},
        {"vary": "often"},
        {"date_shift": 0},
        {"date_shift": 6, "whole_weeks": True},
        {"date_shift": 10**6},
    ],
)
def test_options_that_cannot_be(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        ReplaceOptions(**options)  # type: ignore[arg-type]
    assert caught.value.remedy


def test_a_key_has_256_bits() -> None:
    with pytest.raises(ConfigError, match="bytes"):
        TextReplacer(b"short")


def test_the_account_says_that_a_shift_is_not_safe_harbor() -> None:
    account = ReplaceOptions().account()
    assert account["safe_harbor"] is False
    assert account["statement"] == NOT_SAFE_HARBOR
    assert ReplaceOptions(mode="safe-harbor").account() == {"mode": "safe-harbor", "zip3_census": "2000"}


def test_redaction_and_safe_harbor() -> None:
    assert (
        replaced("Dr. {NAME=Okafor}, {DATE=3/14/2024}, ZIP {LOCATION=97301}", mode="redact")
        == "Dr. [NAME], [DATE], ZIP [LOCATION]"
    )
    assert (
        replaced("Dr. {NAME=Okafor}, {DATE=3/14/2024}, ZIP {LOCATION=97301}", mode="safe-harbor")
        == "Dr. [NAME], 2024, ZIP 973"
    )


def test_surrogates_of_single_values() -> None:
    patient = PatientSurrogates.of(KEY, "p1")
    one = patient.document("", ["Maria Gonzalez"]).of(Label.NAME, "Maria Gonzalez")
    again = PatientSurrogates.of(KEY, "p1").document("", ["Maria Gonzalez"]).of(Label.NAME, "Gonzalez")
    assert one.split()[1] == again


# -- whatever comes


NAMES = st.sampled_from(
    [
        "Maria",
        "Okafor",
        "Nguyen",
        "O'Brien",
        "de la Cruz",
        "Burton100",
        "Żółć",
        "Li",
        "JONES",
        "Smith-Ali",
        "J.",
        "JS",
        "Bob",
        "王伟",
    ]
)
ANY = st.one_of(
    st.text(max_size=20),
    NAMES,
    st.from_regex(r"[A-Z]?[0-9]{1,9}(-[0-9]{2,4})?", fullmatch=True),
    st.sampled_from(
        ["3/14/2021", "\x00", "é", "?", "\ud800", "a" * 300, "１２３", "x@y", "12 Oak St", "née\u0301"]
    ),
).map(lambda v: v.replace("}", "").replace("{", ""))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(list(Label)), ANY, ANY), max_size=8),
    KEYS,
    st.sampled_from(["never", "document", "mention"]),
)
def test_any_text_comes_back(parts: list[tuple[Label, str, str]], key: bytes, vary: str) -> None:
    text, spans = marked("".join(f"{between} {{{label}={value}}}" for label, value, between in parts))
    done = TextReplacer(key, ReplaceOptions(vary=vary)).replace(text, spans, patient_key="p")  # type: ignore[arg-type]
    assert done.restored() == text
    assert done == TextReplacer(key, ReplaceOptions(vary=vary)).replace(text, spans, patient_key="p")  # type: ignore[arg-type]
    for mode in ("redact", "safe-harbor"):
        assert TextReplacer(key, ReplaceOptions(mode=mode)).replace(text, spans).restored() == text  # type: ignore[arg-type]
    for piece in done.pieces:
        if piece.label not in (Label.DATE, Label.AGE) and any(c.isalnum() for c in piece.old):
            assert piece.new != piece.old


@settings(max_examples=150, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=6), KEYS)
def test_no_surrogate_equals_a_real_value(names: list[str], key: bytes) -> None:
    text, spans = marked(", ".join(f"{{NAME={n}}}" for n in names) + ". Serrano and Melton are real.")
    done = TextReplacer(key).replace(text, spans, patient_key="p")
    real = {stem(w) for n in [*names, "Serrano", "Melton"] for w in re.findall(r"[^\W\d_]{3,}", n)} - {"cruz"}
    new = {stem(w) for p in done.pieces for w in re.findall(r"[^\W\d_]{3,}", p.new)}
    assert not new & real


@given(KEYS, st.integers(1, 10_000))
def test_draws(key: bytes, count: int) -> None:
    draw, again = Draw(key, "a", "b"), Draw(key, "a", "b")
    drawn = [draw.below(count) for _ in range(60)]
    assert drawn == [again.below(count) for _ in range(60)]
    assert all(0 <= n < count for n in drawn)
    assert derived(key, "a", "b") != derived(key, "ab", "")
    assert all(a != b for a, b in zip(LETTERS, draw.shuffled(LETTERS), strict=True))


def test_spans_that_overlap_leave_nothing_uncovered() -> None:
    text = "Maria Gonzalez-Okafor came"
    spans = [
        Span(start=0, end=14, label=Label.NAME),
        Span(start=6, end=21, label=Label.NAME),
        Span(start=6, end=14, label=Label.MRN),
    ]
    done = TextReplacer(KEY).replace(text, spans, patient_key="p")
    assert not {"Maria", "Gonzalez", "Okafor"} & set(re.findall(r"\w+", done.text))
    assert done.restored() == text


def test_addresses_that_are_spoken() -> None:
    out = replaced(
        "{NAME=Pedro Avila} {EMAIL=p avila zero four at aol dot com} {EMAIL=pedro dot avila at x dot org}"
    )
    first, last = out.lower().split()[:2]
    assert re.search(
        rf" {first[0]} {last} [a-z]+ [a-z]+ at example dot (com|org|net) {first} dot {last} at example", out
    )


def test_draws_are_even() -> None:
    tally = [0] * 10
    for n in range(4000):
        tally[Draw(KEY, str(n)).below(10)] += 1
    assert all(300 < count < 500 for count in tally)


def test_it_is_fast_enough() -> None:
    note = (
        NOTE
        + "\n"
        + "The abdomen is soft and non-tender; bowel sounds are present. Continue as ordered. " * 18
    )
    plain, spans = marked(note)
    replacer = TextReplacer(KEY)
    replacer.replace(plain, spans, patient_key="warm")
    began = time.perf_counter()
    for n in range(200):
        replacer.replace(plain, spans, patient_key=f"p{n // 5}", document=str(n))
    rate = 200 * len(plain) / (time.perf_counter() - began)
    assert rate > 150_000, f"{rate / 1e6:.2f} MB/s"


def test_ten_megabytes_in_one_line() -> None:
    text = "{NAME=Maria Gonzalez} was seen. " + "word " * 2_000_000 + "{NAME=Gonzalez} left."
    plain, spans = marked(text)
    began = time.perf_counter()
    done = TextReplacer(KEY).replace(plain, spans, patient_key="p")
    assert done.restored() == plain
    assert time.perf_counter() - began < 10
    many = Span(start=0, end=1, label=Label.MRN)
    assert TextReplacer(KEY).replace("7" * 10, (many,)).restored() == "7" * 10
