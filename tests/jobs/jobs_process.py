"""A run of the test task in a process of its own, to be killed: INPUT OUTPUT WORKERS NAP_S PIDS."""

import sys
from pathlib import Path

from jobs_work import Capitals

from osler.jobs import Job, Target, run
from osler.jobs.sources import LineSource


def main() -> None:
    given, out, workers, nap_s, pids = sys.argv[1:6]
    target = Target(streams=(Path(out),), state=Path(out + ".state.json"))
    run(
        Job(
            source=LineSource.at(Path(given)),
            task=lambda _: Capitals(nap_s=float(nap_s), pids=Path(pids)),
            target=target,
            identity={"task": "capitals"},
            workers=int(workers),
        )
    )


if __name__ == "__main__":
    main()
