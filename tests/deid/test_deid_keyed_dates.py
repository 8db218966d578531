"""Dates moved by a secret number of days: every form kept, every interval kept, look-alikes never moved."""

import calendar
import re
from datetime import date, timedelta

import pytest
from deid_marked import marked
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.core.errors import ConfigError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import safe_harbor, written
from osler.deid.keyed import PatientSurrogates, ReplaceOptions, TextReplacer
from osler.deid.keyed.days import DocumentDays, shift_of

KEY = bytes(range(32))


def moved(text: str, days: int) -> str:
    plain, spans = marked(text)
    dates = DocumentDays(plain, spans, days)
    out, at = [], 0
    for edit in sorted((e for s in spans for e in dates.edits(s)), key=lambda e: e.start):
        out += [plain[at : edit.start], edit.new]
        at = edit.end
    return "".join((*out, plain[at:]))


FORMS = [
    ("3/14/2021", "4/3/2021"),
    ("03/14/21", "04/03/21"),
    ("3-14-2021", "4-3-2021"),
    ("12/10/2021", "12/30/2021"),
    ("14.03.2021", "03.04.2021"),
    ("2021-03-14", "2021-04-03"),
    ("2021-03-14T10:30:00Z", "2021-04-03T10:30:00Z"),
    ("3/14/2021 10:30 pm", "4/3/2021 10:30 pm"),
    ("20210314", "20210403"),
    ("20210314103055", "20210403103055"),
    ("03142021", "04032021"),
    ("03/2021", "04/2021"),
    ("2021-03", "2021-04"),
    ("3/14", "4/3"),
    ("March 14, 2021", "April 3, 2021"),
    ("MARCH 14, 2021", "APRIL 3, 2021"),
    ("march 14", "april 3"),
    ("Mar. 14th, 2021", "Apr. 3rd, 2021"),
    ("Sept 3", "Sept 23"),
    ("March the 14th", "April the 3rd"),
    ("March 2021", "April 2021"),
    ("Mar '21", "Apr '21"),
    ("March", "April"),
    ("the 14th of March, 2021", "the 3rd of April, 2021"),
    ("14 March 2021", "3 April 2021"),
    ("14-Mar-2021", "03-Apr-2021"),
    ("14MAR21", "03APR21"),
    ("02-May-2021", "22-May-2021"),
    ("2021 March 14", "2021 April 3"),
    ("the third of may", "the twenty third of may"),
    ("march twenty second two thousand and nine", "april eleventh two thousand and nine"),
    ("march second nineteen fifty one", "march twenty second nineteen fifty one"),
    ("third of may twenty twenty one", "twenty third of may twenty twenty one"),
    ("three slash fourteen slash twenty twenty one", "four slash three slash twenty twenty one"),
    ("oh three fourteen nineteen fifty", "oh four three nineteen fifty"),
    ("3/1-3/5/21", "3/21-3/25/21"),
    ("3/1/21 - 3/5/21", "3/21/21 - 3/25/21"),
    ("March 14-16, 2024", "April 3-5, 2024"),
    ("March 8-16, 2024", "March 28-April 5, 2024"),
    ("March 14 and 16", "April 3 and 5"),
    ("14-16 March 2021", "3-5 April 2021"),
    ("June 3 to June 9", "June 23 to June 29"),
    ("Dec 30-Jan 2, 2020", "Jan 19-Jan 22, 2020"),
    ("12/20/2199", "01/09/2200"),
    ("Jan 5, 2250", "Jan 25, 2250"),
    ("Jan 5, 1899", "Jan 25, 1899"),
    ("5-21", "6-10"),
    ("5.3", "5.23"),
    ("84-01-06", "84-01-26"),
    ("Jan 21 12", "Feb 10 12"),
    ("april first seventy nine", "april twenty first seventy nine"),
    ("five, twenty-three, ninety-eight", "six, twelve, ninety-eight"),
    ("the 10th", "the 30th"),
]


@pytest.mark.parametrize(("before", "after"), FORMS, ids=[a for a, _ in FORMS])
def test_a_date_keeps_its_form(before: str, after: str) -> None:
    assert moved(f"seen {{DATE={before}}}.", 20) == f"seen {after}."


