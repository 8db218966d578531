"""The generator of training documents: exact spans whatever is done to the text, the same text for the same seed."""

import json
import re
import unicodedata
from pathlib import Path
from random import Random

import pytest
from generator import (
    LABELS,
    Document,
    TemplateError,
    checksums,
    documents,
    fill,
    grammar,
    headers,
    roughen,
    titles,
)
from generator.__main__ import main
from generator.blocks import block, signature
from generator.compose import FOLDER
from generator.context import Context
from generator.document import Piece, render
from generator.markov import invented
from generator.people import END, FORMS, IDENTIFIER, new_person
from generator.splice import spliced
from generator.templates import Slot, parse_template, read_templates
from generator.values import cultures, given_names, names, surnames, towns

TEMPLATE = """Patient: {{NAME:p.full}}  DOB: {{DATE:dob}}  MRN: {{MRN:mrn}}
{{-mr:p}} {{NAME:p.last}} came on {{DATE:md_long}} with {{-symptom}}; {{NAME:p.poss}} wife {{NAME:r1.first}} called {{PHONE:phone}}.
Lives at {{LOCATION:street_apt}}, {{LOCATION:city}}, {{-state_abbr}} {{LOCATION:zip}}. Seen by {{NAME:d1.full}}, {{-cred:d1}}.
"He's {{AGE=92}} and won't go to {{LOCATION=O'Hara's}}," she said."""
STEPS = (
    headers.swapped,
    headers.tightened,
    titles.retitled,
    roughen.typos,
    roughen.lost_marks,
    roughen.spaced,
    roughen.wrapped,
    roughen.windows_lines,
    roughen.curly,
    roughen.straight,
    roughen.decomposed,
    roughen.recased,
)


def context(seed: object) -> Context:
    return Context(Random(str(seed)), {})


