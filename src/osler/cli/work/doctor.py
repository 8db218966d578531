"""Work of `osler doctor`: what is installed, reachable, misconfigured or damaged; each fault with its remedy."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from osler.app import config as configuration
from osler.app.config import Config
from osler.cli.work.doctoring import machine, servers, settings, state
from osler.cli.work.doctoring.line import Line, fault, ok
from osler.cli.work.session import print_json
from osler.cli.work.terminal import plain
from osler.core.errors import ConfigError, OslerError

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(*, deep: bool, json: bool, config: Path | None, workspace: Path) -> None:
    """Print all lines; ConfigError (exit 3) when any of them fails. `deep` walks everything, however large."""
    lines = list(_all(config, workspace, deep=deep))
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


def _all(path: Path | None, workspace: Path, *, deep: bool) -> Iterator[Line]:
    yield from machine.installed()
    yield from machine.installations()
    yield machine.files(machine.most_files())
    config: Config | None = None
    try:
        found = configuration.find(path)
        config = configuration.load(path)
        yield ok("configuration", str(found or "embedded defaults"))
    except OslerError as error:
        yield fault("configuration", error)
    yield from machine.claims(config)
    yield from state.workspace(config, workspace, deep=deep)
    if config is not None:
        yield from _configured(config)


def _configured(config: Config) -> Iterator[Line]:
    yield from settings.parts(config)
    yield settings.rules(config)
    yield from settings.reach(config)
    yield machine.port(config)
    yield from settings.agreements(config)
    yield from servers.reachable(config)


def _print(lines: list[Line]) -> None:
    console = Console(soft_wrap=True)
    for line in lines:
        what, found = escape(plain(line.what)), escape(plain(line.found))
        console.print(
            f"[{_COLOURS[line.state]}]{line.state:<4}[/] [bold]{what}[/bold]: {found}", highlight=False
        )
        if line.remedy:
            console.print(f"       → {escape(plain(line.remedy))}", highlight=False)
