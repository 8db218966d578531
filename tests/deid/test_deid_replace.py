"""Replacing: surrogates and back, redaction, the Safe Harbor rendering, the second look."""

import random
import re
from datetime import date

import deid_cases
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.core.errors import OslerError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid import Deidentifier, Replacer, dates

ENGINE = Deidentifier.standard()
NOTE = (
    "Patient Name: GONZALEZ, MARIA E.   MRN: 00412345  DOB: 03/02/1951\n"
    "Mrs. Gonzalez (Maria) is a 93-year-old woman seen by Dr. J. Okafor at St. Mary's Hospital on March 14, 2024 "
    "with her daughter Lucia Gonzalez.\nShe lives at 12 Alder St., Apt 4, Salem, OR 97301. Phone (503) 555-0188, "
    "fax 503-555-0199, mg51@mail.example. SSN 123-45-6789.\nMaria's labs on 3/18/2024: Na 140. gonzalez again in June."
)
BORN = KnownIdentifier(label=Label.DATE, value="1951-03-02", birth=True)


def surrogate(
    *texts: str, seed: int = 1, known: tuple[KnownIdentifier, ...] = ()
) -> tuple[Replacer, tuple[str, ...]]:
    replacer = Replacer(ENGINE, known=known, rng=random.Random(seed))
    return replacer, replacer.apply(texts)


def values(replacer: Replacer, text: str, label: Label, n: int = 0) -> list[str]:
    return [text[s.start : s.end] for s in replacer.spans[n] if s.label is label]


def test_a_note_goes_out_without_its_identifiers_and_comes_back_as_it_was() -> None:
    replacer, (out,) = surrogate(NOTE)
    for real in (
        "onzalez",
        "GONZALEZ",
        "Maria",
        "Okafor",
        "00412345",
        "1951",
        "2024",
        "Alder",
        "Salem",
        "97301",
        "6789",
        "mg51",
    ):
        assert real not in out
    assert replacer.restore(out) == NOTE
    assert replacer.leaks([out]) == {}
    assert "is a 9" in out or "is a 10" in out
    assert "OR " in out


def test_one_person_has_one_surrogate_in_every_variant() -> None:
    _, (out,) = surrogate(
        "Maria Gonzalez came. GONZALEZ, MARIA was seen. Mrs. Gonzalez left. Maria's son Tom Gonzalez and M. Gonzalez."
    )
    first = re.match(r"(\w+) (\w+) came", out)
    assert first
    given_name, surname = first.groups()
    assert f"{surname.upper()}, {given_name.upper()} was seen" in out
    assert f"Mrs. {surname} left" in out
    assert f"{given_name}'s son" in out
    assert re.search(rf"\w+ {surname} and {given_name[0]}\. {surname}\.", out)


def test_what_a_model_may_write_is_put_back_too() -> None:
    replacer, (out,) = surrogate(
        "Seen: Maria Gonzalez on 3/2/2024, age 93-year-old, 12 Alder Street, phone (503) 555-0188."
    )
    given_name, surname = out.split()[1:3]
    assert replacer.restore(f"Ms. {surname} ({given_name.upper()})") == "Ms. Gonzalez (MARIA)"
    assert replacer.restore(f"{surname}, {given_name}") == "Gonzalez, Maria"
    moved = dates.read(re.search(r"on ([\d/]+),", out)[1])  # type: ignore[index]
    assert moved is not None
    day = moved.on(0)
    for layout, wanted in (
        ("{Y}-{mm}-{dd}", "2024-03-02"),
        ("{B} {d}, {Y}", "March 2, 2024"),
        ("{m}/{d}/{Y}", "3/2/2024"),
        ("{d} {b} {Y}", "2 Mar 2024"),
        ("{B} {Y}", "March 2024"),
        ("{B} {d}", "March 2"),
    ):
        assert (
            replacer.restore(f"on {dates.write(dates.Written(month=1, layout=layout), day)}.")
            == f"on {wanted}."
        )
    later = dates.write(dates.Written(month=1, layout="{Y}-{mm}-{dd}"), dates.shift(day, 14))
    assert replacer.restore(f"recheck {later}") == "recheck 2024-03-16"
    age = re.search(r"age (\d+)-year", out)[1]  # type: ignore[index]
    assert replacer.restore(f"a {age} year old; SpO2 {age} %") == f"a 93 year old; SpO2 {age} %"
    phone = re.search(r"phone (.*)\.", out)[1]  # type: ignore[index]
    assert replacer.restore(re.sub(r"\D", ".", phone[1:].replace(") ", "."))) == "503.555.0188"


