"""Which reader a file is for."""

from collections.abc import Iterable

from osler.core.errors import UnsupportedFormat
from osler.core.ports.reader import Reader, Source


def choose(readers: Iterable[Reader], source: Source) -> Reader:
    """The first of `readers` that accepts `source`; UnsupportedFormat, naming what is read, if none does."""
    known = []
    for reader in readers:
        if reader.accepts(source):
            return reader
        known.append(reader.name)
    raise UnsupportedFormat(
        "No reader takes a file of this kind, judged by its ending and its first bytes.",
        remedy=f"Readers in use: {', '.join(known) or 'none'}; the built-in ones read FHIR R4 JSON (.json), "
        "Markdown (.md) and plain text (.txt).",
    )
