"""Work of `osler plugins`: who provides what, and the contract tests of osler.testing, run on the spot."""

import asyncio
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from osler.app import config as configuration
from osler.app import plugins
from osler.app.config import Config
from osler.app.configured import build_completer
from osler.cli.work.session import print_json
from osler.core import registry
from osler.core.errors import InputError, OslerError, PluginError
from osler.core.ports.reader import Source
from osler.knowledge.ingest import sample_sources, starter_sources
from osler.testing import (
    ContractBroken,
    check_check,
    check_completer,
    check_detector,
    check_estimator,
    check_reader,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """One run of a contract test. `of` names the destination where the plug-in is a backend, else nothing."""

    of: str
    run: Callable[[], None]


class _HangsError(BaseException):
    """Time is up. No Exception, so that a plug-in's own handlers let it pass."""


def list_(*, json: bool, config: Path | None) -> None:
    """Print what is installed. Imports none of it."""
    used = plugins.in_use(configuration.load(config))
    found = [claim for group in registry.GROUPS for claim in registry.installed(group)]
    names = [(claim.group, claim.name) for claim in found]
    rows = [
        (claim, claim.name in used[claim.group], names.count((claim.group, claim.name))) for claim in found
    ]
    missing = [
        (group, name) for group, wanted in used.items() for name in wanted if (group, name) not in names
    ]
    if json:
        print_json(
            {
                "plugins": [
                    {
                        "group": c.group, "name": c.name, "package": c.package, "version": c.version,
                        "target": c.target, "in_use": in_use, "claims": claims,
                    }
                    for c, in_use, claims in rows
                ],
                "missing": [{"group": group, "name": name} for group, name in missing],
            }
        )  # fmt: skip
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("group", "name", "package", "in use"):
        table.add_column(heading, overflow="fold")
    for claim, in_use, claims in rows:
        note = "yes" if in_use else ""
        if claims > 1:
            note = f"{note}; claimed {claims} times".removeprefix("; ")
        package = f"{claim.package} {claim.version}".strip() or "unknown"
        table.add_row(*map(Text, (claim.group, claim.name, package, note)))
    for group, name in missing:
        table.add_row(*map(Text, (group, name, "not installed", "named by the configuration")))
    Console().print(table)


def check(*, name: str, file: Path | None, timeout: float, json: bool, config: Path | None) -> None:
    """Run the contract test; PluginError says which promise is broken."""
    loaded = configuration.load(config)
    group, name = _resolved(name)
    if file is not None and group != "readers":
        raise InputError("--file is for readers only.", remedy="Leave it out.")
    broken = ""
    results = []
    for trial in _trials(loaded, group, name, file):
        fault = _fault(trial, timeout)
        broken = broken or fault
        results.append({"destination": trial.of or None, "ok": not fault, "broken": fault or None})
        if not json and not fault:
            print(f"{group}.{name}{f' at {trial.of}' if trial.of else ''} keeps its contract.")
    if json:
        print_json({"group": group, "name": name, "ok": not broken, "results": results})
    if broken:
        raise PluginError(
            f"The {group} plug-in '{name}' does not keep its contract: {broken.rstrip('.')}.",
            remedy="docs/how-to/write-a-plugin.md says what each kind of plug-in promises.",
        )


def _resolved(name: str) -> tuple[str, str]:
    """The plug point and the name in it, of NAME or GROUP.NAME."""
    group, dot, rest = name.partition(".")
    if dot and group in registry.GROUPS:
        registry.require(group, rest)
        return group, rest
    groups = [group for group in registry.GROUPS if name in registry.known(group)]
    if len(groups) > 1:
        listed = " and ".join(f"{group}.{name}" for group in groups)
        raise InputError("Several plug points have that name.", remedy=f"Say which: {listed}.")
    if not groups:
        known = [f"{group}.{one}" for group in registry.GROUPS for one in registry.known(group)]
        near = registry.nearest(name, [one.partition(".")[2] for one in known])
        raise PluginError(
            f"No plug-in of that name is installed.{near}", remedy=f"Installed: {', '.join(known)}."
        )
    return groups[0], name


def _trials(config: Config, group: str, name: str, file: Path | None) -> Iterator[_Trial]:
    """What is to be run for one plug-in: for a backend once for each destination that uses it."""
    if group == "backends":
        yield from _calls(config, name)
        return
    if group == "detectors":
        place, given = config.place("deid", "options", name), config.deid.options.get(name)
        yield _Trial(of="", run=partial(check_detector, plugins.made(group, name, given, place=place)))
    elif group == "checks":
        place, given = config.place("guardrails", "options", name), config.guardrails.options.get(name)
        yield _Trial(of="", run=partial(check_check, plugins.made(group, name, given, place=place)))
    elif group == "estimators":
        place, options = config.place("gateway", "estimators"), config.gateway.estimators.options
        estimator = plugins.made(group, name, options.get(name), place=place)
        yield _Trial(of="", run=partial(check_estimator, estimator))
    else:
        reader = plugins.made(group, name, place=config.place("knowledge", "readers"))
        yield _Trial(of="", run=partial(check_reader, reader, _source(name, reader, file)))


def _calls(config: Config, name: str) -> Iterator[_Trial]:
    served = {place: table for place, table in config.destinations.items() if table.use == name}
    if not served:
        raise InputError(
            "No destination of the configuration uses this backend.",
            remedy=f'Add one with use = "{name}": the contract test makes real calls, and needs its address.',
        )
    for place, table in served.items():
        model = next((m.id for m in table.models.values() if m.kind == "chat"), None)
        if model is not None:
            completer = build_completer(config, place)
            yield _Trial(of=place, run=partial(_called, completer, model))


def _called(completer: Any, model: str) -> None:
    async def call() -> None:
        try:
            await check_completer(completer, model_id=model)
        finally:
            await completer.aclose()

    asyncio.run(call())


def _source(name: str, reader: Any, file: Path | None) -> Source:
    """The file to read: the one given, else one that is shipped."""
    if file is not None:
        try:
            return Source(name=file.name, data=file.read_bytes())
        except OSError as error:
            raise InputError(
                f"--file cannot be read ({type(error).__name__}).", remedy="Name a readable file."
            ) from None
    shipped = (
        *sample_sources(),
        *starter_sources(),
        Source(name="note.txt", data=b"One line.\n\nAnother.\n"),
    )
    found = next((source for source in shipped if _accepts(reader, source)), None)
    if found is None:
        raise InputError(
            f"No file that comes with Osler is one for the reader '{name}'.",
            remedy="Name one with --file, made-up rather than a patient's.",
        )
    return found


def _accepts(reader: Any, source: Source) -> bool:
    try:
        return bool(reader.accepts(source))
    except Exception:  # the contract test calls it again, and tells
        return True


def _fault(trial: _Trial, timeout: float) -> str:
    """What is wrong, in words that hold nothing of a file or a text; "" when nothing is."""
    try:
        with _limited(timeout):
            trial.run()
    except ContractBroken as broken:
        return broken.promise
    except _HangsError:
        return f"it had not ended after {timeout:g} s"
    except OslerError as error:
        return str(error)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"it raised {type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
    return ""


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise _HangsError in the main thread after so long. Code that never comes back to Python is not stopped."""

    def up(number: int, frame: FrameType | None) -> None:
        raise _HangsError

    before = signal.signal(signal.SIGALRM, up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
