"""FHIR R4 JSON (and R4B): a Bundle of any type, or a single resource, to documents of patients' records.

Each clinical resource becomes one document, `Type/id`, with one plain English text that says it
without the patient's name. A resource belongs to exactly one patient, told by its reference; where
that cannot be told it is left out and counted. People, organisations and bills are no documents:
they give the identifiers to look for in texts.

Refused whole, with the entry and the element named: other FHIR versions, broken JSON, elements of
the wrong JSON type, two different resources of one id. Not read: XML, NDJSON, profiles' own rules.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from osler.core.errors import InputError
from osler.core.ports.index import RECORDS
from osler.core.ports.reader import Document, Reading, Source
from osler.knowledge.readers import fhir_version
from osler.knowledge.readers.fhir_element import Element, JsonObject, fault, json_kind
from osler.knowledge.readers.fhir_identifiers import Row, identities, target_type
from osler.knowledge.readers.fhir_json import Link, parse, survey
from osler.knowledge.readers.fhir_references import Directory, Entry
from osler.knowledge.readers.fhir_render import document
from osler.knowledge.readers.fhir_shape import require_shape
from osler.knowledge.titles import is_clinical, known_types

_SNIFFED = 4096
_LONGEST_ID = 256
_NESTED_BUNDLES = 4
_ENTERED_IN_ERROR = "entered-in-error"
_REMEDY = "Give a FHIR R4 Bundle, or a single R4 resource."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A resource as it stands in the file, before its references are looked at."""

    number: int
    full_url: str
    resource: JsonObject = field(repr=False)


class FhirReader:
    """Reads FHIR R4 JSON. See the module's docstring."""

    name = "fhir"

    def accepts(self, source: Source) -> bool:
        """JSON by its ending, or without one an object that speaks of a resourceType."""
        if source.suffix in (".json", ".fhir"):
            return True
        start = source.data[:_SNIFFED].lstrip(b"\xef\xbb\xbf \t\r\n")
        return source.suffix == "" and start.startswith(b"{") and b'"resourceType"' in start

    def read(self, source: Source) -> Reading:
        """All documents and identities in the file. Raises InputError and UnsupportedFormat."""
        if source.collection not in (None, RECORDS):
            raise InputError(
                "A patient's record is kept in the collection 'records' and in no other.",
                remedy="Leave the collection out when you load FHIR files.",
            )
        top = parse(source.data)
        skipped: Counter[str] = Counter()
        found = tuple(_resources(top, skipped))
        fhir_version.refuse_other_versions(_versioned(top, found))
        entries, links = _entries(found, history=top.get("type") == "history", skipped=skipped)
        directory = Directory(entries, source.known_patients)
        return _reading(directory, links, skipped)


def _reading(directory: Directory, links: dict[str, tuple[Link, ...]], skipped: Counter[str]) -> Reading:
    documents: list[Document] = []
    rows: list[Row] = []
    for entry in directory.entries:
        owner = directory.owner(entry)
        kinds = tuple((link, _target(link, entry, directory)) for link in links[entry.key] if link.display)
        rows.append(Row(entry=entry, owner=owner.patient, links=kinds))
        if not is_clinical(entry.type):
            skipped["not clinical"] += 1
        elif owner.patient is None:
            skipped[owner.reason] += 1
        elif _is_error(entry.resource):
            skipped["entered in error"] += 1
        else:
            documents.append(document(entry, directory, owner.patient, RECORDS))
    return Reading(
        documents=tuple(documents), patients=identities(rows), skipped=dict(sorted(skipped.items()))
    )


def _target(link: Link, entry: Entry, directory: Directory) -> str:
    def type_of(target: str) -> str:
        found = directory.find(target, entry)
        return found.type if found else ""

    return target_type(link, type_of)


def _versioned(top: JsonObject, found: Iterable[_Found]) -> Iterator[tuple[int, JsonObject]]:
    yield 0, {key: top[key] for key in ("fhirVersion", "meta") if key in top}
    for item in found:
        yield item.number, item.resource


