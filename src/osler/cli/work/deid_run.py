"""Work of `osler deid run`."""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from osler import __version__
from osler.app import config as configuration
from osler.app.configured import build_looking
from osler.cli.deid import Run
from osler.cli.work.deid_vault import kept, require_way_back
from osler.core.errors import InputError
from osler.core.spans import SAFE_HARBOR, Label
from osler.deid import Deidentifier
from osler.deid.config import ENGINES, DeidConfig
from osler.deid.keyed import NOT_SAFE_HARBOR, ReplaceOptions
from osler.deid.report import Protocol
from osler.jobs import Job, Report, Seed, Source, Target
from osler.jobs import Progress as Reached
from osler.jobs import run as run_job
from osler.jobs.deid import DeidTask, Layout, Mode
from osler.jobs.records import Format
from osler.jobs.reviewing import Review
from osler.jobs.roster import Roster
from osler.jobs.runner import Engine
from osler.jobs.sources import FileSource, FolderLines, LineSource, MessageSource, holds_lines

ENDINGS = {"text": (".txt", ".text"), "hl7": (".hl7", ".txt")}


def run(*, options: Run) -> None:
    """De-identify an input into an output. Ends with exit code 4 when any record failed."""
    _require("--format", options.format, get_args(Format))
    _require("--mode", options.mode, get_args(Mode))
    _require("--engine", options.engine, get_args(Engine))
    require_way_back(options)
    with kept(_job(options), options) as job, _bar(shown=_is_watched(options)) as advance:
        report = run_job(job, advance)
    _show(report, options)
    if report.tally.failed:
        raise InputError(
            f"{report.tally.failed} of {report.tally.records} records failed; their lines say why.",
            remedy='Look for "error" in the output; the other records are done.',
        )


def engine_for(config: Path | None, fast: bool) -> Deidentifier:
    """The engine of a worker process, from the configuration."""
    loaded = configuration.load(config)
    if fast:
        loaded = loaded.model_copy(update={"deid": loaded.deid.model_copy(update={"engine": "fast"})})
    return build_looking(loaded)


def _job(options: Run) -> Job:
    replacing = _replacing(options)
    source = _source(options)
    target, layout = _target(options, source)
    review = _review(options)
    if options.review is not None:
        target = replace(target, streams=(*target.streams, _review_path(options, target)))
    roster = None if options.roster is None else Roster.read(Path(options.roster))
    deid = configuration.load(options.config).deid

    def task(seed: Seed) -> DeidTask:
        return DeidTask(
            engine=partial(engine_for, options.config, options.fast),
            options=replacing,
            format=options.format,  # type: ignore[arg-type]
            layout=layout,
            roster=roster,
            seed=seed,
            keep_names=options.keep_names,
            review=review,
            weigh=bool(deid.keep or deid.allow),
            ways_back=options.vault,
        )

    return Job(
        source=source,
        task=task,
        target=target,
        identity={
            **_method(options, deid),
            "roster": "" if roster is None else roster.digest,
            "layout": layout,
            "replacing": "" if replacing is None else json.dumps(replacing.account()),
            "review": "" if review is None else _told(review),
        },
        engine=options.engine,  # type: ignore[arg-type]
        workers=options.workers,
        overwrite=options.overwrite,
    )


def _replacing(options: Run) -> ReplaceOptions | None:
    if options.mode == "spans":
        return None
    if options.vary != "never" and options.format in ("fhir", "hl7"):
        raise InputError(
            f"--vary does not go with --format {options.format}, whose records stay joined.",
            remedy="Leave --vary out.",
        )
    return ReplaceOptions(
        mode=options.mode,  # type: ignore[arg-type]
        vary=options.vary,  # type: ignore[arg-type]
        date_shift=options.date_shift,
        whole_weeks=options.whole_weeks,
    )


