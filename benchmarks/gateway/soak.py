"""Memory of `osler serve` over many requests: flat, or not.

    python benchmarks/gateway/soak.py [--requests 100000] [--at-once 16]

Half of the requests are plain, half streamed, each one of 64 notes of 2 KB through the full pipeline (steps 1 to 3, 5
to 7 and 9). Memory is the resident size of the process tree after each twentieth of them. The first fifth is left to
caches that fill up; of the rest, the median of the last quarter is held against that of the first. Prints each figure
and ends with 1 where memory grew by more than 5 %.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

import psutil

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from runner import pin  # noqa: E402
from runner.contenders import Settings  # noqa: E402
from runner.processes import Child, running  # noqa: E402
from servers import texts  # noqa: E402

from gateway import sites  # noqa: E402  # the folder above is no package, and is where runs of run.py begin

PORTIONS = 20
FLAT = 0.05


def grown(sizes: list[float]) -> float:
    """By what share memory grew, after the first fifth of the measurements."""
    steady = sizes[len(sizes) // 5 :]
    quarter = max(1, len(steady) // 4)
    return statistics.median(steady[-quarter:]) / statistics.median(steady[:quarter]) - 1


def measured(requests: int, at_once: int, scratch: Path) -> list[float]:
    """MiB after each portion of the requests."""
    settings = Settings(scratch=scratch, pins=pin.choose())
    others = settings.pins.others
    model_server = [sys.executable, str(HERE.parent / "servers/model.py"), "1"]
    generator = [sys.executable, str(HERE.parent / "servers/load.py")]
    with (
        running(model_server, name="model server", scratch=scratch, cores=others) as model,
        running(generator, name="load generator", scratch=scratch, cores=others) as load,
        sites.osler(settings, int(model.line()), "soak", sites.FULL) as site,
    ):
        sizes = []
        for number in range(PORTIONS):
            _send(load, site.port, number, requests // PORTIONS, at_once)
            root = psutil.Process(site.pid)
            family = (root, *root.children(recursive=True))
            sizes.append(sum(p.memory_info().rss for p in family) / 2**20)
            print(f"{(number + 1) * requests // PORTIONS:>8,} requests  {sizes[-1]:7.1f} MiB", flush=True)
        return sizes


def _send(load: Child, port: int, number: int, requests: int, at_once: int) -> None:
    """Portion `number`: notes that were not sent before. Every other portion is streamed."""
    bodies = [
        json.dumps(
            {"model": "fast", "stream": number % 2 == 1, "messages": [{"role": "user", "content": text}]}
        )
        for text in texts.notes(requests, number * requests)
    ]
    load.ask({"port": port, "bodies": bodies, "connections": at_once, "requests": requests, "spread_s": 0})


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--at-once", type=int, default=16)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="osler-soak-") as scratch:
        share = grown(measured(options.requests, options.at_once, Path(scratch)))
    print(f"memory {'grew' if share > 0 else 'shrank'} by {abs(share):.1%}")
    return int(share > FLAT)


if __name__ == "__main__":
    sys.exit(main())
