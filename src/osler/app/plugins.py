"""Plug-ins as the configuration names them: made by name, held to their port, with the place named in every fault.

Which port belongs to which plug point stands here once. What a plug-in does with a text is held to its port where
it is used: `osler.deid.pipeline`, `osler.guardrails.guard`, `osler.knowledge.ingest`, `osler.gateway.upstream`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from osler.app.config import Config
from osler.core import registry
from osler.core.errors import ConfigError, PluginError
from osler.core.ports.check import Check
from osler.core.ports.completer import Completer
from osler.core.ports.detector import Detector
from osler.core.ports.estimator import Estimator
from osler.core.ports.reader import Reader
from osler.deid.config import ENGINES
from osler.guardrails.guard import PARTS

PORTS: Mapping[str, type] = {
    "backends": Completer,
    "detectors": Detector,
    "readers": Reader,
    "checks": Check,
    "estimators": Estimator,
}
"""Plug point to the port that its plug-ins implement."""


def in_use(config: Config) -> dict[str, tuple[str, ...]]:
    """The names that a configuration uses, by plug point, each once, in its order."""
    names = {
        "backends": [destination.use for destination in config.destinations.values()],
        "detectors": [*ENGINES[config.deid.engine], *config.deid.extra_detectors],
        "readers": [*config.knowledge.readers],
        "checks": [*config.guardrails.checks, *(n for t in config.tasks.values() for n in t.checks or ())],
        "estimators": [
            name
            for name in (config.gateway.estimators.task, config.gateway.estimators.complexity)
            if name != "off"
        ],
    }
    return {group: tuple(dict.fromkeys(used)) for group, used in names.items()}


def made(group: str, name: str, options: Mapping[str, object] | None = None, *, place: str) -> Any:
    """The plug-in `name` of `group`, which offers what its port asks for.

    `place` is where the configuration names it. Raises ConfigError and PluginError, which name the place.
    """
    try:
        plugin = registry.build(group, name, options)
    except ConfigError as error:
        raise type(error)(f"{place}: {error.message}", remedy=error.remedy) from error.__cause__
    fault = next(_faults(group, name, plugin), None)
    if fault is not None:
        port = PORTS[group]
        raise PluginError(
            f"{place}: The {group} plug-in '{name}' is no {port.__name__}: {fault}.",
            remedy=f"See {port.__module__} for what a {port.__name__} has to offer.",
        )
    return plugin


def _faults(group: str, name: str, plugin: object) -> Iterator[str]:
    """What a port asks for and the object lacks. Nothing of it is called."""
    if isinstance(plugin, type):
        yield "its factory gave a class, not an object"
        return
    port = PORTS[group]
    for member in sorted({*vars(port), *port.__annotations__}):
        if member.startswith("_"):
            continue
        if not hasattr(plugin, member):
            yield f"it has no `{member}`"
        elif callable(getattr(port, member, None)) and not callable(getattr(plugin, member)):
            yield f"its `{member}` is no method"
    if group != "backends":
        yield from _name_faults(group, name, getattr(plugin, "name", None))
    if group == "checks":
        parts = getattr(plugin, "parts", None)
        if not isinstance(parts, tuple | list) or not parts or not all(part in PARTS for part in parts):
            yield f"its `parts` must be a tuple of some of {', '.join(PARTS)}"


def _name_faults(group: str, name: str, own: object) -> Iterator[str]:
    """What it calls itself stands in errors and beside its findings: it must not be what another is called."""
    if not isinstance(own, str) or not own or not own.isprintable() or len(own) > 64:
        yield "its `name` must be a short text"
    elif own != name and own in registry.known(group):
        yield f"it calls itself '{own}', which is the name of another"