def test_dates_move_together_by_whole_weeks_into_the_surrogate_centuries() -> None:
    text = "Born 3/2/1951, seen 2024-03-14, again March 28, 2024."
    for seed in range(5):
        _, (out,) = surrogate(text, seed=seed)
        found = [
            dates.read(m) for m in re.findall(r"\d+/\d+/\d{4}|\d{4}-\d\d-\d\d|[A-Z][a-z]+ \d+, \d{4}", out)
        ]
        days = [w.on(0) for w in found if w is not None]
        real = [date(1951, 3, 2), date(2024, 3, 14), date(2024, 3, 28)]
        shifts = {(a - b).days for a, b in zip(days, real, strict=True)}
        assert len(shifts) == 1
        assert shifts.pop() % 7 == 0
        assert all(2100 <= d.year <= 2199 for d in days)


def test_dates_without_a_year_get_one_and_come_back_without() -> None:
    replacer, (out,) = surrogate("Admitted 3/14, seen on Jan 5th, off work since March. Today is 4/1/2024.")
    assert len(re.findall(r"\b2[12]\d\d\b", out)) == 4
    assert replacer.restore(out) == "Admitted 3/14, seen on Jan 5th, off work since March. Today is 4/1/2024."


def test_surrogates_differ_from_request_to_request_and_occur_in_no_text() -> None:
    outs = {surrogate(NOTE, seed=seed)[1][0] for seed in range(6)}
    assert len(outs) == 6
    also = "Thornbury and Larkin live in Eldermoor; call 555-0100."
    for seed in range(30):
        replacer = Replacer(ENGINE, rng=random.Random(seed))
        (out,) = replacer.apply(["Dr. Okafor and Mrs. Quill saw Tom Beck."], also_seen=[also])
        assert not set(re.findall(r"[A-Z]\w+", out)) & {
            "Thornbury",
            "Larkin",
            "Eldermoor",
            "Okafor",
            "Beck",
        }


def test_the_default_randomness_is_the_systems() -> None:
    first, second = Replacer(ENGINE), Replacer(ENGINE)
    text = "MRN 00412345 of Maria Gonzalez, 3/2/1951"
    assert first.apply([text]) != second.apply([text])


def test_texts_of_one_request_share_their_surrogates() -> None:
    replacer, (one, two) = surrogate("Mrs. Okonkwo, MRN: 00771234", "okonkwo asks about 00771234")
    name = one.split()[1].rstrip(",")
    number = one.split()[-1]
    assert two == f"{name.lower()} asks about {number}"
    assert replacer.restore(two) == "okonkwo asks about 00771234"
    assert len(replacer.spans) == 2


def test_numbers_keep_their_shape() -> None:
    replacer, (out,) = surrogate("MRN: AB-1234/7x, SSN 123-45-6789, IP 10.1.2.3, serial number PJN88x.")
    mrn = re.match(r"MRN: (\S+),", out)
    assert mrn
    assert re.fullmatch(r"[A-Z]{2}-\d{4}/\d[a-z]", mrn[1])
    assert re.search(r"SSN \d{3}-\d\d-\d{4}", out)
    assert replacer.restore(out) == "MRN: AB-1234/7x, SSN 123-45-6789, IP 10.1.2.3, serial number PJN88x."


def test_restored_text_is_not_looked_at_again() -> None:
    # the real name of one is chosen to be what a surrogate might be; nothing is replaced twice
    replacer, (out,) = surrogate("Dr. Avery Thornbury and Dr. Rowan Larkmere", seed=3)
    assert replacer.restore(out) == "Dr. Avery Thornbury and Dr. Rowan Larkmere"
    assert replacer.restore(replacer.restore(out)) == "Dr. Avery Thornbury and Dr. Rowan Larkmere"


def test_words_of_the_model_are_left_alone() -> None:
    replacer, _ = surrogate(NOTE)
    for text in (
        "She may take 94 mg on day 3/4; SpO2 95 %.",
        "Averyville",
        "Take 1/2 tablet, 8/10 pain.",
        "in 2143 mL",
    ):
        assert replacer.restore(text) == text


def test_spelling_variants_that_cannot_be_told_apart_still_come_back_exactly() -> None:
    text = "Dr. McDonald, Dr. Mcdonald, Dr. MCDONALD, Mr. O'Brien, Mr. O’Brien, Mr. DeShawn and Mr. Deshawn"
    replacer, (out,) = surrogate(text)
    assert replacer.restore(out) == text


