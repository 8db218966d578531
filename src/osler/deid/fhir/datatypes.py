"""Data types that need more than a table of their elements: names, addresses, identifiers, references, attachments."""

import base64
import binascii
import re
from functools import cache
from typing import Any

from osler.core.spans import Label
from osler.deid import gazetteers, safe_harbor
from osler.deid.accounting import Outcome
from osler.deid.fhir import markup
from osler.deid.fhir.identity import CONTACTS, identifier_label, target_type
from osler.deid.fhir.primitives import is_old
from osler.deid.fhir.rules import Elements
from osler.deid.fhir.walk import Json, Special, Walk
from osler.deid.pieces import tally
from osler.deid.session import is_title, name_core

_GENERATIONS = frozenset({"jr", "sr", "ii", "iii"})


def _only(**types: str) -> Elements:
    return Elements(types=types)


def human_name(walk: Walk, value: Json, _: str, path: str) -> Json | None:
    """Surrogates keep the parts of a name; otherwise its label stands in `family`."""
    out = walk.fields(_without(value, "family", "given", "text", "prefix", "suffix"), _NAME, path) or {}
    parts: Json = {key: value[key] for key in ("family", "given", "text", "prefix", "suffix") if key in value}
    named = any(
        isinstance(v, str) and v.strip() for key in ("family", "given", "text") for v in _flat(parts.get(key))
    )
    for key, part in parts.items():
        at = f"{path}.{key}"
        if key in ("prefix", "suffix"):
            titles = [t for t in _flat(part) if isinstance(t, str) and _titled(t)]
            walk.ledger.book(at, Outcome.KEPT, len(titles))
            walk.ledger.book(at, Outcome.REMOVED, max(len(_flat(part)), 1) - len(titles))
            if titles:
                out[key] = titles
        elif walk.session.mode != "surrogate":
            walk.ledger.book(at, Outcome.REPLACED, max(len(_flat(part)), 1))
        else:
            new = [_named(walk, p, parts) for p in _flat(part) if isinstance(p, str) and p.strip()]
            walk.ledger.book(at, Outcome.REPLACED, max(len(_flat(part)), 1))
            if new:
                out[key] = new if key == "given" else new[0]
    if named and walk.session.mode != "surrogate":
        out["family"] = f"[{Label.NAME.value}]"
    return out or None


_NAME = _only(use="code", period="Period")
_ADDRESS = _only(use="code", type="code", period="Period")
_CONTACT = _only(system="code", use="code", rank="positiveInt", period="Period")
_IDENTIFIER = _only(use="code", type="CodeableConcept", system="uri", period="Period", assigner="Reference")
_REFERENCE = _only(type="uri", identifier="Identifier")
_ATTACHMENT = _only(contentType="media", language="code", url="link", title="string", creation="dateTime")
_META = _only(versionId="id", lastUpdated="instant", profile="canonical")


def _named(walk: Walk, name: str, parts: Json) -> str:
    """The surrogate of a part of a name, or of the whole: made of those of its parts if it is made of them."""
    own = [
        p for key in ("family", "given") for p in _flat(parts.get(key)) if isinstance(p, str) and p.strip()
    ]
    made = {p.strip(): walk.session.value(Label.NAME, p.strip()) for p in own}
    before, core, after = name_core(name)
    words = re.split(r"([\s,]+)", core)
    if len(words) > 1 and all(word in made for word in words[::2]):
        return before + "".join(made.get(word, word) for word in words) + after
    return walk.session.value(Label.NAME, name)


def _titled(value: str) -> bool:
    """Whether a prefix or suffix holds nothing but titles, credentials and generations."""
    words = value.replace(",", " ").split()
    return bool(words) and all(is_title(w) or w.strip(".").lower() in _GENERATIONS for w in words)


