"""Laboratory results as a table with semicolons (.csv, UTF-8), one result a line, the columns in any order.

    patient;name;born;taken;loinc;test;value;unit;low;high
    4711;Jones, Ana;1931-02-28;2026-03-01;2823-3;Potassium;5.9;mmol/L;3.5;5.1

Each result becomes one document and one structured item of the patient's record. `name`, `born`, `loinc`, `low` and
`high` may be left out or empty. A line of a patient who is neither named here nor loaded already is left out and
counted: without a name nothing would know what to look for in texts. Errors name line and column, never what stands
there. Not read: other encodings, other separators, times of day without a zone, decimal commas.
"""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

from osler.core.errors import InputError, UnsupportedFormat
from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.index import RECORDS
from osler.core.ports.reader import Document, Passage, Reading, Source
from osler.core.ports.records import Code, PatientIdentity, RecordItem
from osler.core.spans import Label

NEEDED = ("patient", "taken", "test", "value", "unit")
COLUMNS = (*NEEDED, "name", "born", "loinc", "low", "high")
MAX_FIELD = 200
"""Most characters of one field."""
_REMEDY = "Export the table again, with semicolons, UTF-8 and the columns of osler-reader-example's README."
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_LOINC = re.compile(r"\d{1,7}-\d")
_NUMBER = re.compile(r"[<>]?=?-?\d{1,12}(\.\d{1,6})?")

Row = Mapping[str, str]


class LabTable:
    """Implements osler.core.ports.reader.Reader. Does no I/O and keeps no state."""

    name = "lab_table"

    def accepts(self, source: Source) -> bool:
        """Whether the file ends in .csv and its first line names the columns that are needed."""
        first = source.data[:1000].partition(b"\n")[0].decode("utf-8-sig", "replace")
        return source.suffix == ".csv" and set(NEEDED) <= {name.strip().lower() for name in first.split(";")}

    def read(self, source: Source) -> Reading:
        """All results and patients of the file, or an error. Raises InputError and UnsupportedFormat."""
        if source.collection not in (None, RECORDS):
            raise InputError("Results belong to a patient's record.", remedy="Leave the collection out.")
        documents: dict[str, Document] = {}
        patients: dict[str, PatientIdentity] = {}
        skipped: Counter[str] = Counter()
        for line, row in _rows(source.data):
            identity = _identity(row, line)
            known = patients.setdefault(identity.patient, identity) if identity.identifiers else None
            if known not in (None, identity):
                raise _fault(line, "name", "another line gives this patient another name or date of birth")
            if known is None and identity.patient not in {*patients, *source.known_patients}:
                skipped["patient is neither named nor loaded"] += 1
                continue
            document = _document(row, line, identity.patient)
            if documents.setdefault(document.doc, document) != document:
                raise _fault(
                    line, "value", "another line gives the same test at the same time another result"
                )
            skipped["repeated in the file"] += document is not documents[document.doc]
        return Reading(
            documents=tuple(documents.values()), patients=tuple(patients.values()), skipped=dict(+skipped)
        )


