"""FHIR and HL7 records of a run: joined across records and processes, failing alone."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from osler.deid import Deidentifier
from osler.deid.keyed import ReplaceOptions
from osler.jobs import Batch, Done, Position, Record, Seed
from osler.jobs.deid import DeidTask
from osler.jobs.roster import Roster

SEED = Seed(key=b"k" * 32, day=date(2026, 1, 2))
CANARY = "Quartermain"
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": CANARY, "given": ["Zebulon"]}],
    "birthDate": "1970-03-05",
}
SEEN = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"text": "Heart rate"},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2021-04-05",
}
MESSAGE = (
    "MSH|^~\\&|LAB|MERCY|EHR|MERCY|20210405103000||ORU^R01|MSG001|P|2.5\r"
    "PID|1||10384472^^^MERCY^MR||Quartermain^Zebulon||19700305|M\r"
    "OBX|1|TX|NOTE||Mr. Quartermain feels well.||||||F\r"
)
ENGINE = Deidentifier.load(fast=True)


def engine() -> Deidentifier:
    return ENGINE


def work(form: str, mode: str, *data: bytes, **options: Any) -> Done:
    replacing = None if mode == "spans" else ReplaceOptions(mode=mode)
    made = DeidTask(**{"engine": engine, "options": replacing, "format": form, "seed": SEED, **options})  # type: ignore[arg-type]
    records = tuple(Record(number=n, data=d) for n, d in enumerate(data, 1))
    return made.start()(Batch(records=records, after=Position()))


def lines(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.streams[0].splitlines()]


def fhir(mode: str, *resources: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    return lines(work("fhir", mode, *(json.dumps(r).encode() for r in resources), **options))


@pytest.mark.parametrize("mode", ["redact", "surrogate"])
def test_references_stay_joined_over_records_and_processes(mode: str) -> None:
    patient, seen = fhir(mode, PATIENT, SEEN)
    assert patient["id"] != "p1"
    assert seen["subject"]["reference"] == f"Patient/{patient['id']}"
    assert fhir(mode, SEEN) == [seen], "whichever process, whichever order"
    other = fhir(mode, PATIENT, seed=Seed(key=b"j" * 32, day=SEED.day))
    assert other[0]["id"] != patient["id"]
    assert CANARY not in json.dumps([patient, seen])


def test_dates_of_one_patient_move_alike() -> None:
    later = {**SEEN, "id": "o2", "effectiveDateTime": "2021-04-15"}
    (one,) = fhir("surrogate", SEEN)
    (two,) = fhir("surrogate", later)
    days = [date.fromisoformat(r["effectiveDateTime"]) for r in (one, two)]
    assert (days[1] - days[0]).days == 10
    assert days[0] != date(2021, 4, 5)


def test_dates_move_as_far_as_asked() -> None:
    few = ReplaceOptions(mode="surrogate", date_shift=7, whole_weeks=True)
    (one,) = fhir("surrogate", SEEN, options=few)
    moved = date.fromisoformat(one["effectiveDateTime"]) - date(2021, 4, 5)
    assert abs(moved.days) == 7


def test_a_resource_that_fails_fails_alone() -> None:
    done = work(
        "fhir", "redact", b"{", json.dumps({"resourceType": CANARY}).encode(), json.dumps(SEEN).encode(), b""
    )
    answers = lines(done)
    assert [set(a) == {"id", "spans", "error"} for a in answers] == [True, True, False, True]
    assert [a["id"] for a in answers if "error" in a] == [1, 2, 4]
    assert CANARY not in done.streams[0].decode()
    assert (done.tally.records, done.tally.failed) == (4, 3)


@pytest.mark.parametrize("form", ["fhir", "hl7"])
def test_spans_are_of_the_record_as_given(form: str) -> None:
    text = (
        json.dumps({**SEEN, "note": [{"text": "Seen by Dr. Ann Whitfield."}]}) if form == "fhir" else MESSAGE
    )
    (answer,) = lines(work(form, "spans", text.encode()))
    assert list(answer) == ["id", "spans"]
    found = {text[s["start"] : s["end"]] for s in answer["spans"]}
    assert any("Whitfield" in f or CANARY in f for f in found)


@pytest.mark.parametrize("mode", ["redact", "surrogate"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_messages(mode: str, encoding: str) -> None:
    message = MESSAGE.replace("feels well", "has 38.5 °C")
    done = work("hl7", mode, message.encode(encoding), b"nonsense " + CANARY.encode(), layout="beside")
    good, bad = lines(done)
    assert set(good) == {"id", "found", "values"}
    assert set(bad) == {"id", "spans", "error"}
    written = done.streams[1].decode(encoding)
    assert written.startswith("MSH|^~\\&|")
    assert "38.5 °C" in written
    assert written.count("\r") == 3
    for word in (CANARY, "Zebulon", "10384472"):
        assert word not in written
    assert CANARY not in done.streams[0].decode()


def test_the_same_person_in_two_messages() -> None:
    one, two = (
        work("hl7", "surrogate", message.encode(), layout="beside").streams[1].decode().split("\r")[1]
        for message in (MESSAGE, MESSAGE.replace("MSG001", "MSG002"))
    )
    assert one == two


def test_a_roster_s_entries_reach_their_patient(tmp_path: Path) -> None:
    path = tmp_path / "roster.jsonl"
    path.write_text(
        '{"patient_key": "p1", "names": ["Xqrv Blorp"]}\n{"patient_key": "10384472", "names": ["Xqrv Blorp"]}\n'
    )
    roster = Roster.read(path)
    note = {**SEEN, "note": [{"text": "then blorp was given"}]}
    (kept,) = fhir("redact", {**note, "subject": {"reference": "Patient/p2"}}, roster=roster)
    (gone,) = fhir("redact", note, roster=roster)
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": note}]}
    (inside,) = fhir("redact", bundle, roster=roster)
    assert "blorp" in json.dumps(kept)
    assert "blorp" not in json.dumps(gone)
    assert "blorp" not in json.dumps(inside)
    message = MESSAGE.replace("Mr. Quartermain feels well.", "then blorp was given")
    done = work("hl7", "redact", message.encode(), roster=roster, layout="beside")
    assert b"blorp" not in done.streams[1]