def _resources(top: JsonObject, skipped: Counter[str], depth: int = 0) -> Iterator[_Found]:
    """The resources of a file in order, those of bundles within the bundle too."""
    kind = _type_of(top, 0, "The file")
    if kind != "Bundle":
        if kind not in known_types() and not fhir_version.is_foreign_type(kind):
            raise InputError("The file's resourceType is not a FHIR resource type.", remedy=_REMEDY)
        yield _Found(number=0, full_url="", resource=top)
        return
    entries = top.get("entry", [])
    if not isinstance(entries, list):
        fault(0, "Bundle.entry", f"{json_kind(entries)} stands where a list belongs")
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            fault(number, "Bundle.entry", f"{json_kind(entry)} stands where an object belongs")
        if "resource" not in entry:
            skipped["no resource in the entry"] += 1
            continue
        resource = entry["resource"]
        if not isinstance(resource, dict):
            fault(number, "Bundle.entry.resource", f"{json_kind(resource)} stands where an object belongs")
        full_url = Element(entry, "Bundle.entry", number).text("fullUrl")
        if _type_of(resource, number, "resource") == "Bundle":
            if depth >= _NESTED_BUNDLES:
                fault(number, "Bundle", "bundles are nested too deeply")
            for inner in _resources(resource, skipped, depth + 1):
                yield _Found(number=number, full_url=inner.full_url, resource=inner.resource)
        else:
            yield _Found(number=number, full_url=full_url, resource=resource)


def _type_of(resource: JsonObject, number: int, path: str) -> str:
    kind = resource.get("resourceType")
    if isinstance(kind, str) and kind:
        return kind
    if number:
        fault(number, f"{path}.resourceType", f"{json_kind(kind)} stands where a resource type belongs")
    raise InputError("The file is JSON but not FHIR: it has no resourceType at the top.", remedy=_REMEDY)


def _entries(
    found: Iterable[_Found], *, history: bool, skipped: Counter[str]
) -> tuple[list[Entry], dict[str, tuple[Link, ...]]]:
    """Entries with ids, each resource once; and the references in each, by `Type/id`.

    A history lists the newest version first: only that is taken.
    """
    entries: dict[str, Entry] = {}
    links: dict[str, tuple[Link, ...]] = {}
    urls: dict[str, str] = {}
    for item in found:
        kind = item.resource["resourceType"]
        if kind not in known_types():
            skipped["not an R4 resource type"] += 1
            continue
        references = survey(item.resource, kind, item.number)
        require_shape(item.resource, kind, item.number)
        entry = _entry(item, kind)
        other = entries.get(entry.key)
        if other is not None:
            if other.resource.raw == item.resource:
                skipped["repeated in the file"] += 1
            elif history:
                skipped["older version"] += 1
            else:
                fault(item.number, f"{kind}.id", f"entry {other.number} has another {kind} of the same id")
            continue
        if item.full_url and urls.setdefault(item.full_url, entry.key) != entry.key:
            fault(item.number, "Bundle.entry.fullUrl", "another entry has the same fullUrl")
        entries[entry.key] = entry
        links[entry.key] = references
    return list(entries.values()), links


def _entry(item: _Found, kind: str) -> Entry:
    resource = Element(item.resource, kind, item.number)
    name = resource.text("id") or _id_of(item.full_url, kind) or _digest(item.resource)
    if len(name) > _LONGEST_ID or not name.isprintable() or any(c in name for c in " /#?|"):
        fault(item.number, f"{kind}.id", "this is no FHIR id")
    return Entry(number=item.number, type=kind, id=name, full_url=item.full_url, resource=resource)


def _id_of(full_url: str, kind: str) -> str:
    if full_url[:9].lower() == "urn:uuid:":
        return full_url[9:]
    head, _, name = full_url.rpartition("/")
    return name if head.endswith(f"/{kind}") else ""


def _digest(resource: JsonObject) -> str:
    """An id made from the content, for entries that a server was to give one: the same file, the same id."""
    text = json.dumps(resource, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _is_error(resource: Element) -> bool:
    """Whether a resource is marked as entered in error, by its status or its verification."""
    if any(resource.raw.get(key) == _ENTERED_IN_ERROR for key in ("status", "lifecycleStatus")):
        return True
    verification: Any = resource.raw.get("verificationStatus")
    return isinstance(verification, dict) and any(
        coding.text("code") == _ENTERED_IN_ERROR
        for coding in resource.child("verificationStatus").children("coding")
    )
