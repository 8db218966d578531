"""Patients and everything that identifies them, as rows.

An identifier that was once known stays known when a patient is put again: the texts stored earlier
still hold it, and de-identification must go on finding it there.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.records import PatientIdentity
from osler.core.spans import Label
from osler.stores.tables import identifiers, patients

_AT_ONCE = 5000
"""How many rows are held at once while all identities are read."""


def read_identity(connection: Connection, patient: str) -> PatientIdentity | None:
    """A patient's identity, or None when no such patient was put."""
    row = connection.execute(select(patients).where(patients.c.patient == patient)).one_or_none()
    if row is None:
        return None
    known = connection.execute(
        select(identifiers).where(identifiers.c.patient == patient).order_by(identifiers.c.position)
    )
    return _identity(row, known)


def read_identities(connection: Connection) -> Iterator[PatientIdentity]:
    """Every patient's identity, sorted by the patient's id; both tables are read side by side."""
    streamed = {"yield_per": _AT_ONCE}
    people = connection.execute(select(patients).order_by(patients.c.patient), execution_options=streamed)
    rows = connection.execute(
        select(identifiers).order_by(identifiers.c.patient, identifiers.c.position),
        execution_options=streamed,
    )
    known = groupby(rows, key=attrgetter("patient"))
    patient, found = next(known, ("", iter(())))
    for row in people:
        # the identifiers refer to a patient, and both are sorted alike
        if patient == row.patient:
            yield _identity(row, found)
            patient, found = next(known, ("", iter(())))
        else:
            yield _identity(row, ())


def _identity(row: Row[Any], known: Iterable[Any]) -> PatientIdentity:
    return PatientIdentity(
        patient=row.patient,
        birth_date=date.fromisoformat(row.birth_date) if row.birth_date else None,
        gender=row.gender,
        identifiers=tuple(KnownIdentifier(label=Label(k.label), value=k.value, birth=k.birth) for k in known),
    )


def put_identities(connection: Connection, given: Sequence[PatientIdentity]) -> int:
    """Store identities, each joined with what is known of the patient; how many different patients."""
    for identity in given:
        before = read_identity(connection, identity.patient)
        after = identity if before is None else joined(identity, before)
        if after != before:
            _replace(connection, after)
    return len({identity.patient for identity in given})


def joined(newer: PatientIdentity, older: PatientIdentity) -> PatientIdentity:
    """One identity of two: the newer one's facts where it has any, the identifiers of both.

    What is the patient's own stays in front: a newer one that says nothing of the patient only adds to the others.
    """
    first, second = (newer, older) if _says_who(newer) or not _says_who(older) else (older, newer)
    return PatientIdentity(
        patient=newer.patient,
        birth_date=newer.birth_date or older.birth_date,
        gender=newer.gender or older.gender,
        identifiers=_distinct((*first.identifiers, *second.identifiers)),
    )


def _says_who(identity: PatientIdentity) -> bool:
    return identity.birth_date is not None or identity.gender != ""


def _distinct(known: Iterable[KnownIdentifier]) -> tuple[KnownIdentifier, ...]:
    return tuple(dict.fromkeys(known))


def _replace(connection: Connection, identity: PatientIdentity) -> None:
    connection.execute(delete(identifiers).where(identifiers.c.patient == identity.patient))
    connection.execute(delete(patients).where(patients.c.patient == identity.patient))
    born = identity.birth_date
    connection.execute(
        insert(patients),
        {
            "patient": identity.patient,
            "birth_date": born.isoformat() if born else None,
            "gender": identity.gender,
        },
    )
    rows = [
        {
            "patient": identity.patient,
            "position": position,
            "label": known.label.value,
            "value": known.value,
            "birth": known.birth,
        }
        for position, known in enumerate(_distinct(identity.identifiers))
    ]
    if rows:
        connection.execute(insert(identifiers), rows)
