"""Inputs of a batch job: lines of a file, files of a folder, messages of a file.

Positions are of the content as a reader sees it: of a gzipped file they count unpacked bytes. A record that is too
large, or cannot be read, is handed on as failed, with no data: it must not end the run, nor fill the memory.
"""

import gzip
import hashlib
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, cast

import msgspec

from osler.core.errors import InputError, UnsupportedFormat
from osler.jobs.batch import Batch, Position, Record

LONGEST = 128 * 2**20
"""A record of more bytes than this fails: it would have to be held in memory several times."""

_BLOCK = 1 << 20
_OVERHEAD = 64  # what a record weighs besides its bytes: empty lines fill a batch too
_BOM = b"\xef\xbb\xbf"
_FOREIGN = (
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "PDF"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneFile:
    """A file, gzipped or not. A `stream` (a pipe; standard input where `path` is None) can be read once only."""

    path: Path | None
    packed: bool = False
    stream: bool = False
    longest: int = LONGEST
    unit: str = "bytes"

    @classmethod
    def at(cls, path: Path | None) -> Self:
        """The file there, looked at for how to read it. Raises InputError, UnsupportedFormat."""
        if path is None or not stat.S_ISREG(_status(path).st_mode):
            return cls(path=path, stream=True)
        return cls(path=path, packed=_is_packed(path))

    def batches(self, start: Position, size: int) -> Iterator[Batch]:
        """Batches of records of about `size` bytes, from `start` on."""
        with _reading(self.path, self.packed) as file:
            if start.offset:
                file.seek(start.offset)
            yield from _gathered(self._records(file, start), size)

    def _records(self, file: IO[bytes], start: Position) -> Iterator[tuple[Record, Position]]:
        return _lines(file, start, self.longest)

    def total(self) -> int | None:
        """Bytes; unknown for a stream and for a gzipped file."""
        return None if self.path is None or self.stream or self.packed else _status(self.path).st_size

    def stamp(self) -> str:
        """Size, time and place of the file."""
        return "" if self.path is None or self.stream else _stamp(self.path)

    def digest(self) -> str:
        """SHA-256 of the file."""
        return "" if self.path is None or self.stream else _digest(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSource(OneFile):
    """The lines of a file, without their line ends. A byte order mark at the very beginning is no part of a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSource(OneFile):
    """The messages of a file: each begins with a line that begins with `first`, and goes on to the next such.

    Line ends, and the byte that frames a message (0x0B), belong to it. What stands before the first is a record too.
    """

    first: bytes = b"MSH"

    def _records(self, file: IO[bytes], start: Position) -> Iterator[tuple[Record, Position]]:
        return _messages(file, start, self.first, self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """Files below a folder, each one record, in the order of `names` (paths within `root`)."""

    root: Path
    names: tuple[str, ...]
    unit: str = "files"

    @classmethod
    def below(cls, root: Path, endings: tuple[str, ...], *, needed: bool = True) -> "FileSource":
        """All files of a folder and its folders that end so, sorted; hidden ones left out.

        Raises InputError when there is none, unless none is `needed`.
        """
        names = sorted(
            (p.relative_to(root).as_posix() for p in _inside(root) if p.name.lower().endswith(endings)),
            key=os.fsencode,
        )
        if needed and not names:
            raise InputError(
                f"The input folder holds no file that ends in {' or '.join(endings)}.",
                remedy="Name the folder that holds them, or another --format.",
            )
        return cls(root=root, names=tuple(names))

    def batches(self, start: Position, size: int) -> Iterator[Batch]:
        """Batches of whole files."""
        yield from _gathered(self._files(start.offset), size)

    def _files(self, first: int) -> Iterator[tuple[Record, Position]]:
        for at in range(first, len(self.names)):
            data, fault = _whole(self.root / self.names[at])
            record = Record(number=at + 1, data=data, name=self.names[at], fault=fault)
            yield record, Position(offset=at + 1, number=at + 1)

    def total(self) -> int | None:
        """How many files."""
        return len(self.names)

    def stamp(self) -> str:
        """Digest of names, sizes and times."""
        listed = hashlib.sha256()
        for name in self.names:
            listed.update(os.fsencode(name) + b"\0" + _stamp(self.root / name).encode() + b"\0")
        return listed.hexdigest()

    def digest(self) -> str:
        """Digest of names and contents."""
        whole = hashlib.sha256()
        for name in self.names:
            whole.update(os.fsencode(name) + b"\0" + _digest(self.root / name).encode() + b"\0")
        return whole.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderLines:
    """The lines of all files below a folder, file by file, as if they were one: bytes are counted through."""

    files: FileSource
    unit: str = "bytes"

    def batches(self, start: Position, size: int) -> Iterator[Batch]:
        """Batches of lines; a file's last line ends with the file."""
        yield from _gathered(self._records(start), size)

    def _records(self, start: Position) -> Iterator[tuple[Record, Position]]:
        base, number = 0, start.number
        for name in self.files.names:
            path = self.files.root / name
            size = _status(path).st_size
            if base + size > start.offset:
                with _reading(path, packed=False) as file:
                    inside = max(0, start.offset - base)
                    file.seek(inside)
                    for record, at in _lines(file, Position(offset=inside, number=number), LONGEST):
                        number = at.number
                        yield record, Position(offset=base + at.offset, number=number)
            base += size

    def total(self) -> int | None:
        """Bytes of all files."""
        return sum(_status(self.files.root / name).st_size for name in self.files.names)

    def stamp(self) -> str:
        """That of the files."""
        return self.files.stamp()

    def digest(self) -> str:
        """That of the files."""
        return self.files.digest()


def holds_lines(path: Path) -> bool:
    """Whether a file of JSON holds one document a line rather than one in all. Raises InputError."""
    with _reading(path, _is_packed(path)) as file:
        try:
            first = file.readline(LONGEST).removeprefix(_BOM).strip()
            return not first or isinstance(msgspec.json.decode(first), dict)
        except (ValueError, RecursionError):
            return path.suffix in (".ndjson", ".jsonl")
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(error) from None


def _is_packed(path: Path) -> bool:
    """Whether a file is gzipped, by its first bytes. Raises UnsupportedFormat for what is surely no text."""
    with _reading(path, packed=False) as file:
        head = file.read(8)
    if head.startswith(b"\x1f\x8b"):
        with _reading(path, packed=True) as file:
            try:
                head = file.read(8)
            except (OSError, EOFError):
                raise UnsupportedFormat("The input is no whole gzip file.", remedy="Pack it again.") from None
        _refuse_foreign(head)
        return True
    _refuse_foreign(head)
    return False


def _refuse_foreign(head: bytes) -> None:
    for mark, kind in _FOREIGN:
        if head.startswith(mark):
            raise UnsupportedFormat(
                f"The input is {kind}, not UTF-8 text.", remedy="Convert it to UTF-8 first."
            )


def _gathered(records: Iterator[tuple[Record, Position]], size: int) -> Iterator[Batch]:
    taken: list[Record] = []
    held = 0
    after = Position()
    broken: Exception | None = None
    while True:
        try:
            record, after = next(records)
        except StopIteration:
            break
        except (OSError, EOFError, zlib.error) as error:
            broken = error
            break
        taken.append(record)
        held += len(record.data) + _OVERHEAD
        if held >= size:
            yield Batch(records=tuple(taken), after=after)
            taken, held = [], 0
    if taken:
        yield Batch(records=tuple(taken), after=after)
    if broken is not None:
        # what was read before is done and kept; only then the run ends
        raise _unreadable(broken)


def _lines(file: IO[bytes], start: Position, longest: int) -> Iterator[tuple[Record, Position]]:
    at, number = start.offset, start.number
    while line := file.readline(longest + 2):
        fault = ""
        first = at == 0
        at += len(line)
        if len(line) > longest and not line.endswith(b"\n"):
            at += _skipped(file)
            line, fault = b"", _too_large(longest)
        number += 1
        if first:
            line = line.removeprefix(_BOM)
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        yield Record(number=number, data=line, fault=fault), Position(offset=at, number=number)


def _too_large(longest: int) -> str:
    return f"It is larger than {longest} bytes."


def _skipped(file: IO[bytes]) -> int:
    """Reads over the rest of a line; its length."""
    count = 0
    while rest := file.readline(_BLOCK):
        count += len(rest)
        if rest.endswith(b"\n"):
            break
    return count


def _messages(
    file: IO[bytes], start: Position, first: bytes, longest: int
) -> Iterator[tuple[Record, Position]]:
    begins = re.compile(b"(?<=[\\r\\n])\x0b?" + re.escape(first))
    at, number, held, looked = start.offset, start.number, bytearray(), 0
    overlong = False
    while True:
        block = file.read(_BLOCK)
        held += block
        while match := begins.search(held, max(looked, 1)):
            end = match.start()
            at, number = at + end, number + 1
            yield _message(bytes(held[:end]), number, overlong, longest), Position(offset=at, number=number)
            del held[:end]
            looked, overlong = 0, False
        looked = max(0, len(held) - len(first) - 1)
        if not block:
            break
        if len(held) > longest:
            # what is too long anyway need not be kept, only counted
            at += looked
            del held[:looked]
            looked, overlong = 0, True
    if held:
        yield (
            _message(bytes(held), number + 1, overlong, longest),
            Position(offset=at + len(held), number=number + 1),
        )


def _message(data: bytes, number: int, overlong: bool, longest: int) -> Record:
    if overlong or len(data) > longest:
        return Record(number=number, data=b"", fault=_too_large(longest))
    return Record(number=number, data=data.removeprefix(_BOM) if number == 1 else data)


def _reading(path: Path | None, packed: bool) -> IO[bytes]:
    try:
        if path is None:
            if sys.stdin is None:
                raise InputError("Standard input is closed.", remedy="Pipe the lines into the command.")
            return os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=_BLOCK)
        return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb", buffering=_BLOCK)
    except OSError as error:
        raise _unreadable(error) from None


def _whole(path: Path) -> tuple[bytes, str]:
    try:
        if path.stat().st_size > LONGEST:
            return b"", _too_large(LONGEST)
        return path.read_bytes(), ""
    except OSError as error:
        return b"", f"It cannot be read ({type(error).__name__})."


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise _unreadable(error) from None


def _stamp(path: Path) -> str:
    state = _status(path)
    return f"{state.st_size}-{state.st_mtime_ns}-{state.st_dev}-{state.st_ino}"


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> InputError:
    return InputError(
        f"The input cannot be read ({type(error).__name__}).", remedy="Check path and permissions."
    )


def _inside(root: Path) -> Iterator[Path]:
    refuse: Callable[[OSError], None] = _raise
    for place, folders, files in os.walk(root, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(place) / name
            if not name.startswith(".") and stat.S_ISREG(_status(path).st_mode):
                yield path


def _raise(error: OSError) -> None:
    raise _unreadable(error)
