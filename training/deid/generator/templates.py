"""Reads the templates: text with slots, several to a file, the file's name being their style.

`read_templates()` takes a folder and returns every template of its *.txt files. A line `=== name` begins a
template; all is literal but for its slots: `{{LABEL:kind}}` and `{{LABEL=text}}` are identifiers, `{{-kind}}` or
`{{-kind:argument}}` something else that varies, `{{NAME:p.full}}` a person (p, d1-d9, r1-r9, o1-o9) in one of the
forms of people.py. This module checks the form of a slot; whether its kind exists is for fill.py to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generator.document import LABELS, TemplateError

_SLOT = re.compile(
    r"\{\{(?:-(?P<plain>[A-Za-z_]\w*)(?::(?P<arg>[^}]*))?|(?P<label>[A-Z_]+)(?::(?P<kind>[^}=]*)|=(?P<value>[^}]*)))\}\}"
)
_HEADER = re.compile(r"=== *(?P<name>\S.*?)\s*")
_PERSON = re.compile(r"(?P<key>p|[dro][1-9])\.(?P<form>[a-z0-9_]+)")
_FEMALE = re.compile(
    r"\b(?:wife|daughter|mother|mom|mommy|mama|mum|sister|aunt|grandmother|grandma|granddaughter|niece|girlfriend|"
    r"fianc[eé]e|stepmother|ms|mrs|miss|sra|señora|do[ñn]a|mother-in-law|daughter-in-law|sister-in-law|widow)\b"
    r"\W{0,4}(?:(?:is|named|called|name is|ms|mrs)\W{1,3})?$",
    re.IGNORECASE,
)
_MALE = re.compile(
    r"\b(?:husband|son|father|dad|daddy|papa|brother|uncle|grandfather|grandpa|grandson|nephew|boyfriend|fianc[eé]|"
    r"stepfather|mr|sr|señor|don|father-in-law|son-in-law|brother-in-law|widower)\b"
    r"\W{0,4}(?:(?:is|named|called|name is|mr)\W{1,3})?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One slot. `label` is None for `{{-kind}}`; `value` is what `{{LABEL=value}}` gives, else None.

    For a person's name `person` is the key (p, d1, ...) and `kind` the form; `argument` is what follows a colon
    in `{{-kind:argument}}`.
    """

    label: str | None
    kind: str
    argument: str = ""
    person: str = ""
    value: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """One template: literal strings and slots in order; `genders` holds what the text says of its people."""

    name: str
    style: str
    parts: tuple[str | Slot, ...] = field(repr=False)
    genders: Mapping[str, str] = field(repr=False)
    lower_case: bool
    upper_case: bool = False

    @property
    def place(self) -> str:
        """File and name, as an error says it."""
        return f"{self.style}.txt, template {self.name}"

    @property
    def identifying(self) -> bool:
        """Whether it holds any identifier."""
        return any(isinstance(part, Slot) and part.label for part in self.parts)


def _slot(match: re.Match[str], where: str) -> Slot:
    if match["plain"]:
        return Slot(label=None, kind=match["plain"], argument=match["arg"] or "")
    label = match["label"]
    if label not in LABELS:
        raise TemplateError(f"{where}: unknown label {label}", remedy=f"Use one of {', '.join(LABELS)}.")
    if match["value"] is not None:
        if not match["value"].strip():
            raise TemplateError(f"{where}: an empty {label}", remedy="Write the identifier after the '='.")
        return Slot(label=label, kind="literal", value=match["value"].strip())
    person = _PERSON.fullmatch(match["kind"])
    if person:
        return Slot(label=label, kind=person["form"], person=person["key"])
    return Slot(label=label, kind=match["kind"])


def _genders(parts: tuple[str | Slot, ...]) -> dict[str, str]:
    """The sex that the words before a person's first mention give away ("his wife {{NAME:r1.first}}")."""
    found: dict[str, str] = {}
    before = ""
    for part in parts:
        if isinstance(part, str):
            before = (before + part)[-40:]
            continue
        if part.label == "NAME" and part.person not in found:
            for gender, words in (("F", _FEMALE), ("M", _MALE)):
                if words.search(before):
                    found[part.person] = gender
        before = ""
    return found


def parse_template(body: str, name: str, style: str) -> Template:
    """One template from its text. Raises TemplateError for a slot that is not well formed."""
    where = f"{style}.txt, template {name}"
    parts: list[str | Slot] = []
    at = 0
    for match in _SLOT.finditer(body):
        parts += [body[at : match.start()], _slot(match, where)]
        at = match.end()
    parts.append(body[at:])
    for part in parts:
        if isinstance(part, str) and "{{" in part:
            broken = part[part.index("{{") :][:40].split("\n")[0]
            raise TemplateError(
                f"{where}: no slot: {broken}", remedy="Write {{LABEL:kind}}, {{LABEL=text}} or {{-kind}}."
            )
    kept = tuple(p for p in parts if p != "")
    letters = [c for p in kept if isinstance(p, str) for c in p if c.isalpha()]
    capitals = sum(c.isupper() for c in letters)
    return Template(
        name=name,
        style=style,
        parts=kept,
        genders=_genders(kept),
        lower_case=len(letters) > 60 and capitals * 200 <= len(letters),
        upper_case=len(letters) > 60 and capitals * 20 >= len(letters) * 19,
    )


def read_file(path: Path) -> list[Template]:
    """The templates of one file, in order. Raises TemplateError for a name used twice or text before a name."""
    found: dict[str, Template] = {}
    name, lines = "", list[str]()
    for line in [*path.read_text(encoding="utf-8").splitlines(), "=== end"]:
        header = _HEADER.fullmatch(line)
        if header is None:
            lines.append(line)
            continue
        body = "\n".join(lines).strip("\n")
        if name and body.strip():
            found[name] = parse_template(body, name, path.stem)
        elif body.strip():
            raise TemplateError(f"{path.name}: text before the first '=== name'", remedy="Give it a name.")
        name, lines = header["name"], []
        if name in found:
            raise TemplateError(f"{path.name}, template {name}: the name is used twice", remedy="Rename one.")
    return list(found.values())


def read_templates(folder: Path) -> tuple[Template, ...]:
    """Every template of `folder`, by file and place. Raises TemplateError where there is none."""
    found = [template for path in sorted(folder.glob("*.txt")) for template in read_file(path)]
    if not found:
        raise TemplateError(f"no templates in {folder}", remedy="Name the folder of the *.txt files.")
    return tuple(found)