@pytest.mark.parametrize("transform", ["redact", "safe-harbor", "none"])
def test_only_surrogates_are_undone(transform: str) -> None:
    replacer = Replacer(ENGINE, transform=transform)  # type: ignore[arg-type]
    (out,) = replacer.apply([NOTE])
    assert replacer.restore(out) == out
    stream = replacer.stream()
    assert stream.feed(out[:50]) + stream.feed(out[50:]) + stream.finish() == out
    if transform == "none":
        assert out == NOTE
        assert replacer.leaks([out])


def test_redaction_puts_labels() -> None:
    replacer = Replacer(ENGINE, transform="redact")
    assert replacer.apply(["Dr. Okafor, 3/14/2024, 93-year-old, ZIP 97301, in June"]) == (
        "Dr. [NAME], [DATE], [AGE]-year-old, ZIP [LOCATION], in [DATE]",
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Seen 3/14/2024 and March 2019, again in June.", "Seen 2024 and 2019, again in [DATE]."),
        ("a 93-year-old woman, aged 91", "a 90+-year-old woman, aged 90+"),
        ("ninety-two years old", "90+ years old"),
        ("Salem, OR 97301 and Rutland, VT 05901", "[LOCATION], OR 973 and [LOCATION], VT 000"),
        ("ZIP 20312-0001", "ZIP 000"),
        ("Dr. Okafor in 2019", "Dr. [NAME] in 2019"),
        ("born in 1928", "born in 1928"),
    ],
)
def test_safe_harbor(text: str, wanted: str) -> None:
    assert Replacer(ENGINE, transform="safe-harbor").apply([text]) == (wanted,)


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("Seen 3/14/2024, DOB 3/2/1928", "Seen"),
        ("born in 1928, smoked since 1950", "smoked since 1950"),
        ("The class of 1928 met.", "met."),
    ],
)
def test_safe_harbor_over_89_leaves_no_date_element(text: str, stays: str) -> None:
    known = (KnownIdentifier(label=Label.DATE, value="1928-03-02", birth=True),)
    (out,) = Replacer(ENGINE, known=known, transform="safe-harbor", over_89=True).apply([text])
    assert "1928" not in out
    assert "2024" not in out
    assert stays in out


def test_restricted_areas_are_the_seventeen_of_the_2000_census() -> None:
    areas = re.findall(r"...", "036059063102203556692790821823830831878879884890893")
    assert len(areas) == 17
    for area in areas:
        assert Replacer(ENGINE, transform="safe-harbor").apply([f"ZIP {area}12"]) == ("ZIP 000",)


def test_leaks_are_counted_by_label() -> None:
    known = (
        KnownIdentifier(label=Label.NAME, value="Maria Gonzalez"),
        KnownIdentifier(label=Label.MRN, value="0041-2345"),
        BORN,
    )
    replacer = Replacer(ENGINE, known=known, transform="redact")
    replacer.apply(["Call Mrs. Quill at (617) 555-0142."])
    assert replacer.leaks(["Gonzalez born March 2, 1951, mrn 00412345"]) == {"DATE": 1, "MRN": 1, "NAME": 1}
    assert replacer.leaks(["quill, (617) 555-0142"]) == {"NAME": 1, "PHONE": 1}
    assert replacer.leaks(["nothing here, gonzalezes"]) == {}


def test_leaks_do_not_cry_over_everyday_words() -> None:
    replacer = Replacer(
        ENGINE, known=(KnownIdentifier(label=Label.NAME, value="Will Young"),), transform="redact"
    )
    replacer.apply(["Mr. Parkinson, 3/14, in March"])
    assert replacer.leaks(["The young man will march on 3/14; Parkinson disease"]) == {}
    assert replacer.leaks(["will young"]) == {"NAME": 1}


def test_a_replacer_serves_one_request() -> None:
    replacer, _ = surrogate("x")
    with pytest.raises(OslerError):
        replacer.apply(["y"])


class Everything:
    """A detector that takes the whole text for an identifier of one kind."""

    name = "everything"

    def __init__(self, label: Label) -> None:
        self._label = label

    def find(self, text: str) -> list[Span]:
        return [Span(start=0, end=len(text), label=self._label)] if text else []