def _method(options: Run, deid: DeidConfig) -> dict[str, str]:
    """What finds identifiers in this run, as the state keeps it and `osler deid report` tells it."""
    engine = "fast" if options.fast else deid.engine
    site = ("site",) if deid.deny or deid.patterns else ()
    return {
        "format": options.format,
        "mode": options.mode,
        "fast": str(engine == "fast"),
        "keep_names": str(options.keep_names),
        "version": __version__,
        "detectors": ",".join(dict.fromkeys((*ENGINES[engine], *deid.extra_detectors, *site))),
        "engine": _engine_digest(),
        "weights": _weights_digest(ENGINES[engine]),
        "configuration": hashlib.sha256(deid.model_dump_json().encode()).hexdigest(),
        "protocol": Protocol.of(deid).recorded(),
    }


def _review(options: Run) -> Review | None:
    """The queue of the uncertain. Structured records have no spans in a text that a queue could point to."""
    if options.review is None:
        if options.with_text:
            raise InputError("--with-text goes with --review.", remedy="Name a file for the queue too.")
        return None
    if options.mode != "spans" and options.format in ("fhir", "hl7"):
        raise InputError(
            f"--review does not go with --format {options.format} --mode {options.mode}.",
            remedy="Run --mode spans for the queue.",
        )
    return Review(below=options.review_below, above=options.review_above, with_text=options.with_text)


def _told(review: Review) -> str:
    text = f"scores below {review.below:g}, doubts from {review.above:g}"
    return f"{text}, with the text" if review.with_text else text


def _review_path(options: Run, target: Target) -> Path:
    path = Path(options.review or "")
    taken = {p.resolve() for p in (*target.streams, target.state, Path(options.input)) if p is not None}
    if not options.review or path.resolve() in taken:
        raise InputError("--review is the input, the output, or empty.", remedy="Name a file of its own.")
    _require_file(path)
    if options.with_text:
        path.touch(mode=0o600)
    return path


