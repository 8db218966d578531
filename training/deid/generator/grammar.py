"""Names of places and institutions from patterns (values/place_patterns.txt).

`expanded(ctx, part)` draws a pattern of that part by its weight and fills its braces: a function of `FUNCTIONS`,
another part of the patterns, a part of the word lists, alternatives `{a|b}`, a number `{1-999}`, a shape `{=@##}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from generator.context import Context, Maker
from generator.cultures import any_culture, listed
from generator.kinds_dates import ordinal
from generator.markov import invented
from generator.random_text import chance, pick, shape, weighted
from generator.values import parts, states, values, world_cities

_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)-(\d+)")
_LISTS = ("place_words", "organisations", "name_parts")
Patterns = tuple[tuple[float, str], ...]


@cache
def _patterns() -> Mapping[str, Patterns]:
    table: dict[str, Patterns] = {}
    for part, rows in parts("place_patterns").items():
        cells = [row.partition("|") for row in rows]
        # One blank after the bar belongs to the file's form; any further one belongs to the pattern.
        table[part] = tuple((float(weight), pattern.removeprefix(" ")) for weight, _, pattern in cells)
    return table


@cache
def _words(part: str) -> tuple[str, ...]:
    for name in _LISTS:
        if part in parts(name):
            return values(name, part)
    raise KeyError(part)


def word(ctx: Context, part: str) -> str:
    """One of the words of a part of the lists."""
    return pick(ctx.rng, _words(part))


def surname(ctx: Context) -> str:
    """The surname of a founder, a donor or someone a street is named after."""
    culture = "us" if chance(ctx.rng, 0.7) else any_culture(ctx.rng)
    if chance(ctx.rng, 0.12):
        return invented(ctx.rng, culture, "surname")
    return listed(ctx.rng, culture, "surname")


def founder(ctx: Context) -> str:
    """The whole name of a founder."""
    given = listed(ctx.rng, "us", pick(ctx.rng, ("male", "female")))
    middle = f" {pick(ctx.rng, 'ABCDEFGHJKLMNPRSTW')}." if chance(ctx.rng, 0.4) else ""
    return f"{given}{middle} {surname(ctx)}"


def town(ctx: Context) -> str:
    """A US town: mostly listed, some in no list."""
    return expanded(ctx, "unknown town") if chance(ctx.rng, 0.15) else ctx.new_town().city


FUNCTIONS: Mapping[str, Maker] = {
    "town": town,
    "surname": surname,
    "founder": founder,
    "state": lambda ctx: pick(ctx.rng, states())[0],
    "county": lambda ctx: ctx.near_town().county,
    "foreign city": lambda ctx: pick(ctx.rng, world_cities())[0],
    "ordinal": lambda ctx: ordinal(ctx.rng.randint(1, 220)),
}


def _filled(ctx: Context, inside: str) -> str:
    """What stands for one pair of braces. Raises KeyError where nothing does."""
    if "|" in inside:
        return pick(ctx.rng, inside.split("|"))
    if inside.startswith("="):
        return shape(ctx.rng, inside[1:])
    if bounds := _RANGE.fullmatch(inside):
        return str(ctx.rng.randint(int(bounds[1]), int(bounds[2])))
    if inside in FUNCTIONS:
        return FUNCTIONS[inside](ctx)
    if inside in _patterns():
        return expanded(ctx, inside)
    return word(ctx, inside)


def expanded(ctx: Context, part: str) -> str:
    """A name in one of the patterns of `part`."""
    pattern = weighted(ctx.rng, _patterns()[part])
    return _BRACES.sub(lambda match: _filled(ctx, match[1]), pattern)


def symbols() -> tuple[str, ...]:
    """The parts that patterns may be drawn from."""
    return tuple(_patterns())
