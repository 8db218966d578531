"""The structured side of patients' records, read from the stored documents."""

from collections.abc import Iterator

from sqlalchemy import func, select

from osler.core.ports.records import PatientIdentity, RecordItem
from osler.stores.database import Database
from osler.stores.identities import read_identities, read_identity
from osler.stores.rows import item_of, may_be_stored
from osler.stores.tables import documents, identifiers, patients


class SqlRecords:
    """Reads records: implements the ports RecordView and Identities. Errors: StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def identity(self, patient: str) -> PatientIdentity | None:
        """The patient's identity, or None when no such record is loaded."""
        if not may_be_stored(patient):
            return None
        with self._database.read() as connection:
            return read_identity(connection, patient)

    def items(
        self, patient: str, *, types: tuple[str, ...] = (), active: bool | None = None
    ) -> tuple[RecordItem, ...]:
        """That patient's resources, newest first, undated ones last; all types when `types` is empty."""
        if not may_be_stored(patient):
            return ()
        query = (
            select(documents)
            .where(documents.c.patient == patient, documents.c.item_type.is_not(None))
            .order_by(documents.c.item_when.desc().nulls_last(), documents.c.doc)
        )
        if types:
            query = query.where(documents.c.item_type.in_(types))
        if active is not None:
            query = query.where(documents.c.item_active.is_(active))
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(item for row in rows if (item := item_of(row)) is not None)

    def patients(self) -> tuple[str, ...]:
        """Ids of all patients whose record is loaded, sorted."""
        with self._database.read() as connection:
            return tuple(sorted(connection.execute(select(patients.c.patient)).scalars()))

    def extent(self) -> tuple[int, int]:
        """How many patients and identifiers there are. An identity only ever grows, so that a change shows here."""
        with self._database.read() as connection:
            people = connection.execute(select(func.count()).select_from(patients)).scalar_one()
            return people, connection.execute(select(func.count()).select_from(identifiers)).scalar_one()

    def identities(self) -> Iterator[PatientIdentity]:
        """Every patient's identity, as they were when the first was read; takes little memory for any number."""
        with self._database.read() as connection:
            yield from read_identities(connection)
