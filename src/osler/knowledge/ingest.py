"""Files into the store: choose the reader, read the whole file, put it as a whole or not at all."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import resources
from importlib.resources.abc import Traversable

from osler.core.errors import OslerError, PluginError, TooLarge
from osler.core.ports.index import Added, Index
from osler.core.ports.reader import Reader, Reading, Source
from osler.core.ports.records import RecordView
from osler.core.readings import reading_fault
from osler.knowledge.readers.choose import broken, choose

_MIB = 2**20


class Library:
    """Adds files to the index. The edge opens them; here they are bytes. `max_bytes` limits one file."""

    def __init__(
        self, *, index: Index, readers: Sequence[Reader], records: RecordView, max_bytes: int
    ) -> None:
        self._index = index
        self._readers = tuple(readers)
        self._records = records
        self._max_bytes = max_bytes

    def read(self, source: Source) -> Reading:
        """What `source` holds, without storing it.

        Raises TooLarge, UnsupportedFormat and InputError; PluginError when the reader breaks. Resources
        that name a patient whose record is loaded already are read as belonging to it.
        """
        if len(source.data) > self._max_bytes:
            raise TooLarge(
                f"The file has {len(source.data) / _MIB:.1f} MiB; "
                f"the limit is {self._max_bytes / _MIB:.1f} MiB.",
                remedy="Split it, or raise knowledge.max_file_mb in osler.toml.",
            )
        reader = choose(self._readers, source)
        known = source.known_patients | frozenset(self._records.patients())
        return _read(reader, replace(source, known_patients=known))

    def add(self, source: Source) -> Added:
        """Read and store `source`: all of it or nothing. The same file again changes nothing.

        Raises as `read` does, and Conflict or StoreError from the index.
        """
        reading = self.read(source)
        return replace(self._index.put(reading), skipped=dict(reading.skipped))


def _read(reader: Reader, source: Source) -> Reading:
    """What `reader` makes of `source`. What it raises unforeseen may quote the file: only type and place go further."""
    try:
        reading: object = reader.read(source)
    except OslerError:
        raise
    except Exception as error:
        raise broken(reader, error) from None
    fault = reading_fault(reading, source.known_patients)
    if fault or not isinstance(reading, Reading):
        raise PluginError(
            f"The reader '{reader.name}' broke its contract on this file: {fault}.",
            remedy="Hold it to its contract with `osler plugins check`, or remove it from [knowledge] readers.",
        )
    return reading


def starter_sources() -> Iterator[Source]:
    """The shipped starter pack of guideline topics, in the order of their names."""
    return _packaged("starter", ".md")


def sample_sources() -> Iterator[Source]:
    """The shipped sample records (FHIR R4 bundles), in the order of their names."""
    return _packaged("samples", ".json")


def _packaged(folder: str, suffix: str) -> Iterator[Source]:
    root = resources.files("osler.knowledge").joinpath("data", folder)
    for item in sorted(_files(root), key=lambda found: found.name):
        if item.name.endswith(suffix):
            yield Source(name=item.name, data=item.read_bytes())


def _files(root: Traversable) -> Iterator[Traversable]:
    if root.is_dir():
        yield from (item for item in root.iterdir() if item.is_file())