@pytest.mark.parametrize(
    "text",
    [
        "2/30/2024",
        "13/13/2024",
        "29/2/2023",
        "120/80",
        "3/14/0021",
        "1/2/3024",
        "Octember 5",
        "the other day",
        "99/99",
    ],
)
def test_what_is_no_date_is_not_moved(text: str) -> None:
    assert moved(f"{{DATE={text}}}", 20) == "[DATE]"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Admitted {DATE=3/30/2021}, home on {DATE=the 4th}", "Admitted 4/9/2021, home on the 14th"),
        ("{DATE=12/28/2020}, again {DATE=1/3}", "1/7/2021, again 1/13"),
        ("{DATE=14/03/2021}, then {DATE=05/04/2021}", "24/03/2021, then 15/04/2021"),
        ("{DATE=3/14/2021}, then {DATE=5/4/2021}", "3/24/2021, then 5/14/2021"),
        ("on {DATE=Feb 29}", "on Mar 10"),
        ("Monday, {DATE=March 15, 2021}", "Thursday, March 25, 2021"),
        ("{DATE=3/15/21} (Mon)", "3/25/21 (Thu)"),
        ("on mon {DATE=3/15}", "on thu 3/25"),
        ("Monday she came", "Monday she came"),
        ("Christmas was fine", "Christmas was fine"),
    ],
)
def test_what_stands_around_a_date_helps_and_moves_along(text: str, wanted: str) -> None:
    assert moved(text, 10) == wanted


def test_whole_weeks_leave_the_days_of_the_week() -> None:
    assert moved("Monday, {DATE=March 15, 2021}", 14) == "Monday, March 29, 2021"


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("Christmas", "Christmas"),
        ("thanksgiving 2019", "thanksgiving"),
        ("the Fourth of July", "July"),
        ("Ramadan", "Ramadan"),
        ("the day after Easter", "Easter"),
        ("XMAS", "CHRISTMAS"),
    ],
)
def test_a_holiday_becomes_another_one(text: str, never: str) -> None:
    seen = {moved(f"since {{DATE={text}}}", days).removeprefix("since ") for days in range(-365, 366, 5)}
    assert not [out for out in seen if never in out or "[DATE]" in out]
    assert 8 < len(seen) < 60
    if text[0] in "tX":
        assert all(out.islower() == text.islower() and out.isupper() == text.isupper() for out in seen)
    assert not text[-1].isdecimal() or {out[-4:] for out in seen} == {"2018", "2019", "2020"}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.dates(date(1901, 1, 1), date(2190, 12, 31)), min_size=2, max_size=5),
    st.sampled_from(
        ["{Y}-{mm}-{dd}", "{m}/{d}/{Y}", "{B} {d}, {Y}", "{dd}-{b}-{Y}", "{d} {B} {Y}", "{Y}{mm}{dd}"]
    ),
    st.binary(min_size=32, max_size=32),
    st.booleans(),
)
def test_intervals_stay(days: list[date], layout: str, key: bytes, weeks: bool) -> None:
    text, spans = marked("; ".join(f"{{DATE={shown(layout, d)}}}" for d in days))
    replacer = TextReplacer(key, ReplaceOptions(whole_weeks=weeks))
    new = [
        m.on(0)
        for part in replacer.replace(text, spans, patient_key="p").text.split("; ")
        for m in written.read(part)
    ]
    shift = replacer.patient("p").shift(365, whole_weeks=weeks)
    assert [n - d for n, d in zip(new, days, strict=True)] == [timedelta(days=shift)] * len(days)
    assert 0 < abs(shift) <= 365
    assert not weeks or (shift % 7 == 0 and [n.weekday() for n in new] == [d.weekday() for d in days])


def shown(layout: str, day: date) -> str:
    name = calendar.month_name[day.month]
    values = {
        "Y": f"{day.year:04d}", "B": name, "b": name[:3], "m": str(day.month), "mm": f"{day.month:02d}",
        "d": str(day.day), "dd": f"{day.day:02d}",
    }  # fmt: skip
    return re.sub(r"\{(\w+)\}", lambda m: values[m[1]], layout)


