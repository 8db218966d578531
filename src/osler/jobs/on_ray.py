"""The same work on Ray Data: one machine or a cluster, results in the order of the input.

The driver notes where each batch begins; actors read the batches themselves, so that no text goes through the object
store on its way in. On a cluster every node has to see the input under the same path.
"""

import importlib
import logging
import os
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
    blocks = _blocks(source, start, size)
    if not blocks:
        return
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    # or it warns, on each run, of what restarted actors may miss; a failed run is resumed
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    context = data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    rows = data.from_arrow(blocks).map(
        Actor,
        fn_constructor_args=(task, source, size),
        compute=data.ActorPoolStrategy(size=workers),
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


def _blocks(source: Source, start: Position, size: int) -> list[Any]:
    """Where each batch begins, a few to a block: blocks are what Ray Data hands out."""
    arrow = importlib.import_module("pyarrow")
    offsets, numbers = array("q"), array("q")
    position = start
    for batch in source.batches(start, size):
        offsets.append(position.offset)
        numbers.append(position.number)
        position = batch.after
    columns = [
        arrow.Array.from_buffers(arrow.int64(), len(begins), [None, arrow.py_buffer(begins)])
        for begins in (offsets, numbers)
    ]
    table = arrow.table(columns, names=["offset", "number"])
    return [table.slice(at, _ROWS_A_BLOCK) for at in range(0, len(offsets), _ROWS_A_BLOCK)]


class Actor:
    """One of Ray's workers: makes the work once, then takes batches by where they begin."""

    def __init__(self, task: Task, source: Source, size: int) -> None:
        self._task, self._source, self._size = task, source, size
        self._work = task.start()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """The batch that begins there, done."""
        start = Position(offset=int(row["offset"]), number=int(row["number"]))
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
                yield self._task.lost(record, "The worker process failed.")
