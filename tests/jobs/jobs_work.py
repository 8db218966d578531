"""A task for tests of the runner: lines in capitals. Words in a line make it slow, fail, or kill its process."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from osler.core.errors import ConfigError
from osler.jobs import Batch, Done, Record, Seed, Tally, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Capitals:
    """`NUMBER:LINE`, the line in capitals; `pids` is a folder in which each worker notes its process id."""

    key: bytes = b""
    nap_s: float = 0.0
    pids: Path | None = None
    broken: str = ""

    def start(self) -> Work:
        if self.broken == "refuses":
            raise ConfigError("The task refuses.", remedy="Ask another.")
        if self.broken == "fails":
            raise RuntimeError("Zebulon Quartermain")
        if self.broken == "dies":
            os._exit(3)
        if self.pids is not None:
            (self.pids / str(os.getpid())).touch()
        return self.work

    def work(self, batch: Batch) -> Done:
        time.sleep(self.nap_s)
        return Done.joined(self._one(record) for record in batch.records)

    def _one(self, record: Record) -> Done:
        if record.fault:
            return self.lost(record, record.fault)
        if b"kill the worker" in record.data:
            os._exit(9)
        if b"raise" in record.data:
            raise ValueError("Zebulon Quartermain")
        line = b"%d:%s:%s\n" % (record.number, record.data.upper(), self.key.hex()[:8].encode())
        return Done(streams=(line,), tally=Tally(records=1, found={"LINE": 1}))

    def lost(self, record: Record, reason: str) -> Done:
        return Done(
            streams=(b"%d!%s\n" % (record.number, reason.encode()),), tally=Tally(records=1, failed=1)
        )


def capitals(**options: object) -> Callable[[Seed], Capitals]:
    """A job's `task`: gets the run's secret."""
    return lambda seed: Capitals(key=seed.key, **options)  # type: ignore[arg-type]
