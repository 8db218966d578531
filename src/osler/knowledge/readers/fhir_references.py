"""Which entry a reference in a FHIR bundle means, and which patient a resource belongs to.

Takes references as servers write them: `Patient/1`, `Patient/1/_history/2`, `urn:uuid:…` and
absolute URLs (through `fullUrl`), `#contained`, `Practitioner?identifier=system|value`, and logical
references by identifier. A reference that fits nothing stays unresolved: nothing is guessed, since
a wrong patient would be worse than none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from osler.knowledge.readers.fhir_element import Element

PATIENT_MISSING = "patient is not in the file"
"""Why a resource is left out whose patient is neither in its file nor loaded before."""

_HISTORY = re.compile(r"/_history/[^/]+$")
_RELATIVE = re.compile(r"(?P<type>[A-Z][A-Za-z]+)/(?P<id>[^/?#\s]+)$")
_CONDITIONAL = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?(?:[^#]*&)?identifier=(?P<token>[^&#]+)")
_PATIENT_LINKS = ("subject", "patient", "beneficiary", "for", "individual")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One resource of a bundle: its number (from 1; 0 when it is the whole file), type, id and fullUrl."""

    number: int
    type: str
    id: str
    full_url: str
    resource: Element

    @property
    def key(self) -> str:
        """`Type/id`."""
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a resource is: a patient's id, or why none could be told."""

    patient: str | None = None
    reason: str = ""


class Directory:
    """The entries of a file by every name that a reference may use."""

    def __init__(self, entries: Iterable[Entry], known_patients: frozenset[str] = frozenset()) -> None:
        self.entries = tuple(entries)
        self._known = known_patients
        self._by_key = {entry.key: entry for entry in self.entries}
        self._by_url = {_bare(entry.full_url): entry for entry in self.entries if entry.full_url}
        self._by_urn: dict[str, Entry | None] = {}
        for entry in self.entries:
            urn = f"urn:uuid:{entry.id}".lower()
            # An id or identifier that two resources share names neither.
            self._by_urn[urn] = None if urn in self._by_urn else entry
        self._by_identifier: dict[tuple[str, str, str], Entry | None] = {}
        for entry in self.entries:
            for token in _identifiers(entry):
                name = (entry.type, *token)
                self._by_identifier[name] = None if name in self._by_identifier else entry

    def find(self, target: str, base: Entry) -> Entry | None:
        """The entry that the reference `target`, written in `base`, means; None if the file has it not."""
        if not target or target.startswith("#"):
            return None
        target = _bare(target)
        if found := self._by_url.get(target) or self._by_urn.get(target):
            return found
        if match := _CONDITIONAL.match(target):
            system, _, value = match["token"].rpartition("|")
            return self._by_identifier.get((match["type"], system, value))
        match = _RELATIVE.search(target)
        if match is None:
            return None
        key = f"{match['type']}/{match['id']}"
        server = target[: match.start()]
        if not server and (root := _server(base)):
            if found := self._by_url.get(f"{root}{key}"):
                return found
            server = root
        found = self._by_key.get(key)
        # The same id on another server is another resource.
        return found if found and (not server or _server(found) in ("", server)) else None

    def resolve(self, reference: Element, base: Entry) -> Element:
        """The resource that a Reference means, contained ones too; an empty Element when it is not there."""
        target = reference.text("reference")
        if target.startswith("#"):
            return contained(base.resource, target[1:])
        entry = self.find(target, base) or self._logical(reference)
        return entry.resource if entry else Element({}, reference.path, reference.entry)

    def owner(self, entry: Entry) -> Owner:
        """The one patient that a resource belongs to."""
        if entry.type == "Patient":
            return Owner(patient=entry.id)
        references = list(patient_links(entry.resource))
        if not references:
            return Owner(reason="names no patient")
        found = {self._patient(reference, entry) for reference in references} - {None}
        if len(found) > 1:
            return Owner(reason="names several patients")
        return Owner(patient=found.pop()) if found else Owner(reason=PATIENT_MISSING)

    def _patient(self, reference: Element, base: Entry) -> str | None:
        target = reference.text("reference")
        entry = self.find(target, base) or self._logical(reference)
        if entry is not None:
            return entry.id if entry.type == "Patient" else None
        match = _RELATIVE.search(_bare(target))
        if match and match["type"] == "Patient" and match["id"] in self._known:
            return match["id"]
        urn = target.strip()[9:] if target.strip().lower().startswith("urn:uuid:") else ""
        return urn if urn in self._known else None

    def _logical(self, reference: Element) -> Entry | None:
        identifier = reference.child("identifier")
        if not identifier or reference.text("reference"):
            return None
        name = (identifier.text("system"), identifier.text("value"))
        kind = reference.text("type") or (
            "Patient" if reference.path.endswith(("subject", "patient")) else ""
        )
        return self._by_identifier.get((kind, *name))


def contained(resource: Element, name: str) -> Element:
    """The contained resource of that id; an empty Element when there is none."""
    for inner in resource.children("contained"):
        if inner.text("id") == name:
            return inner
    return Element({}, f"{resource.path}.contained", resource.entry)


def patient_links(resource: Element) -> Iterable[Element]:
    """The references of a resource that say whose it is."""
    kind = resource.text("resourceType")
    if kind == "Appointment":
        for participant in resource.children("participant"):
            actor = participant.child("actor")
            if "Patient" in (actor.text("type"), *actor.text("reference").split("/")):
                yield actor
        return
    for name in _PATIENT_LINKS:
        if name not in resource or (kind == "Task" and name != "for"):
            continue
        if kind == "Account":
            yield from resource.children(name)
        else:
            yield resource.child(name)


def _bare(url: str) -> str:
    url = _HISTORY.sub("", url.strip())
    return url.lower() if url[:9].lower() == "urn:uuid:" else url


def _server(entry: Entry) -> str:
    """The part of an absolute fullUrl before `Type/id`; empty when the entry has none."""
    url = _bare(entry.full_url)
    if not url.startswith(("http://", "https://")):
        return ""
    return url.removesuffix(entry.key) if url.endswith(f"/{entry.key}") else ""


def _identifiers(entry: Entry) -> Iterable[tuple[str, str]]:
    value = entry.resource.raw.get("identifier")
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict) and isinstance(item.get("value"), str):
            system = item.get("system")
            yield (system if isinstance(system, str) else "", item["value"])
