"""Work of `osler tasks`."""

import json as notation
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from osler.app import config as configuration
from osler.app.configured import build_deidentifier
from osler.app.tasks import load_tasks, task_checks
from osler.cli.work.session import print_json
from osler.deid import Deidentifier
from osler.gateway.tasks import Task, Tasks


def list_(*, json: bool, config: Path | None) -> None:
    """Print the tasks."""
    tasks = _loaded(config)
    if json:
        print_json({"tasks": [_told(task) for task in tasks]})
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("task", "from", "answer", "checks", "models", "version"):
        table.add_column(heading, overflow="fold")
    for task in tasks:
        models = ", ".join(sorted(task.models)) if task.models is not None else "any"
        answer = "JSON" if task.output is not None else "text"
        cells = (task.name, task.origin, answer, ", ".join(task.checks), models, task.version[:12])
        table.add_row(*map(Text, cells))
    Console().print(table)


def show(*, name: str, json: bool, config: Path | None) -> None:
    """Print one task; InputError lists the known ones where there is none of that name."""
    task = _loaded(config).get(name)
    if json:
        print_json({**_told(task), "prompt": task.message.content, "response_format": task.response_format})
        return
    print(task.message.content)
    if task.output is not None:
        print(f"\nOutput schema:\n{notation.dumps(task.output, indent=2, ensure_ascii=False)}")
    print(f"\nVersion {task.version}")


def _loaded(config: Path | None) -> Tasks:
    """The tasks of the configuration, all that they name made once."""
    loaded = configuration.load(config)
    # Only what a site wrote is looked through for identifiers, and the detectors take a while to be read.
    written = any(table.prompt or table.output for table in loaded.tasks.values())
    tasks = load_tasks(loaded, build_deidentifier(loaded) if written else Deidentifier([]))
    task_checks(loaded, tasks)
    return tasks


def _told(task: Task) -> dict[str, object]:
    return {
        "name": task.name,
        "origin": task.origin,
        "sha256": task.version,
        "structured": task.output is not None,
        "checks": list(task.checks),
        "models": sorted(task.models) if task.models is not None else None,
    }
