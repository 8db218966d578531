"""What a batch job is made of: records in, batches of them through a worker, bytes out.

    Source   cuts an input into numbered records and those into batches, from any position on
    Task     is pickled to each worker process, which makes its `Work` from it once
    Work     Batch -> Done, the same function on local processes and on Ray
    Done     what one batch adds to each output stream, the files it makes, and its counts

A record may hold PHI, so that no `repr` shows it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from osler.core.ports.vault import RecordMap


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """What a run is begun with and keeps when it is resumed: a random secret of 32 bytes, and the day."""

    key: bytes = field(repr=False)
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where to read on: `offset` in the source's own unit (bytes or files), `number` records taken so far."""

    offset: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record: a line, a file, a message. `number` counts from 1.

    `name` is a file's path within its folder. `fault` says why there is no data: then the record has failed.
    """

    number: int
    data: bytes = field(repr=False)
    name: str = field(default="", repr=False)
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records that follow each other; `after` is the position behind the last."""

    records: tuple[Record, ...]
    after: Position

    @property
    def size(self) -> int:
        """Bytes of all records."""
        return sum(len(record.data) for record in self.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts of what was done, by label; `let_through` is what a site's protocol leaves. Holds no PHI."""

    records: int = 0
    failed: int = 0
    found: Mapping[str, int] = field(default_factory=dict)
    let_through: Mapping[str, int] = field(default_factory=dict)

    def plus(self, other: "Tally") -> "Tally":
        """Both counts together."""
        return Tally(
            records=self.records + other.records,
            failed=self.failed + other.failed,
            found=_sum(self.found, other.found),
            let_through=_sum(self.let_through, other.let_through),
        )


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a batch came to: bytes to append to each stream, whole files by name, ways back for the vault, counts."""

    streams: tuple[bytes, ...] = field(repr=False)
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    maps: tuple[RecordMap, ...] = field(default=(), repr=False)
    tally: Tally

    @classmethod
    def joined(cls, parts: Iterable["Done"]) -> "Done":
        """Parts in their order as one."""
        parts = tuple(parts)
        tally = Tally()
        for part in parts:
            tally = tally.plus(part.tally)
        return cls(
            streams=tuple(b"".join(pieces) for pieces in zip(*(p.streams for p in parts), strict=True)),
            files=tuple(file for part in parts for file in part.files),
            maps=tuple(one for part in parts for one in part.maps),
            tally=tally,
        )


Work = Callable[[Batch], Done]


class Source(Protocol):
    """An input that can be read from any position, as often as wanted. Picklable."""

    @property
    def unit(self) -> str:
        """What `Position.offset` counts: "bytes" or "files"."""
        ...

    def batches(self, start: Position, size: int) -> Iterator[Batch]:
        """Batches from `start` on, each of about `size` bytes, at least one record. Errors: InputError."""
        ...

    def total(self) -> int | None:
        """How far `Position.offset` will go, None if that is not known."""
        ...

    def stamp(self) -> str:
        """Changes when the input is written to. Cheap. "" for an input that can be read once only."""
        ...

    def digest(self) -> str:
        """Tells this input's content from any other's. May read all of it."""
        ...


class Task(Protocol):
    """The recipe of a worker. Picklable; small, since each worker process gets a copy."""

    def start(self) -> Work:
        """Make the worker, once per process. Errors: OslerError when it cannot be made."""
        ...

    def lost(self, record: Record, reason: str) -> Done:
        """What stands for a record during which a worker process died or failed."""
        ...
