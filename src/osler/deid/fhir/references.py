"""References, resource addresses and ids: replaced alike wherever they stand, so that what pointed still points.

Ids become random UUIDs (one map for ids, `urn:uuid:` and the ids in addresses), servers become `https://example.org`,
identifiers in conditional references are replaced as everywhere. What cannot be read is not kept.
"""

import re

from osler.core.spans import Label
from osler.deid.fhir.rules import Rules
from osler.deid.session import Session

SERVER = "https://example.org/fhir"

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ID = r"[A-Za-z0-9\-.]{1,64}"
_TYPE = r"(?:(?P<base>https?://[^\s?#]+)/)?(?P<type>[A-Z][A-Za-z]+)"
_REST = (
    re.compile(rf"{_TYPE}/(?P<id>{_ID})(?:/_history/(?P<version>{_ID}))?(?:#(?P<fragment>{_ID}))?"),
    re.compile(rf"{_TYPE}(?P<id>)(?P<version>)(?P<fragment>)"),
)
"""An address of a resource, or of a type alone; an id that looks like a type is an id."""

_CONDITIONAL = re.compile(
    r"(?:https?://[^\s?#]+/)?(?P<type>[A-Z][A-Za-z]+)\?identifier=(?:(?P<system>[^|&]*)\|)?(?P<value>[^|&\s]+)"
)
_ABSOLUTE = re.compile(r"(?:https?|ftp)://\S+|urn:\S+")


class Links:
    """Replaces references for one session."""

    def __init__(self, session: Session, rules: Rules) -> None:
        self._session = session
        self._rules = rules

    def id(self, value: str) -> str:
        """The new id of a resource."""
        return self._session.resource_id(_normal(value))

    def link(self, value: str) -> str | None:
        """A reference or address with new ids; None when it is nothing that can be kept."""
        value = value.strip()
        if value == "#":
            return value
        if value.startswith("#"):
            return "#" + self.id(value[1:]) if re.fullmatch(_ID, value[1:]) else None
        lower = value[:9].lower()
        if lower == "urn:uuid:":
            rest, _, version = value[9:].partition("/_history/")
            return "urn:uuid:" + self.id(rest) + (f"/_history/{self.id(version)}" if version else "")
        if lower == "urn:oid:" or value[:8].lower() == "urn:oid:":
            return "urn:oid:" + self._session.uid(value[8:])
        return self._rest(value) or self._conditional(value) or self._opaque(value)

    def type_of(self, value: str) -> str:
        """The resource type that a reference names, "" when it names none."""
        value = value.strip()
        match = self._match(value) or _CONDITIONAL.fullmatch(value)
        return match["type"] if match and match["type"] in self._rules.resource_types else ""

    def _match(self, value: str) -> re.Match[str] | None:
        matches = (pattern.fullmatch(value) for pattern in _REST)
        return next((m for m in matches if m and m["type"] in self._rules.resource_types), None)

    def _rest(self, value: str) -> str | None:
        match = self._match(value)
        if match is None:
            return None
        out = f"{SERVER}/" if match["base"] else ""
        out += match["type"]
        if match["id"]:
            out += "/" + self.id(match["id"])
        if match["version"]:
            out += "/_history/" + self.id(match["version"])
        if match["fragment"]:
            out += "#" + self.id(match["fragment"])
        return out

    def _conditional(self, value: str) -> str | None:
        match = _CONDITIONAL.fullmatch(value)
        if match is None or match["type"] not in self._rules.resource_types:
            return None
        system = match["system"] or ""
        label = self._rules.identifier_systems.get(system) or self._rules.identifier_resources.get(
            match["type"]
        )
        new = self._session.identifier(label or Label.OTHER_ID, match["value"])
        kept = f"{system}|" if system and self._rules.uri(system) else ""
        return f"{match['type']}?identifier={kept}{new}"

    def _opaque(self, value: str) -> str | None:
        """Another absolute URI: one that says nothing, the same for the same."""
        return "urn:uuid:" + self._session.resource_id(value) if _ABSOLUTE.fullmatch(value) else None


def _normal(value: str) -> str:
    """UUIDs are the same in either case; other ids are not."""
    return value.lower() if _UUID.fullmatch(value) else value