@given(st.binary(min_size=32, max_size=32), st.integers(1, 36_500), st.booleans())
def test_a_shift_is_never_nothing_and_never_too_far(key: bytes, most: int, weeks: bool) -> None:
    if weeks and most < 7:
        with pytest.raises(ConfigError):
            shift_of(key, most, whole_weeks=weeks)
        return
    days = shift_of(key, most, whole_weeks=weeks)
    assert 0 < abs(days) <= most
    assert days == shift_of(key, most, whole_weeks=weeks)
    assert not weeks or days % 7 == 0


def test_shifts_go_both_ways_and_differ() -> None:
    shifts = {PatientSurrogates.of(KEY, f"p{n}").shift(365) for n in range(200)}
    assert len(shifts) > 120
    assert min(shifts) < -250 < 250 < max(shifts)


@settings(max_examples=200)
@given(
    st.text(alphabet=st.sampled_from("0123456789/-. ,'marchtwentyfirstof JunethaprilT:Z\n’é"), max_size=40)
)
def test_reading_fails_on_nothing(text: str) -> None:
    for mention in written.read(text):
        day = mention.on(2020)
        assert mention.month is None or day.month == mention.month
        written.put(text, written.read(text), [day] * len(written.read(text)))


# -- Safe Harbor


def rendered(text: str, *known: KnownIdentifier, today: date | None = date(2026, 1, 1)) -> str:
    plain, spans = marked(text)
    replacer = TextReplacer(KEY, ReplaceOptions(mode="safe-harbor"))
    return replacer.replace(plain, spans, known=known, today=today).text


BORN_1951 = KnownIdentifier(label=Label.DATE, value="1951-03-02", birth=True)
BORN_1928 = KnownIdentifier(label=Label.DATE, value="1928-03-02", birth=True)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("seen {DATE=3/14/2024}, {DATE=March 2019} and in {DATE=June}", "seen 2024, 2019 and in [DATE]"),
        ("{DATE=12/30/2019 - 1/2/2020}", "2019-2020"),
        ("{DATE=march second nineteen fifty one}", "1951"),
        ("{DATE=3/14/21}", "2021"),
        ("DOB {DATE=3/2/51}", "DOB 1951"),
        ("{DATE=20210314103055}", "2021"),
        ("{DATE=Christmas}", "[DATE]"),
        ("DOB {DATE=3/2/28}, seen {DATE=3/14/21}", "DOB [DATE], seen [DATE]"),
        ("a {AGE=94}-year-old woman seen {DATE=3/14/2021}", "a 90+-year-old woman seen [DATE]"),
        ("turned {AGE=ninety-two} in 2011", "turned 90+ in [DATE]"),
        (
            "her mother died at {AGE=94} in 2011; seen {DATE=3/14/2021}",
            "her mother died at 90+ in 2011; seen 2021",
        ),
        ("born {DATE=3/2/1930}, seen {DATE=3/14/2021}", "born [DATE], seen [DATE]"),
        ("born {DATE=3/2/1940}, seen {DATE=3/14/2021}", "born 1940, seen 2021"),
        ("{LOCATION=97301}, {LOCATION=05901-1234}, {LOCATION=Salem}", "973, 000, [LOCATION]"),
    ],
)
def test_safe_harbor(text: str, wanted: str) -> None:
    assert rendered(text) == wanted


def test_safe_harbor_knows_the_record() -> None:
    assert rendered("seen {DATE=3/14/2021}, class of 1928", BORN_1928) == "seen [DATE], class of [DATE]"
    assert rendered("seen {DATE=3/14/2021}, class of 1951", BORN_1951) == "seen 2021, class of 1951"
    # without a day of today the latest year of the text decides
    assert rendered("born {DATE=3/2/1940}", today=None) == "born 1940"
    assert rendered("born {DATE=3/2/1930}, now 2021", today=None) == "born [DATE], now 2021"


def test_small_areas_are_those_of_the_census_that_the_file_names() -> None:
    assert safe_harbor.CENSUS == "2000"
    assert len(safe_harbor.restricted()) == 17
    assert all(safe_harbor.area(z) == "000" for z in safe_harbor.restricted())
