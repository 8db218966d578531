"""HL7 v2: delimiters, escapes, the field table, texts over several lines, batches, the second look."""

import random
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from osler.core.errors import GuardUnavailable, InputError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Span
from osler.deid import Deidentifier
from osler.deid.accounting import Outcome
from osler.deid.hl7 import deidentify, rules
from osler.deid.hl7.syntax import Delimiters, Raw, decoded, encoded, segments
from osler.deid.hl7.treat import leaves
from osler.deid.session import Mode, Session

ENGINE = Deidentifier.load(fast=True)
TODAY = date(2026, 11, 20)
MODES: tuple[Mode, ...] = ("safe-harbor", "redact", "surrogate")

LINES = (
    r"MSH|^~\&|EPIC|STMARY^1.2.3^ISO|LAB|QUEST|20240314093000-0500||ORU^R01^ORU_R01|MSG00412|P|2.5.1",
    r"PID|1||00412345^^^STMARY^MR~987-65-4329^^^USA^SS||ZQVIST^ORLAITH^E^^MRS||19510302|F|ZQ^OLLI|2106-3^White^HL70005|"
    r"12 ALDER ST^APT 4^SALEM^OR^97301-1234^USA^H|MARION|(503)555-0188^PRN^PH^^^503^5550188|||M||ACC7788991|123-45-6789|"
    r"||  |GRAFTON SPRINGS",
    r"NK1|1|ZQVIST^BRONAGH|DAU^Daughter|14 BIRCH RD^^SALEM^OR^97302|503-555-0199",
    r"PV1|1|I|4W^412^A^STMARY||||1234567893^OKAFOR^JAMES^^^DR^MD||||||||||||V998877",
    r"ZPI|1|secret|Orlaith",
    r"ORC|RE|ORD778812",
    r"OBR|1|ORD778812|FIL99213|24331-1^LIPID PANEL^LN|||20240314||||||fasting \T\ seen by Dr. Okafor",
    r"OBX|1|NM|2093-3^Cholesterol^LN||195|mg/dL^^UCUM|<200|N|||F|||20240314",
    r"OBX|2|TX|8251-1^Note^LN||Orlaith E. Zqvist was seen on March 14, 2024 with||||||F",
    r"OBX|3|TX|8251-1^Note^LN||Bronagh.\.br\By Dr. James O\X6B\afor \T\ team. H\T\H 12.1 & stable, chart 00412345, ||||||F",
    r"OBX|4|ED|PDF^Report||^application^pdf^Base64^JVBERi0x||||||F",
    r"OBX|5|XPN|X^Contact||DOE^JANE||||||F",
    r"OBX|6|DT|X^Date||20240101||||||F",
    r"NTE|1||Bronagh called (503) 555-0199; born in Grafton Springs; order ORD778812.",
    r"DG1|1||E78.5^Hyperlipidemia^I10C||20240314|W",
)
MESSAGE = "\r".join(LINES) + "\r"
REAL = (
    "STMARY", "00412345", "987-65-4329", "ZQVIST", "Zqvist", "ORLAITH", "Orlaith", "OLLI", "ALDER", "SALEM", "97301",
    "555-0188", "5550188", "ACC7788991", "123-45-6789", "GRAFTON", "Grafton", "BRONAGH", "Bronagh", "BIRCH", "555-0199",
    "4W", "1234567893", "OKAFOR", "Okafor", "V998877", "secret", "ORD778812", "FIL99213", "MSG00412", "JVBER", "DOE",
    "JANE", "EPIC", "QUEST", "MARION", "0314", "March", "19510302",
)  # fmt: skip


def session(mode: Mode = "safe-harbor", seed: int = 1, **more: Any) -> Session:
    return Session(ENGINE, today=TODAY, mode=mode, rng=random.Random(seed), **more)


def run(message: str, mode: Mode = "safe-harbor") -> str:
    return deidentify(message, session(mode))[0]


def fields(message: str, name: str, nth: int = 0) -> list[str]:
    """The fields of the nth segment of that name, by number from 1."""
    return ["", *[s for s in segments(message) if s.name == name][nth].fields]


def message(*lines: str) -> str:
    return "\r".join((r"MSH|^~\&|A|B|||20240101||ADT^A01|1|P|2.5", *lines)) + "\r"