def address(walk: Walk, value: Json, _: str, path: str) -> Json | None:
    """State, country and the first three digits of a ZIP code; with surrogates made-up streets and places as well."""
    placed = ("line", "city", "district", "text", "state", "country", "postalCode")
    out = walk.fields(_without(value, *placed), _ADDRESS, path) or {}
    for key in placed:
        if key not in value:
            continue
        part, at = value[key], f"{path}.{key}"
        if isinstance(part, str) and _stays(key, part, value.get("country"), walk):
            walk.ledger.book(at, Outcome.KEPT)
            out[key] = part
        elif (
            key == "postalCode"
            and isinstance(part, str)
            and (code := _post_code(part, value.get("country"), walk))
        ):
            walk.ledger.book(at, Outcome.REPLACED)
            out[key] = code
        elif key in ("line", "city", "district", "text") and walk.session.mode == "surrogate":
            new = [
                walk.session.value(Label.LOCATION, p) for p in _flat(part) if isinstance(p, str) and p.strip()
            ]
            walk.ledger.book(at, Outcome.REPLACED, max(len(_flat(part)), 1))
            if new:
                out[key] = new if key == "line" else new[0]
        else:
            walk.removed(at, part)
    return out or None


def _stays(key: str, part: str, country: object, walk: Walk) -> bool:
    """Whether it is a state or a country, and reads like one."""
    if key == "state":
        return _is_state(part, country, walk)
    return key == "country" and _plain_country(part, walk)


@cache
def _states() -> frozenset[str]:
    return frozenset(
        part.strip().lower() for line in gazetteers.read("states.txt") for part in line.split("|")
    )


def _american(country: object) -> bool:
    return country is None or (isinstance(country, str) and country.strip().upper().replace(".", "") in _USA)


_USA = ("", "US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA")


def _is_state(state: str, country: object, walk: Walk) -> bool:
    if state.strip().lower() in _states():
        return True
    return not _american(country) and _plain_country(state, walk)


def _plain_country(name: str, walk: Walk) -> bool:
    """Whether it can be a country (or province): few letters, in which the text engine finds nothing."""
    letters = name.strip()
    if not 1 < len(letters) <= 40 or not all(c.isalpha() or c in " .'-," for c in letters):
        return False
    return letters.upper() in _USA or not walk.session.edits(letters, walk.person)


def _post_code(code: str, country: object, walk: Walk) -> str:
    digits = code.strip().replace("-", "")
    if (
        not _american(country)
        or not digits.isdecimal()
        or len(digits) not in (3, 5, 9)
        or walk.session.mode == "redact"
    ):
        return ""
    if walk.session.mode == "surrogate":
        return walk.session.value(Label.LOCATION, code.strip())
    return "000" if digits[:3] in safe_harbor.restricted() else digits[:3]


def contact_point(walk: Walk, value: Json, _: str, path: str) -> Json | None:
    """The label or surrogate of a telephone number or mail address."""
    out = walk.fields(_without(value, "value"), _CONTACT, path) or {}
    if "value" in value:
        number, system = value["value"], value.get("system")
        if isinstance(number, str) and number.strip():
            label = CONTACTS.get(system, Label.OTHER_ID) if isinstance(system, str) else Label.PHONE
            out["value"] = walk.whole(number, label, f"{path}.value")
        else:
            walk.removed(f"{path}.value", number)
    return out or None


def identifier(walk: Walk, value: Json, _: str, path: str) -> Json | None:
    """Another value, the same for the same; the system where it says nothing of a site."""
    out = walk.fields(_without(value, "value"), _IDENTIFIER, path) or {}
    if "value" not in value:
        return out or None
    text, at = value["value"], f"{path}.value"
    if not isinstance(text, str) or not text.strip():
        walk.removed(at, text)
        return out or None
    walk.ledger.book(at, Outcome.REPLACED)
    urn = walk.links.link(text) if text.lower().startswith(("urn:uuid:", "urn:oid:")) else None
    # a bare UUID is a resource id as well, so that the two stay the same
    label = identifier_label(value, walk.kind, walk.rules)
    out["value"] = urn or walk.session.identifier(label, text.strip())
    return out


