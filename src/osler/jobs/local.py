"""Local worker processes: batches out to whichever is free, results back in the order of the input.

Each worker has a pipe of its own and gets a batch only when it waits for one, so that neither side can block the other,
and so that a worker whose parent was killed reads the end of its pipe and ends. The processes come from a server
process that imports what they need once (`prepare`), not from the parent: nothing of its threads or files is in them.
A worker that dies takes its batch with it; that batch is then done record by record, and the record at which a worker
dies again fails.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from osler.core.errors import GuardUnavailable, OslerError
from osler.jobs.batch import Batch, Done, Position, Task

HELD = 64 * 2**20
"""Bytes of input in flight, or done but waiting for those before them, at which no more is read."""

_AHEAD = 3
_CONTEXT = get_context("forkserver")
_SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def prepare(module: str) -> None:
    """Start the server process, which imports `module` for all workers while this process does something else.

    The workers share the cores between them: threads of numpy's libraries inside of each would only contend.
    """
    for name in _SINGLE_THREADED:
        os.environ.setdefault(name, "1")
    _CONTEXT.set_forkserver_preload([module])
    forkserver.ensure_running()


def run(task: Task, batches: Iterator[Batch], workers: int) -> Iterator[tuple[Position, Done]]:
    """What each batch comes to, in order. Errors: OslerError when a worker cannot be started."""
    prepare(type(task).__module__)
    crew: list[_Worker] = []
    try:
        for _ in range(workers):
            crew.append(_Worker(task))
        for worker in crew:
            worker.require_ready()
        yield from _Flow(crew, batches).results()
    finally:
        for worker in crew:
            worker.pipe.close()
        for worker in crew:
            worker.stop()


class _Flow:
    """Batches through a crew. Holds what is in flight, and what is done but not yet its turn."""

    def __init__(self, crew: list["_Worker"], batches: Iterator[Batch]) -> None:
        self._idle = list(crew)
        self._busy: dict[Connection[Any, Any], tuple[_Worker, int, Batch]] = {}
        self._batches = enumerate(batches)
        self._most = _AHEAD * len(crew)
        self._sizes: dict[int, int] = {}
        self._done: dict[int, tuple[Position, Done]] = {}
        self._exhausted = False

    def results(self) -> Iterator[tuple[Position, Done]]:
        """All of them, in order."""
        turn = 0
        self._fill()
        while self._busy or self._done:
            while turn in self._done:
                del self._sizes[turn]
                yield self._done.pop(turn)
                turn += 1
                self._fill()
            if self._busy:
                self._receive()
                self._fill()

    def _fill(self) -> None:
        """Give each idle worker a batch, as long as not too much is held."""
        while self._idle and not self._exhausted and self._has_room():
            following = next(self._batches, None)
            if following is None:
                self._exhausted = True
                return
            number, batch = following
            worker = self._idle.pop()
            self._sizes[number] = batch.size
            worker.send(batch)
            self._busy[worker.pipe] = (worker, number, batch)

    def _has_room(self) -> bool:
        return len(self._sizes) < self._most and (not self._sizes or sum(self._sizes.values()) < HELD)

    def _receive(self) -> None:
        for pipe in wait(list(self._busy)):
            worker, number, batch = self._busy.pop(cast("Connection[Any, Any]", pipe))
            done = worker.receive()
            self._done[number] = (batch.after, done if done is not None else worker.singly(batch))
            self._idle.append(worker)


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._start()

    def _start(self) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=serve, args=(self._task, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def require_ready(self) -> None:
        """Wait until the process has made its worker. Raises the OslerError that kept it from that."""
        try:
            fault: OslerError | None = self.pipe.recv()
        except (EOFError, OSError):
            fault = GuardUnavailable(
                "A worker process ended while it was starting.", remedy="Check the memory of this machine."
            )
        if fault is not None:
            raise fault

    def send(self, batch: Batch) -> None:
        """Hand a batch over; a worker that is gone is noticed when its answer is read."""
        with contextlib.suppress(OSError):
            self.pipe.send(batch)

    def receive(self) -> Done | None:
        """The answer; None when the worker failed or is gone."""
        try:
            answer: Done | None = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return answer

    def singly(self, batch: Batch) -> Done:
        """A batch record by record, in fresh processes, after it failed as a whole."""
        parts = []
        self._again()
        for record in batch.records:
            self.send(Batch(records=(record,), after=batch.after))
            done = self.receive()
            if done is None:
                done = self._task.lost(record, "The worker process failed.")
                self._again()
            parts.append(done)
        return Done.joined(parts)

    def _again(self) -> None:
        self.stop()
        self._start()
        self.require_ready()

    def stop(self) -> None:
        """End the process."""
        self.pipe.close()
        self._process.join(timeout=0.2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def serve(task: Task, pipe: "Connection[Any, Any]") -> None:
    """Life of a worker process: make the work, say so, then batch after batch until the pipe ends.

    Nothing is printed: what an exception holds may be a patient's data.
    """
    # Ctrl-C goes to the whole group; the parent decides what becomes of the run
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, OSError):
        try:
            work = task.start()
        except OslerError as error:
            pipe.send(error)
            return
        except Exception as error:
            pipe.send(
                GuardUnavailable(
                    f"A worker process could not be made ({type(error).__name__}).",
                    remedy="`osler doctor` says what is missing.",
                )
            )
            return
        pipe.send(None)
        while True:
            batch = pipe.recv()
            try:
                done = work(batch)
            except Exception:
                done = None
            pipe.send(done)
