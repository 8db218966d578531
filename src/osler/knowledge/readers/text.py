"""Plain text: one document a file, its paragraphs as passages."""

import hashlib

from osler.core.errors import InputError
from osler.core.ports.reader import Document, Reading, Source
from osler.knowledge.passages import cut
from osler.knowledge.readers.decode import decode, unix_lines
from osler.knowledge.readers.guideline import refuse_records
from osler.knowledge.readers.names import slug, stem

COLLECTION = "documents"
_SUFFIXES = (".txt", ".text")


class TextReader:
    """Reads plain text files (UTF-8, or UTF-16 with a byte order mark)."""

    name = "text"

    def accepts(self, source: Source) -> bool:
        """Text, by its ending."""
        return source.suffix in _SUFFIXES

    def read(self, source: Source) -> Reading:
        """The file as one document. Raises InputError if it is empty, UnsupportedFormat if it is no text."""
        refuse_records(source)
        text = unix_lines(decode(source.data))
        if not text.strip():
            raise InputError("The file holds no text.", remedy="Give a file with something in it.")
        name = slug(stem(source.name)) or hashlib.sha256(source.data).hexdigest()[:16]
        return Reading(
            documents=(
                Document(
                    doc=f"document/{name}",
                    title=stem(source.name) or "Document",
                    text=text,
                    collection=source.collection or COLLECTION,
                    passages=tuple(cut(text, 0, len(text))),
                    basis="supplied",
                ),
            )
        )
