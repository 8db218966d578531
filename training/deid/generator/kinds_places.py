"""Where people live, stay and travel: streets, towns, ZIPs, neighbourhoods, airports, parks, buildings, bases."""

from __future__ import annotations

from collections.abc import Mapping

from generator.accents import plain
from generator.context import Context, Maker
from generator.grammar import expanded, surname, town, word
from generator.random_text import chance, pick, shape, weighted
from generator.values import values, world_cities


def _city(ctx: Context) -> str:
    text = town(ctx)
    way = ctx.rng.random()
    if way < 0.03:
        return text.upper()
    if text.startswith("Saint ") and way < 0.6:
        return text.replace("Saint ", "St. ")
    if text.startswith(("Fort ", "Mount ")) and way < 0.35:
        return text.replace("Fort ", "Ft. ").replace("Mount ", "Mt. ")
    return text


def _foreign(ctx: Context) -> str:
    name = pick(ctx.rng, world_cities())[0]
    return plain(name) if chance(ctx.rng, 0.5) else name


def _zip(ctx: Context) -> str:
    return ctx.near_town().zip if chance(ctx.rng, 0.85) else shape(ctx.rng, "#####")


def _county(ctx: Context) -> str:
    way = ctx.rng.random()
    name = ctx.near_town().county if way < 0.5 else pick(ctx.rng, values("us_counties"))
    if way > 0.93:
        name = f"{surname(ctx)} County"
    if chance(ctx.rng, 0.12):
        return name.replace("County", "Co.")
    return name.lower() if chance(ctx.rng, 0.04) else name


def _abroad(ctx: Context) -> str:
    """A street address elsewhere."""
    rng = ctx.rng
    text = word(ctx, "foreign street")
    return text.format(
        n=rng.randint(1, 200), d=rng.randint(1, 999), e=rng.randint(1, 60), s=surname(ctx).split(" ")[-1]
    )


def street(ctx: Context) -> str:
    """A street address in the United States; one in eight is elsewhere."""
    if chance(ctx.rng, 0.12):
        return _abroad(ctx)
    text = f"{expanded(ctx, 'house number')} {expanded(ctx, 'street pattern')}"
    return weighted(ctx.rng, ((93, text), (4, text.upper()), (2, text.lower())))


def _drawn(part: str) -> Maker:
    return lambda ctx: expanded(ctx, part).strip()


KINDS: Mapping[str, Maker] = {
    "LOCATION:city": _city,
    "LOCATION:city_lower": lambda c: _city(c).lower(),
    "LOCATION:town": _city,
    "LOCATION:foreign_city": _foreign,
    "LOCATION:foreign_city_lower": lambda c: _foreign(c).lower(),
    "LOCATION:county": _county,
    "LOCATION:zip": _zip,
    "LOCATION:zip4": lambda c: f"{_zip(c)}-{shape(c.rng, '####')}",
    "LOCATION:street": street,
    "LOCATION:street_lower": lambda c: street(c).lower(),
    "LOCATION:street_name": _drawn("street pattern"),
    "LOCATION:street_apt": lambda c: street(c) + expanded(c, "unit"),
    "LOCATION:pobox": _drawn("post box"),
    "LOCATION:neighborhood": _drawn("neighborhood name"),
    "LOCATION:airport": _drawn("airport name"),
    "LOCATION:park_or_venue": _drawn("venue name"),
    "LOCATION:building": _drawn("building name"),
    "LOCATION:military": _drawn("military name"),
}
