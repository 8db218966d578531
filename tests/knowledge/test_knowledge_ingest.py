"""Files into the store: limits, atomicity, what ships."""

import pytest
from knowledge_doubles import (
    MemoryStore,
    as_source,
    bundle,
    condition,
    lab,
    library,
    load,
    loinc,
    medication,
    patient,
    retriever,
)

from osler.core.errors import Conflict, InputError, PluginError, TooLarge, UnsupportedFormat
from osler.core.ports.reader import Reading, Source
from osler.knowledge.ingest import Library, sample_sources, starter_sources


def test_adding_counts_and_says_what_was_left_out() -> None:
    store = MemoryStore()
    source = as_source(bundle(patient(), condition("c", "x"), {"resourceType": "Organization", "id": "o"}))
    first, second = library(store).add(source), library(store).add(source)
    assert (first.new, first.patients, first.skipped) == (2, 1, {"not clinical": 1})
    assert (second.new, second.changed, second.unchanged) == (0, 0, 2)


def test_a_file_beyond_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge, match=r"1\.1 MiB.*1\.0 MiB") as error:
        library(MemoryStore(), max_bytes=2**20).read(Source(name="x.json", data=b"[" * 1_200_000))
    assert "max_file_mb" in error.value.remedy


def test_nothing_of_a_faulty_file_is_stored() -> None:
    store = MemoryStore()
    with pytest.raises(InputError):
        library(store).add(
            as_source(bundle(patient(), condition("c", "x"), {**condition("d", "y"), "code": [1]}))
        )
    assert not store.documents
    assert not store.identities


def test_an_unknown_format_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(UnsupportedFormat, match="No reader") as error:
        library(MemoryStore()).read(Source(name="scan.dcm", data=b"DICM"))
    assert "fhir, guideline, text" in error.value.remedy


class Odd:
    """A reader of a third party that breaks: it raises, or returns what is no Reading."""

    name = "odd"

    def __init__(self, result: object) -> None:
        self._result = result

    def accepts(self, source: Source) -> bool:
        return True

    def read(self, source: Source) -> Reading:
        if isinstance(self._result, Exception):
            raise self._result
        return self._result  # type: ignore[return-value]


@pytest.mark.parametrize(
    "result", [RuntimeError("Zythar Quillon"), KeyError("Zythar Quillon"), None, [], "Zythar Quillon"]
)
def test_a_reader_that_breaks_is_named_and_its_words_are_not(result: object) -> None:
    store = MemoryStore()
    odd = Library(index=store, readers=[Odd(result)], records=store, max_bytes=100)
    with pytest.raises(PluginError, match="'odd'") as error:
        odd.add(Source(name="x.odd", data=b"Zythar Quillon"))
    assert "Zythar" not in str(error.value)
    assert error.value.__cause__ is None
    assert not store.documents


def test_later_files_may_add_to_a_loaded_record() -> None:
    store = load(patient())
    library(store).add(as_source(bundle(lab("k", loinc("2823-3", "Potassium"), 4.1, "mmol/L"))))
    assert [e.doc for e in retriever(store).ground("potassium", "p1").evidence] == ["Observation/k"]


def test_a_resource_cannot_change_its_patient() -> None:
    store = load(patient("p1"), patient("p2"), medication("m", "x", who="p1"))
    with pytest.raises(Conflict):
        load(patient("p2"), medication("m", "x", who="p2"), store=store)


def test_the_starter_pack_reads_and_is_found() -> None:
    sources = list(starter_sources())
    assert sources
    store = MemoryStore()
    for source in sources:
        library(store).add(source)
    assert len(store.documents) == len(sources)
    assert {d.collection for d in store.documents.values()} == {"guidelines"}
    for document in store.documents.values():
        assert document.basis in ("opened", "recalled")
        assert document.passages
        assert all(0 < p.end - p.start <= 700 for p in document.passages)
        found = retriever(store).ground(f"What is recommended: {document.title}?", None)
        assert document.doc in {e.doc for e in found.evidence}


def test_the_samples_read_and_answer() -> None:
    sources = list(sample_sources())
    assert sources
    store = MemoryStore()
    for source in sources:
        reading = library(store).read(source)
        assert set(reading.skipped) <= {"not clinical"}
        store.put(reading)
    for who in store.patients():
        active = {
            i.doc for i in store.items(who, types=("MedicationRequest", "MedicationStatement"), active=True)
        }
        grounding = retriever(store).ground("What medications is this patient on?", who)
        assert {e.doc for e in grounding.evidence} == active
        assert active or "no active medication" in grounding.notices[0]
        identity = store.identity(who)
        assert identity is not None
        names = [k.value for k in identity.identifiers if k.label == "NAME" and " " in k.value]
        for item in store.items(who):
            if item.category != "note":
                assert not [name for name in names if name in item.text], item.doc
