"""The same work on Ray Data: one machine or a cluster, results in the order of the input.

The driver notes where each batch begins; actors read the batches themselves, so that no text goes through the object
store on its way in. On a cluster every node has to see the input under the same path.
"""

import importlib
import pickle
from array import array
from collections.abc import Iterator
from typing import Any

from osler.core.errors import ConfigError, GuardUnavailable, InputError
from osler.jobs.batch import Batch, Done, Position, Source, Task

_ROWS_A_BLOCK = 8


def run(
    task: Task, source: Source, start: Position, size: int, workers: int
) -> Iterator[tuple[Position, Done]]:
    """What each batch comes to, in order. Errors: ConfigError without Ray, GuardUnavailable when it fails."""
    ray, data = required()
    if not source.stamp() or source.total() is None:
        raise InputError(
            "With --engine ray the input has to be a file or folder that is not packed.",
            remedy="Unpack it into a file first, or use --engine local.",
        )
    begins = array("Q")
    position = start
    for batch in source.batches(start, size):
        begins.extend((position.offset, position.number))
        position = batch.after
    count = len(begins) // 2
    if not count:
        return
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level="ERROR", configure_logging=True)
    context = data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    rows = data.range(count, override_num_blocks=-(-count // _ROWS_A_BLOCK)).map(
        Actor,
        fn_constructor_args=(task, source, ray.put(begins.tobytes()), size),
        concurrency=workers,
        num_cpus=1,
    )
    try:
        for row in rows.iter_rows():
            # made by our own actors in this very run
            yield pickle.loads(row["done"])  # noqa: S301
    except ray.exceptions.RayError as error:
        raise GuardUnavailable(
            f"The run on Ray failed ({type(error).__name__}).",
            remedy="Run the same command again to go on from where it stopped.",
        ) from None


def required() -> tuple[Any, Any]:
    """The modules `ray` and `ray.data`. Raises ConfigError when they are not installed."""
    try:
        return importlib.import_module("ray"), importlib.import_module("ray.data")
    except ImportError:
        raise ConfigError(
            "Ray Data is not installed.",
            remedy="Install it with `pip install 'osler[ray]'`, or use --engine local.",
        ) from None


class Actor:
    """One of Ray's workers: makes the work once, then takes batches by their numbers."""

    def __init__(self, task: Task, source: Source, begins: Any, size: int) -> None:
        self._task, self._source, self._size = task, source, size
        held = importlib.import_module("ray").get(begins) if not isinstance(begins, bytes) else begins
        self._begins = array("Q", held)
        self._work = task.start()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """The batch of that number, done."""
        at = 2 * int(row["id"])
        start = Position(offset=self._begins[at], number=self._begins[at + 1])
        batch = next(self._source.batches(start, self._size))
        return {"done": pickle.dumps((batch.after, self._done(batch)))}

    def _done(self, batch: Batch) -> Done:
        try:
            return self._work(batch)
        except Exception:
            # an exception would reach the driver's log with what it holds
            return Done.joined(self._alone(batch))

    def _alone(self, batch: Batch) -> Iterator[Done]:
        for record in batch.records:
            try:
                yield self._work(Batch(records=(record,), after=batch.after))
            except Exception:
                yield self._task.lost(record, "the worker process failed")
