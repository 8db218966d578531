"""Texts with their identifiers marked as `{NAME=Maria Gonzalez}`, so that replacing can be tested without a finder."""

import re

from osler.core.spans import Label, Span

_MARK = re.compile(r"\{([A-Z_]+)=([^}]*)\}")

NOTE = (
    "Patient Name: {NAME=GONZALEZ, MARIA E.}   MRN: {MRN=00412345}  DOB: {DATE=03/02/1951}\n"
    "Mrs. {NAME=Gonzalez} ({NAME=Maria}) was seen by Dr. {NAME=J. Okafor} at {LOCATION=St. Mary's Hospital} on {DATE=March 14, 2024} "
    "with her daughter {NAME=Lucia Gonzalez}.\nShe lives at {LOCATION=12 Alder St., Apt 4}, {LOCATION=Salem}, OR {LOCATION=97301}. "
    "Phone {PHONE=(503) 555-0188}, fax {FAX=503-555-0199}, {EMAIL=maria.gonzalez51@mail.example}. SSN {SSN=123-45-6789}.\n"
    "{NAME=Maria}'s labs on {DATE=3/18/2024}: Na 140. {NAME=gonzalez} again in {DATE=June}."
)


def marked(text: str) -> tuple[str, tuple[Span, ...]]:
    """The text without its marks, and the spans that they mark."""
    out, spans, at, length = [], [], 0, 0
    for match in _MARK.finditer(text):
        out.append(text[at : match.start()])
        length += match.start() - at
        at = match.end()
        if match[2]:
            spans.append(Span(start=length, end=length + len(match[2]), label=Label(match[1])))
        out.append(match[2])
        length += len(match[2])
    out.append(text[at:])
    return "".join(out), tuple(spans)
