"""Where people live, stay and travel: streets, towns, ZIPs, neighbourhoods, airports, parks, buildings, bases."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.context import Context, Maker
from generator.cultures import any_culture, listed
from generator.kinds_dates import ordinal
from generator.markov import invented
from generator.people import plain
from generator.random_text import chance, initial_upper, pick, shape, weighted
from generator.values import values, world_cities


def word(ctx: Context, part: str) -> str:
    """One of the words that names of places are made of."""
    return pick(ctx.rng, values("place_words", part))


def surname(ctx: Context) -> str:
    """The surname of a founder, a donor or someone a street is named after."""
    way = ctx.rng.random()
    culture = "us" if way < 0.7 else any_culture(ctx.rng)
    return invented(ctx.rng, culture, "surname") if chance(ctx.rng, 0.12) else listed(ctx.rng, culture, "surname")


def founder(ctx: Context) -> str:
    """The whole name of a founder."""
    given = listed(ctx.rng, "us", pick(ctx.rng, ("male", "female")))
    middle = f" {pick(ctx.rng, 'ABCDEFGHJKLMNPRSTW')}." if chance(ctx.rng, 0.4) else ""
    return f"{given}{middle} {surname(ctx)}"


def invented_town(ctx: Context) -> str:
    """A town that no list holds."""
    way = ctx.rng.random()
    stem = pick(ctx.rng, values("name_parts", "first half"))
    if way < 0.35:
        return stem + word(ctx, "suffix town").replace("springs", " Springs")
    if way < 0.6:
        return f"{word(ctx, 'town start')} {surname(ctx)}"
    if way < 0.8:
        return f"{pick(ctx.rng, (surname(ctx), word(ctx, 'feature')))} {word(ctx, 'generic town')}"
    return invented(ctx.rng, "british", "surname") + pick(ctx.rng, ("", "ton", "ville", "burg"))


def town(ctx: Context) -> str:
    """A US town: mostly listed, some invented."""
    if chance(ctx.rng, 0.15):
        return invented_town(ctx)
    return ctx.new_town().city


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


def street_name(ctx: Context) -> str:
    """The name of a street with its kind: "Oak Lane", "N. 14th St", "County Road 12"."""
    rng = ctx.rng
    way = rng.random()
    kind = word(ctx, "street kind") if chance(rng, 0.5) else pick(rng, ("Street", "St", "Avenue", "Ave", "Road", "Rd", "Drive", "Dr", "Lane", "Ln", "Blvd", "Ct"))
    direction = weighted(rng, ((78, ""), (12, pick(rng, ("N ", "S ", "E ", "W ", "N. ", "S. ", "E. ", "W. ", "NE ", "SW ", "NW ", "SE "))), (5, pick(rng, ("North ", "South ", "East ", "West ")))))
    if way < 0.16:
        return f"{direction}{ordinal(rng.randint(1, 220))} {kind}"
    if way < 0.22:
        road = pick(rng, ("County Road", "CR", "State Route", "SR", "Highway", "Hwy", "US Highway", "US-", "Route", "Rt.", "FM", "Farm to Market Road", "Rural Route", "RR", "State Hwy", "Old Highway", "Township Rd", "Interstate", "Co Rd", "Forest Road"))
        return f"{direction}{road}{'' if road.endswith('-') else ' '}{rng.randint(1, 999)}"
    if way < 0.27:
        letter = pick(rng, "ABCDEFGHKLMNP")
        return pick(rng, (f"Avenue {letter}", f"{letter} Street", f"County Road {letter}{letter}", f"Broadway", f"The Esplanade", f"{direction}Broadway", "Camino del Rio", f"Calle {surname(ctx)}"))
    if way < 0.55:
        name = surname(ctx)
    elif way < 0.62:
        name = word(ctx, "feature")
    elif way < 0.66:
        name = town(ctx)
    else:
        name = word(ctx, "street name")
    ending = pick(rng, (" NW", " SE", " NE", " SW", " N", " S", " East", " West")) if chance(rng, 0.06) else ""
    return f"{direction}{name} {kind}{ending}"


def _house_number(ctx: Context) -> str:
    rng = ctx.rng
    number = str(weighted(rng, ((4, rng.randint(1, 99)), (6, rng.randint(100, 999)), (6, rng.randint(1000, 9999)), (2, rng.randint(10000, 39999)))))
    return weighted(rng, ((92, number), (2, f"{number}{pick(rng, 'ABC')}"), (1.5, f"{number} 1/2"), (1.5, f"{rng.randint(10, 260)}-{rng.randint(10, 99)}"), (1, f"{number}-{rng.randint(1, 9)}"), (0.6, f"N{rng.randint(10, 99)}W{rng.randint(1000, 29999)}")))


def street(ctx: Context) -> str:
    """A street address in the United States; one in seven is elsewhere."""
    if chance(ctx.rng, 0.12):
        text = word(ctx, "foreign street")
        return text.format(n=ctx.rng.randint(1, 200), d=ctx.rng.randint(1, 999), e=ctx.rng.randint(1, 60), s=re.sub(r"\s.*", "", surname(ctx)))
    text = f"{_house_number(ctx)} {street_name(ctx)}"
    return weighted(ctx.rng, ((93, text), (4, text.upper()), (2, text.lower())))


def _unit(ctx: Context) -> str:
    rng = ctx.rng
    number = weighted(rng, ((5, str(rng.randint(1, 999))), (3, f"{rng.randint(1, 30)}{pick(rng, 'ABCDEFGH')}"), (3, pick(rng, "ABCDEFGH")), (1, f"{pick(rng, 'ABCDEFGH')}{rng.randint(1, 20)}"), (1, f"{rng.randint(1, 9)}-{pick(rng, 'ABC')}"), (0.7, f"{rng.randint(1, 12)}{pick(rng, ('R', 'L', 'F'))}")))
    kind = weighted(rng, ((6, "Apt"), (5, "Apt."), (3, "#"), (2, "Unit"), (2, "apt"), (1.5, "Apartment"), (1, "Suite"), (1, "Ste"), (1, "Lot"), (0.7, "Trlr"), (1, "Rm"), (0.6, "Fl"), (0.6, "Bldg"), (0.5, "Space"), (0.5, "Floor")))
    joint = weighted(rng, ((5, " "), (5, ", "), (0.5, " - ")))
    return f"{joint}{kind}{'' if kind == '#' else ' '}{number}"


def _po_box(ctx: Context) -> str:
    word_ = weighted(ctx.rng, ((6, "PO Box"), (5, "P.O. Box"), (1.5, "P O Box"), (1, "Post Office Box"), (1, "Box"), (1, "POB"), (0.7, "PMB"), (0.7, "p.o. box"), (0.6, "Apartado"), (0.4, "Drawer")))
    return f"{word_} {ctx.rng.randint(1, 99999 if chance(ctx.rng, 0.3) else 2999)}"


def _neighborhood(ctx: Context) -> str:
    if chance(ctx.rng, 0.7):
        return word(ctx, "neighborhood")
    return pick(ctx.rng, (f"{word(ctx, 'feature')} {word(ctx, 'generic town')}", f"{surname(ctx)} {pick(ctx.rng, ('Heights', 'Park', 'Estates', 'Village', 'Homes', 'Houses', 'Gardens', 'Terrace', 'Projects', 'Trailer Park', 'Acres', 'Manor'))}", f"the {town(ctx)} {pick(ctx.rng, ('projects', 'flats', 'Flats', 'district', 'waterfront'))}"))


def _airport(ctx: Context) -> str:
    if chance(ctx.rng, 0.6):
        return word(ctx, "airport")
    return f"{pick(ctx.rng, (town(ctx), surname(ctx), _foreign(ctx)))} {pick(ctx.rng, ('Airport', 'International Airport', 'Regional Airport', 'Municipal Airport', 'Intl', 'Field', 'airport', 'County Airport'))}"


def _venue(ctx: Context) -> str:
    if chance(ctx.rng, 0.4):
        return word(ctx, "venue")
    name = pick(ctx.rng, (town(ctx), surname(ctx), word(ctx, "feature"), founder(ctx)))
    return f"{name} {pick(ctx.rng, values('organisations', 'venue kind'))}"


def _building(ctx: Context) -> str:
    rng = ctx.rng
    name = pick(rng, (surname(ctx), surname(ctx), word(ctx, "feature"), founder(ctx), town(ctx)))
    text = f"{name} {word(ctx, 'building')}"
    text = weighted(rng, ((7, text), (1, f"Building {pick(rng, 'ABCDEFGH')}"), (1, f"the {text}"), (0.8, f"Bldg {rng.randint(1, 90)}"), (0.7, f"{name} {rng.randint(2, 12)}")))
    return text.replace("the ", "", 1) if chance(rng, 0.5) else text


def _military(ctx: Context) -> str:
    rng = ctx.rng
    text = word(ctx, "military")
    return text.format(s=surname(ctx), t=town(ctx), n=pick(rng, (word(ctx, "feature"), founder(ctx))), a=ordinal(rng.randint(1, 101)), e=ordinal(rng.randint(1, 400)), d=rng.randint(12, 9999))


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
    "LOCATION:street_name": street_name,
    "LOCATION:street_apt": lambda c: street(c) + _unit(c),
    "LOCATION:pobox": _po_box,
    "LOCATION:neighborhood": _neighborhood,
    "LOCATION:airport": _airport,
    "LOCATION:park_or_venue": _venue,
    "LOCATION:building": _building,
    "LOCATION:military": _military,
}


def upper_initials(text: str) -> str:
    """The initials of the words of `text` that begin with a capital."""
    return "".join(initial_upper(w)[0] for w in re.findall(r"[A-Za-z]+", plain(text)) if w[0].isupper())
