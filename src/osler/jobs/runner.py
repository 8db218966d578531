"""The batch runner: a source through a task into an output, resumable, in flat memory.

    report = run(Job(source=…, task=…, target=…, identity={"mode": "spans"}), on_progress)

The same input and options give the same output, however often the run was killed and started again, and whatever
the number of workers and the engine.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from osler.core.errors import InputError
from osler.core.ports.vault import RecordMap
from osler.jobs import local, on_ray
from osler.jobs import state as states
from osler.jobs.batch import Done, Position, Seed, Source, Tally, Task
from osler.jobs.output import Target, opened

Engine = Literal["local", "ray"]

BATCH = 256 * 2**10
"""Bytes of a batch; fewer where the input is small, so that all workers have something to do."""

_LEAST_BATCH = 16 * 2**10
_SHARE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run. `task` gets the run's seed, which stays the same when it is resumed; `seed` is for tests.

    `identity` names the options on which the output depends; `workers` None takes one for each core. `keep` puts the
    ways back of a batch where they last, before any of it is written; after a kill it may get the last ones again.
    """

    source: Source
    task: Callable[[Seed], Task]
    target: Target
    identity: Mapping[str, str]
    engine: Engine = "local"
    workers: int | None = None
    overwrite: bool = False
    keep: Callable[[Seed, Sequence[RecordMap]], None] | None = None
    seed: Seed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run has come: position and total in the source's unit, records, records that failed."""

    at: int
    total: int | None
    unit: str
    records: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run came to. `resumed_from` are the records that were done when it started; `seconds` are this run's."""

    tally: Tally
    resumed_from: int
    seconds: float


def run(job: Job, on_progress: Callable[[Progress], None] = lambda _: None) -> Report:
    """Run a job to its end. What is done when it is interrupted, or fails, is kept.

    Raises InputError (also when the input changed meanwhile), GuardUnavailable, ConfigError, OSError, and what `keep`
    raises.
    """
    begun = time.monotonic()
    source = job.source
    if job.engine == "ray":
        on_ray.required()
    stamp = source.stamp()
    identity = {**job.identity, "input": _digest(job, stamp)}
    total = source.total()
    with opened(job.target, identity, stamp, overwrite=job.overwrite, seed=job.seed) as output:
        resumed_from = output.state.tally.records
        if not output.state.finished:
            try:
                for after, done in _results(job, job.task(output.state.seed), output.state.at, total):
                    if job.keep is not None:
                        job.keep(output.state.seed, done.maps)
                    output.take(done, after)
                    tally = output.state.tally
                    on_progress(
                        Progress(
                            at=after.offset, total=total, unit=source.unit,
                            records=tally.records, failed=tally.failed,
                        )
                    )  # fmt: skip
            finally:
                output.commit()
            if source.stamp() != stamp:
                raise InputError(
                    "The input was changed while it was read.",
                    remedy="Let it be, and start anew with --overwrite.",
                )
            output.finish()
        return Report(tally=output.state.tally, resumed_from=resumed_from, seconds=time.monotonic() - begun)


def _digest(job: Job, stamp: str) -> str:
    """The input's digest; where this run's state has it, and the file was not touched since, it is not read for it."""
    kept = states.load(job.target.state) if job.target.state is not None and not job.overwrite else None
    if kept is not None and stamp and kept.stamp == stamp:
        return kept.identity.get("input", "")
    return job.source.digest()


def _results(job: Job, task: Task, start: Position, total: int | None) -> Iterator[tuple[Position, Done]]:
    workers = job.workers or cores()
    size = BATCH
    if total is not None and job.source.unit == "bytes":
        size = max(_LEAST_BATCH, min(BATCH, total // (workers * _SHARE)))
        workers = max(1, min(workers, -(-total // size)))
    if job.engine == "ray":
        return on_ray.run(task, job.source, start, size, workers)
    return local.run(task, job.source.batches(start, size), workers)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
