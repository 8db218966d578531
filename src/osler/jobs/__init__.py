"""The one batch runner: resumable, ordered, in flat memory, on local processes or on Ray Data.

    job = Job(source=LineSource.at(path), task=lambda seed: DeidTask(…, seed=seed), target=Target(…), identity={…})
    report = run(job)

`batch` has the parts that a job is made of, `deid` the task of `osler deid run`.
"""

from osler.jobs.batch import Batch, Done, Position, Record, Seed, Source, Tally, Task, Work
from osler.jobs.output import Target
from osler.jobs.runner import Job, Progress, Report, run

__all__ = [
    "Batch",
    "Done",
    "Job",
    "Position",
    "Progress",
    "Record",
    "Report",
    "Seed",
    "Source",
    "Tally",
    "Target",
    "Task",
    "Work",
    "run",
]