@pytest.mark.parametrize("mode", MODES)
def test_a_message_goes_out_without_its_identifiers(mode: Mode) -> None:
    out, account = deidentify(MESSAGE, session(mode))
    assert [real for real in REAL if real in out] == []
    total = sum(leaves(f, s.delimiters) for s in segments(MESSAGE) for f in s.fields if s.name != "MSH")
    header = next(segments(MESSAGE))
    total += 2 + sum(leaves(f, header.delimiters) for f in header.fields[2:])
    assert account.total == total
    assert out.count("\r") == len(LINES) - 1
    assert "ZPI" not in out
    pid = fields(out, "PID")
    assert pid[8] == "F"
    assert pid[10] == "2106-3^White^HL70005"
    assert pid[11].split("^")[3] == "OR"
    assert fields(out, "OBX")[5] == "195"
    assert fields(out, "OBX", 3)[5] == ""
    assert r"H\T\H 12.1 & stable" in out.replace("H&H", r"H\T\H")
    assert r".\.br\By Dr. " in out


@pytest.mark.parametrize("mode", MODES)
def test_the_output_can_be_read_and_de_identified_again(mode: Mode) -> None:
    out = run(MESSAGE, mode)
    again, _ = deidentify(out, session(mode, seed=2))
    assert [s.name for s in segments(again)] == [s.name for s in segments(out)]


def test_surrogates_are_the_same_in_fields_and_text() -> None:
    out = run(MESSAGE, "surrogate")
    family, given, *_ = fields(out, "PID")[5].split("^")
    text = fields(out, "OBX", 1)[5]
    assert text.startswith(given.capitalize())
    assert family.capitalize() in text
    assert fields(out, "PID")[3].split("^")[0] in fields(out, "OBX", 2)[5]
    assert fields(out, "OBR")[2] == fields(out, "ORC")[2]
    assert fields(out, "OBR")[2] in fields(out, "NTE")[3]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end"])
def test_line_ends_stay_as_they_are(end: str, last: str) -> None:
    source = end.join(LINES) + (end if last else "")
    out = run(source)
    assert out.count(end) == len(LINES) - 2 + bool(last)
    assert len(out.split(end)) == out.count(end) + 1
    assert re.sub(r"\r\n|\r|\n", "", out) == re.sub(r"[\r\n]", "", run(MESSAGE))


def test_other_delimiters_are_those_of_the_header() -> None:
    source = "\r".join(
        ("MSH$%*!@$A$B", "PID$1$$00412345%%%X%MR*777%%%X%PI$$Zqvist@von%Orlaith", "NTE$1$$a!S!b Zqvist $$")
    )
    out = run(source)
    pid = fields(out, "PID")
    assert pid[5] == "[NAME]@[NAME]%[NAME]"
    assert re.fullmatch(r"ID\w{10}%%%%MR\*ID\w{10}%%%%PI", pid[3])
    assert fields(out, "NTE")[3] == "a!S!b [NAME] "


@pytest.mark.parametrize(
    "source",
    ["", "PID|1", "MSH", "MSH|", "MSH|^^~&", "MSHA^~", "hello Maria", "MSH ^~\\& ", r'{"MSH": "Maria"}'],
)
def test_what_is_no_message_is_refused_without_its_text(source: str) -> None:
    with pytest.raises(InputError) as caught:
        run(source)
    assert "Maria" not in str(caught.value)
    assert caught.value.remedy


def test_a_batch_keeps_its_frame_and_its_messages_apart() -> None:
    one = r"MSH|^~\&|A|B|||20240101||ADT^A01|1|P|2.5"
    source = "\n".join(
        (
            r"FHS|^~\&|STMARY|X|||20240101|maria.hl7|Maria||FILE778812",
            r"BHS|^~\&|STMARY|X|||20240101|||batch for Maria|B778812",
            one, "PID|1||1234567||Zqvist^Orlaith", "NTE|1||Zqvist came.",
            one, "PID|1||1234568||Qwrtz^Bronagh", "NTE|1||Qwrtz came.",
            "BTS|2|Maria", "FTS|1",
        )
    )  # fmt: skip
    out = run(source)
    assert [s.name for s in segments(out)] == [s.name for s in segments(source)]
    assert not [w for w in ("Maria", "maria", "STMARY", "778812", "Zqvist", "Qwrtz", "123456") if w in out]
    assert fields(out, "BTS")[1] == "2"


def test_lines_that_are_no_segments_are_dropped_and_counted() -> None:
    out, account = deidentify(message("PID|1||1234567||Zqvist", "and Maria said|so", "zzz|Maria"), session())
    assert "Maria" not in out
    assert account.paths["?", Outcome.REMOVED] == 2


DATES = [
    ("safe-harbor", "20240314", "2024"),
    ("safe-harbor", "202403141011", "2024"),
    ("safe-harbor", "20240314101112.1234+0100", "2024"),
    ("safe-harbor", "2024", "2024"),
    ("safe-harbor", "20240230", ""),
    ("safe-harbor", "March 14", ""),
    ("safe-harbor", "19300101", ""),
    ("safe-harbor", '""', '""'),
    ("redact", "20240314", ""),
]


