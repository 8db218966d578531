"""Where a run writes to: streams that grow, perhaps a folder of files, and the state that makes it resumable.

`opened` decides what to do with what is there already: go on, start, or refuse. Two runs cannot write to one output:
the first stream is locked, and the lock goes with the process that holds it.
"""

import contextlib
import fcntl
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Protocol

from osler.core.clock import SystemClock
from osler.core.errors import InputError
from osler.jobs import state as states
from osler.jobs.batch import Done, Position, Seed
from osler.jobs.state import State

_COMMIT_COSTS = 0.25
_COMMIT_S = 2.0
"""Commits take at most this share of the time, and come at least this often: what is done since the last one is done
anew after a kill. Where syncing is quick that is less than one batch."""

_REMEDY = "Name another --output, or give --overwrite to start anew."


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Paths of an output: its streams, the folder for whole files (if any), and the state.

    A `state` of None is for what cannot be resumed: then there is no folder, and None as a path is standard output.
    """

    streams: tuple[Path | None, ...]
    folder: Path | None = None
    state: Path | None = None


class Output(Protocol):
    """An open output."""

    @property
    def state(self) -> State:
        """How far the run has come."""
        ...

    def take(self, done: Done, after: Position) -> None:
        """Write what a batch came to; the next one comes behind it. Raises OSError."""
        ...

    def commit(self) -> None:
        """Make all that was taken last. Raises OSError."""
        ...

    def finish(self) -> None:
        """Commit and mark the run as finished."""
        ...


@contextmanager
def opened(
    target: Target, identity: Mapping[str, str], stamp: str, *, overwrite: bool, seed: Seed | None = None
) -> Iterator[Output]:
    """The output, ready to take what comes after its state. `seed` is for tests; else it is drawn at random.

    Raises InputError when there is an output already that this run would not continue.
    """
    seed = seed or Seed(key=secrets.token_bytes(32), day=SystemClock().now().date())
    fresh = State(identity=identity, stamp=stamp, seed=seed)
    with contextlib.ExitStack() as stack:
        if target.state is None:
            passing = [stack.enter_context(_stream_out(path, overwrite)) for path in target.streams]
            yield _PassingOutput(passing, fresh)
            return
        if target.folder is not None:
            target.folder.mkdir(parents=True, exist_ok=True)
        paths = [path for path in target.streams if path is not None]
        before = [path.stat().st_size if path.exists() else None for path in paths]
        files = [stack.enter_context(_appendable(path)) for path in paths]
        _lock(files[0])
        state = _agreed(target, fresh, before, overwrite=overwrite)
        if state is None:
            target.state.unlink(missing_ok=True)
            state = replace(fresh, written=(0,) * len(files))
            for file in files:
                file.truncate(0)
            states.save(target.state, state)
        for file, size in zip(files, state.written, strict=True):
            file.truncate(size)
            file.seek(size)
        yield _KeptOutput(target.state, target.folder, files, replace(state, stamp=stamp))


def _agreed(target: Target, fresh: State, before: list[int | None], *, overwrite: bool) -> State | None:
    """The state to go on from; None to start. Raises InputError where neither may be."""
    if overwrite or target.state is None:
        return None
    kept = states.load(target.state)
    if kept is None:
        if any(before):
            raise InputError("The output is there already, and is no unfinished run's.", remedy=_REMEDY)
        return None
    if before[0] is None:
        return None  # the output was taken away: nothing is left to go on from
    if kept.at == Position() and kept.identity != fresh.identity:
        return None  # it failed, or was killed, before anything was done
    kept.require_same(fresh.identity)
    sizes = [size or 0 for size in before]
    short = len(sizes) != len(kept.written) or any(a < b for a, b in zip(sizes, kept.written, strict=True))
    if short or (kept.finished and tuple(sizes) != kept.written):
        raise InputError("The output was changed since this run wrote it.", remedy=_REMEDY)
    return kept


class _KeptOutput:
    """Files with a state beside them."""

    def __init__(self, path: Path, folder: Path | None, files: list[IO[bytes]], state: State) -> None:
        self._path, self._folder, self._files = path, folder, files
        self._state = state
        self._committed, self._pause = time.monotonic(), 0.0

    @property
    def state(self) -> State:
        return self._state

    def take(self, done: Done, after: Position) -> None:
        for name, data in done.files:
            self._put(name, data)
        for file, data in zip(self._files, done.streams, strict=True):
            file.write(data)
        written = tuple(a + len(b) for a, b in zip(self._state.written, done.streams, strict=True))
        self._state = replace(
            self._state, at=after, written=written, tally=self._state.tally.plus(done.tally)
        )
        if time.monotonic() - self._committed >= self._pause:
            self.commit()

    def _put(self, name: str, data: bytes) -> None:
        """A whole file or none: a kill leaves no half of one under its name."""
        if self._folder is None:
            raise ValueError("this output has no folder")
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.new")
        aside.write_bytes(data)
        aside.replace(path)

    def commit(self) -> None:
        if self._state.finished:
            return
        begun = time.monotonic()
        for file in self._files:
            file.flush()
            os.fsync(file.fileno())
        if self._folder is not None:
            os.sync()  # one call for the many files; syncing each would take longer than making them
        states.save(self._path, self._state)
        self._committed = time.monotonic()
        self._pause = min(_COMMIT_S, (self._committed - begun) / _COMMIT_COSTS)

    def finish(self) -> None:
        if not self._state.finished:
            self.commit()
            self._state = self._state.finish()
            states.save(self._path, self._state)


class _PassingOutput:
    """Standard output, a pipe, or a file that is written from what can be read once only: no resuming."""

    def __init__(self, files: list[IO[bytes]], state: State) -> None:
        self._files = files
        self._state = state

    @property
    def state(self) -> State:
        return self._state

    def take(self, done: Done, after: Position) -> None:
        for file, data in zip(self._files, done.streams, strict=True):
            file.write(data)
            file.flush()
        self._state = replace(self._state, at=after, tally=self._state.tally.plus(done.tally))

    def commit(self) -> None:
        for file in self._files:
            file.flush()

    def finish(self) -> None:
        self.commit()
        self._state = self._state.finish()


@contextmanager
def _stream_out(path: Path | None, overwrite: bool) -> Iterator[IO[bytes]]:
    if path is None:
        if sys.stdout is None:
            raise InputError("Standard output is closed.", remedy="Name a file as --output.")
        yield sys.stdout.buffer
        return
    if path.is_file() and path.stat().st_size and not overwrite:
        raise InputError(
            "The output is there already, and an input that is read once cannot be resumed.", remedy=_REMEDY
        )
    try:
        file = path.open("wb")
    except OSError as error:
        raise _unwritable(error) from None
    with file:
        yield file


@contextmanager
def _appendable(path: Path) -> Iterator[IO[bytes]]:
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    except OSError as error:
        raise _unwritable(error) from None
    with file:
        yield file


def _lock(file: IO[bytes]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(
            "Another run is writing to this output.", remedy="Wait for it, or name another --output."
        ) from None
    except OSError:
        return  # a file system without locks


def _unwritable(error: OSError) -> InputError:
    return InputError(
        f"The output cannot be written ({type(error).__name__}).", remedy="Check the path of --output."
    )