def reference(walk: Walk, value: Json, _: str, path: str) -> Json | None:
    """The replaced reference; a display of a person or place by its kind, any other through the text engine."""
    out = walk.fields(_without(value, "reference", "display"), _REFERENCE, path) or {}
    text = value.get("reference")
    if isinstance(text, str) and not (
        text.startswith("#") and len(text) > 1 and text[1:] not in walk.contained
    ):
        new = walk.scalar(text, "link", f"{path}.reference")
        if new is not None:
            out["reference"] = new
    elif "reference" in value:
        walk.removed(f"{path}.reference", text)
    display = value.get("display")
    if isinstance(display, str) and display:
        target = target_type(value, walk.identity, walk.links)
        kind = (
            "person" if target in walk.rules.persons else "place" if target in walk.rules.places else "string"
        )
        out["display"] = walk.scalar(display, kind, f"{path}.display")
    elif "display" in value:
        walk.removed(f"{path}.display", display)
    return out or None


def coding(walk: Walk, value: Json, _: str, path: str) -> Json | None:
    """Codes of published systems as they are; of others only where the text engine finds nothing in them.

    Display texts are terms where there is a code of a published system, prose else.
    """
    body = _checked(walk, value, path)
    if "version" in body and not _version(body["version"]):
        walk.removed(f"{path}.version", body.pop("version"))
    outer, has_code = walk.published, isinstance(body.get("code"), str) and bool(body["code"].strip())
    walk.published = has_code and walk.rules.is_published(body.get("system"))
    try:
        return walk.fields(body, walk.rules.elements["Coding"], path) if body else None
    finally:
        walk.published = outer


def _checked(walk: Walk, value: Json, path: str) -> Json:
    """Without a code of a system that is not published in which the text engine finds something."""
    body, code = dict(value), value.get("code")
    local = isinstance(code, str) and not walk.rules.is_published(body.get("system"))
    if local and walk.session.edits(str(code), walk.person):
        walk.removed(f"{path}.code", body.pop("code"))
    return body


def _version(value: object) -> bool:
    """Whether a version is a number, a date or the address of one: no prose."""
    return isinstance(value, str) and len(value) < 80 and not any(c.isspace() for c in value) and any(
        c.isdecimal() for c in value
    )  # fmt: skip


def quantity(walk: Walk, value: Json, kind: str, path: str) -> Json | None:
    """An amount; years over 89 are 90 or more, and an Age of a person over 89 goes."""
    number, unit = value.get("value"), value.get("code", value.get("unit"))
    in_years = isinstance(unit, str) and unit.strip().lower() in walk.rules.age_units
    is_age = kind == "Age" or (walk.aged and (in_years or unit is None))
    if is_age and walk.person.over_89 and walk.kind != "FamilyMemberHistory":
        walk.removed(path, value)
        return None
    if (is_age or in_years) and is_old(number, unit if kind == "Age" or in_years else None):
        body = {**_without(value, "value", "comparator")}
        walk.ledger.book(f"{path}.value", Outcome.REPLACED)
        if "comparator" in value:
            walk.removed(f"{path}.comparator", value["comparator"])
        out = _plain_quantity(walk, body, path) or {}
        per_year = {"mo": 1080, "wk": 4696, "d": 32872}.get(str(unit), 90)
        return {
            "value": per_year,
            **({} if path.endswith((".low", ".high")) else {"comparator": ">="}),
            **out,
        }
    return _plain_quantity(walk, value, path)


def _plain_quantity(walk: Walk, value: Json, path: str) -> Json | None:
    aged, walk.aged = walk.aged, False
    try:
        body = _checked(walk, value, path)
        return walk.fields(body, walk.rules.elements["Quantity"], path) if body else None
    finally:
        walk.aged = aged


def narrative(walk: Walk, value: Json, _: str, path: str) -> Json | None:
    """XHTML through the text engine; the whole Narrative goes when nothing is left of it."""
    div = value.get("div")
    out = walk.fields(_without(value, "div"), _only(status="code"), path) or {}
    if not isinstance(div, str):
        walk.removed(f"{path}.div", div) if "div" in value else None
        return None
    walk.ledger.book(f"{path}.div", Outcome.TEXT)
    new = markup.narrative(div, walk.rules.markup, walk.session, walk.person, walk.ledger)
    return {**out, "div": new} if new else None


