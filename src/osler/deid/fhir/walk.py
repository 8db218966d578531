"""One resource, element by element: what the allow-list names is treated by its type, everything else is removed."""

from collections.abc import Callable
from typing import Any

from osler.core.spans import Label
from osler.deid import safe_harbor
from osler.deid.accounting import Ledger, Outcome
from osler.deid.fhir.identity import Identity, children
from osler.deid.fhir.primitives import Primitives, Scalar
from osler.deid.fhir.references import Links
from osler.deid.fhir.rules import CODES, Elements, Rules
from osler.deid.pieces import tally
from osler.deid.session import NOBODY, Person, Session, applied

Json = dict[str, Any]
Special = Callable[["Walk", Json, str, str], Json | None]
"""Treats an object of one data type: the walk, the object, its type, its path."""

_WHOLE = {"person": Label.NAME, "place": Label.LOCATION, **{label.value: label for label in Label}}
PROSE = ("string", "markdown", "term")
_MISSING = object()
_PRIMITIVE = CODES | frozenset((*PROSE, *_WHOLE))


def leaves(value: object) -> int:
    """How many leaves a value has: scalars and empty containers."""
    count, stack = 0, [value]
    while stack:
        members = [member for _, member in children(stack.pop())]
        count += not members
        stack += members
    return count


