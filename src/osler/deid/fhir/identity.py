"""What a resource says about who it is about: read before anything is replaced, wherever it stands.

Names, numbers, addresses and telephone numbers are recognised by the shape of the objects that hold them, not by the
allow-list, so that those in elements that will be removed are looked for in the text all the same.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from osler.core.errors import InputError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid.fhir.primitives import year_of
from osler.deid.fhir.references import Links
from osler.deid.fhir.rules import Rules
from osler.deid.session import Person, Session, name_core, over_89

CONTACTS = {
    "phone": Label.PHONE,
    "fax": Label.FAX,
    "email": Label.EMAIL,
    "pager": Label.PHONE,
    "sms": Label.PHONE,
    "url": Label.URL,
    "other": Label.OTHER_ID,
}
"""ContactPoint.system to label."""

_OF_PERSONS = (
    "Patient",
    "RelatedPerson",
    "Practitioner",
    "PractitionerRole",
    "Person",
    "Coverage",
    "Organization",
)
_TOKEN = re.compile(r"[^\W_](?:[\w.\-]{3,}[^\W_])")
_NAMED_BY = ("use", "system", "type", "assigner", "period")


@dataclass(slots=True, kw_only=True)
class Identity:
    """What was read of a document: identifiers, all strings, who the patients are, and which id is of which type."""

    known: dict[KnownIdentifier, None] = field(default_factory=dict, repr=False)
    tokens: dict[str, Label] = field(default_factory=dict, repr=False)
    texts: dict[str, None] = field(default_factory=dict, repr=False)
    people: dict[str, Person] = field(default_factory=dict, repr=False)
    types: dict[str, str] = field(default_factory=dict, repr=False)


def read(resource: dict[str, Any], rules: Rules, session: Session, links: Links) -> Identity:
    """Reads a resource; InputError when it is nested deeper than `rules.max_depth`."""
    reader = _Reader(rules, session, links)
    reader.read(resource)
    return reader.identity


def children(value: object) -> Iterator[tuple[str, Any]]:
    """The members of an object with their names, those of a list with none."""
    if isinstance(value, dict):
        yield from ((str(k), v) for k, v in value.items())
    elif isinstance(value, list):
        yield from (("", v) for v in value)


class _Reader:
    def __init__(self, rules: Rules, session: Session, links: Links) -> None:
        self.identity = Identity()
        self._rules = rules
        self._session = session
        self._links = links
        self._displays: list[tuple[dict[str, Any], str]] = []

    def read(self, resource: dict[str, Any]) -> None:
        stack: list[tuple[Any, str, str, int]] = [(resource, "", "", 1)]
        while stack:
            value, key, kind, depth = stack.pop()
            if depth > self._rules.max_depth:
                raise InputError(
                    f"The resource is nested more than {self._rules.max_depth} levels deep.",
                    remedy="Flatten the resource; no FHIR resource in use is nested that deep.",
                )
            if isinstance(value, str):
                self._string(value, key, kind)
            elif isinstance(value, dict):
                kind = self._resource(value) or kind
                self._object(value, key, kind)
            for name, member in children(value):
                stack.append((member, name or key, kind, depth + 1))
        for reference, kind in self._displays:
            self._display(reference, kind)

    # -- resources

    def _resource(self, value: dict[str, Any]) -> str:
        kind = value.get("resourceType")
        if not isinstance(kind, str):
            entry = value.get("resource")
            full = value.get("fullUrl")
            if (
                isinstance(entry, dict)
                and isinstance(full, str)
                and isinstance(entry.get("resourceType"), str)
            ):
                self.identity.types[_tail(full)] = entry["resourceType"]
            return ""
        identifier = value.get("id")
        if isinstance(identifier, str):
            self.identity.types[_tail(identifier)] = kind
            self._id(identifier)
        if kind == "Patient":
            self._patient(value)
        return kind

    def _patient(self, value: dict[str, Any]) -> None:
        born, died = year_of(value.get("birthDate")), year_of(value.get("deceasedDateTime"))
        key = _tail(value["id"]) if isinstance(value.get("id"), str) else ""
        old = born is not None and over_89(born, died or self._session.today.year)
        self.identity.people[key] = Person(key=key, over_89=old)
        if born is not None:
            self._known(Label.DATE, value["birthDate"], birth=True)

    # -- objects by their shape

    def _object(self, value: dict[str, Any], key: str, kind: str) -> None:
        if "family" in value or "given" in value or (key.endswith(("name", "HumanName")) and "text" in value):
            self._name(value)
        if isinstance(value.get("value"), str):
            self._valued(value, key, kind)
        if {"line", "city", "postalCode"} & value.keys():
            self._address(value)
        if "display" in value and {"reference", "identifier"} & value.keys():
            self._displays.append((value, kind))
        label = self._rules.extensions_sought.get(value["url"]) if isinstance(value.get("url"), str) else None
        if label is not None and isinstance(value.get("valueString"), str):
            self._known(label, value["valueString"])

    def _name(self, value: dict[str, Any]) -> None:
        given, family = _strings(value.get("given")), _strings(value.get("family"))
        whole = " ".join((*given, *family))
        for name in (whole, " ".join((*given[:1], *family)), *_strings(value.get("text")), *family, *given):
            if len(name) > 1:
                self._known(Label.NAME, name)

    def _valued(self, value: dict[str, Any], key: str, kind: str) -> None:
        system, text = value.get("system"), value["value"].strip()
        if isinstance(system, str) and system in CONTACTS:
            if sum(c.isalnum() for c in text) > 4:
                self._known(CONTACTS[system], text)
        elif key.endswith(("dentifier", "requisition", "class")) or any(name in value for name in _NAMED_BY):
            label = identifier_label(value, kind, self._rules)
            text = text.removeprefix("urn:uuid:").removeprefix("urn:oid:")
            if sum(c.isalnum() for c in text) < 4 or not any(c.isdecimal() for c in text):
                return
            if kind in _OF_PERSONS or not _TOKEN.fullmatch(text):
                self._known(label, text)
            else:
                self.identity.tokens[text] = label

    def _address(self, value: dict[str, Any]) -> None:
        for line in _strings(value.get("line")):
            if any(c.isdecimal() for c in line) or " " in line:
                self._known(Label.LOCATION, line)
        for name in ("city", "district", "text"):
            for place in _strings(value.get(name)):
                if len(place) > 3:
                    self._known(Label.LOCATION, place)
        for code in _strings(value.get("postalCode")):
            if re.fullmatch(r"\d{5}(?:-?\d{4})?", code):
                self._known(Label.LOCATION, code)

    def _display(self, value: dict[str, Any], kind: str) -> None:
        display = value["display"]
        target = target_type(value, self.identity, self._links)
        if isinstance(display, str) and display.strip():
            if target in self._rules.persons:
                self._known(Label.NAME, display.strip())
            elif target in self._rules.places and (" " in display.strip() or len(display) > 5):
                self._known(Label.LOCATION, display.strip())

    # -- strings

    def _string(self, value: str, key: str, kind: str) -> None:
        self.identity.texts[value] = None
        if key == "reference":
            if _tail(value) != value or value.lower().startswith("urn:"):
                self._id(_tail(value))
        elif key in ("name", "alias") and kind in self._rules.places and (" " in value or len(value) > 5):
            self._known(Label.LOCATION, value)
        elif key == "authorString" or (key == "name" and kind == "FamilyMemberHistory"):
            self._known(Label.NAME, value)
        elif key == "subscriberId" and sum(c.isalnum() for c in value) > 3:
            self._known(Label.HEALTH_PLAN, value)
        elif key == "data" and len(value) < 4_000_000:
            try:
                self.identity.texts[base64.b64decode(value, validate=True).decode("utf-8")] = None
            except (binascii.Error, ValueError):
                return

    def _id(self, value: str) -> None:
        if len(value) > 5 and any(c.isdecimal() for c in value) and _TOKEN.fullmatch(value):
            self.identity.tokens.setdefault(value, Label.OTHER_ID)

    def _known(self, label: Label, value: str, *, birth: bool = False) -> None:
        core = name_core(value)[1].strip(" ,") if label is Label.NAME else value.strip()
        if core:
            self.identity.known[KnownIdentifier(label=label, value=core, birth=birth)] = None


def identifier_label(value: dict[str, Any], kind: str, rules: Rules) -> Label:
    """The label of an Identifier: by its system, its type, or the resource that it is of."""
    system = value.get("system")
    if isinstance(system, str) and system in rules.identifier_systems:
        return rules.identifier_systems[system]
    concept = value.get("type")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        code = coding.get("code") if isinstance(coding, dict) else None
        if isinstance(code, str) and code in rules.identifier_types:
            return rules.identifier_types[code]
    return rules.identifier_resources.get(kind, Label.OTHER_ID)


def target_type(reference: dict[str, Any], identity: Identity, links: Links) -> str:
    """The resource type a Reference points at, "" when neither it nor the document says."""
    text = reference.get("reference")
    if isinstance(text, str):
        named = links.type_of(text) or identity.types.get(_tail(text), "")
        if named:
            return named
    kind = reference.get("type")
    return kind.rpartition("/")[2] if isinstance(kind, str) else ""


def person_of(resource: dict[str, Any], identity: Identity, session: Session, links: Links) -> Person:
    """Whom a resource is about: the patients it refers to, else the one patient of the document, else all of them."""
    if resource.get("resourceType") == "Patient":
        keys = {_tail(resource["id"]) if isinstance(resource.get("id"), str) else ""}
    else:
        keys = set(_patient_keys(resource, identity, links))
    if not keys:
        keys = set(identity.people)
    people = [identity.people.get(key) or session.recalled(key) or Person(key=key) for key in sorted(keys)]
    if len(people) == 1:
        return people[0]
    return Person(key=people[0].key if people else "", over_89=any(p.over_89 for p in people))


def _patient_keys(resource: dict[str, Any], identity: Identity, links: Links) -> Iterator[str]:
    stack: list[Any] = [resource]
    while stack:
        value = stack.pop()
        referring = isinstance(value, dict) and isinstance(value.get("reference"), str)
        if referring and target_type(value, identity, links) == "Patient":
            yield _tail(value["reference"])
        stack.extend(member for _, member in children(value) if isinstance(member, dict | list))


def _tail(reference: str) -> str:
    """The id in a reference, an address or a `urn:uuid:`, in small letters where it is a UUID."""
    tail = reference.partition("/_history/")[0].removeprefix("#").rpartition("/")[2]
    tail = tail.rpartition(":")[2] if tail[:4].lower() == "urn:" else tail
    return tail.lower() if len(tail) == 36 and tail.count("-") == 4 else tail


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value.strip(),) if value.strip() else ()
    if isinstance(value, list):
        return tuple(v.strip() for v in value if isinstance(v, str) and v.strip())
    return ()
