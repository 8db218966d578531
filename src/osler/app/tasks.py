"""The tasks of a configuration, with their files read and their checks made; and its estimators."""

from collections.abc import Mapping, Sequence

from osler.app import plugins
from osler.app.config import Config
from osler.core.errors import ConfigError
from osler.core.ports.check import Check
from osler.core.spans import Label, counts
from osler.deid import Deidentifier
from osler.gateway import tasks
from osler.gateway.estimate import Estimators
from osler.gateway.tasks import TaskFiles, Tasks
from osler.guardrails.checks.output import OutputCheck

OFF = "off"
"""Names no estimator."""
NOBODYS = frozenset({Label.LOCATION, Label.DATE, Label.URL})
"""What may stand in a prompt: by itself it points to no patient, and prompts name places, dates and addresses."""


def load_tasks(config: Config, deidentifier: Deidentifier) -> Tasks:
    """The shipped and the configured tasks. Raises ConfigError for a file that cannot be used."""

    def identifiers(text: str) -> tuple[str, ...]:
        return tuple(sorted(counts(s for s in deidentifier.find(text) if s.label not in NOBODYS)))

    return tasks.load(
        config.tasks, TaskFiles(folder=config.folder, place=config.place, identifiers=identifiers)
    )


def task_checks(config: Config, known: Tasks) -> Mapping[str, tuple[Check, ...]]:
    """By task, the checks that it has beside those of `[guardrails]`: its own, and that of its schema."""
    made: dict[str, tuple[Check, ...]] = {}
    for task in known:
        own = named_checks(config, task.name, task.checks)
        if task.output is not None:
            own = (*own, OutputCheck(task.output, task=task.name))
        if own:
            made[task.name] = own
    return made


def named_checks(config: Config, task: str, names: Sequence[str]) -> tuple[Check, ...]:
    """The checks of these names, but for those that run on every answer. Raises PluginError."""
    place, options = config.place("tasks", task, "checks"), config.guardrails.options
    return tuple(
        plugins.made("checks", name, options.get(name), place=place)
        for name in dict.fromkeys(names)
        if name not in config.guardrails.checks
    )


def build_estimators(config: Config) -> Estimators:
    """The estimators that the configuration names. Raises ConfigError."""
    table = config.gateway.estimators
    named = {"task": table.task, "complexity": table.complexity}
    for name in table.options:
        if name not in named.values():
            raise ConfigError(
                f"{config.place('gateway', 'estimators', 'options')} has options for '{name}', which is not in use.",
                remedy=f"In use: {', '.join(dict.fromkeys(named.values()))}.",
            )
    made = {
        name: plugins.made(
            "estimators", name, table.options.get(name), place=config.place("gateway", "estimators", key)
        )
        for key, name in named.items()
        if name != OFF
    }
    return Estimators(task=made.get(table.task), complexity=made.get(table.complexity))
