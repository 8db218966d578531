"""Every identifier that a FHIR file knows of a patient and of the people and places around them.

They are what de-identification looks for literally, wherever it stands: in a question, in a note,
in an answer. The classes are those of 45 CFR 164.514(b)(2)(i).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.records import PatientIdentity
from osler.core.spans import Label
from osler.knowledge.readers.fhir_element import Element, one_line
from osler.knowledge.readers.fhir_json import Link
from osler.knowledge.readers.fhir_references import Entry
from osler.knowledge.readers.fhir_scattered import Shape, scattered
from osler.knowledge.readers.fhir_words import day

_BY_CODE = {
    "MR": Label.MRN,
    "PI": Label.MRN,
    "PT": Label.MRN,
    "SS": Label.SSN,
    "SB": Label.SSN,
    "DL": Label.LICENSE,
    "PPN": Label.LICENSE,
    "MD": Label.LICENSE,
    "NPI": Label.LICENSE,
    "DEA": Label.LICENSE,
    "PRN": Label.LICENSE,
    "LN": Label.LICENSE,
    "MB": Label.HEALTH_PLAN,
    "MC": Label.HEALTH_PLAN,
    "MA": Label.HEALTH_PLAN,
    "NH": Label.HEALTH_PLAN,
    "NI": Label.HEALTH_PLAN,
    "SN": Label.HEALTH_PLAN,
    "HC": Label.HEALTH_PLAN,
    "AN": Label.ACCOUNT,
    "ANC": Label.ACCOUNT,
    "VN": Label.ACCOUNT,
    "BA": Label.ACCOUNT,
    "SNO": Label.DEVICE,
    "UDI": Label.DEVICE,
    "SER": Label.DEVICE,
    "PLAC": Label.OTHER_ID,
}
_BY_SYSTEM = (
    ("us-ssn", Label.SSN),
    ("2.16.840.1.113883.4.1", Label.SSN),
    ("us-npi", Label.LICENSE),
    ("2.16.840.1.113883.4.6", Label.LICENSE),
    ("2.16.840.1.113883.4.3.", Label.LICENSE),
    ("us-medicare", Label.HEALTH_PLAN),
    ("us-mbi", Label.HEALTH_PLAN),
)
_TELECOM = {
    "phone": Label.PHONE,
    "sms": Label.PHONE,
    "pager": Label.PHONE,
    "fax": Label.FAX,
    "email": Label.EMAIL,
    "url": Label.URL,
}
_PREFIX = re.compile(
    r"^(?:(?:dr|mr|mrs|ms|miss|mx|prof|professor|sir|dame|rev|hon|sr|sra|doctor|nurse)\b\.?\s+)+",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r"(?:,?\s+(?:M\.?D\.?|D\.?O\.?|Ph\.?D\.?|R\.?N\.?|N\.?P\.?|P\.?A\.?(?:-C)?|FNP|DDS|PharmD|Jr\.?|Sr\.?|II|III|IV))+$"
)
_PEOPLE = ("Practitioner", "RelatedPerson", "Patient", "PractitionerRole", "Person")
_PLACES = ("Organization", "Location", "HealthcareService")
_PERSON_ELEMENTS = frozenset(
    [
        "requester",
        "performer",
        "author",
        "recorder",
        "asserter",
        "individual",
        "practitioner",
        "actor",
        "informant",
        "authenticator",
        "attester",
        "interpreter",
        "resultsInterpreter",
        "dispenser",
        "receiver",
        "subject",
        "patient",
        "provider",
        "enterer",
        "owner",
        "who",
        "careManager",
        "generalPractitioner",
        "participant",
        "member",
        "referrer",
        "responsible",
        "supervisor",
    ]
)
_PLACE_ELEMENTS = frozenset(
    ["serviceProvider", "managingOrganization", "custodian", "location", "facility", "organization"]
)
_FALLBACKS = {
    "Device": Label.DEVICE,
    "Coverage": Label.HEALTH_PLAN,
    "Account": Label.ACCOUNT,
    "Encounter": Label.ACCOUNT,
    "EpisodeOfCare": Label.ACCOUNT,
}
_SHORTEST = 4
_SHORTEST_OWN = 3
_WRITTEN_TYPE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)[/?]")
_ID = re.compile(r"(?=.*\d).{8,}")
_BORN = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?![\d-])")


class IdentifierList:
    """Identifiers as they are collected: each value once a label, in the order of finding."""

    def __init__(self) -> None:
        self._found: dict[tuple[Label, str, bool], KnownIdentifier] = {}

    def add(self, label: Label, value: str, *, shortest: int = 2, birth: bool = False) -> None:
        """Add `value` unless it is shorter than `shortest`, too short to be told from ordinary text.

        Two characters are enough in other scripts than ours, of which some write a city with two.
        """
        value = one_line(value)
        if len(value) >= (shortest if value.isascii() else 2):
            self._found.setdefault(
                (label, value, birth), KnownIdentifier(label=label, value=value, birth=birth)
            )

    def name(self, element: Element) -> None:
        """All variants of a HumanName, without titles: the full name in both orders, and its parts."""
        given, family = [_bare(g) for g in element.words("given")], _bare(element.word("family"))
        self.full_name(element.word("text"))
        if family and given:
            self.add(Label.NAME, " ".join((*given, family)))
            self.add(Label.NAME, f"{given[0]} {family}")
            self.add(Label.NAME, f"{family}, {' '.join(given)}")
            self.add(Label.NAME, f"{family}, {given[0]}")
        for part in (family, *given):
            self.add(Label.NAME, part)
        self._words(family)

    def full_name(self, text: str) -> None:
        """A person's name as one text, title and degrees dropped, and each of its capitalised words."""
        plain = _bare(text)
        self.add(Label.NAME, plain)
        self._words(plain)

    def _words(self, name: str) -> None:
        for part in re.split(r"[\s,]+", name):
            if part[:1].isupper():  # not the "de la" of a name, which stands everywhere
                self.add(Label.NAME, part, shortest=3)

    def telecom(self, element: Element) -> None:
        """A phone number, a mail address, a link."""
        label = _TELECOM.get(element.word("system"), Label.OTHER_ID)
        self.add(label, element.word("value"), shortest=_SHORTEST)

    def address(self, element: Element) -> None:
        """Everything smaller than a state, 164.514(b)(2)(i)(B)."""
        for line in (
            *element.words("line"),
            element.word("text"),
            element.word("city"),
            element.word("district"),
        ):
            self.add(Label.LOCATION, line, shortest=3)
        self.add(Label.LOCATION, element.word("postalCode"), shortest=_SHORTEST)

    def identifier(
        self, element: Element, *, fallback: Label = Label.OTHER_ID, shortest: int = _SHORTEST
    ) -> None:
        """An Identifier, labelled by its type or its system."""
        self.add(_label(element) or fallback, element.word("value"), shortest=shortest)

    def items(self) -> tuple[KnownIdentifier, ...]:
        """What was collected."""
        return tuple(self._found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry with its patient, if it has one, and the references in it, each with its target's type."""

    entry: Entry
    owner: str | None = field(repr=False)
    links: tuple[tuple[Link, str], ...] = field(repr=False)


def identities(rows: Iterable[Row]) -> tuple[PatientIdentity, ...]:
    """The identity of every patient among `rows`, and what they add to patients who are not among them.

    People, places and devices that belong to no one patient count for all patients of the file.
    """
    # the patient's own come first, whatever the order of the file: a roster tells them by that
    rows = tuple(sorted(rows, key=lambda row: row.entry.type != "Patient"))
    common = IdentifierList()
    lists: dict[str, IdentifierList] = {}
    for row in rows:
        if row.owner is None:
            _surrounding(row.entry, common)
            _linked(row.links, common)
        else:
            into = lists.setdefault(row.owner, IdentifierList())
            _own(row.entry, into)
            _linked(row.links, into)
    shared = common.items()
    present = {row.entry.id: row.entry for row in rows if row.entry.type == "Patient"}
    return tuple(
        _identity(present[patient], found.items(), shared)
        if patient in present
        else PatientIdentity(patient=patient, identifiers=tuple(dict.fromkeys((*found.items(), *shared))))
        for patient, found in lists.items()
    )


def target_type(link: Link, type_of: Callable[[str], str]) -> str:
    """The resource type that a reference means: as it is written, else as `type_of` finds it; "" when unknown."""
    named = _WRITTEN_TYPE.search(link.target)
    return named.group(1) if named else type_of(link.target)


def _identity(
    entry: Entry, own: tuple[KnownIdentifier, ...], shared: tuple[KnownIdentifier, ...]
) -> PatientIdentity:
    everything = dict.fromkeys((*own, *shared))
    return PatientIdentity(
        patient=entry.id,
        birth_date=_birth_date(entry.resource),
        gender=entry.resource.word("gender"),
        identifiers=tuple(everything),
    )


def _birth_date(resource: Element) -> date | None:
    """The day of birth; of a month or a year its first day, so that nobody over 89 is taken for younger."""
    parts = _BORN.match(resource.text("birthDate"))
    try:
        return date(*(int(part or 1) for part in parts.groups())) if parts else None
    except ValueError:
        return None


def _own(entry: Entry, into: IdentifierList) -> None:
    """What a resource of the patient says: the person, their contacts, numbers, and the resource's own id."""
    resource = entry.resource
    if entry.type == "Patient":
        _person(resource, into, shortest=_SHORTEST_OWN)
        into.add(Label.DATE, day(resource.text("birthDate")), shortest=4, birth=True)
        into.add(Label.OTHER_ID, entry.id, shortest=_SHORTEST_OWN)
        for contact in resource.children("contact"):
            into.name(contact.child("name"))
            _reach(contact, into)
            into.address(contact.child("address"))
        _patient_extensions(resource, into)
    elif entry.type == "RelatedPerson":
        _person(resource, into)
    elif entry.type == "FamilyMemberHistory":
        into.full_name(resource.word("name"))
        _numbers(resource, into, Label.OTHER_ID)
    elif entry.type == "Device":
        _device(resource, into)
    elif entry.type == "Coverage":
        into.add(Label.HEALTH_PLAN, resource.word("subscriberId"), shortest=_SHORTEST)
        for group in resource.children("class"):
            if any(c.isdecimal() for c in group.word("value")):  # a plan may be called "Gold" too
                into.add(Label.HEALTH_PLAN, group.word("value"), shortest=_SHORTEST)
        _numbers(resource, into, Label.HEALTH_PLAN)
    elif entry.type in ("Account", "Encounter", "EpisodeOfCare"):
        _numbers(resource, into, Label.ACCOUNT)
    else:
        _numbers(resource, into, Label.OTHER_ID)
    if _ID.fullmatch(entry.id):
        into.add(Label.OTHER_ID, entry.id)
    _scattered(resource, into, _FALLBACKS.get(entry.type, Label.OTHER_ID))


def _surrounding(entry: Entry, into: IdentifierList) -> None:
    """Names, addresses and numbers of people, organisations and places."""
    resource = entry.resource
    if entry.type in ("Practitioner", "Person"):
        _person(resource, into)
    elif entry.type in _PLACES:
        into.add(Label.LOCATION, resource.word("name"), shortest=3)
        for alias in resource.words("alias"):
            into.add(Label.LOCATION, alias, shortest=3)
        _reach(resource, into)
        for address in _one_or_more(resource, "address"):
            into.address(address)
        _numbers(resource, into, Label.OTHER_ID)
    elif entry.type == "PractitionerRole":
        _reach(resource, into)
        _numbers(resource, into, Label.OTHER_ID)
    elif entry.type == "Device":
        _device(resource, into)
    else:
        return
    _scattered(resource, into, Label.DEVICE if entry.type == "Device" else Label.OTHER_ID)


def _scattered(resource: Element, into: IdentifierList, fallback: Label) -> None:
    """Whatever else has the shape of an identifier, at whatever depth."""
    for shape, element in scattered(resource):
        if shape is Shape.NAME:
            into.name(element)
        elif shape is Shape.ADDRESS:
            into.address(element)
        elif shape is Shape.CONTACT:
            into.telecom(element)
        elif shape is Shape.PLACE:
            into.add(Label.LOCATION, element.word("name"), shortest=3)
        elif shape is Shape.NUMBER:
            into.identifier(element, fallback=fallback)
        elif _PREFIX.match(author := element.word("authorString")) or _SUFFIX.search(author):
            into.full_name(author)


def _person(resource: Element, into: IdentifierList, *, shortest: int = _SHORTEST) -> None:
    for name in resource.children("name"):
        into.name(name)
    _reach(resource, into)
    for address in resource.children("address"):
        into.address(address)
    for identifier in resource.children("identifier"):
        into.identifier(identifier, shortest=shortest)
    for photo in _one_or_more(resource, "photo"):
        into.add(Label.PHOTO, photo.word("url"), shortest=_SHORTEST)


def _reach(resource: Element, into: IdentifierList) -> None:
    for telecom in resource.children("telecom"):
        into.telecom(telecom)


def _numbers(resource: Element, into: IdentifierList, fallback: Label) -> None:
    for identifier in _one_or_more(resource, "identifier"):
        into.identifier(identifier, fallback=fallback)


def _one_or_more(resource: Element, key: str) -> tuple[Element, ...]:
    """The elements at `key`, which some types have once and others as a list."""
    value = resource.raw.get(key)
    if isinstance(value, dict):
        return (resource.child(key),)
    return resource.children(key)


def _device(resource: Element, into: IdentifierList) -> None:
    for key in ("serialNumber", "distinctIdentifier"):
        into.add(Label.DEVICE, resource.word(key), shortest=_SHORTEST)
    for carrier in resource.children("udiCarrier"):
        for key in ("carrierHRF", "carrierAIDC"):
            into.add(Label.DEVICE, carrier.word(key), shortest=_SHORTEST)
    _numbers(resource, into, Label.DEVICE)


def _patient_extensions(resource: Element, into: IdentifierList) -> None:
    for extension in resource.children("extension"):
        if "valueAddress" in extension:
            into.address(extension.child("valueAddress"))
        if "valueHumanName" in extension:
            into.name(extension.child("valueHumanName"))
        if extension.text("url").endswith(("mothersMaidenName", "own-name", "partner-name")):
            into.full_name(extension.word("valueString"))


def _linked(links: Iterable[tuple[Link, str]], into: IdentifierList) -> None:
    """The displays of references to people and places: "Dr. Ada Lovelace", "Mercy Hospital"."""
    for link, kind in links:
        if not link.display:
            continue
        if kind in _PEOPLE or (not kind and _PREFIX.match(link.display)):
            into.full_name(link.display)
        elif kind in _PLACES or (not kind and link.element in _PLACE_ELEMENTS):
            into.add(Label.LOCATION, link.display, shortest=3)
        elif not kind and link.element in _PERSON_ELEMENTS and " " in link.display:
            into.add(Label.NAME, _bare(link.display))


def _label(element: Element) -> Label | None:
    kind = element.child("type")
    for coding in kind.children("coding"):
        if label := _BY_CODE.get(coding.word("code").upper()):
            return label
    system = element.word("system").lower()
    return next((label for part, label in _BY_SYSTEM if part in system), None)


def _bare(name: str) -> str:
    """A name without titles before it and degrees after it."""
    return _SUFFIX.sub("", _PREFIX.sub("", name.strip())).strip(" ,")
