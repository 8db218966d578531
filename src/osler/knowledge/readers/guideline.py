"""Guideline topics in Markdown: front matter says where they come from, headings divide them into passages.

A file without front matter says nothing of itself: its basis is "supplied", its title comes from its
first heading or its name, and it goes to "documents", which counts as PHI unless the configuration
calls it public. Front matter is the site's word that the file is a guideline. The stored text is the
Markdown body with Unix line ends; passages leave out the heading lines, which become their sections.
"""

import re

from osler.core.errors import InputError
from osler.core.ports.index import RECORDS
from osler.core.ports.reader import Document, Passage, Reading, Source
from osler.knowledge.passages import cut
from osler.knowledge.readers.decode import decode, unix_lines
from osler.knowledge.readers.front_matter import FrontMatter, divided
from osler.knowledge.readers.names import slug, stem

GUIDELINES, DOCUMENTS = "guidelines", "documents"
_SUFFIXES = (".md", ".markdown", ".mdown")
_LONGEST_TITLE = 200
_MARK = re.compile(r"(?m)^ {0,3}(?:(?P<fence>```|~~~)|#{1,6}[ \t]+(?P<title>[^\n]*))")


class GuidelineReader:
    """Reads Markdown guideline topics into one document each. See the module's docstring."""

    name = "guideline"

    def accepts(self, source: Source) -> bool:
        """Markdown, by its ending."""
        return source.suffix in _SUFFIXES

    def read(self, source: Source) -> Reading:
        """The one topic in the file. Raises InputError and UnsupportedFormat."""
        refuse_records(source)
        matter, body = divided(unix_lines(decode(source.data)))
        headings = _headings(body)
        if not body.strip():
            raise InputError("The file holds no text.", remedy="Give it a body below the front matter.")
        title = matter.title or next((text for *_, text in headings if text), "") or stem(source.name)
        declared = matter != FrontMatter()
        name = matter.id or slug(stem(source.name)) or slug(title) or "topic"
        return Reading(
            documents=(
                Document(
                    doc=f"guideline/{name}" if declared else f"document/{name}",
                    title=title,
                    text=body,
                    collection=source.collection or (GUIDELINES if declared else DOCUMENTS),
                    passages=_passages(body, headings),
                    basis=matter.basis,
                    source=_source(matter),
                    published=matter.published,
                    opened=matter.opened,
                    keywords=matter.keywords,
                ),
            )
        )


def refuse_records(source: Source) -> None:
    """Raise InputError when a text without a patient is to go among the records."""
    if source.collection == RECORDS:
        raise InputError(
            "The collection 'records' takes patients' FHIR resources only.",
            remedy="Choose another collection for texts that belong to no patient.",
        )


def _source(matter: FrontMatter) -> str:
    """Where the topic comes from, in one line: title, publisher, address."""
    parts = (matter.source_title, matter.publisher, matter.source)
    return ", ".join(dict.fromkeys(part for part in parts if part))


def _headings(body: str) -> list[tuple[int, int, str]]:
    """Start and end of each heading line outside code fences, and its text."""
    found: list[tuple[int, int, str]] = []
    fenced = False
    for mark in _MARK.finditer(body):
        if mark["fence"]:
            fenced = not fenced
        elif not fenced:
            found.append(
                (mark.start(), mark.end(), mark["title"].strip().rstrip("#").rstrip()[:_LONGEST_TITLE])
            )
    return found


def _passages(body: str, headings: list[tuple[int, int, str]]) -> tuple[Passage, ...]:
    passages: list[Passage] = []
    at, section = 0, ""
    for start, end, text in headings:
        passages.extend(cut(body, at, start, section))
        at, section = end, text
    passages.extend(cut(body, at, len(body), section))
    # A body of headings alone is still to be found.
    return tuple(passages) or tuple(cut(body, 0, len(body)))
