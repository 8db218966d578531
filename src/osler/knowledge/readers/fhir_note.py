"""Notes: DocumentReference, Composition, and reports with an attached text.

A note's own words are the document, so that citations point into what its author wrote. Attachments
in text/plain, text/markdown and HTML are read; of every other kind only the metadata is kept, and
the text says so.
"""

import base64
import binascii
from collections.abc import Iterator

from osler.core.ports.reader import Passage
from osler.knowledge import passages
from osler.knowledge.readers.decode import unix_lines
from osler.knowledge.readers.fhir_element import Element, fault
from osler.knowledge.readers.fhir_observation import report
from osler.knowledge.readers.fhir_rendered import Rendered, Setting
from osler.knowledge.readers.fhir_words import (
    code_words,
    codes,
    concept,
    concepts,
    day,
    joined,
    listed,
    when,
)
from osler.knowledge.readers.markup import strip

_PLAIN = ("text/plain", "text/markdown")
_MARKUP = ("text/html", "application/xhtml+xml")


def document_reference(resource: Element, setting: Setting) -> Rendered:
    """A DocumentReference: the note's text where it is attached as text, else a sentence on what it is."""
    kind = resource.child("type")
    name = concept(kind) or concepts(resource.children("category")) or "Clinical note"
    moment = when(resource.child("context"), "period") or when(resource, "date")
    attachments = [c.child("attachment") for c in resource.children("content")]
    status = resource.word("status")
    body = _first_text(attachments, setting)
    parts = passages.note_passages(body) if body else ()
    if not body:
        formats = listed(a.word("contentType") for a in attachments) or "no attachment"
        body = joined(
            f"{_title(name, moment)} ({code_words(status)})",
            resource.word("description"),
            f"Its text is not in the record in a readable form ({formats})",
        )
    return Rendered(
        text=body,
        display=name,
        category="note",
        status=status,
        active=status in ("current", ""),
        codes=codes(kind),
        when=moment,
        title=_title(name, moment),
        passages=parts,
    )


def composition(resource: Element, _setting: Setting) -> Rendered:
    """A Composition: its sections' narrative, under their titles."""
    kind = resource.child("type")
    name = concept(kind) or resource.word("title") or "Clinical note"
    moment = when(resource, "date")
    pieces: list[str] = []
    parts: list[Passage] = []
    at = 0
    for title, text in _sections(resource.children("section")):
        piece = f"{title}\n{text}" if title else text
        start = at + len(piece) - len(text)
        parts.extend(passages.cut(f"{' ' * start}{text}", start, start + len(text), title))
        pieces.append(piece)
        at += len(piece) + 2
    body = "\n\n".join(pieces) or strip(resource.child("text").text("div"))
    if body and not parts:
        parts.extend(passages.note_passages(body))
    return Rendered(
        text=body
        or joined(f"{_title(name, moment)} ({code_words(resource.word('status'))})", "It has no narrative"),
        display=name,
        category="note",
        status=resource.word("status"),
        codes=codes(kind),
        when=moment,
        title=_title(name, moment),
        passages=tuple(parts),
    )


def diagnostic_report(resource: Element, setting: Setting) -> Rendered:
    """A DiagnosticReport: the attached text as a note where there is one, else its results in words."""
    structured = report(resource, setting)
    body = _first_text(list(resource.children("presentedForm")), setting)
    if not body:
        return structured
    return Rendered(
        text=body,
        display=structured.display,
        category="note",
        status=structured.status,
        active=structured.active,
        codes=structured.codes,
        when=structured.when,
        value=structured.value,
        title=_title(structured.display, structured.when),
        passages=passages.note_passages(body),
    )


def _title(name: str, moment: str) -> str:
    return f"Note: {listed((name, day(moment)))}"


def _first_text(attachments: list[Element], setting: Setting) -> str:
    """The first attachment that is readable text, plain text before HTML; "" when none is."""
    for wanted in (_PLAIN, _MARKUP):
        for attachment in attachments:
            kind, charset = _content_type(attachment.word("contentType"))
            if kind in wanted and (data := _data(attachment, setting)):
                text = unix_lines(data.decode(charset, "replace").lstrip("\ufeff").replace("\x00", " "))
                text = strip(text) if kind in _MARKUP else text
                if text.strip():
                    return text
    return ""


def _content_type(text: str) -> tuple[str, str]:
    """Media type and character set of a content type; UTF-8 where none, or none that is known, is given."""
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip("\"'") in (
            "iso-8859-1",
            "latin1",
            "windows-1252",
        ):
            return kind, "windows-1252"
    return kind, "utf-8"


def _data(attachment: Element, setting: Setting) -> bytes:
    """An attachment's bytes, inline or in a Binary of the same file; empty when they are elsewhere."""
    source = attachment
    if "data" not in attachment:
        link = Element({"reference": attachment.word("url")}, f"{attachment.path}.url", attachment.entry)
        source = setting.resolve(link)
        if source.text("resourceType") != "Binary":
            return b""
    text = "".join(source.text("data").split())
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        fault(source.entry, f"{source.path}.data", "the attachment is not valid base64")


def _sections(sections: tuple[Element, ...]) -> Iterator[tuple[str, str]]:
    """Title and plain narrative of every section that has one, outer before inner."""
    for section in sections:
        text = strip(section.child("text").text("div"))
        if text:
            yield section.word("title") or concept(section.child("code")), text
        yield from _sections(section.children("section"))
