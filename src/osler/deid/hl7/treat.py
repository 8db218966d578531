"""One message's fields: what the table names is treated by its type, everything else is removed.

A treated field is a list of parts: strings as they will stand, and places of text (a run of text and a number in it)
that are filled in once the whole message has been read, so that a report over many OBX lines is seen as one text.
"""

import re
from dataclasses import dataclass, field
from functools import cache

from osler.core.spans import Label
from osler.deid import gazetteers, safe_harbor
from osler.deid.accounting import Ledger, Outcome
from osler.deid.hl7.rules import Rule, Rules
from osler.deid.hl7.syntax import Delimiters, Raw, decoded, encoded
from osler.deid.hl7.times import treated_date
from osler.deid.pieces import Pieces
from osler.deid.session import OLD, Person, Session, is_title

NULL = '""'
"""HL7's explicit "nothing", which is kept."""

_NUMBER = re.compile(r"[+-]?(?:\d{1,8}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")
_TIME = re.compile(r"\d\d(?:\d\d(?:\d\d(?:\.\d+)?)?)?(?:[+-]\d{4})?|\d\d:\d\d(?::\d\d)?")
_CODE = re.compile(r"[^\s]{1,30}(?: [^\s]{1,30}){0,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A piece of text that is filled in later, with the delimiters of its message."""

    run: Pieces = field(repr=False)
    number: int
    delimiters: Delimiters


Part = str | Place
Parts = list[Part]


class Treatment:
    """Treats the fields of one message."""

    def __init__(self, session: Session, rules: Rules, ledger: Ledger, person: Person) -> None:
        self._session = session
        self._rules = rules
        self.ledger = ledger
        self._person = person
        self._run = Pieces()
        self._report = Pieces()
        self._run_key: tuple[str, ...] = ()
        self._published = False
        self._filled: dict[int, list[str]] = {}
        self.aged = False
        """Whether the values read now are ages of a person."""

    # -- fields

    def field(self, text: str, rule: Rule | None, at: str, d: Delimiters, run: tuple[str, ...] = ()) -> Parts:
        """A field with its repetitions. Text of fields with the same `run`, one after another, is one text."""
        if not text:
            return []
        if rule is None:
            self.removed(text, at, d)
            return []
        self._begin_run(run)
        return _joined([self._one(part, rule, at, d) for part in _split(text, d.repetition)], d.repetition)

    def _one(self, text: str, rule: Rule, at: str, d: Delimiters) -> Parts:
        if not text:
            return []
        if rule.kind == "text":
            return self._text(text, at, d, (d.component, d.subcomponent))
        return self._level(text, rule, at, d, (d.component, d.subcomponent))

    def _level(self, text: str, rule: Rule, at: str, d: Delimiters, delimiters: tuple[str, ...]) -> Parts:
        """A field, or a component of it that has a type of its own."""
        if not text:
            return []
        if text == NULL:
            self.ledger.book(at, Outcome.KEPT)
            return [text]
        if not delimiters:
            return self._leaf(text, rule, at, d)
        parts = _split(text, delimiters[0])
        kinds = self._rules.types.get(rule.kind)
        if kinds is None:
            for extra in parts[1:]:
                self.removed(extra, at, d)
            if rule.kind == "text":
                return self._text(parts[0], at, d, delimiters[1:])
            return self._level(parts[0], rule, at, d, delimiters[1:])
        outer = self._published
        if rule.kind == "CE":
            self._published = _is_published(parts, self._rules)
        out = []
        for number, part in enumerate(parts, 1):
            kind = kinds.get(number)
            if kind is None:
                self.removed(part, f"{at}.{number}", d)
                out.append(Parts())
            else:
                out.append(
                    self._level(part, Rule(kind=kind, label=rule.label), f"{at}.{number}", d, delimiters[1:])
                )
        self._published = outer
        return _joined(out, delimiters[0])

    def removed(self, text: str, at: str, d: Delimiters) -> None:
        """Books every value of a field that is removed."""
        self.ledger.book(at, Outcome.REMOVED, leaves(text, d))

    # -- values

    def _leaf(self, text: str, rule: Rule, at: str, d: Delimiters) -> Parts:
        value = "".join(t for t in decoded(text, d) if isinstance(t, str)).strip()
        if rule.kind == "number" and not _NUMBER.fullmatch(value):
            return self._text(text, at, d, ())
        new, outcome = self._value(value, rule)
        if new is None:
            self.ledger.book(at, Outcome.REMOVED)
            return []
        self.ledger.book(at, outcome)
        return [encoded([new], d)]

    def _value(self, value: str, rule: Rule) -> tuple[str | None, Outcome]:
        kind, session = rule.kind, self._session
        if not value:
            return None, Outcome.REMOVED
        if kind in ("date", "birth"):
            new = treated_date(value, session, self._person, birth=kind == "birth")
            return new, Outcome.KEPT if new == value else Outcome.REPLACED
        if kind == "number":
            return self._number(value)
        if kind == "id":
            return session.identifier(rule.label, value), Outcome.REPLACED
        if kind == "zip":
            return self._zip(value), Outcome.REPLACED
        label = {"name": Label.NAME, "phone": Label.PHONE, "email": Label.EMAIL}.get(kind)
        if label is not None:
            return session.value(label, value), Outcome.REPLACED
        if kind in ("street", "place"):
            made = session.value(Label.LOCATION, value) if session.mode == "surrogate" else None
            return made, Outcome.REPLACED
        return (value, Outcome.KEPT) if self._stays(kind, value) else (None, Outcome.REMOVED)

    def _stays(self, kind: str, value: str) -> bool:
        if kind == "code":
            fits = _CODE.fullmatch(value) is not None
            return fits and (self._published or not self._session.edits(value, self._person))
        if kind == "title":
            return all(is_title(word) for word in value.replace(",", " ").split())
        if kind == "time":
            return _TIME.fullmatch(value) is not None
        if kind == "state":
            return value.lower() in _states()
        if kind == "country":
            return value.isalpha() and 1 < len(value) <= 3
        return False

    def _number(self, value: str) -> tuple[str | None, Outcome]:
        if not self.aged:
            return value, Outcome.KEPT
        if self._person.over_89:
            return None, Outcome.REMOVED
        return ("90", Outcome.REPLACED) if float(value) > OLD else (value, Outcome.KEPT)

    def _zip(self, value: str) -> str | None:
        digits = value.replace("-", "")
        if len(digits) not in (3, 5, 9) or not digits.isdecimal() or self._session.mode == "redact":
            return None
        if self._session.mode == "surrogate":
            return self._session.value(Label.LOCATION, value)
        return "000" if digits[:3] in safe_harbor.restricted() else digits[:3]

    # -- text

    def _begin_run(self, key: tuple[str, ...]) -> None:
        if not key:
            self._run = Pieces()
            return
        if key != self._run_key:
            self._report = Pieces()
        self._run, self._run_key = self._report, key

    def _text(self, text: str, at: str, d: Delimiters, delimiters: tuple[str, ...]) -> Parts:
        """Text in which delimiters that were not escaped stand for themselves."""
        present = [c for c in delimiters if c and c in text]
        chunks = re.split("([" + re.escape("".join(present)) + "])", text) if present else [text]
        run = Pieces(term=True) if self._published else self._run
        run.gap("\n" if run is self._run else "")
        out: Parts = []
        for i, chunk in enumerate(chunks):
            if i % 2:
                run.gap(chunk)
                out.append(chunk)
                continue
            if chunk:
                self.ledger.book(at, Outcome.TEXT)
            for token in decoded(chunk, d):
                if isinstance(token, Raw):
                    run.gap("\n" if token.breaks else "")
                    out.append(encoded([token], d))
                else:
                    out.append(Place(run=run, number=run.add(token), delimiters=d))
        return out

    def written(self, parts: Parts) -> str:
        """Parts as they go out, the texts filled in."""
        return "".join(part if isinstance(part, str) else self._fill(part) for part in parts)

    def _fill(self, place: Place) -> str:
        key = id(place.run)
        if key not in self._filled:
            self._filled[key] = place.run.edited(self._session, self._person, self.ledger)
        return encoded([self._filled[key][place.number]], place.delimiters)


def leaves(text: str, d: Delimiters) -> int:
    """How many values stand in a field."""
    pattern = "[" + re.escape(d.repetition + d.component + d.subcomponent) + "]"
    return sum(bool(part) for part in re.split(pattern, text))


def _split(text: str, delimiter: str) -> list[str]:
    return text.split(delimiter) if delimiter else [text]


def _joined(parts: list[Parts], delimiter: str) -> Parts:
    while parts and not parts[-1]:
        parts.pop()
    out: Parts = []
    for i, part in enumerate(parts):
        out += [delimiter, *part] if i else part
    return out


def _is_published(parts: list[str], rules: Rules) -> bool:
    systems = [parts[i].strip().upper() for i in (2, 5) if i < len(parts) and parts[i].strip()]
    return bool(systems) and all(s in rules.published or re.fullmatch(r"HL7\d{4}", s) for s in systems)


@cache
def _states() -> frozenset[str]:
    return frozenset(
        part.strip().lower() for line in gazetteers.read("states.txt") for part in line.split("|")
    )
