"""Options of a plug-in against its factory's signature: names, presence, and types as far as annotations tell.

Judged are text, numbers, booleans, lists and tables of these, literals and unions. Any other annotation is the
factory's own business. No message holds an option's value.
"""

import inspect
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

_PLAIN: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    NoneType: "nothing",
}
_LISTS = (list, tuple, Sequence)
_TABLES = (dict, Mapping)


def option_fault(plugin: str, factory: Any, given: Mapping[str, object]) -> tuple[str, str] | None:
    """What is wrong with the options `given` to `factory`, in a sentence that calls it `plugin`, and a remedy.

    None when nothing is wrong.
    """
    try:
        parameters = inspect.signature(factory).parameters
    except (TypeError, ValueError):  # some that are written in C have none: calling them will tell
        return None
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return None
    named = {n: p for n, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.POSITIONAL_ONLY)}
    taken = f"It takes: {', '.join(sorted(named)) or 'no options'}."
    for option in given:
        if option not in named:
            near = get_close_matches(option, named, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            return f"The {plugin} has no option '{option}'.{hint}", taken
    for option, parameter in named.items():
        if parameter.default is parameter.empty and option not in given:
            return f"The {plugin} needs the option '{option}'.", f"Set it in osler.toml. {taken}"
    return _type_fault(plugin, factory, given)


def _type_fault(plugin: str, factory: Any, given: Mapping[str, object]) -> tuple[str, str] | None:
    try:
        parameters = inspect.signature(factory, eval_str=True).parameters
    except Exception:  # annotations that cannot be resolved here say nothing
        return None
    for option, value in given.items():
        kind = _kind(parameters[option].annotation)
        if kind is not None and not _fits(parameters[option].annotation, value):
            what = f"The option '{option}' of the {plugin} must be {kind}."
            return what, "Correct its value in osler.toml."
    return None


def _kind(annotation: Any) -> str | None:
    """What an annotation asks for, in words; None when it says more than can be judged here."""
    if isinstance(annotation, type) and annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, inside = get_origin(annotation) or annotation, get_args(annotation)
    if origin in (UnionType, Union):
        kinds = [_kind(one) for one in inside if one is not NoneType]
        known = [kind for kind in kinds if kind is not None]
        return " or ".join(dict.fromkeys(known)) if len(known) == len(kinds) else None
    if origin is Literal:
        return "one of " + ", ".join(map(str, inside)) if all(type(one) in _PLAIN for one in inside) else None
    if origin in _LISTS:
        items = _kind(inside[0]) if _same_items(inside) else None
        return "a list" if not inside else (f"a list of {_plural(items)}" if items else None)
    if origin in _TABLES:
        items = _kind(inside[1]) if len(inside) == 2 and inside[0] is str else None
        return "a table" if not inside else (f"a table of {_plural(items)}" if items else None)
    return None


def _fits(annotation: Any, value: object) -> bool:
    """Whether `value` is what an annotation that `_kind` can judge asks for. A list may stand for a tuple."""
    if isinstance(annotation, type) and annotation in _PLAIN:
        return type(value) is annotation or (annotation is float and type(value) is int)
    origin, inside = get_origin(annotation) or annotation, get_args(annotation)
    if origin in (UnionType, Union):
        return any(_fits(one, value) for one in inside)
    if origin is Literal:
        return any(type(one) is type(value) and one == value for one in inside)
    if origin in _LISTS:
        return isinstance(value, list | tuple) and all(_fits(inside[0], one) for one in value if inside)
    return isinstance(value, dict) and all(_fits(inside[1], one) for one in value.values() if inside)


def _same_items(inside: tuple[Any, ...]) -> bool:
    return len(inside) == 1 or (len(inside) == 2 and inside[1] is Ellipsis)


def _plural(kind: str) -> str:
    return kind.replace("a whole number", "whole numbers").replace("a number", "numbers")