def _require(option: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise InputError(f"{option} is not known.", remedy=f"Use one of {', '.join(known)}.")


# -- where from, where to


def _source(options: Run) -> Source:
    if options.input == "-":
        if options.format in ("text", "fhir"):
            raise InputError(
                f"--format {options.format} does not read standard input.", remedy="Name a file or folder."
            )
        return LineSource.at(None) if options.format == "jsonl" else MessageSource.at(None)
    path = Path(options.input)
    if not options.input or not path.exists():
        raise InputError("There is no such input.", remedy="Check the path of INPUT.")
    if path.is_dir():
        return _folder(path, options.format)
    if options.format == "hl7":
        return MessageSource.at(path)
    if options.format == "text" or (options.format == "fhir" and not holds_lines(path)):
        return FileSource(root=path.parent, names=(path.name,))
    return LineSource.at(path)


def _folder(path: Path, form: str) -> Source:
    if form == "jsonl":
        raise InputError("The input is a folder.", remedy="Name a file, or another --format.")
    if form == "fhir":
        lines = FileSource.below(path, (".ndjson", ".jsonl"), needed=False)
        files = FileSource.below(path, (".json", ".fhir"), needed=not lines.names)
        if lines.names and files.names:
            raise InputError(
                "The input folder holds files of lines and files of single resources.",
                remedy="Put .ndjson and .json files into folders of their own.",
            )
        return FolderLines(files=lines) if lines.names else files
    return FileSource.below(path, ENDINGS[form])


def _target(options: Run, source: Source) -> tuple[Target, Layout]:
    """Lines go to OUT; what is replaced too, unless it is whole files or messages and OUT is no .jsonl."""
    if not options.output:
        raise InputError("--output is empty.", remedy="Name a file, or - for standard output.")
    lined = isinstance(source, LineSource | FolderLines) or options.mode == "spans"
    if options.output == "-":
        return Target(streams=(None,)), "lines"
    out = Path(options.output)
    if out.suffix == ".gz":
        raise InputError("Output is not packed.", remedy="Leave .gz off, and pack it afterwards.")
    _refuse_own_input(options, out)
    if not lined and out.suffix not in (".jsonl", ".ndjson"):
        if Path(options.input).is_dir():
            log = out / "log.jsonl"
            return Target(streams=(log,), folder=out, state=_state(log)), "folder"
        if source.stamp():
            _require_file(out)
            return Target(streams=(_beside(out, ".log.jsonl"), out), state=_state(out)), "beside"
    _require_file(out)
    if not source.stamp() or (out.exists() and not out.is_file()):
        return Target(streams=(out,)), "lines"
    return Target(streams=(out,), state=_state(out)), "lines"


def _beside(out: Path, ending: str) -> Path:
    return out.with_name(out.name + ending)


def _state(out: Path) -> Path:
    return _beside(out, ".state.json")


def _require_file(out: Path) -> None:
    if out.is_dir():
        raise InputError("The output is a folder.", remedy="Name a file.")
    if not out.parent.is_dir():
        raise InputError("The folder of the output does not exist.", remedy="Make it first.")


def _refuse_own_input(options: Run, out: Path) -> None:
    if options.input == "-":
        return
    given, wanted = Path(options.input).resolve(), out.resolve()
    if wanted == given or (given.is_dir() and given in wanted.parents):
        raise InputError("The output would go into the input.", remedy="Name an --output elsewhere.")


def _engine_digest() -> str:
    """Of the engine's code and data: another version may find other spans, and two must not mix in one output."""
    whole = hashlib.sha256(__version__.encode())
    for name, data in sorted(_contents(resources.files("osler.deid"), "")):
        whole.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return whole.hexdigest()


def _weights_digest(detectors: Sequence[str]) -> str:
    """Of the weights of those detectors that have some."""
    data = resources.files("osler.deid") / "data"
    files = [file for name in detectors if (file := data / f"{name}.npz").is_file()]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest() if files else ""


def _contents(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _contents(entry, f"{path}{entry.name}/")
        else:
            yield path + entry.name, entry.read_bytes()


# -- what is shown


def _is_watched(options: Run) -> bool:
    return not options.json and sys.stderr.isatty()


@contextmanager
def _bar(*, shown: bool) -> Iterator[Callable[[Reached], None]]:
    bar = Progress(
        TextColumn("de-identifying"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not shown,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None, rate="")

        def advance(reached: Reached) -> None:
            speed = bar.tasks[0].speed
            rate = "" if not speed else _rate(speed, reached.unit)
            bar.update(task, total=reached.total, completed=reached.at, rate=rate)

        yield advance


def _rate(speed: float, unit: str) -> str:
    return f"{speed / 2**20:.2f} MB/s" if unit == "bytes" else f"{speed:.0f} files/s"


def _show(report: Report, options: Run) -> None:
    tally = report.tally
    to = sys.stderr if options.output == "-" else sys.stdout
    if options.json:
        body = {
            "mode": options.mode,
            "format": options.format,
            "records": tally.records,
            "failed": tally.failed,
            "resumed_from": report.resumed_from,
            "found": dict(tally.found),
            "seconds": round(report.seconds, 3),
        }
        to.write(json.dumps(body, indent=2) + "\n")
        return
    if report.resumed_from:
        print(f"{report.resumed_from} records were done before.", file=to)
    print(f"{tally.records} records, {tally.failed} failed, {report.seconds:.1f} s.", file=to)
    found = ", ".join(f"{n} {label} ({SAFE_HARBOR[Label(label)]})" for label, n in tally.found.items())
    print(f"Found: {found or 'no identifier'}.", file=to)
    print(
        "Letters are those of 45 CFR 164.514(b)(2)(i). Automatic output is not thereby de-identified under "
        "164.514(b): the site determines that.",
        file=to,
    )
    if options.mode == "surrogate":
        print(NOT_SAFE_HARBOR, file=to)
    if options.vault:
        print("The ways back are in the vault: `osler deid restore` puts originals back.", file=to)
