"""Which reader a file is for."""

import traceback
from collections.abc import Iterable

from osler.core.errors import PluginError, UnsupportedFormat
from osler.core.ports.reader import Reader, Source


def choose(readers: Iterable[Reader], source: Source) -> Reader:
    """The first of `readers` that accepts `source`; UnsupportedFormat, naming what is read, if none does."""
    known = []
    for reader in readers:
        try:
            accepted = reader.accepts(source)
        except Exception as error:
            raise broken(reader, error) from None
        if accepted:
            return reader
        known.append(reader.name)
    raise UnsupportedFormat(
        "No reader takes a file of this kind, judged by its ending and its first bytes.",
        remedy=f"Readers in use: {', '.join(known) or 'none'}; the built-in ones read FHIR R4 JSON (.json), "
        "Markdown (.md) and plain text (.txt).",
    )


def broken(reader: Reader, error: Exception) -> PluginError:
    """A reader that raised something unforeseen, which may quote the file: only its type and place go further."""
    frame, line = list(traceback.walk_tb(error.__traceback__))[-1]
    place = f"{frame.f_code.co_filename.rpartition('/')[2]}:{line}"
    return PluginError(
        f"The reader '{reader.name}' failed on this file ({type(error).__name__} at {place}).",
        remedy="Please report this line to whoever made the reader.",
    )
