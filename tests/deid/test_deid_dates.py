"""Dates as written: read, written again in the same layout, in all their readings."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.deid import dates

DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))
LAYOUTS = [
    "{Y}-{mm}-{dd}", "{mm}/{dd}/{Y}", "{m}/{d}/{Y}", "{B} {d}, {Y}", "{b} {d} {Y}", "{d} {B} {Y}", "{dd}-{b}-{Y}",
    "{b}. {o}, {Y}", "{o} of {B} {Y}", "{Y}{mm}{dd}", "{m}-{d}-{Y}",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "year", "month", "day"),
    [
        ("3/2/1951", 1951, 3, 2),
        ("03/02/51", 1951, 3, 2),
        ("3/2/24", 2024, 3, 2),
        ("1951-03-02", 1951, 3, 2),
        ("23/3/1951", 1951, 3, 23),
        ("March 2, 1951", 1951, 3, 2),
        ("Mar. 2nd '51", 1951, 3, 2),
        ("2 march 1951", 1951, 3, 2),
        ("02MAR1951", 1951, 3, 2),
        ("march second nineteen fifty one", 1951, 3, 2),
        ("march twenty second two thousand and nine", 2009, 3, 22),
        ("the second", None, None, None),
        ("March 1951", 1951, 3, None),
        ("3/1951", 1951, 3, None),
        ("March", None, 3, None),
        ("Jan 5th", None, 1, 5),
        ("3/14", None, 3, 14),
        ("Christmas 2023", 2023, 12, 25),
        ("2/30/2024", None, None, None),
        ("13/13/2024", None, None, None),
        ("29/2/2023", None, None, None),
        ("", None, None, None),
        ("120/80", None, None, None),
    ],
)
def test_reading(text: str, year: int | None, month: int | None, day: int | None) -> None:
    written = dates.read(text)
    if month is None:
        assert written is None
    else:
        assert written is not None
        assert (written.year, written.month, written.day) == (year, month, day)


@given(DAYS, st.sampled_from(LAYOUTS))
def test_what_is_written_is_read_again(day: date, layout: str) -> None:
    text = dates.write(dates.Written(month=1, layout=layout), day)
    assert day in {w.on(0) for w in dates.read_all(text) if w.full}


@given(DAYS, DAYS, st.sampled_from(LAYOUTS), st.sampled_from(["", "upper", "lower"]))
def test_a_layout_is_kept(day: date, other: date, layout: str, case: str) -> None:
    text = dates.write(dates.Written(month=1, layout=layout, case=case), day)
    written = dates.read(text)
    assert written is not None
    assert dates.write(written, written.on(0)) == text
    again = dates.write(written, other)
    assert again.count(" ") == text.count(" ")
    assert str(other.year) in again


@given(DAYS, st.integers(-40_000, 40_000))
def test_a_shift_keeps_intervals_and_whole_weeks_keep_weekdays(day: date, weeks: int) -> None:
    days = 7 * (weeks % 5_000)
    moved = dates.shift(day, days)
    assert moved - day == timedelta(days=days)
    assert moved.weekday() == day.weekday()


@given(DAYS)
def test_all_common_forms_are_the_same_day(day: date) -> None:
    for form in dates.forms(day):
        readings = dates.read_all(form)
        assert readings, form
        if 1930 <= day.year < 2030:
            assert any(w.full and w.on(0) == day for w in readings), form


@given(st.text(max_size=80))
def test_reading_anything(text: str) -> None:
    written = dates.read(text)
    if written is not None:
        assert dates.write(written, date(2143, 8, 2))
