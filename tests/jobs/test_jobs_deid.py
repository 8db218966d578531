"""The de-identification task: each record a line, errors without content, replaced text, rosters."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from osler.core.errors import GuardUnavailable
from osler.core.ports.detector import KnownIdentifier
from osler.deid import Deidentifier
from osler.deid.keyed import ReplaceOptions
from osler.jobs import Batch, Done, Position, Record, Seed
from osler.jobs.deid import DeidTask
from osler.jobs.roster import Roster

SEED = Seed(key=b"k" * 32, day=date(2026, 1, 2))
CANARY = "Zebulon Quartermain"


class Exploding:
    """An engine that fails at one text, and with it at every batch in which that text is."""

    def __init__(self) -> None:
        self._engine = Deidentifier.load(fast=True)

    def find(self, text: str, known: Sequence[KnownIdentifier] = ()) -> Any:
        if "explode" in text:
            raise ValueError(text)
        if "guarded" in text:
            raise GuardUnavailable("The detector 'x' failed.", remedy="Repair it.")
        return self._engine.find(text, known)

    def find_many(self, texts: Sequence[str], known: Any = None) -> Any:
        return tuple(self.find(text, row) for text, row in zip(texts, known, strict=True))


ENGINE = Exploding()


def engine() -> Exploding:
    return ENGINE


def task(**options: Any) -> DeidTask:
    mode = options.pop("mode", "spans")
    replacing = None if mode == "spans" else ReplaceOptions(mode=mode)
    return DeidTask(**{"engine": engine, "options": replacing, "format": "jsonl", "seed": SEED, **options})


def work(made: DeidTask, *lines: bytes, first: int = 1) -> Done:
    records = tuple(Record(number=n, data=line) for n, line in enumerate(lines, first))
    return made.start()(Batch(records=records, after=Position()))


def out(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.streams[0].splitlines()]


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


BAD: list[tuple[str, bytes, Any]] = [
    ("empty", b"", 1),
    ("blank", b"  \t", 1),
    ("no JSON", CANARY.encode(), 1),
    ("cut off", b'{"id": "a", "text": "' + CANARY.encode(), 1),
    ("a list", b'["' + CANARY.encode() + b'"]', 1),
    ("a null byte", b'{"id": "a\0", "text": "' + CANARY.encode() + b'"}', 1),
    ("latin-1", '{"id": "a", "text": "Quartermain ï"}'.encode("latin-1"), 1),
    ("no text", b'{"id": "a"}', "a"),
    ("text is a number", b'{"id": "a", "text": 900276614}', "a"),
    ("text is null", b'{"id": "a", "text": null}', "a"),
    ("an id that is an object", b'{"id": {"x": 1}, "text": "x"}', 1),
    ("an id that is true", b'{"id": true, "text": "x"}', 1),
    ("an infinite id", b'{"id": 1e999, "text": "x"}', 1),
    ("a key that is a list", b'{"id": "a", "text": "x", "patient_key": ["Quartermain"]}', "a"),
    ("deep", b"[" * 100_000, 1),
    ("deep inside", b'{"id": "a", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b', "text": "x"}', 1),
    ("the engine fails", line(id="a", text=f"explode {CANARY}"), "a"),
    ("a guard fails", line(id="a", text=f"guarded {CANARY}"), "a"),
]


@pytest.mark.parametrize(("data", "identifier"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
@pytest.mark.parametrize("mode", ["spans", "redact"])
def test_a_line_that_fails_fails_alone_and_says_nothing(data: bytes, identifier: Any, mode: str) -> None:
    done = work(task(mode=mode), data, line(id="good", text="Seen by Dr. Ann Whitfield."))
    bad, good = out(done)
    assert set(bad) == {"id", "spans", "error"}
    assert bad["id"] == identifier
    assert bad["spans"] == []
    assert "Quartermain" not in bad["error"]
    assert len(bad["error"]) < 100
    assert good["id"] == "good"
    assert [s["label"] for s in good["spans"]] == ["NAME"]
    assert (done.tally.records, done.tally.failed) == (2, 1)


@pytest.mark.parametrize("identifier", ["a", "", "é😀", 7, -1, 1.5, 123456789012345678901234567890, "a\n\"'"])
def test_ids_come_back_as_they_are(identifier: Any) -> None:
    (answer,) = out(work(task(), line(id=identifier, text="x")))
    assert answer["id"] == identifier
    assert type(answer["id"]) is type(identifier)


def test_a_text_without_id_has_its_line_number() -> None:
    answers = out(work(task(), line(text="x"), line(id=None, text="x"), first=41))
    assert [a["id"] for a in answers] == [41, 42]


TEXTS = [
    "Seen by Dr. Ann Whitfield.\r\nCall 617-555-0142.",
    "e\u0301 😀 Dr. Ann Whitfield \u202eabc\u202c 617-555-0142",
    "\ufeffDr. Ann Whitfield, 617-555-0142",
    "null \0 byte. Dr. Ann Whitfield, 617-555-0142",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_offsets_are_code_points_of_the_text_as_given(text: str, ascii_only: bool) -> None:
    data = json.dumps({"id": "a", "text": text}, ensure_ascii=ascii_only).encode()
    (answer,) = out(work(task(), data))
    found = {s["label"]: text[s["start"] : s["end"]] for s in answer["spans"]}
    assert found == {"NAME": "Ann Whitfield", "PHONE": "617-555-0142"}
    assert list(answer["spans"][0]) == ["start", "end", "label", "score", "detector"]


def test_half_of_a_pair_keeps_the_offsets() -> None:
    data = b'{"id": "a", "text": "\\ud800 Dr. Ann Whitfield \\udc00 617-555-0142"}'
    (answer,) = out(work(task(mode="redact"), data))
    assert answer["text"] == "\ufffd Dr. [NAME] \ufffd [PHONE]"


def test_redacted_lines_have_text_and_spans() -> None:
    text = "Dr. Ann Whitfield, 617-555-0142"
    (answer,) = out(work(task(mode="redact"), line(id="a", text=text)))
    assert list(answer) == ["id", "text", "spans"]
    assert answer["text"] == "Dr. [NAME], [PHONE]"
    assert text[slice(answer["spans"][1]["start"], answer["spans"][1]["end"])] == "617-555-0142"


def test_surrogates_depend_on_the_secret_and_on_nothing_else() -> None:
    lines = [line(id=n, text="Dr. Ann Whitfield, 617-555-0142", patient_key="p") for n in range(2)]
    one, same, other = (
        out(work(task(mode="surrogate", seed=Seed(key=key, day=SEED.day)), *lines))
        for key in (b"k" * 32, b"k" * 32, b"j" * 32)
    )
    assert one == same
    assert one[0]["text"] != other[0]["text"]
    assert "Whitfield" not in one[0]["text"]
    alone = out(work(task(mode="surrogate"), lines[1], first=2))
    assert alone == [one[1]], "batches do not matter"


def roster(folder: Path) -> Roster:
    path = folder / "roster.jsonl"
    path.write_text('{"patient_key": "p1", "names": ["Xqrv Blorp"]}\n{"mrns": ["zz-11-qq"]}\n')
    return Roster.read(path)


def test_a_roster_is_for_its_patient(tmp_path: Path) -> None:
    text = "then blorp was given, zz-11-qq"
    answers = out(
        work(
            task(roster=roster(tmp_path), mode="redact"),
            line(id=1, text=text, patient_key="p1"),
            line(id=2, text=text, patient_key="p2"),
            line(id=3, text=text),
        )
    )
    assert [a["text"] for a in answers] == [
        "then [NAME] was given, [MRN]",
        "then blorp was given, [MRN]",
        "then blorp was given, [MRN]",
    ]


def blind() -> Any:
    """An engine that finds nothing, not even what is known."""

    class Blind:
        def find(self, text: str, known: Any = ()) -> Any:
            return ()

        def find_many(self, texts: Sequence[str], known: Any = None) -> Any:
            return ((),) * len(texts)

    return Blind()


def test_text_in_which_a_known_identifier_still_stands_is_not_written(tmp_path: Path) -> None:
    made = task(engine=blind, roster=roster(tmp_path), mode="redact")
    bad, good = out(work(made, line(id=1, text="zz-11-qq"), line(id=2, text="x")))
    assert "still stands" in bad["error"]
    assert "text" not in bad
    assert good["text"] == "x"


def test_texts_go_to_files_and_their_spans_to_lines() -> None:
    records = (
        Record(number=1, data=b"\xef\xbb\xbfDr. Ann Whitfield\r\n", name="a/b.txt"),
        Record(number=2, data=b"\xff\xfe\xff", name="odd.txt"),
        Record(number=3, data="Dr. Ann Whitfield".encode("utf-16"), name="wide.txt"),
        Record(number=4, data=b"", name="gone.txt", fault="It cannot be read (FileNotFoundError)."),
    )
    made = task(format="text", mode="redact", layout="folder")
    numbered = made.start()(Batch(records=records, after=Position()))
    assert [name for name, _ in numbered.files] == ["000001.txt", "000003.txt"]
    assert [a["id"] for a in out(numbered)] == [1, 2, 3, 4]
    done = replace(made, keep_names=True).start()(Batch(records=records, after=Position()))
    assert dict(done.files) == {"a/b.txt": b"Dr. [NAME]\r\n", "wide.txt": b"Dr. [NAME]"}
    answers = out(done)
    assert [a["id"] for a in answers] == ["a/b.txt", "odd.txt", "wide.txt", "gone.txt"]
    assert ["error" in a for a in answers] == [False, True, False, True]
    assert not any("text" in a for a in answers)


def test_a_lost_record_is_a_line_too() -> None:
    done = task().lost(Record(number=4, data=line(id="a", text=CANARY)), "The worker process failed.")
    assert out(done) == [{"id": "a", "spans": [], "error": "The worker process failed."}]
    assert done.tally.failed == 1
