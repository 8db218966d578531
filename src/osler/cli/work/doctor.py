"""Work of `osler doctor`: what is installed, reachable, misconfigured; each fault with its remedy."""

import asyncio
import importlib.metadata
import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from osler import __version__
from osler.app import config as configuration
from osler.app import rule_tests
from osler.app.build import build_completer, build_deidentifier, check_parts, open_stores
from osler.app.config import Config
from osler.cli.work.serve import is_loopback
from osler.cli.work.session import print_json
from osler.core.clock import SystemClock
from osler.core.errors import ConfigError, OslerError, UpstreamTimeout
from osler.core.models import Place

SOON = timedelta(days=60)
PROBE_S = 10
"""Seconds that a model server has to list its models, whatever its timeout for answers."""
_MANY_RECORDS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing looked at: ok, warn or fail."""

    what: str
    state: str
    found: str
    remedy: str = ""


def doctor(*, json: bool, config: Path | None, workspace: Path) -> None:
    """Print all lines; ConfigError (exit 3) when any of them fails."""
    lines = list(_all(config, workspace))
    failed = [line for line in lines if line.state == "fail"]
    if json:
        print_json(
            [
                {"what": line.what, "state": line.state, "found": line.found, "remedy": line.remedy}
                for line in lines
            ]
        )
    else:
        _print(lines)
    if failed:
        raise ConfigError(
            f"{len(failed)} of {len(lines)} checks failed.", remedy="Their remedies stand beside them."
        )


def _all(config: Path | None, workspace: Path) -> Iterator[Line]:
    yield from _installed()
    loaded: Config | None = None
    try:
        path = configuration.find(config)
        loaded = configuration.load(config)
        yield Line(what="configuration", state="ok", found=str(path or "embedded defaults"))
    except OslerError as error:
        yield Line(what="configuration", state="fail", found=error.message, remedy=error.remedy)
    yield from _workspace(loaded, workspace)
    if loaded is not None:
        yield from _configured(loaded)
        yield from _reachable(loaded)


def _installed() -> Iterator[Line]:
    yield Line(what="osler", state="ok", found=f"{__version__} on Python {platform.python_version()}")
    for module, package, needed in (("openai", "openai", "osler demo"),):
        if importlib.util.find_spec(module):
            yield Line(what=package, state="ok", found=importlib.metadata.version(package))
        else:
            yield Line(
                what=package,
                state="warn",
                found=f"not installed; {needed} needs it",
                remedy="pip install 'osler[demo]'",
            )


def _workspace(config: Config | None, workspace: Path) -> Iterator[Line]:
    if not workspace.exists():
        yield Line(
            what="workspace",
            state="warn",
            found=f"{workspace} does not exist yet",
            remedy="`osler kb add` makes it",
        )
        return
    mode = workspace.stat().st_mode & 0o077
    if mode:
        yield Line(
            what="workspace", state="warn", found=f"{workspace} can be read by other users",
            remedy=f"chmod -R go= {workspace}",
        )  # fmt: skip
    if not os.access(workspace, os.W_OK):
        yield Line(
            what="workspace", state="fail", found=f"{workspace} is read-only", remedy="Make it writable."
        )
        return
    free = shutil.disk_usage(workspace).free // 2**20
    yield Line(
        what="disk", state="ok" if free > 500 else "warn", found=f"{free} MB free",
        remedy="" if free > 500 else "Free space: answers stop when the audit log cannot be written.",
    )  # fmt: skip
    yield Line(
        what="encryption at rest", state="warn", found="unknown: Osler does not encrypt stored texts itself yet",
        remedy="Keep the workspace on an encrypted volume.",
    )  # fmt: skip
    if config is not None and (workspace / "osler.db").exists():  # the configuration says which key opens it
        yield from _database(config, workspace)


def _database(config: Config, workspace: Path) -> Iterator[Line]:
    try:
        stores = open_stores(config, workspace)
    except OslerError as error:
        yield Line(what="database", state="fail", found=error.message, remedy=error.remedy)
        return
    try:
        stores.database.check()
        patients = len(stores.records.patients())
        documents = sum(c.documents for c in stores.index.collections())
        yield Line(what="database", state="ok", found=f"{documents} documents, {patients} patients")
        stores.vault.subject(None)
        behind = stores.keeper.behind()
        yield Line(
            what="vault", state="warn" if behind else "ok",
            found=f"{behind} keys are sealed under an older master key" if behind else "its key opens it",
            remedy="osler vault rotate" if behind else "",
        )  # fmt: skip
        if stores.audit.head().number > _MANY_RECORDS:
            yield Line(
                what="audit", state="warn", found="not walked: many records", remedy="osler audit verify"
            )
        else:
            verdict = stores.audit.verify()
            yield Line(
                what="audit", state="ok" if verdict.ok else "fail",
                found=f"{verdict.records} records hold" if verdict.ok else verdict.reason,
                remedy="" if verdict.ok else "Keep the file as it is and tell whoever owns the log.",
            )  # fmt: skip
    except OslerError as error:
        yield Line(what="database", state="fail", found=error.message, remedy=error.remedy)
    finally:
        stores.close()


def _configured(config: Config) -> Iterator[Line]:
    today = SystemClock().now().date()
    try:
        check_parts(config)
        count = rule_tests.run(config, build_deidentifier(config), today)
        yield Line(what="rules", state="ok", found=f"{len(config.rules)} rules, {count} tests pass")
    except OslerError as error:
        yield Line(what="rules", state="fail", found=error.message, remedy=error.remedy)
    if config.server.keys == "off" and not is_loopback(config.server.host):
        yield Line(
            what="server", state="fail", found="keys are off on an address that others can reach",
            remedy='Set server.keys = "required".',
        )  # fmt: skip
    for name, destination in config.destinations.items():
        if destination.baa is not None:
            yield _until(f"{name}: BAA", destination.baa.expires, today)
        elif destination.location is not Place.ON_PREMISES and destination.accepts is None:
            yield Line(what=f"{name}: BAA", state="ok", found="none: gets no PHI")
        if destination.accepts is not None:
            yield _until(f"{name}: determination", destination.accepts.until, today)


def _until(what: str, end: date, today: date) -> Line:
    if end < today:
        return Line(
            what=what, state="fail", found=f"ended {end}", remedy="Renew it; until then PHI is refused there."
        )
    if end - today <= SOON:
        return Line(what=what, state="warn", found=f"ends {end}", remedy="Renew it in time.")
    return Line(what=what, state="ok", found=f"until {end}")


def _reachable(config: Config) -> Iterator[Line]:
    for name, destination in config.destinations.items():
        wanted = {m.id for m in destination.models.values()}
        try:
            served = asyncio.run(_probe(config, name))
        except OslerError as error:
            yield Line(what=f"{name}: server", state="fail", found=error.message, remedy=error.remedy)
            continue
        missing = sorted(wanted - set(served))
        if missing:
            yield Line(
                what=f"{name}: models", state="warn", found=f"does not list {', '.join(missing)}",
                remedy=f"It lists: {', '.join(served[:8]) or 'none'}.",
            )  # fmt: skip
        else:
            yield Line(what=f"{name}: server", state="ok", found=f"answers; {len(served)} models")


async def _probe(config: Config, name: str) -> tuple[str, ...]:
    completer = build_completer(config, name)
    try:
        async with asyncio.timeout(PROBE_S):
            return await completer.probe()
    except TimeoutError:
        raise UpstreamTimeout(
            f"The model server of destination '{name}' did not list its models within {PROBE_S} seconds.",
            remedy="Look into the model server's own log.",
        ) from None
    finally:
        await completer.aclose()


def _print(lines: list[Line]) -> None:
    console = Console()
    colours = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    for line in lines:
        console.print(
            f"[{colours[line.state]}]{line.state:<4}[/] [bold]{escape(line.what)}[/bold]: {escape(line.found)}"
        )
        if line.remedy:
            console.print(f"       → {escape(line.remedy)}")