def bare(text: str) -> str:
    """`text` without what roughening may change in an identifier: case, blanks, accents, quotation marks, dashes."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if c.isalnum())


def labelled(pieces: list[Piece]) -> list[tuple[str | None, str]]:
    return [(piece.label, bare(piece.text)) for piece in pieces if piece.label]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clinic.txt").write_text(
        f"=== one\n{TEMPLATE}\n=== two\nNo one is named here. BP {{{{-bp}}}}.\n"
    )
    (tmp_path / "other_lower.txt").write_text(
        "=== three\nso {{NAME:p.lowerfirst}} are you still on {{-drug}} and " + "ok " * 30
    )
    return tmp_path


def assert_exact(document: Document) -> None:
    end = 0
    for start, stop, label in document.spans:
        assert end <= start < stop <= len(document.text)
        assert document.text[start:stop] == document.text[start:stop].strip()
        assert label in LABELS
        end = stop
    assert not re.search(r"\{\{|\}\}|[\x02\x03]", document.text)


def test_same_seed_same_documents_whatever_their_number(folder: Path) -> None:
    twenty = list(documents(7, 20, folder))
    assert twenty[:8] == list(documents(7, 8, folder))
    assert twenty != list(documents(8, 20, folder))
    assert len({document.text for document in twenty}) == 20


def test_every_template_comes_once_a_round(folder: Path) -> None:
    assert sorted(document.template for document in documents(1, 3, folder)) == ["one", "three", "two"]


def test_spans_of_roughened_documents_are_exact(folder: Path) -> None:
    for document in documents(3, 200, folder):
        assert_exact(document)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_step_leaves_every_identifier_under_its_label(step: object) -> None:
    template = parse_template(TEMPLATE, "t", "s")
    changed = 0
    for seed in range(60):
        ctx = context(seed)
        pieces = fill.fill(template, ctx)
        after = step(pieces, ctx)  # type: ignore[operator]
        assert labelled(after) == labelled(pieces)
        text, spans = render(after)
        assert [(label, bare(text[a:b])) for a, b, label in spans] == labelled(pieces)
        changed += after != pieces
    assert changed


def test_spliced_and_framed_documents_keep_their_identifiers(folder: Path) -> None:
    read = read_templates(folder)
    template = next(t for t in read if t.name == "one")
    for seed in range(80):
        ctx = context(seed)
        pieces = [*block(ctx), *spliced(fill.fill(template, ctx), template, read, ctx), *signature(ctx)]
        text, spans = render(pieces)
        assert [(label, bare(text[a:b])) for a, b, label in spans] == labelled(pieces)


def test_the_possessive_mark_and_the_weekday_stay_outside() -> None:
    pieces = fill.pieces_of(context(1), Slot(label="NAME", kind="poss", person="p"))
    assert [piece.label for piece in pieces] == ["NAME", None]
    for seed in range(200):
        for piece in fill.pieces_of(context(seed), Slot(label="DATE", kind="md_long")):
            assert not (piece.label and re.search("(?i)day", piece.text))


def test_a_person_is_the_same_in_all_forms() -> None:
    ctx = context(5)
    first, full, upper = (FORMS[form](ctx.people["p"]) for form in ("first", "full", "upper"))
    assert first in full
    assert upper == full.upper()
    assert ctx.people["p"] is ctx.people["p"]


@pytest.mark.parametrize(
    ("slot", "same"),
    [
        ("{{MRN=four four 7}}", False),
        ("{{MRN=AB-1234}}", False),
        ("{{LOCATION=Route 9}}", False),
        ("{{LOCATION=the 9 mill}}", True),
        ("{{NAME=Big Mike 2}}", True),
    ],
)
def test_written_out_numbers_vary_and_names_do_not(slot: str, same: bool) -> None:
    template = parse_template(f"{slot} and {slot}", "t", "s")
    found = [
        [piece.text for piece in fill.fill(template, context(seed)) if piece.label] for seed in range(12)
    ]
    assert all(first == second for first, second in found)
    assert (len({first for first, _ in found}) == 1) is same


def test_words_before_a_name_give_its_sex() -> None:
    template = parse_template(
        "his wife {{NAME:r1.first}}, son {{NAME:r2.first}}, Mr. {{NAME:p.last}}", "t", "s"
    )
    assert template.genders == {"r1": "F", "r2": "M", "p": "M"}


@pytest.mark.parametrize("kind", sorted(fill.MAKERS))
def test_every_kind_gives_varied_clean_text(kind: str) -> None:
    found = {fill.MAKERS[kind](context(f"{kind}{i}")) for i in range(25)}
    assert len(found) > 5
    for text in found:
        inner = text.partition(IDENTIFIER)[2].partition(END)[0] if IDENTIFIER in text else text
        assert inner.strip()
        assert "{" not in text


@pytest.mark.parametrize(
    ("slot", "said"),
    [
        ("{{NAME:p.nope}}", "NAME:p.nope"),
        ("{{DATE:nope}}", "DATE:nope"),
        ("{{-nope}}", "-nope"),
        ("{{-num:x}}", "-num:x"),
    ],
)
def test_an_unknown_kind_is_named_with_its_file_and_template(slot: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(f"=== bad\nText {slot}\n")
    with pytest.raises(TemplateError) as raised:
        list(documents(1, 1, tmp_path))
    assert all(part in str(raised.value) for part in ("note.txt", "bad", said))
    assert main(["--check", "--templates", str(tmp_path)]) == 1


@pytest.mark.parametrize(
    "body",
    [
        "=== a\n{{WHO:p.full}}",
        "=== a\n{{NAME p.full}}",
        "=== a\nx\n=== a\ny",
        "text\n=== a\nx",
        "=== a\n{{DATE= }}",
    ],
)
def test_a_malformed_file_is_refused(body: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(body)
    with pytest.raises(TemplateError, match=r"note\.txt"):
        read_templates(tmp_path)


def test_the_repository_s_templates_can_all_be_filled() -> None:
    assert main(["--check", "--templates", str(FOLDER)]) == 0


@pytest.mark.parametrize(
    ("made", "whole"),
    [
        (checksums.luhn("7992739871"), "79927398713"),
        (checksums.npi("123456789"), "1234567893"),
        (checksums.dea("AB", "123456"), "AB1234563"),
        (checksums.vin("1M8GDM9A0KP042788"), "1M8GDM9AXKP042788"),
        (checksums.iban("GB", "WEST12345698765432"), "GB82WEST12345698765432"),
        (checksums.gtin("0061414100041"), "00614141000418"),
    ],
)
def test_check_digits_are_right(made: str, whole: str) -> None:
    assert made == whole


@pytest.mark.parametrize("culture", cultures())
def test_each_culture_has_names_and_invents_others(culture: str) -> None:
    listed = names(culture)
    assert min(len(listed.male), len(listed.female), len(listed.surname)) >= 20
    made = [invented(Random(f"{culture}{i}"), culture, "surname") for i in range(40)]
    known = {name.lower() for name in listed.surname}
    assert sum(name.lower() not in known for name in made) > 30
    assert new_person(Random(culture), culture=culture).given


def test_lists_are_wide() -> None:
    assert len(towns()) > 10_000
    assert len(given_names()) > 10_000
    assert len(surnames()) > 25_000


@pytest.mark.parametrize("part", grammar.symbols())
def test_every_pattern_of_places_can_be_filled(part: str) -> None:
    for i in range(60):
        assert not re.search(r"[{}]|(?<!\w)\|", grammar.expanded(context(i), part))


def test_the_command_line_writes_json_lines(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    assert main(["--seed", "2", "--count", "9", "--templates", str(folder), "--output", str(target)]) == 0
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 9
    assert set(lines[0]) == {"id", "text", "spans", "style", "template"}
    for line in lines:
        assert all(line["text"][s["start"] : s["end"]].strip() for s in line["spans"])