@pytest.mark.parametrize("label", list(Label))
@pytest.mark.parametrize(
    "text", ["x", "1", "王伟", "é", "?", "J. K.", "10 2 3", "a" * 300, "\x00", "née\u0301", "12.5.2024"]
)
def test_whatever_is_called_an_identifier_can_be_replaced_and_put_back(label: Label, text: str) -> None:
    replacer = Replacer(Deidentifier([Everything(label)]), rng=random.Random(2))
    (out,) = replacer.apply([text])
    assert replacer.restore(out) == text
    for transform in ("redact", "safe-harbor"):
        Replacer(Deidentifier([Everything(label)]), transform=transform).apply([text])  # type: ignore[arg-type]


NAMES = st.sampled_from(
    [
        "Maria",
        "Okafor",
        "Nguyen",
        "O'Brien",
        "de la Cruz",
        "Kowalska",
        "Burton100",
        "Żółć",
        "Li",
        "JONES",
        "Smith-Ali",
    ]
)
NUMBERS = st.from_regex(r"[A-Z]?[0-9]{4,9}(-[0-9]{2,4})?", fullmatch=True)
DATES = st.dates(date(1900, 1, 1), date(2035, 12, 31)).flatmap(
    lambda d: st.sampled_from(
        [
            d.isoformat(),
            f"{d.month}/{d.day}/{d.year}",
            f"{d.month}/{d.day}",
            d.strftime("%B %d, %Y"),
            d.strftime("%d%b%Y"),
        ]
    )
)
TEMPLATES = st.sampled_from(
    [
        "Patient Name: {n} {m}\nMRN: {i} DOB {d}",
        "Mrs. {n} saw Dr. {m} on {d}; {n}'s number is {i}.",
        "{n}, {m}: admitted {d}, d/c {e}. Account # {i}",
        "a 9{x}-year-old seen {d} by {n} {m}, MD, ref no. {i}; labs {e}: K 4.{x}",
        "call ({x}17) 555-01{x}4 or {x}175550123 re: {n}",
        "HR 9{x}, pain {x}/10, seen {d}",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    TEMPLATES,
    st.tuples(NAMES, NAMES),
    NUMBERS,
    st.tuples(DATES, DATES),
    st.integers(0, 9),
    st.integers(0, 2**32),
)
def test_round_trip(
    template: str, names: tuple[str, str], i: str, days: tuple[str, str], x: int, seed: int
) -> None:
    text = template.format(n=names[0], m=names[1], i=i, d=days[0], e=days[1], x=x)
    replacer = Replacer(ENGINE, rng=random.Random(seed))
    (out,) = replacer.apply([text])
    assert replacer.restore(out) == text


ODD = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("aàe\u0301 Dr.Smith1/2-@:\r\n\t\x00👩🏽‍⚕️אבגمريم王伟0123456789"),
    ),
    max_size=160,
)


@settings(max_examples=200, deadline=None)
@given(ODD, st.integers(0, 2**32))
def test_any_text_at_all(text: str, seed: int) -> None:
    spans = ENGINE.find(text)
    assert all(0 <= a.start < a.end <= len(text) for a in spans)
    replacer = Replacer(ENGINE, rng=random.Random(seed))
    (out,) = replacer.apply([text])
    assert replacer.restore(out) == text
    Replacer(ENGINE, transform="safe-harbor", over_89=True).apply([text])


def test_every_line_of_the_tables_comes_back() -> None:
    lines = [deid_cases.marked(line)[0] for line in deid_cases.PHI] + deid_cases.CLEAN
    replacer, outs = surrogate(*lines)
    assert [replacer.restore(out) for out in outs] == lines
    for clean, out in zip(deid_cases.CLEAN, outs[-len(deid_cases.CLEAN) :], strict=True):
        assert dates.read(clean) is not None or re.sub(r"\W", "", out) != ""


@pytest.mark.parametrize(
    "text",
    [
        "Dr. José Nu\u0301n\u0303ez saw Zoë",
        "Mrs. Okafor\r\nMRN: 00412345\r\nDOB 3/2/1951\r\n",
        "\u202bהמטופל Dr. Okafor\u202c 3/2/1951",
        "👩🏽‍⚕️ Dr. Okafor 🎂 3/2/1951",
        "Dr. Okafor\x00MRN: 00412345\x00",
        "ﬁrst visit of Dr. Okafor, İstanbul, 3/2/1951",
        "患者王伟は Dr. Okafor 3/2/1951",
    ],
)
def test_scripts_and_controls(text: str) -> None:
    replacer, (out,) = surrogate(text)
    assert "Okafor" not in out
    assert "1951" not in out
    assert replacer.restore(out) == text