def meta(walk: Walk, value: Json, _: str, path: str) -> Json | None:
    """Version and time replaced, profiles and tags of HL7 kept, the source removed."""
    out = walk.fields(_without(value, "security", "tag"), _META, path) or {}
    for key in ("security", "tag"):
        kept = []
        for one in _flat(value.get(key)):
            if isinstance(one, dict) and walk.rules.is_published(one.get("system")):
                kept.append(walk.composite(one, "Coding", f"{path}.{key}"))
            else:
                walk.removed(f"{path}.{key}", one)
        kept = [one for one in kept if one]
        if kept:
            out[key] = kept
        if value.get(key) == []:
            walk.removed(f"{path}.{key}", [])
    return out or None


def attachment(walk: Walk, value: Json, _: str, path: str) -> Json | None:
    """Text is sent through the text engine; every other content is removed."""
    body = _without(value, "data", "size", "hash")
    kind, size = value.get("contentType"), None
    out: Json = {}
    if "data" in value:
        data, size = content(walk, value["data"], kind, f"{path}.data")
        if data is not None:
            out["data"] = data
    for key in ("size", "hash"):
        if key in value:
            replaced = key == "size" and size is not None
            walk.ledger.book(f"{path}.{key}", Outcome.REPLACED if replaced else Outcome.REMOVED)
    if "size" in value and size is not None:
        out["size"] = size
    rest = walk.fields(body, _ATTACHMENT, path) if body else None
    return {**(rest or {}), **out} or None


def content(walk: Walk, data: object, kind: object, path: str) -> tuple[str | None, int | None]:
    """Base64 content with the identifiers of its text replaced, and its new size; None when it is no text."""
    media, charset = _media(kind)
    text = _decoded(data, charset) if media in walk.rules.text_types | walk.rules.markup_types else None
    if text is None:
        walk.removed(path, data)
        return None, None
    walk.ledger.book(path, Outcome.TEXT)
    if media in walk.rules.markup_types:
        new = markup.page(text, walk.rules.markup, walk.session, walk.person, walk.ledger)
    else:
        new = walk.session.text(text, walk.person)
        walk.ledger.found(tally(walk.session.edits(text, walk.person)))
    raw = new.encode(charset, "xmlcharrefreplace" if media in walk.rules.markup_types else "replace")
    return base64.b64encode(raw).decode("ascii"), len(raw)


def _media(kind: object) -> tuple[str, str]:
    if not isinstance(kind, str):
        return "", ""
    media, *parameters = (part.strip() for part in kind.split(";"))
    charset = "utf-8"
    for parameter in parameters:
        name, _, given = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = given.strip(" \"'").lower()
    known = (
        "utf-8",
        "utf8",
        "us-ascii",
        "ascii",
        "iso-8859-1",
        "latin-1",
        "latin1",
        "windows-1252",
        "utf-16",
    )
    return media.lower(), charset if charset in known else ""


def _decoded(data: object, charset: str) -> str | None:
    if not isinstance(data, str) or not charset:
        return None
    try:
        return base64.b64decode("".join(data.split()), validate=True).decode(charset)
    except (binascii.Error, ValueError):
        return None


def _flat(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _without(value: Json, *keys: str) -> Json:
    return {k: v for k, v in value.items() if k not in keys}


SPECIAL: dict[str, Special] = {
    "HumanName": human_name,
    "Address": address,
    "ContactPoint": contact_point,
    "Identifier": identifier,
    "Reference": reference,
    "Coding": coding,
    "Narrative": narrative,
    "Meta": meta,
    "Attachment": attachment,
    **dict.fromkeys(("Quantity", "Age", "Duration", "Distance", "Count"), quantity),
}
"""Data type to the function that treats it."""