class Walk:
    """The walk through one document. Public members are for the data types of `datatypes`."""

    def __init__(
        self, session: Session, rules: Rules, identity: Identity, special: dict[str, Special]
    ) -> None:
        self.session = session
        self.rules = rules
        self.identity = identity
        self.links = Links(session, rules)
        self.ledger = Ledger()
        self.person: Person = NOBODY
        self.kind = ""
        """The type of the resource that is being walked through."""
        self.aged = False
        """Whether values found now are ages of a person."""
        self.published = False
        """Whether the code list that terms are of now is published."""
        self.contained: frozenset[str] = frozenset()
        """Ids of contained resources that stay."""
        self._primitives = Primitives(session, rules, self.links)
        self._special = special

    # -- booking

    def removed(self, path: str, value: object) -> None:
        """Books all leaves of `value` as removed."""
        self.ledger.book(path, Outcome.REMOVED, leaves(value))

    # -- objects

    def composite(self, value: object, kind: str, path: str) -> Json | None:
        """An object of a data type or part; None when nothing of it stays."""
        if not isinstance(value, dict) or not value or value.get("modifierExtension"):
            # what modifies the meaning cannot be dropped without dropping what it modifies
            self.removed(path, value)
            return None
        special = self._special.get(kind)
        if special is not None:
            return special(self, value, kind, path)
        return self.fields(value, self.rules.elements.get(kind, Elements(types={})), path)

    def fields(self, value: Json, elements: Elements, path: str) -> Json | None:
        """An object by its table of elements."""
        out: Json = {}
        for key, item in value.items():
            if key == "extension":
                self._put(out, key, self.extensions(item, path))
            elif key[:1] == "_" and key[1:] in elements.types:
                if key[1:] not in value:
                    self._companion(out, key[1:], _MISSING, item, elements, path)
            elif key in elements.types:
                self._element(out, key, item, value, elements, path)
            else:
                shown = key if key in elements.removed or key in ("id", "modifierExtension") else "?"
                self.removed(f"{path}.{shown}", item)
        if out:
            self._fill(out, value, elements, path)
        return out or None

    def _element(self, out: Json, key: str, item: object, value: Json, elements: Elements, path: str) -> None:
        kind, at = elements.types[key], f"{path}.{key}"
        if kind in _PRIMITIVE:
            self._companion(out, key, item, value.get(f"_{key}", _MISSING), elements, path)
        elif isinstance(item, list):
            if not item:
                self.removed(at, item)
            self._put(out, key, [new for one in item if (new := self.composite(one, kind, at)) is not None])
        else:
            self._put(out, key, self.composite(item, kind, at))

    @staticmethod
    def _put(out: Json, key: str, new: object) -> None:
        if new not in (None, [], {}):
            out[key] = new

    def _fill(self, out: Json, value: Json, elements: Elements, path: str) -> None:
        """Says of elements that must be there and had to go that they are masked."""
        for key in sorted(elements.required & value.keys() & elements.types.keys()):
            if key in out or f"_{key}" in out:
                continue
            other = self.rules.instead.get(f"{path}.{key}")
            if other is not None:
                out[other] = f"[{Label.DATE.value}]" if elements.types[other] in PROSE else self.masked()
            elif elements.types[key] in _PRIMITIVE:
                out[f"_{key}"] = self.masked()
            elif elements.types[key] != "Resource":
                out[key] = [self.masked()] if isinstance(value[key], list) else self.masked()

    def masked(self) -> Json:
        """An element that says that its value was taken out."""
        return {"extension": [{"url": self.rules.absent["url"], "valueCode": self.rules.absent["code"]}]}

    # -- primitives

    def _companion(
        self, out: Json, key: str, item: object, companion: object, elements: Elements, path: str
    ) -> None:
        """A primitive or a list of them, with the objects (`_key`) that hold their extensions."""
        kind, at = elements.types[key], f"{path}.{key}"
        if not isinstance(item, list) and not isinstance(companion, list):
            new = None if item is _MISSING else self.scalar(item, kind, at)
            self._put(out, key, new) if new != "" else None
            if companion is not _MISSING:
                self._put(out, f"_{key}", self.composite(companion, "", at))
            return
        if item == [] or companion == []:
            self.ledger.book(at, Outcome.REMOVED, (item == []) + (companion == []))
        values, extras = _listed(item), _listed(companion)
        rows = []
        for i in range(max(len(values), len(extras))):
            one, extra = values[i : i + 1], extras[i : i + 1]
            new = self.scalar(one[0], kind, at) if one else None
            more = self.composite(extra[0], "", at) if extra else None
            if new is not None or more is not None:
                rows.append((new, more))
        if any(new is not None for new, _ in rows):
            out[key] = [new for new, _ in rows]
        if any(more is not None for _, more in rows):
            out[f"_{key}"] = [more for _, more in rows]

    def scalar(self, value: object, kind: str, path: str) -> Scalar | None:
        """A primitive value; None when it does not stay."""
        if isinstance(value, dict | list) or value is None:
            self.removed(path, value)
            return None
        if kind in PROSE or kind in _WHOLE:
            if not isinstance(value, str):
                self.removed(path, value)
                return None
            if kind in _WHOLE:
                return self.whole(value, _WHOLE[kind], path)
            return self.prose(value, path, term=kind == "term" and self.published)
        new, outcome = self._primitives.treated(kind, value, self.person)
        if self.aged and kind != "boolean" and isinstance(new, int | float) and not isinstance(new, bool):
            return self.age(new, path)
        self.ledger.book(path, outcome)
        return new

    def age(self, value: Scalar, path: str) -> Scalar | None:
        """An age in years: over 89 as 90, and none at all of a person who is over 89 now."""
        if self.person.over_89 and self.kind != "FamilyMemberHistory":
            self.removed(path, value)
            return None
        old = not isinstance(value, str) and value >= 90
        self.ledger.book(path, Outcome.REPLACED if old else Outcome.KEPT)
        return 90 if old else value

    def prose(self, value: str, path: str, *, term: bool = False) -> str:
        """A string through the text engine; `term`: it is one of a published code list."""
        edits = self.session.edits(value, self.person, term=term)
        self.ledger.book(path, Outcome.TEXT)
        self.ledger.found(tally(edits))
        if self.aged and not edits and value.strip().isdecimal():
            return safe_harbor.OVER_89 if int(value) >= 90 else value
        return applied(value, edits)

    def whole(self, value: str, label: Label, path: str) -> str:
        """A string that is an identifier as a whole."""
        self.ledger.book(path, Outcome.REPLACED)
        return self.session.value(label, value)

    # -- extensions

    def extensions(self, value: object, path: str) -> list[Json]:
        """The extensions that the allow-list names."""
        if not isinstance(value, list) or not value:
            self.removed(f"{path}.extension(?)", value)
            return []
        return [new for one in value if (new := self._extension(one, path)) is not None]

    def _extension(self, value: object, path: str) -> Json | None:
        url = value.get("url") if isinstance(value, dict) else None
        rule = self.rules.extensions.get(url) if isinstance(url, str) else None
        at = f"{path}.extension({self._shown(url)})"
        if rule is None or not isinstance(value, dict):
            self.removed(at, value)
            return None
        if rule.parts:
            allowed = {name: frozenset((kind,)) for name, kind in rule.parts.items()}
            inner = [
                new
                for one in _listed(value.get("extension", _MISSING))
                if (new := self._part(one, allowed, at))
            ]
            self._leftover(value, ("url", "extension"), at)
            self.ledger.book(at, Outcome.KEPT)
            return {"url": url, "extension": inner} if inner else None
        return self._valued(value, rule.value, at)

    def _part(self, value: object, allowed: dict[str, frozenset[str]], path: str) -> Json | None:
        url = value.get("url") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(url, str) or url not in allowed:
            self.removed(path, value)
            return None
        return self._valued(value, allowed[url], f"{path}.{url}")

    def _valued(self, value: Json, kinds: frozenset[str], path: str) -> Json | None:
        """An extension with a value of one of `kinds`."""
        out: Json = {"url": value["url"]}
        types = {"value" + kind[0].upper() + kind[1:]: kind for kind in kinds}
        body = {k: v for k, v in value.items() if k.startswith(("value", "_value"))}
        self._leftover(value, ("url", *body), path)
        self.ledger.book(path, Outcome.KEPT)
        new = self.fields(body, Elements(types=types), path) if body else None
        return {**out, **new} if new else None

    def _leftover(self, value: Json, treated: tuple[str, ...], path: str) -> None:
        for key, item in value.items():
            if key not in treated:
                self.removed(path, item)

    def _shown(self, url: object) -> str:
        """The name of an extension of HL7; "?" for any other, whose address may say whose it is."""
        if isinstance(url, str) and url.startswith("http://hl7.org/fhir/"):
            name = url.rpartition("/")[2]
            if url in self.rules.extensions or url in self.rules.extensions_sought:
                return name
        return "?"


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is _MISSING else [value]
