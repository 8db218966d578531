"""Putting readings and getting back what was put."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from osler.core.errors import Conflict, InputError
from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.index import Added, CollectionInfo, Scope
from osler.core.ports.reader import Document, Passage, Reading
from osler.core.ports.records import Code, PatientIdentity, RecordItem
from osler.core.spans import Label
from osler.stores import Database, SqlIndex, SqlRecords

SECRET = "Emmerich580"


@pytest.fixture
def index(database: Database) -> SqlIndex:
    return SqlIndex(database)


@pytest.fixture
def records(database: Database) -> SqlRecords:
    return SqlRecords(database)


def resource(doc: str, patient: str, text: str = "some text", **item: object) -> Document:
    return Document(
        doc=doc,
        title=f"title of {doc}",
        text=text,
        collection="records",
        patient=patient,
        passages=(Passage(start=0, end=len(text), section="whole"),),
        item=RecordItem(doc=doc, patient=patient, type=doc.partition("/")[0], text=text, **item),
        basis="record",
    )


def guideline(doc: str, text: str = "advice", collection: str = "guidelines", **more: object) -> Document:
    return Document(
        doc=doc,
        title=doc,
        text=text,
        collection=collection,
        passages=(Passage(start=0, end=len(text)),),
        **more,
    )


def identity(patient: str, *values: str, **more: object) -> PatientIdentity:
    known = tuple(KnownIdentifier(label=Label.NAME, value=v) for v in values)
    return PatientIdentity(patient=patient, identifiers=known, **more)


def put(index: SqlIndex, *documents: Document, patients: tuple[PatientIdentity, ...] = ()) -> Added:
    return index.put(Reading(documents=documents, patients=patients))


FULL = Document(
    doc="MedicationRequest/1",
    title="Lisinopril – tägliche Dosis",
    text="Lisinopril 10 mg 😀 daily.\nSince 2019.",
    collection="records",
    patient="p1",
    passages=(Passage(start=0, end=25, section="Dose"), Passage(start=26, end=37)),
    item=RecordItem(
        doc="MedicationRequest/1",
        patient="p1",
        type="MedicationRequest",
        category="outpatient",
        status="active",
        active=True,
        display="lisinopril 10 MG",
        codes=(Code(system="rxnorm", code="314076", display="lisinopril"), Code(system="s", code="c")),
        when="2019-03-04T05:06:07-05:00",
        value="10 mg",
        text="Lisinopril 10 mg 😀 daily.\nSince 2019.",
    ),
    basis="record",
    source="bundle 1",
    published="2020",
    opened="2026-01-01",
    keywords=("ACE inhibitor", "antihypertensive"),
)
PLAIN = Document(
    doc="topics/ckd", title="CKD", text="NSAIDs harm.", collection="guidelines", basis="recalled"
)


@pytest.mark.parametrize(
    "document", [FULL, PLAIN, replace(FULL, item=None), replace(FULL, text="", passages=(), item=None)]
)
def test_document_comes_back_as_it_was_put(index: SqlIndex, document: Document) -> None:
    assert put(index, document).new == 1
    stored = index.document(document.doc, patient=document.patient)
    assert stored is not None
    assert stored.document == document
    assert stored.sha256 == hashlib.sha256(document.text.encode()).hexdigest()


def test_item_with_a_text_of_its_own_comes_back(index: SqlIndex, records: SqlRecords) -> None:
    document = replace(FULL, item=replace(FULL.item, text=""))
    put(index, document)
    assert records.items("p1") == (document.item,)
    assert index.document(FULL.doc, patient="p1").document == document


@pytest.mark.parametrize(
    ("doc", "asked_as", "found"),
    [
        ("Condition/1", "p1", True),
        ("Condition/1", "p2", False),
        ("Condition/1", None, False),
        ("Condition/1", "", False),
        ("topics/ckd", None, True),
        ("topics/ckd", "p1", True),
        ("Practitioner/1", None, False),
        ("Practitioner/1", "p1", False),
        ("nothing", "p1", False),
    ],
)
def test_document_is_shown_to_its_own_patient_only(
    index: SqlIndex, doc: str, asked_as: str | None, found: bool
) -> None:
    nobodys = guideline("Practitioner/1", collection="records")
    put(index, resource("Condition/1", "p1"), resource("Condition/2", "p2"), PLAIN, nobodys)
    assert (index.document(doc, patient=asked_as) is not None) == found


def test_same_content_again_changes_nothing(index: SqlIndex, database: Database) -> None:
    reading = Reading(
        documents=(FULL, PLAIN), patients=(identity("p1", "Ann", "Annie"),), skipped={"Provenance": 2}
    )
    assert index.put(reading) == Added(new=2, patients=1, skipped={"Provenance": 2})
    with database.read() as connection:
        before = connection.exec_driver_sql("SELECT sum(id) FROM passages").scalar()
    assert index.put(reading) == Added(unchanged=2, patients=1, skipped={"Provenance": 2})
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT sum(id) FROM passages").scalar() == before


@pytest.mark.parametrize(
    "changed",
    [
        replace(FULL, title="x"),
        replace(FULL, text=FULL.text + "x"),
        replace(FULL, passages=FULL.passages[:1]),
        replace(FULL, passages=(replace(FULL.passages[0], section="x"), FULL.passages[1])),
        replace(FULL, keywords=()),
        replace(FULL, keywords=("ACE", "inhibitor", "antihypertensive")),
        replace(FULL, published="x"),
        replace(FULL, collection="x"),
        replace(FULL, item=None),
        replace(FULL, item=replace(FULL.item, active=False)),
        replace(FULL, item=replace(FULL.item, codes=())),
        replace(FULL, item=replace(FULL.item, value="20 mg")),
    ],
)
def test_any_change_is_stored(index: SqlIndex, changed: Document) -> None:
    put(index, FULL, PLAIN)
    assert put(index, changed, PLAIN) == Added(changed=1, unchanged=1)
    assert index.document(FULL.doc, patient="p1").document == changed
    assert sum(c.documents for c in index.collections()) == 2


def test_changed_document_is_found_by_its_new_words_only(index: SqlIndex) -> None:
    put(index, guideline("a", "old words"), guideline("b", "other words"))
    put(index, guideline("a", "fresh words"))
    assert index.search([["old"]], Scope(), 5) == ()
    assert [h.doc for h in index.search([["fresh"]], Scope(), 5)] == ["a"]
    assert sorted(h.doc for h in index.search([["words"]], Scope(), 5)) == ["a", "b"]


def test_document_given_twice_counts_once_and_the_last_stands(index: SqlIndex) -> None:
    assert put(index, guideline("a", "first"), guideline("a", "second")) == Added(new=1)
    assert index.document("a", patient=None).document.text == "second"


@pytest.mark.parametrize("owner", ["p2", None])
def test_conflict_in_the_middle_writes_nothing(
    index: SqlIndex, records: SqlRecords, owner: str | None
) -> None:
    put(index, resource("Condition/1", "p1", "kept"), patients=(identity("p1", "Ann"),))
    thief = resource("Condition/1", "p2", SECRET) if owner else guideline("Condition/1", SECRET)
    with pytest.raises(Conflict) as caught:
        put(
            index,
            resource("Condition/0", "p2", "before"),
            thief,
            resource("Condition/2", "p2", "after"),
            patients=(identity("p2", SECRET), identity("p1", SECRET)),
        )
    assert "nothing was written" in caught.value.message
    assert ("A Condition" if owner else "A document") in caught.value.message
    assert SECRET not in str(caught.value)
    assert "p1" not in str(caught.value)
    assert records.patients() == ("p1",)
    assert records.identity("p1") == identity("p1", "Ann")
    assert [i.doc for i in records.items("p1")] == ["Condition/1"]
    assert records.items("p2") == ()
    assert index.search([["before"], ["after"], [SECRET]], Scope(patient="p2"), 9) == ()
    assert index.collections() == (CollectionInfo(collection="records", documents=1, passages=1, patients=1),)


def test_conflict_within_one_reading(index: SqlIndex) -> None:
    with pytest.raises(Conflict):
        put(index, resource("Condition/1", "p1"), resource("Condition/1", "p2"))
    assert index.collections() == ()


@pytest.mark.parametrize(
    "bad",
    [
        replace(FULL, item=replace(FULL.item, patient="p2")),
        replace(FULL, item=replace(FULL.item, doc="MedicationRequest/2")),
        replace(FULL, passages=(Passage(start=0, end=len(FULL.text) + 1),)),
        replace(FULL, passages=(Passage(start=5, end=4),)),
        replace(PLAIN, text=SECRET + "\ud800"),
        replace(PLAIN, title=SECRET + "\udfff"),
        replace(PLAIN, keywords=("\ud800",)),
    ],
    ids=["patient", "doc", "beyond", "backwards", "text", "title", "keywords"],
)
def test_document_that_cannot_be_kept(index: SqlIndex, bad: Document) -> None:
    with pytest.raises(InputError, match=r"ocument 2 of the reading.*nothing was written") as caught:
        put(index, guideline("fine"), bad)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert index.collections() == ()


@pytest.fixture(params=["document", "identity", "items", "search"])
def look(request: pytest.FixtureRequest, index: SqlIndex, records: SqlRecords) -> Callable[[str], object]:
    """Each way to ask for something by an id."""
    put(index, FULL)
    ways: dict[str, Callable[[str], object]] = {
        "document": lambda asked: index.document(asked, patient=asked),
        "identity": records.identity,
        "items": records.items,
        "search": lambda asked: index.search([["lisinopril"]], Scope(patient=asked), 3),
    }
    return ways[request.param]


@pytest.mark.parametrize("asked", ["\x00", "", "p1\x00", "P1", " p1", "p1' OR '1'='1"])
def test_ids_that_are_not_there(look: Callable[[str], object], asked: str) -> None:
    assert not look(asked)


def test_ids_that_cannot_be(look: Callable[[str], object]) -> None:
    with pytest.raises(InputError, match="not valid Unicode"):
        look(SECRET + "\ud800")


def test_collections(index: SqlIndex) -> None:
    put(
        index,
        resource("Condition/1", "p1"),
        resource("Condition/2", "p1"),
        resource("Condition/3", "p2"),
        guideline("g"),
        PLAIN,
    )
    assert index.collections() == (
        CollectionInfo(collection="guidelines", documents=2, passages=1, patients=0),
        CollectionInfo(collection="records", documents=3, passages=3, patients=2),
    )


def test_items_are_one_patients_and_newest_first(index: SqlIndex, records: SqlRecords) -> None:
    put(
        index,
        resource("Condition/b", "p1", when="2020"),
        resource("Condition/a", "p1", when="2020"),
        resource("Condition/c", "p1", when="2020-05-01"),
        resource("Condition/d", "p1", when="", active=False),
        resource("AllergyIntolerance/e", "p1", when="2021-01-01T10:00:00Z"),
        resource("Condition/x", "p2", when="2022"),
        replace(resource("DocumentReference/f", "p1"), item=None),
    )

    def docs(**asked: object) -> list[str]:
        return [item.doc for item in records.items("p1", **asked)]

    allergy, conditions = "AllergyIntolerance/e", ["Condition/c", "Condition/a", "Condition/b"]
    assert docs() == [allergy, *conditions, "Condition/d"]
    assert docs(types=("Condition",)) == [*conditions, "Condition/d"]
    assert docs(types=("Condition",), active=True) == conditions
    assert docs(active=False) == ["Condition/d"]
    assert docs(types=("Procedure",)) == []
    assert docs(types=("Procedure", "AllergyIntolerance")) == [allergy]
    assert records.items("p3") == ()


def test_identity_is_stored_and_comes_back(index: SqlIndex, records: SqlRecords) -> None:
    known = (
        KnownIdentifier(label=Label.DATE, value="1961-07-08", birth=True),
        KnownIdentifier(label=Label.NAME, value="Maple"),
        KnownIdentifier(label=Label.NAME, value="maple"),
    )
    born = PatientIdentity(patient="p2", birth_date=date(1961, 7, 8), gender="female", identifiers=known)
    put(index, patients=(born, identity("p1")))
    assert records.identity("p2") == born
    assert records.identity("p1") == identity("p1")
    assert records.identity("p3") is None
    assert records.patients() == ("p1", "p2")


def test_identity_put_again_is_updated_and_forgets_no_identifier(
    index: SqlIndex, records: SqlRecords
) -> None:
    put(index, patients=(identity("p", "Smith", "Ann", gender="female", birth_date=date(1960, 1, 1)),))
    put(index, patients=(identity("p", "Jones", "Ann", birth_date=date(1961, 1, 1)),))
    assert records.identity("p") == identity(
        "p", "Jones", "Ann", "Smith", gender="female", birth_date=date(1961, 1, 1)
    )


def test_identifiers_of_one_reading_are_joined(index: SqlIndex, records: SqlRecords) -> None:
    assert put(index, patients=(identity("p", "Ann"), identity("p", "Annie", "Annie"))).patients == 1
    assert records.identity("p") == identity("p", "Annie", "Ann")


def test_many_documents_at_once(index: SqlIndex, records: SqlRecords) -> None:
    many = [resource(f"Observation/{n}", "p", f"value {n}") for n in range(1500)]
    assert put(index, *many).new == 1500
    assert put(index, *many[:700], resource("Observation/new", "p")) == Added(new=1, unchanged=700)
    assert len(records.items("p")) == 1501
    assert [h.doc for h in index.search([["1234"]], Scope(patient="p"), 5)] == ["Observation/1234"]


def test_all_identities_come_one_by_one_and_their_extent_shows_each_change(
    index: SqlIndex, records: SqlRecords
) -> None:
    assert list(records.identities()) == []
    assert records.extent() == (0, 0)
    put(index, patients=(identity("p2", "Ana", "Jones"), identity("p1"), identity("p3", "Bo", gender="male")))
    everyone = list(records.identities())
    assert everyone == [records.identity(p) for p in ("p1", "p2", "p3")]
    assert records.extent() == (3, 3)
    put(index, patients=(identity("p3", "Quist"),))
    assert records.extent() == (3, 4)
    # what says nothing of the patient adds to what is theirs, and does not go before it
    assert [k.value for k in list(records.identities())[2].identifiers] == ["Bo", "Quist"]
