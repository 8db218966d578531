"""The plug-in registry: names to factories, through entry points, built-ins and third parties alike.

A plug point is an entry-point group `osler.<plural>`; an entry is a factory (a class or a function)
that takes its options as keyword arguments. Nothing is imported but what the configuration names.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from osler.core.errors import OslerError, PluginError
from osler.core.plugin_options import option_fault

GROUPS = ("backends", "detectors", "readers", "checks", "estimators")
"""The plug points that exist; the entry-point group is `osler.<name>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One claim of one package to a name: which package, in which version, and what it would load."""

    group: str
    name: str
    package: str
    version: str
    target: str


def known(group: str) -> tuple[str, ...]:
    """Names that are installed for a plug point, sorted."""
    return tuple(sorted({e.name for e in entry_points(group=f"osler.{group}")}))


def installed(group: str) -> tuple[Installed, ...]:
    """All that is installed for a plug point, by name and package. Imports none of it."""
    claims = [
        Installed(
            group=group,
            name=entry.name,
            package=entry.dist.name if entry.dist else "",
            version=entry.dist.version if entry.dist else "",
            target=entry.value,
        )
        for entry in entry_points(group=f"osler.{group}")
    ]
    return tuple(sorted(claims, key=lambda c: (c.name, c.package, c.target)))


def nearest(name: str, names: Sequence[str]) -> str:
    """The known name that `name` most likely means, as a question; "" when none is near."""
    near = difflib.get_close_matches(name, names, n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def build(group: str, name: str, options: Mapping[str, object] | None = None) -> Any:
    """The plug-in `name` of `group`, made with `options`.

    Raises PluginError when the name is unknown (listing the known ones) or claimed by two packages, an option is
    misspelt, missing or of another type than the factory's annotation says, or the factory itself fails.
    """
    factory = _load(group, name)
    given = dict(options or {})
    fault = option_fault(f"{group} plug-in '{name}'", factory, given)
    if fault is not None:
        raise PluginError(fault[0], remedy=fault[1])
    try:
        return factory(**given)
    except OslerError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"The {group} plug-in '{name}' could not be made: it raised {type(error).__name__}.",
            remedy="Check its options in osler.toml against its documentation.",
        ) from error


def require(group: str, name: str) -> EntryPoint:
    """The one entry point of that name. A name that two claim is nobody's: which comes first is chance.

    Raises PluginError when nobody claims the name, listing the known ones, and when several do, listing them.
    """
    found = list(entry_points(group=f"osler.{group}", name=name))
    if not found:
        names = known(group)
        raise PluginError(
            f"There is no {group} plug-in named '{name}'.{nearest(name, names)}",
            remedy=f"Known: {', '.join(names) or 'none'}. A plug-in must be installed beside osler.",
        )
    if len(found) > 1:
        claims = sorted(f"{_packaged(entry)} ({entry.value})" for entry in found)
        raise PluginError(
            f"The {group} plug-in '{name}' is claimed {len(found)} times: by {' and '.join(claims)}.",
            remedy="Uninstall all but one; `osler plugins list` shows who claims what.",
        )
    return found[0]


def _load(group: str, name: str) -> Any:
    found = require(group, name)
    try:
        factory = found.load()
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"The {group} plug-in '{name}' could not be imported ({type(error).__name__}).",
            remedy=f"Reinstall {_packaged(found)}, which provides it, with the extras that it names.",
        ) from error
    if not callable(factory):
        raise PluginError(
            f"The {group} plug-in '{name}' is neither a class nor a function.",
            remedy=f"Correct the entry point of {_packaged(found)}: it names '{found.value}'.",
        )
    return factory


def _packaged(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "the package"
