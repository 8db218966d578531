"""The plug-in registry: names to factories, through entry points, built-ins and third parties alike.

A plug point is an entry-point group `osler.<plural>`; an entry is a factory (a class or a function)
that takes its options as keyword arguments. Nothing is imported but what the configuration names.
"""

import inspect
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from types import NoneType, UnionType
from typing import Any, get_args

from osler.core.errors import OslerError, PluginError

GROUPS = ("backends", "detectors", "readers", "checks")
"""The plug points that exist; the entry-point group is `osler.<name>`."""

_PLAIN: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    NoneType: "nothing",
}


def known(group: str) -> tuple[str, ...]:
    """Names that are installed for a plug point, sorted."""
    return tuple(sorted({e.name for e in entry_points(group=f"osler.{group}")}))


def build(group: str, name: str, options: Mapping[str, object] | None = None) -> Any:
    """The plug-in `name` of `group`, made with `options`.

    Raises PluginError when the name is unknown (listing the known ones), an option is misspelt, missing or of
    another type than the factory's annotation says, or the factory itself fails.
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
    unknown = [option for option in given if option not in parameters]
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
    _check_types(group, name, factory, given)


def _check_types(group: str, name: str, factory: Any, given: Mapping[str, object]) -> None:
    """Hold options to annotations made of text, numbers and booleans; others are the factory's own business."""
    try:
        parameters = inspect.signature(factory, eval_str=True).parameters
    except (NameError, TypeError, ValueError):  # annotations that cannot be resolved here say nothing
        return
    for option, value in given.items():
        annotation = parameters[option].annotation
        wanted = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
        if not set(wanted) <= set(_PLAIN):
            continue
        fits = type(value) in wanted or (type(value) is int and float in wanted)
        if not fits:
            kinds = " or ".join(_PLAIN[kind] for kind in wanted if kind is not NoneType)
            raise PluginError(
                f"The option '{option}' of the {group} plug-in '{name}' must be {kinds}.",
                remedy="Correct its value in osler.toml.",
            )
