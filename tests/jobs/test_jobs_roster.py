"""Rosters: every entry counts, or the roster is refused; nothing of it is repeated."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from osler.core.errors import InputError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.jobs.roster import FIELDS, Roster

CANARY = "Zebulon Quartermain"


def roster(folder: Path, *entries: Any) -> Roster:
    path = folder / "roster.jsonl"
    path.write_bytes(b"".join(e if isinstance(e, bytes) else json.dumps(e).encode() + b"\n" for e in entries))
    return Roster.read(path)


def known(label: Label, value: str, *, birth: bool = False) -> KnownIdentifier:
    return KnownIdentifier(label=label, value=value, birth=birth)


def test_entries_belong_to_their_patient_or_to_all(tmp_path: Path) -> None:
    read = roster(
        tmp_path,
        b'\xef\xbb\xbf{"patient_key": "p1", "names": ["Ann Lee"], "mrns": ["123", 456]}\r\n',
        {"names": ["Dr. Everywhere"]},
        b"\n",
        {"patient_key": 7, "identifiers": [{"label": "DATE", "value": "1950-01-02", "birth": True}]},
        {"patient_key": "p1", "birth_dates": ["1960-05-06"], "phones": ["617-555-0100"]},
    )
    everywhere = known(Label.NAME, "Dr. Everywhere")
    of_p1 = (
        everywhere,
        known(Label.NAME, "Ann Lee"),
        known(Label.MRN, "123"),
        known(Label.MRN, "456"),
        known(Label.DATE, "1960-05-06", birth=True),
        known(Label.PHONE, "617-555-0100"),
    )
    for copy in (read, pickle.loads(pickle.dumps(read))):
        assert copy.known("p1") == of_p1
        assert copy.known("p1") == of_p1
        assert copy.known("7") == (everywhere, known(Label.DATE, "1950-01-02", birth=True))
        assert copy.known("unknown") == copy.known(None) == (everywhere,)


def test_many_patients(tmp_path: Path) -> None:
    read = roster(tmp_path, *({"patient_key": f"p{n}", "names": [f"Name{n}"]} for n in range(3000)))
    for n in (0, 1, 1499, 2999):
        assert read.known(f"p{n}") == (known(Label.NAME, f"Name{n}"),)


def test_each_label_but_ages_and_pictures_has_a_field() -> None:
    assert set(Label) - set(FIELDS.values()) == {Label.AGE, Label.BIOMETRIC, Label.PHOTO}


@pytest.mark.parametrize(
    "entry",
    [
        CANARY.encode(),
        [CANARY],
        {"name": [CANARY]},
        {CANARY: 1},
        {"names": CANARY},
        {"names": [[CANARY]]},
        {"names": [""]},
        {"mrns": [None]},
        {"mrns": [True]},
        {"patient_key": {"a": CANARY}, "names": []},
        {"identifiers": [CANARY]},
        {"identifiers": [{"label": "NAME"}]},
        {"identifiers": [{"label": CANARY, "value": "x"}]},
        {"identifiers": [{"label": "NAME", "value": CANARY, "extra": 1}]},
        {"identifiers": [{"label": "DATE", "value": CANARY, "birth": "yes"}]},
        b"[" * 100_000,
    ],
    ids=range(16),
)
def test_what_cannot_be_used_is_refused_with_its_line(tmp_path: Path, entry: Any) -> None:
    with pytest.raises(InputError, match="Line 2 of the roster") as caught:
        roster(tmp_path, {"names": ["Ann"]}, entry)
    assert "Quartermain" not in str(caught.value)
    assert caught.value.remedy


def test_a_missing_roster(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        Roster.read(tmp_path / "none")


def test_repr_shows_nobody(tmp_path: Path) -> None:
    read = roster(tmp_path, {"names": [CANARY]}, {"patient_key": CANARY, "names": [CANARY]})
    read.known(CANARY)
    assert "Quartermain" not in repr(read)
