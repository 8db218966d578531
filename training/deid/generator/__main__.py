"""`python -m generator`: writes documents as JSON lines, or checks the templates.

Needs training/deid and src on the path: `PYTHONPATH=training/deid:src python -m generator --seed 1 --count 100
--output X.jsonl`. A line is {"id", "text", "spans": [{"start", "end", "label"}], "style", "template"}.
`--check` fills every template once and says of each what is wrong; the exit status is 1 where anything is.
`--suspects` lists literal text that looks like an identifier outside a slot; `--kinds` lists the kinds.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from random import Random

from generator.compose import FOLDER, documents
from generator.context import Context
from generator.document import Document, TemplateError
from generator.fill import MAKERS, fill
from generator.kinds_clinical import WITH_ARGUMENT
from generator.people import FORMS
from generator.templates import Template, read_file, read_templates

_MONTHS = "January|February|April|June|July|August|September|October|November|December"
_SUSPECT = re.compile(
    r"\b\d{3}[-.]\d{4}\b|\b\d{1,2}/\d{1,2}/(?:19|20)?\d\d\b|\b\d{3}-\d\d-\d{4}\b"
    r"|\b\S+@\S+\.\w{2,4}\b|\b(?:Dr|Mr|Mrs|Ms)\.? [A-Z][a-z]{2,}"
    rf"|\b(?:{_MONTHS})\b|\b\d+ [A-Z][a-z]+ (?:St|Ave|Rd|Street|Lane|Drive)\b"
    r"|\b[A-Z][a-z]+ (?:Hospital|Clinic|Medical Center|University|County)\b"
    r"|\b(?:christmas|easter|thanksgiving|hanukkah|ramadan)\b",
)


def record(document: Document, number: int) -> str:
    """A document as one JSON line."""
    spans = [{"start": start, "end": end, "label": label} for start, end, label in document.spans]
    line = {
        "id": f"g{number:07}",
        "text": document.text,
        "spans": spans,
        "style": document.style,
        "template": document.template,
    }
    return json.dumps(line, ensure_ascii=False)


def _errors(folder: Path) -> list[str]:
    """What is wrong with the templates of `folder`, a sentence each, every bad slot included."""
    found: list[str] = []
    for path in sorted(folder.glob("*.txt")):
        try:
            templates = read_file(path)
        except TemplateError as error:
            found.append(str(error))
            continue
        found += [problem for template in templates for problem in _slot_errors(template)]
    return found


def _slot_errors(template: Template) -> list[str]:
    ctx = Context(Random(template.name), template.genders)
    found: list[str] = []
    for part in template.parts:
        try:
            fill(
                Template(
                    name=template.name, style=template.style, parts=(part,), genders={}, lower_case=False
                ),
                ctx,
            )
        except TemplateError as error:
            found.append(str(error))
    return found


def _suspects(folder: Path) -> list[str]:
    """Literal text of templates that looks like an identifier: file, template, the text."""
    return [
        f"{template.place}: {match[0]}"
        for template in read_templates(folder)
        for part in template.parts
        if isinstance(part, str)
        for match in _SUSPECT.finditer(part)
    ]


def _kinds() -> list[str]:
    """Every kind that a slot may name, a line each."""
    return sorted(
        (*MAKERS, *(f"{kind}:..." for kind in WITH_ARGUMENT), *(f"NAME:p.{form}" for form in FORMS))
    )


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="generator", description="Clinical documents with their identifiers marked."
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--templates", type=Path, default=FOLDER)
    parser.add_argument("--output", type=Path, help="a JSON-lines file; standard output without it")
    parser.add_argument("--plain", action="store_true", help="templates as they are, nothing roughened")
    parser.add_argument("--check", action="store_true", help="only check the templates")
    parser.add_argument(
        "--suspects", action="store_true", help="only list literal text that looks like an identifier"
    )
    parser.add_argument("--kinds", action="store_true", help="only list the kinds of slots")
    given = parser.parse_args(arguments)
    if given.suspects or given.kinds:
        print("\n".join(_suspects(given.templates) if given.suspects else _kinds()))
        return 0
    if given.check:
        problems = _errors(given.templates)
        print("\n".join(problems) or "All templates can be filled.")
        return 1 if problems else 0
    made = documents(given.seed, given.count, given.templates, augment=not given.plain)
    target = given.output.open("w", encoding="utf-8", newline="\n") if given.output else sys.stdout
    with target:
        for number, document in enumerate(made):
            target.write(record(document, number) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
