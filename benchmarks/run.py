"""Runs benchmarks, and makes tables, plots and comparisons from their results.

    python benchmarks/run.py NAME… [--rounds N] [--cores 0,1] [--output FILE or FOLDER] [--quick]
    python benchmarks/run.py --list
    python benchmarks/run.py report RESULTS.json… [--markdown FILE] [--plot FILE.svg]
    python benchmarks/run.py compare OLD.json NEW.json
    python benchmarks/run.py schema

README.md in this folder says how to read the figures. Exit code: 0; 1 when a contender failed (one
that is not to be had here is no failure); 2 for wrong arguments.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from runner import catalogue, compare, measure, pin, plot, render, result
from runner.contenders import BenchmarkError, Settings
from runner.result import Result

HERE = Path(__file__).resolve().parent
_ROUNDS = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    commands = {"report": _report, "compare": _compare, "schema": _schema}
    try:
        if given and given[0] in commands:
            return commands[given[0]](given[1:])
        return _run(given)
    except (ValueError, OSError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 2
    except BenchmarkError as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1


def _run(arguments: list[str]) -> int:
    options = _run_options(arguments)
    if options.list or not options.names:
        for entry in catalogue.entries(options.folder).values():
            print(f"{entry.name:16} {entry.says}")
        return 0
    found = [catalogue.find(options.folder, name) for name in dict.fromkeys(options.names)]
    pins = pin.Pins(note="Not pinned, as asked.") if options.cores == [] else pin.choose(options.cores)
    outputs = _outputs(options.output, [entry.name for entry in found])
    signal.signal(signal.SIGTERM, _stopped)
    pin.pin(os.getpid(), pins.others)
    results = []
    for entry in found:
        with tempfile.TemporaryDirectory(prefix="osler-bench-", dir=options.scratch) as scratch:
            settings = Settings(
                scratch=Path(scratch),
                pins=pins,
                rounds=options.rounds,
                warmup=options.warmup,
                seed=options.seed,
                quick=options.quick,
            )
            with catalogue.load(entry)(settings) as benchmark:
                noted = replace(benchmark, notes=(*benchmark.notes, *options.note))
                done = measure.run(entry.name, noted, settings, folder=HERE, say=measure.to_stderr)
        results.append(done)
        if entry.name in outputs:
            outputs[entry.name].parent.mkdir(parents=True, exist_ok=True)
            outputs[entry.name].write_text(done.to_json(), encoding="utf-8")
    print(render.markdown(results), end="")
    return 1 if any(a.kind == "failed" for r in results for a in r.absent) else 0


def _run_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="the benchmarks there are")
    parser.add_argument(
        "--rounds", type=_at_least(1), default=_ROUNDS, help=f"default {_ROUNDS}; intervals need 5"
    )
    parser.add_argument("--warmup", type=_at_least(0), default=1, help="rounds that do not count; default 1")
    parser.add_argument("--cores", type=_cores, help="such as 0,1: the first for what is measured; or none")
    parser.add_argument("--seed", type=int, default=1, help="of the order and of the intervals")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes: shows that it works, measures nothing"
    )
    parser.add_argument("--output", type=Path, help="result file NAME.json, or a folder for several")
    parser.add_argument("--scratch", type=Path, help="folder whose disk is used; default the system's")
    parser.add_argument("--note", action="append", default=[], help="a sentence to keep with the result")
    parser.add_argument("--folder", type=Path, default=HERE, help="where the benchmarks are")
    return parser.parse_args(arguments)


def _outputs(given: Path | None, names: list[str]) -> dict[str, Path]:
    """Where each result goes. Raises ValueError: one file for several results."""
    if given is None:
        return {}
    if given.suffix == ".json" and not given.is_dir():
        if len(names) > 1:
            raise ValueError("--output is one file, but there are several results: give a folder")
        return {names[0]: given}
    return {name: given / f"{name.replace('/', '-')}.json" for name in names}


def _report(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="run.py report", description="Tables and a plot from results.")
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULTS.json")
    parser.add_argument("--markdown", type=Path, help="default: standard output")
    parser.add_argument("--plot", type=Path, help="an SVG file; needs matplotlib")
    options = parser.parse_args(arguments)
    results: list[Result] = [result.read(path) for path in options.results]
    address = None
    if options.plot:
        options.plot.write_text(plot.svg(results), encoding="utf-8")
        beside = options.markdown.parent if options.markdown else Path()
        address = Path(os.path.relpath(options.plot, beside)).as_posix()
    text = render.markdown(results, plot=address)
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


def _compare(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="run.py compare", description="What changed between two results.")
    parser.add_argument("old", type=Path, metavar="OLD.json")
    parser.add_argument("new", type=Path, metavar="NEW.json")
    options = parser.parse_args(arguments)
    print(compare.markdown(result.read(options.old), result.read(options.new)), end="")
    return 0


def _schema(arguments: list[str]) -> int:
    argparse.ArgumentParser(prog="run.py schema", description="The format's JSON Schema.").parse_args(
        arguments
    )
    print(result.json_schema(), end="")
    return 0


def _cores(text: str) -> list[int]:
    if text == "none":
        return []
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError("give cores as 0,1 or none") from None


def _at_least(least: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"at least {least}")
        return value

    return whole


def _stopped(signum: int, frame: FrameType | None) -> None:
    """Being told to stop is an ordinary end: children are stopped and the scratch folder goes."""
    sys.exit(128 + signum)


if __name__ == "__main__":
    sys.exit(main())
