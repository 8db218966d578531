"""A roster: identities that are known beforehand, looked for in the texts of their patient, or in all texts.

JSONL, one entry a line: `{"patient_key"?, "names": […], "mrns": […], "identifiers": [{"label", "value", "birth"?}]}`,
and a list for each other label (`FIELDS`). Several entries may have one key. An entry without one goes for every text.

The file is read once and checked as a whole, for an entry that is passed over would be a leak. Kept in memory are the
entries without a key, and where in the file each key stands (16 bytes an entry).
"""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from osler.core.errors import InputError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label

FIELDS: dict[str, Label] = {
    "names": Label.NAME,
    "locations": Label.LOCATION,
    "addresses": Label.LOCATION,
    "dates": Label.DATE,
    "birth_dates": Label.DATE,
    "phones": Label.PHONE,
    "faxes": Label.FAX,
    "emails": Label.EMAIL,
    "ssns": Label.SSN,
    "mrns": Label.MRN,
    "health_plans": Label.HEALTH_PLAN,
    "accounts": Label.ACCOUNT,
    "licenses": Label.LICENSE,
    "vehicles": Label.VEHICLE,
    "devices": Label.DEVICE,
    "urls": Label.URL,
    "ips": Label.IP,
    "other_ids": Label.OTHER_ID,
}
"""Fields of an entry, each a list of texts or numbers."""

_KEPT = 1024
_Known = tuple[KnownIdentifier, ...]


@dataclass(slots=True, kw_only=True)
class Roster:
    """Known identities by patient key. Picklable; reads entries from its file when they are asked for."""

    path: Path
    digest: str
    everywhere: _Known = field(repr=False)
    keys: "array[int]" = field(repr=False)
    places: "array[int]" = field(repr=False)
    kept: dict[str, _Known] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, path: Path) -> "Roster":
        """Check and index a roster. Raises InputError, naming the line that cannot be used, never its content."""
        everywhere: list[KnownIdentifier] = []
        index: list[tuple[int, int]] = []
        whole = hashlib.sha256()
        for number, place, line in _lines(path):
            whole.update(line)
            if not line.strip():
                continue
            key, known = _entry(line, number)
            if key is None:
                everywhere += known
            else:
                index.append((_hashed(key), place))
        index.sort()
        return cls(
            path=path,
            digest=whole.hexdigest(),
            everywhere=tuple(everywhere),
            keys=array("Q", (key for key, _ in index)),
            places=array("Q", (place for _, place in index)),
        )

    def known(self, patient_key: str | None) -> _Known:
        """What is known of a patient, and what is known for every text."""
        if patient_key is None or not self.keys:
            return self.everywhere
        known = self.kept.get(patient_key)
        if known is None:
            if len(self.kept) >= _KEPT:
                self.kept.pop(next(iter(self.kept)))
            known = self.kept[patient_key] = (*self.everywhere, *self._of(patient_key))
        return known

    def _of(self, patient_key: str) -> Iterator[KnownIdentifier]:
        wanted = _hashed(patient_key)
        at = bisect_left(self.keys, wanted)
        while at < len(self.keys) and self.keys[at] == wanted:
            try:
                with self.path.open("rb") as file:
                    file.seek(self.places[at])
                    line = file.readline()
            except OSError as error:
                raise _unreadable(error) from None
            key, known = _entry(line, 0)
            if key == patient_key:
                yield from known
            at += 1


def _lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    place = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield number, place, line
                place += len(line)
    except OSError as error:
        raise _unreadable(error) from None


def _entry(line: bytes, number: int) -> tuple[str | None, list[KnownIdentifier]]:
    try:
        entry = msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        raise _refused(number, "is not JSON") from None
    if not isinstance(entry, dict):
        raise _refused(number, "is no object")
    known: list[KnownIdentifier] = []
    key: str | None = None
    for name, value in entry.items():
        if name == "patient_key":
            key = None if value is None else _text(value, number)
        elif name == "identifiers":
            known += [_identifier(item, number) for item in _list(value, number)]
        elif name in FIELDS:
            known += [
                KnownIdentifier(label=FIELDS[name], value=_text(item, number), birth=name == "birth_dates")
                for item in _list(value, number)
            ]
        else:
            raise _refused(number, "has a field that is none of a roster's")
    return key, known


def _identifier(item: Any, number: int) -> KnownIdentifier:
    if not isinstance(item, dict) or not {"label", "value"} <= set(item) <= {"label", "value", "birth"}:
        raise _refused(number, 'has an identifier that is no {"label", "value"}')
    if item["label"] not in Label.__members__:
        raise _refused(number, "has an identifier of an unknown label")
    birth = item.get("birth", False)
    if not isinstance(birth, bool):
        raise _refused(number, "has an identifier whose `birth` is neither true nor false")
    return KnownIdentifier(label=Label[item["label"]], value=_text(item["value"], number), birth=birth)


def _list(value: Any, number: int) -> list[Any]:
    if not isinstance(value, list):
        raise _refused(number, "has a field that is no list")
    return value


def _text(value: Any, number: int) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _refused(number, "has a value that is neither text nor a whole number")
    text = str(value)
    if not text.strip():
        raise _refused(number, "has an empty value")
    return text


def _refused(number: int, why: str) -> InputError:
    where = f"Line {number} of the roster" if number else "The roster was changed while it was in use: a line"
    return InputError(
        f"{where} {why}.",
        remedy='A line is {"patient_key", "names": [], "mrns": [], "identifiers": [{"label", "value"}]}; '
        "docs/reference/deid-run.md lists the fields.",
    )


def _hashed(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _unreadable(error: OSError) -> InputError:
    return InputError(
        f"The roster cannot be read ({type(error).__name__}).", remedy="Check the path of --roster."
    )
