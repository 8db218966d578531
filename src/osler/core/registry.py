"""The plug-in registry: names to factories, through entry points, built-ins and third parties alike.

A plug point is an entry-point group `osler.<plural>`; an entry is a factory (a class or a function)
that takes its options as keyword arguments. Nothing is imported but what the configuration names.
"""

import inspect
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from osler.core.errors import OslerError, PluginError

GROUPS = ("backends", "detectors", "readers", "checks")
"""The plug points that exist; the entry-point group is `osler.<name>`."""


def known(group: str) -> tuple[str, ...]:
    """Names that are installed for a plug point, sorted."""
    return tuple(sorted({e.name for e in entry_points(group=f"osler.{group}")}))


def build(group: str, name: str, options: Mapping[str, object] | None = None) -> Any:
    """The plug-in `name` of `group`, made with `options`.

    Raises PluginError when the name is unknown (listing the known ones), an option is misspelt, or
    the factory itself fails.
    """
    factory = _load(group, name)
    given = dict(options or {})
    _check_options(group, name, factory, given)
    try:
        return factory(**given)
    except OslerError:
        raise
    except Exception as error:
        raise PluginError(
            f"The {group} plug-in '{name}' could not be made: it raised {type(error).__name__}.",
            remedy="Check its options in osler.toml against its documentation.",
        ) from error


def _load(group: str, name: str) -> Any:
    found: EntryPoint | None = next(iter(entry_points(group=f"osler.{group}", name=name)), None)
    if found is None:
        raise PluginError(
            f"There is no {group} plug-in named '{name}'.",
            remedy=f"Known: {', '.join(known(group)) or 'none'}. A plug-in must be installed beside osler.",
        )
    try:
        return found.load()
    except Exception as error:
        raise PluginError(
            f"The {group} plug-in '{name}' could not be imported ({type(error).__name__}).",
            remedy="Reinstall the package that provides it, with the extras that it names.",
        ) from error


def _check_options(group: str, name: str, factory: Any, given: Mapping[str, object]) -> None:
    parameters = inspect.signature(factory).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    unknown = sorted(set(given) - set(parameters))
    if unknown:
        raise PluginError(
            f"The {group} plug-in '{name}' has no option '{unknown[0]}'.",
            remedy=f"It takes: {', '.join(sorted(parameters)) or 'no options'}.",
        )
    missing = [
        p.name
        for p in parameters.values()
        if p.default is p.empty and p.kind is not p.VAR_POSITIONAL and p.name not in given
    ]
    if missing:
        raise PluginError(
            f"The {group} plug-in '{name}' needs the option '{missing[0]}'.",
            remedy=f"Set it in osler.toml; it takes: {', '.join(sorted(parameters))}.",
        )