def _rows(data: bytes) -> Iterator[tuple[int, Row]]:
    """Each line's number and its fields by column, white space around them taken off."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnsupportedFormat(f"Line {line} is not UTF-8.", remedy=_REMEDY) from None
    if "\x00" in text:
        raise UnsupportedFormat("The file holds NUL bytes: it is no table.", remedy=_REMEDY)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    columns: list[str] = []
    try:
        for fields in table:
            line = table.line_num
            if not columns:
                columns = _columns(fields)
            elif len(fields) not in (0, len(columns)):
                raise InputError(f"Line {line} has {len(fields)} fields, not {len(columns)}.", remedy=_REMEDY)
            elif any(field.strip() for field in fields):
                row = {name: field.strip() for name, field in zip(columns, fields, strict=True)}
                yield line, _checked(row, line)
    except csv.Error:
        raise InputError(
            f"The quoting is broken in or before line {table.line_num}.", remedy=_REMEDY
        ) from None
    if not columns:
        raise InputError("The file is empty.", remedy=_REMEDY)


def _columns(fields: list[str]) -> list[str]:
    columns = [field.strip().lower() for field in fields]
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise InputError(f"The first line names no column '{missing[0]}'.", remedy=_REMEDY)
    for number, name in enumerate(columns, start=1):
        if name not in COLUMNS or name in columns[: number - 1]:
            raise InputError(
                f"Column {number} is not known, or there twice.", remedy=f"Known: {', '.join(COLUMNS)}."
            )
    return columns


def _checked(row: Row, line: int) -> Row:
    for column, field in row.items():
        if len(field) > MAX_FIELD or not field.isprintable():
            raise _fault(line, column, "it is too long, or holds control characters")
        if not field and column in NEEDED and column != "unit":
            raise _fault(line, column, "it is empty")
        if column in ("low", "high", "value") and field and not _NUMBER.fullmatch(field):
            raise _fault(line, column, "a number with a decimal point belongs here")
    if not _ID.fullmatch(row["patient"]):
        raise _fault(line, "patient", "it is no FHIR id")
    if row.get("loinc") and not _LOINC.fullmatch(row["loinc"]):
        raise _fault(line, "loinc", "it is no LOINC code")
    return row


def _identity(row: Row, line: int) -> PatientIdentity:
    born = _day(row["born"], line, "born") if row.get("born") else None
    parts = [part for part in re.split(r"[\s,]+", row.get("name", "")) if len(part) > 1]
    known = [KnownIdentifier(label=Label.NAME, value=part) for part in parts]
    if born is not None:
        known.append(KnownIdentifier(label=Label.DATE, value=born.isoformat(), birth=True))
    if parts:
        known.append(KnownIdentifier(label=Label.MRN, value=row["patient"]))
    return PatientIdentity(patient=row["patient"], birth_date=born, identifiers=tuple(known) if parts else ())


def _document(row: Row, line: int, patient: str) -> Document:
    taken, loinc = _day(row["taken"], line, "taken"), row.get("loinc", "")
    value = " ".join(filter(None, (row["value"], row["unit"])))
    low, high = row.get("low", ""), row.get("high", "")
    limits = f" (reference {low or '…'} to {high or '…'})" if low or high else ""
    mark = _mark(row["value"], low, high)
    text = f"Laboratory result {row['taken']}: {row['test']} {value}{limits}{mark}."
    key = "|".join((patient, row["taken"], loinc or row["test"].lower()))
    doc = f"Observation/lab-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
    codes = (Code(system="http://loinc.org", code=loinc, display=row["test"]),) if loinc else ()
    item = RecordItem(
        doc=doc, patient=patient, type="Observation", category="laboratory", status="final",
        display=row["test"], codes=codes, when=row["taken"], value=value, text=text,
    )  # fmt: skip
    return Document(
        doc=doc, title=f"Laboratory result: {row['test']}", text=text, collection=RECORDS, patient=patient,
        passages=(Passage(start=0, end=len(text)),), item=item, basis="record", published=taken.isoformat(),
    )  # fmt: skip


def _mark(value: str, low: str, high: str) -> str:
    """Whether a plain number lies outside of its limits; nothing is said of "<5" and the like."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return ""
    number = Decimal(value)
    if low and number < Decimal(low.lstrip("<>=")):
        return ", below it"
    return ", above it" if high and number > Decimal(high.lstrip("<>=")) else ""


def _day(text: str, line: int, column: str) -> date:
    """The day of a date, or of a date and time with its zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _fault(line, column, "a date belongs here, as 2026-01-31") from None
    if len(text) > 10 and moment.tzinfo is None:
        raise _fault(line, column, "a time of day needs its zone, as 2026-01-31T08:00+01:00")
    return moment.date()


def _fault(line: int, column: str, what: str) -> InputError:
    return InputError(
        f"Line {line}, column '{column}': {what}.", remedy="Correct that line; nothing was added."
    )
