"""What a message says about who it is about: names, numbers, addresses, telephone numbers and the date of birth."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid.hl7.rules import Rule, Rules
from osler.deid.hl7.syntax import Delimiters, Segment, decoded
from osler.deid.hl7.times import iso_day, year_of
from osler.deid.session import Person, Session, is_title, over_89

_OF_PERSONS = ("PID", "NK1", "GT1", "IN1", "IN2", "MRG", "PD1", "ACC")
_SOUGHT = {
    ("PID", 12): "place",
    ("PID", 23): "place",
    ("NK1", 13): "place",
    ("IN1", 11): "place",
    ("GT1", 21): "place",
}
"""Fields that are removed and whose value is looked for in the text all the same."""

_TOKEN = re.compile(r"[^\W_](?:[\w.\-]{3,}[^\W_])")


@dataclass(slots=True, kw_only=True)
class Identity:
    """What was read of a message."""

    known: dict[KnownIdentifier, None] = field(default_factory=dict, repr=False)
    tokens: dict[str, Label] = field(default_factory=dict, repr=False)
    texts: list[str] = field(default_factory=list, repr=False)
    person: Person = field(default_factory=Person)


def read(segments: Sequence[Segment], rules: Rules, session: Session) -> Identity:
    """Reads the segments of one message."""
    reader = _Reader(rules)
    born = died = key = ""
    for segment in segments:
        for number, text in enumerate(segment.fields, 1):
            if text and not (segment.name in ("MSH", "BHS", "FHS") and number <= 2):
                reader.field(segment, number, text)
        if segment.name == "PID":
            born = _first(segment.get(7), segment.delimiters)
            died = _first(segment.get(29), segment.delimiters)
            key = _first(segment.get(3) or segment.get(2), segment.delimiters)
    year, until = year_of(born), year_of(died) or session.today.year
    day = iso_day(born)
    if day is not None:
        reader.identity.known[KnownIdentifier(label=Label.DATE, value=day, birth=True)] = None
    reader.identity.person = Person(key=key, over_89=year is not None and over_89(year, until))
    return reader.identity


class _Reader:
    def __init__(self, rules: Rules) -> None:
        self.identity = Identity()
        self._rules = rules

    def field(self, segment: Segment, number: int, text: str) -> None:
        d = segment.delimiters
        self.identity.texts.append(_said(text, d))
        rule = self._rules.segments.get(segment.name, {}).get(number)
        if segment.name == "OBX" and number == 5:
            rule = self._rules.values.get(_first(segment.get(2), d))
        if rule is None and (segment.name, number) in _SOUGHT:
            rule = Rule(kind=_SOUGHT[segment.name, number])
        if rule is None:
            return
        for one in _split(text, d.repetition):
            self._one(segment.name, _split(one, d.component), rule, d)

    def _one(self, name: str, parts: list[str], rule: Rule, d: Delimiters) -> None:
        if rule.kind in ("XPN", "XCN"):
            shift = 0 if rule.kind == "XPN" else 1
            family, given, middle = (_first(_at(parts, i + shift), d) for i in range(3))
            self._name(family, given, middle)
        elif rule.kind == "NDL":
            inner = _split(parts[0], d.subcomponent)
            self._name(*(_first(_at(inner, i), d) for i in (1, 2, 3)))
        elif rule.kind == "XAD":
            self._address(parts, d)
        elif rule.kind == "place":
            self._place(_first(parts[0], d))
        for kind, text in self._leaves(parts, rule, d):
            if kind == "id":
                self._number(name, rule.label, text)
            elif kind in ("phone", "email") and sum(c.isalnum() for c in text) > 4:
                self._known(Label.EMAIL if "@" in text else Label.PHONE, text)

    def _leaves(self, parts: list[str], rule: Rule, d: Delimiters) -> Iterator[tuple[str, str]]:
        kinds = self._rules.types.get(rule.kind)
        if kinds is None:
            yield rule.kind, _first(parts[0], d)
            return
        for number, part in enumerate(parts, 1):
            kind = kinds.get(number, "")
            inner = self._rules.types.get(kind)
            if inner is None:
                yield kind, _first(part, d)
            else:
                for at, piece in enumerate(_split(part, d.subcomponent), 1):
                    yield inner.get(at, ""), _said(piece, d)

    def _name(self, family: str, given: str, middle: str) -> None:
        whole = " ".join(part for part in (given, middle, family) if part)
        for name in (whole, f"{given} {family}".strip(), family, given, middle):
            if len(name) > 1 and not is_title(name):
                self._known(Label.NAME, name)

    def _address(self, parts: list[str], d: Delimiters) -> None:
        for at in (0, 1):
            line = _first(_at(parts, at), d)
            if any(c.isdecimal() for c in line) or " " in line:
                self._known(Label.LOCATION, line)
        self._place(_first(_at(parts, 2), d))
        code = _first(_at(parts, 4), d)
        if re.fullmatch(r"\d{5}(?:-?\d{4})?", code):
            self._known(Label.LOCATION, code)

    def _place(self, place: str) -> None:
        if len(place) > 3:
            self._known(Label.LOCATION, place)

    def _number(self, name: str, label: Label, text: str) -> None:
        if sum(c.isalnum() for c in text) < 4 or not any(c.isdecimal() for c in text):
            return
        if name in _OF_PERSONS or not _TOKEN.fullmatch(text):
            self._known(label, text)
        else:
            self.identity.tokens.setdefault(text, label)

    def _known(self, label: Label, value: str) -> None:
        if value.strip():
            self.identity.known[KnownIdentifier(label=label, value=value.strip())] = None


def _said(text: str, d: Delimiters) -> str:
    """Text with its escapes read; what formats is a blank."""
    return "".join(t if isinstance(t, str) else " " for t in decoded(text, d)).strip()


def _first(text: str, d: Delimiters) -> str:
    """What the first value of a field says."""
    for delimiter in (d.repetition, d.component, d.subcomponent):
        text = _split(text, delimiter)[0]
    said = _said(text, d)
    return "" if said == '""' else said


def _split(text: str, delimiter: str) -> list[str]:
    return text.split(delimiter) if delimiter else [text]


def _at(parts: list[str], index: int) -> str:
    return parts[index] if index < len(parts) else ""