@pytest.mark.parametrize(("mode", "value", "expected"), DATES)
def test_dates_become_years_or_go(mode: Mode, value: str, expected: str) -> None:
    assert [*fields(run(message(f"DG1|1||X||{value}|W"), mode), "DG1"), ""][5] == expected


def test_a_shift_keeps_intervals_precision_time_and_zone() -> None:
    out = fields(run(message("EVN|A01|202402272300-0500|20240301"), "surrogate"), "EVN")
    first, second = (date.fromisoformat(f"{v[:4]}-{v[4:6]}-{v[6:8]}") for v in out[2:4])
    assert (second - first).days == 3
    assert out[2][8:] == "2300-0500"
    assert first != date(2024, 2, 27)


@pytest.mark.parametrize("mode", MODES)
def test_over_89_no_year_of_birth_stays(mode: Mode) -> None:
    out = run(
        message("PID|1||1234567||Zqvist^O||19300302|F", "NTE|1||Born 3/2/1930, 96 years old.", "OBX|1|NM|30525-0^Age^LN||80|a"),
        mode,
    )  # fmt: skip
    assert fields(out, "PID")[7] == ""
    assert "1930" not in out
    assert "96" not in fields(out, "NTE")[3]
    assert fields(out, "OBX")[5] == ""


@pytest.mark.parametrize(("age", "expected"), [("97", "90"), ("61", "61"), ("90", "90"), ("89", "89")])
def test_an_age_over_89_is_one_category(age: str, expected: str) -> None:
    out = run(message("PID|1||1234567", f"OBX|1|NM|30525-0^Age^LN||{age}|a"))
    assert fields(out, "OBX")[5] == expected


VALUES = [
    ("NM", "12.5", "12.5"),
    ("NM", "seen by Dr. Okafor", "seen by Dr. [NAME]"),
    ("NM", "123456789012", None),
    ("SN", ">^120", ">^120"),
    ("ST", "Dr. James Okafor", "Dr. [NAME]"),
    ("", "Dr. James Okafor", "Dr. [NAME]"),
    ("CE", "260385009^Negative^SCT", "260385009^Negative^SCT"),
    ("CWE", "x^Dr. James Okafor^L", "x^Dr. [NAME]^L"),
    ("TM", "101500", "101500"),
    ("TM", "Okafor", ""),
    ("DTM", "20240101", "2024"),
    ("XPN", "DOE^JANE^^JR", "[NAME]^[NAME]"),
    ("XAD", "1 Elm St^^Salem^OR^97301", "^^^OR^973"),
    ("XTN", "503-555-0188", "[PHONE]"),
    ("ED", "^TEXT^^Base64^Sm9obg==", ""),
    ("RP", "file:///maria.pdf", ""),
    ("QQ", "Maria", ""),
]


@pytest.mark.parametrize(("kind", "value", "expected"), VALUES)
def test_an_observation_is_treated_by_its_type(kind: str, value: str, expected: str | None) -> None:
    out = run(message(f"OBX|1|{kind}|1^X^LN||{value}||||||F"))
    got = fields(out, "OBX")[5]
    assert got == expected or (expected is None and value not in got)


def test_a_text_over_several_lines_is_seen_as_one() -> None:
    lines = ("Discharged home with her mother, Mrs.", "Thandiwe, this morning.")
    out = run(message(*(f"OBX|{i}|TX|1^N^LN||{line}||||||F" for i, line in enumerate(lines, 1))))
    assert not re.search("Thandiwe", out)
    assert out.count("OBX") == 2


def test_a_site_can_name_its_own_segments() -> None:
    data = {
        "segments": {"ZPI": {"1": "number", "2": "XPN"}, "MSH": {}},
        "types": {"XPN": {"1": "name"}},
        "values": {},
        "codes": {"published": [], "ages": []},
    }
    out, _ = deidentify(message("ZPI|1|Zqvist^x|y", "PID|1"), session(), rules=rules.parsed(data))
    assert out.split("\r")[1:] == ["ZPI|1|[NAME]", ""]


def test_every_type_that_the_table_names_is_known() -> None:
    table = rules.load()
    actions = {
        "code",
        "number",
        "time",
        "date",
        "birth",
        "text",
        "name",
        "title",
        "id",
        "phone",
        "email",
        "street",
    }
    actions |= {"place", "state", "zip", "country"}
    kinds = {r.kind for row in table.segments.values() for r in row.values()} | {
        r.kind for r in table.values.values()
    }
    kinds |= {kind for row in table.types.values() for kind in row.values()}
    assert kinds <= actions | table.types.keys() | {"by OBX-2"}


class _Blind:
    """A text engine that finds nothing."""

    def find_all(
        self, texts: Sequence[str], known: Sequence[KnownIdentifier] = ()
    ) -> tuple[tuple[Span, ...], ...]:
        return ((),) * len(texts)

    find_terms = find_all


@pytest.mark.parametrize("text", ["zqvist came", "chart 0012-3456", r"Z\X71\vist", "call (503) 555-0188"])
def test_the_second_look_refuses_what_still_names_the_patient(text: str) -> None:
    source = message("PID|1||00123456||Zqvist^Orlaith||||||||503-555-0188|", f"NTE|1||{text}")
    with pytest.raises(GuardUnavailable) as caught:
        deidentify(source, Session(_Blind(), today=TODAY))  # type: ignore[arg-type]
    assert "zqvist" not in str(caught.value).lower()


# -- escapes

MARKS = st.permutations(list("|^~\\&$%*!@#")).map(
    lambda c: Delimiters(field=c[0], component=c[1], repetition=c[2], escape=c[3], subcomponent=c[4])
)
TEXT = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from(list("|^~\\&$%*!@XFSTRE.br\r\n\t")),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(TEXT, MARKS)
def test_escapes_round_trip(text: str, delimiters: Delimiters) -> None:
    written = encoded([text], delimiters)
    assert decoded(written, delimiters) == ([text] if text else [])
    assert not set(written) & set(delimiters.all.replace(delimiters.escape, ""))
    assert "\r" not in written


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(TEXT.filter(bool), st.sampled_from([".br", ".sp2", "H", "N", ".in+4"])), max_size=4),
    MARKS,
)
def test_formatting_escapes_round_trip(rows: list[tuple[str, str]], delimiters: Delimiters) -> None:
    assume("X" not in delimiters.all)
    tokens = [token for text, code in rows for token in (text, Raw(code=code))]
    assert decoded(encoded(tokens, delimiters), delimiters) == tokens


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_reading_what_was_read_and_written_changes_nothing(text: str) -> None:
    d = Delimiters()
    first = decoded(text, d)
    again = decoded(encoded(first, d), d)
    assert "".join(t for t in again if isinstance(t, str)) == "".join(t for t in first if isinstance(t, str))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"\X4A6F686E\ \XC3A9\ \XE9\ ", "John é é "),
        (r"c:\dir\file", r"c:\dir\file"),
        (r"\Zvendor\x\C2842\y", "xy"),
        ("\\", "\\"),
        (r"\.br", r"\.br"),
        (r"\X4\ ", r"\X4\ "),
    ],
)
def test_what_escapes_mean(text: str, expected: str) -> None:
    assert "".join(t for t in decoded(text, Delimiters()) if isinstance(t, str)) == expected


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["PID", "OBX", "NTE", "PV1", "ZZZ", "NK1"]),
            st.text('|^~\\&ab 12.X"é', max_size=30),
        ),
        max_size=5,
    ),
    st.sampled_from(MODES),
)
def test_whatever_stands_in_a_message_is_accounted_for_and_read_again(
    rows: list[tuple[str, str]], mode: Mode
) -> None:
    source = message(*(f"{name}|{text}" for name, text in rows))
    try:
        out, account = deidentify(source, session(mode))
    except GuardUnavailable:
        return
    body = list(segments(source))[1:]
    header = sum(leaves(f, Delimiters()) for f in next(segments(source)).fields[2:]) + 2
    assert account.total == header + sum(leaves(f, s.delimiters) for s in body for f in s.fields)
    names = [s.name for s in segments(out)]
    assert names == [s.name for s in segments(source) if s.name != "ZZZ"]


@pytest.mark.parametrize("mode", ["safe-harbor", "surrogate"])
def test_a_known_name_in_any_field_does_not_stay(mode: Mode) -> None:
    value = "Okafor&Okafor^" + "^".join(["okafor"] * 12) + "~OKAFOR^Okafor"
    rows = [
        f"{name}|" + "|".join([value] * 60)
        for name in rules.load().segments
        if name[1:] not in ("SH", "HS", "TS")
    ]
    out = run(message("PID|1||1234567||Okafor^Thandiwe", *rows), mode)
    assert "okafor" not in out.lower()


@pytest.mark.parametrize("term", ["Navajo", "Prediabetes", "Childbirth", "Ebola Zaire"])
def test_terms_of_published_code_lists_stay_and_identifiers_in_them_go(term: str) -> None:
    source = message("PID|1||00412345||Zqvist^Orlaith", f"DG1|1||1^{term}^I10C", "DG1|2||1^CT of Zqvist^I10C")
    out = run(source)
    assert fields(out, "DG1")[3] == f"1^{term}^I10C"
    assert fields(out, "DG1", 1)[3] == "1^CT of [NAME]^I10C"
