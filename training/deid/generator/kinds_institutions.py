"""Hospitals, practices, homes, firms, schools, congregations: the LOCATIONs that are organisations.

Names are put together from many patterns, so that hardly one comes twice; well-known ones are among them.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.context import Context, Maker
from generator.kinds_places import founder, surname, town, upper_initials, word
from generator.random_text import UPPER, chance, pick, weighted
from generator.values import states, values, world_cities


def _words(ctx: Context, part: str) -> str:
    return pick(ctx.rng, values("organisations", part))


def _saint(ctx: Context) -> str:
    return f"{weighted(ctx.rng, ((6, 'St.'), (3, 'Saint'), (3, 'St')))} {word(ctx, 'saint')}"


def _place(ctx: Context) -> str:
    """What institutions are named after: a town, a region, a feature, a founder."""
    rng = ctx.rng
    return weighted(
        rng,
        (
            (5, town(ctx)), (4, word(ctx, "feature")), (3, surname(ctx)), (1.5, f"{word(ctx, 'direction')} {town(ctx)}"), (1, f"{town(ctx)} {word(ctx, 'feature')}"),
            (1, f"{ctx.near_town().county}"), (1, pick(rng, states())[0]), (1, f"{word(ctx, 'feature')} {word(ctx, 'generic town')}"),
        ),
    )  # fmt: skip


def _foreign_hospital(ctx: Context) -> str:
    city = pick(ctx.rng, world_cities())[0]
    pattern = pick(ctx.rng, ("Hospital General de {}", "Hospital Universitario de {}", "Royal {} Infirmary", "Universitätsklinikum {}", "CHU de {}", "{} Teaching Hospital", "Apollo Hospital {}", "{} District Hospital", "Hospital San Juan de Dios, {}", "Ospedale di {}", "Klinikum {}", "{} Central Hospital", "Hôpital de {}", "IMSS {}", "Queen Elizabeth Hospital {}", "{} Hospital", "Clínica {}", "Centro Médico {}"))
    return pattern.format(city)


def _children(ctx: Context) -> str:
    return pick(ctx.rng, (f"Children's Hospital of {town(ctx)}", f"{town(ctx)} Children's Hospital", f"{town(ctx)} Children's", f"{surname(ctx)} Children's Hospital", f"Children's {word(ctx, 'feature')}", f"{founder(ctx)} Children's Hospital", f"Shriners Children's {town(ctx)}"))


def _veterans(ctx: Context) -> str:
    return pick(ctx.rng, (f"{town(ctx)} VA Medical Center", f"{town(ctx)} VAMC", f"{founder(ctx)} VA Medical Center", f"VA {town(ctx)} Healthcare System", f"{founder(ctx)} Veterans Hospital", f"{town(ctx)} VA"))


def _university_hospital(ctx: Context) -> str:
    state = pick(ctx.rng, states())[0]
    return pick(ctx.rng, (f"University of {state} Hospital", f"University of {state} Medical Center", f"{state} University Hospital", f"{surname(ctx)} University Medical Center", f"University Hospital {town(ctx)}", f"{_university(ctx)} Medical Center", f"{_university(ctx)} Hospital", f"{_university(ctx)} Health"))


def hospital(ctx: Context) -> str:
    """The full name of a hospital."""
    rng = ctx.rng
    kind = word(ctx, "hospital kind") if chance(rng, 0.6) else pick(rng, ("Hospital", "Medical Center", "General Hospital", "Memorial Hospital", "Regional Medical Center", "Community Hospital"))
    name = weighted(
        rng,
        (
            (5, lambda: f"{_saint(ctx)}{pick(rng, (chr(39) + 's', chr(39) + 's', '', ''))} {kind}"), (8, lambda: f"{_place(ctx)} {kind}"), (3, lambda: f"{word(ctx, 'faith')} {kind}"),
            (3, lambda: f"{surname(ctx)} {kind}"), (1.5, lambda: f"{founder(ctx)} {kind}"), (1, lambda: f"{surname(ctx)}-{surname(ctx)} {kind}"), (0.7, lambda: f"{surname(ctx)} & {surname(ctx)} {kind}"),
            (2.5, lambda: f"{word(ctx, 'system')} {pick(rng, (town(ctx), kind, f'{town(ctx)} {kind}'))}"), (2, lambda: _children(ctx)), (1.5, lambda: _veterans(ctx)),
            (2, lambda: _university_hospital(ctx)), (1, lambda: _foreign_hospital(ctx)), (0.8, lambda: f"Hospital for {pick(rng, ('Special Surgery', 'Sick Children', 'Joint Diseases', 'Special Care'))} {town(ctx)}"),
            (0.8, lambda: f"{kind} of {pick(rng, (town(ctx), word(ctx, 'direction') + ' ' + pick(rng, states())[0]))}"), (0.5, lambda: f"{town(ctx)}/{town(ctx)} {kind}"),
        ),
    )()  # fmt: skip
    return f"{name} - {town(ctx)}" if chance(rng, 0.02) else name


def hospital_short(ctx: Context) -> str:
    """What people call a hospital: "St. Mary's", "Mercy", "Springfield General"."""
    rng = ctx.rng
    return weighted(
        rng,
        (
            (5, f"{_saint(ctx)}{pick(rng, (chr(39) + 's', chr(39) + 's', 's', ''))}"), (3, f"{town(ctx)} {pick(rng, ('General', 'Memorial', 'Regional', 'Community', 'Med', 'County', 'Gen', 'Methodist', 'Mercy', 'Baptist', 'VA', 'Children' + chr(39) + 's'))}"),
            (3, word(ctx, "faith")), (2, word(ctx, "system")), (3, surname(ctx)), (2, town(ctx)), (1.5, word(ctx, "feature")), (1, "Good Sam"), (1, f"{_university(ctx)}"),
            (0.6, f"the {town(ctx)} VA"), (0.6, f"{surname(ctx)} {pick(rng, ('Memorial', 'Clinic', 'Cancer Center', 'Heart'))}"), (0.5, f"U of {town(ctx)}"), (0.5, f"{surname(ctx)}-{surname(ctx)}"),
        ),
    )  # fmt: skip


def hospital_acronym(ctx: Context) -> str:
    """MGH, BIDMC, UCSF and the like."""
    letters = upper_initials(hospital(ctx))
    if not 2 < len(letters) < 7 or chance(ctx.rng, 0.25):
        letters = "".join(pick(ctx.rng, UPPER) for _ in range(ctx.rng.randint(1, 3))) + pick(ctx.rng, ("H", "MC", "RMC", "GH", "CH", "MH", "UH", "HS", "VAMC", "MCH", "UMC"))
    return letters


def _clinic(ctx: Context) -> str:
    rng = ctx.rng
    kind = _words(ctx, "clinic kind")
    return weighted(rng, ((7, f"{_place(ctx)} {kind}"), (3, f"{surname(ctx)} {kind}"), (1.5, f"{_saint(ctx)} {kind}"), (1.5, f"{word(ctx, 'system')} {kind}"), (1, f"{kind} of {town(ctx)}"), (1, f"{word(ctx, 'system')} {kind} {town(ctx)}"), (0.7, f"{founder(ctx)} {kind}"), (0.7, f"Clínica {pick(rng, (surname(ctx), word(ctx, 'faith')))}"), (0.7, f"{town(ctx)} {word(ctx, 'institution word')} {kind}")))


def _practice(ctx: Context) -> str:
    rng = ctx.rng
    kind = _words(ctx, "practice kind")
    ending = weighted(rng, ((7, ""), (1.5, ", P.C."), (1, " PC"), (1, ", LLC"), (0.7, ", PLLC"), (0.7, " LLP"), (1.5, " Associates"), (1, " Group"), (0.7, " of " + town(ctx))))
    return weighted(rng, ((7, f"{_place(ctx)} {kind}{ending}"), (4, f"{surname(ctx)} {kind}{ending}"), (1.5, f"{surname(ctx)} & {surname(ctx)} {kind}"), (1.5, f"{surname(ctx)}, {surname(ctx)} & {surname(ctx)}"), (1, f"{word(ctx, 'feature')} {word(ctx, 'institution word')} {kind}"), (1, f"The {surname(ctx)} Group"), (1, f"{kind} of {town(ctx)}"), (0.7, f"Advanced {kind}"), (0.7, f"{word(ctx, 'system')} {kind}")))


def _home(ctx: Context) -> str:
    rng = ctx.rng
    kind = _words(ctx, "nursing home kind")
    return weighted(rng, ((6, f"{word(ctx, 'feature')} {kind}"), (5, f"{_place(ctx)} {kind}"), (2, f"{word(ctx, 'feature')} {word(ctx, 'generic town')} {kind}"), (1.5, f"{_saint(ctx)} {kind}"), (1.5, f"{word(ctx, 'faith')} {kind}"), (1, f"The {word(ctx, 'feature')}s at {town(ctx)}"), (1, f"{word(ctx, 'feature')} of {town(ctx)}"), (1.5, f"{surname(ctx)} {kind}"), (0.8, f"{pick(rng, ('Brookdale', 'Sunrise', 'ManorCare', 'Genesis', 'Golden Living', 'Life Care Center', 'Kindred', 'Atria', 'Emeritus', 'Signature'))} {pick(rng, ('of ', ''))}{town(ctx)}")))


def _of_kind(part: str) -> Maker:
    def make(ctx: Context) -> str:
        kind = _words(ctx, part)
        return weighted(ctx.rng, ((6, f"{_place(ctx)} {kind}"), (3, f"{surname(ctx)} {kind}"), (1, f"{word(ctx, 'feature')} {word(ctx, 'generic town')} {kind}"), (0.7, f"{founder(ctx)} {kind}"), (0.7, f"{word(ctx, 'faith')} {kind}"), (0.7, f"{kind} of {town(ctx)}"), (0.5, f"{word(ctx, 'direction')} {kind}")))

    return make


def _pharmacy(ctx: Context) -> str:
    if chance(ctx.rng, 0.45):
        text = _words(ctx, "pharmacy")
        return weighted(ctx.rng, ((7, text), (1, f"{text} #{ctx.rng.randint(100, 19999)}"), (1, f"{text} on {word(ctx, 'street name')}"), (0.7, text.lower())))
    kind = _words(ctx, "pharmacy kind")
    return weighted(ctx.rng, ((4, f"{surname(ctx)} {kind}"), (2, f"{surname(ctx)}'s {kind}"), (4, f"{_place(ctx)} {kind}"), (1, f"{surname(ctx)} & {pick(ctx.rng, ('Sons', 'Son', 'Co.', surname(ctx)))} {kind}")))


def _lab(ctx: Context) -> str:
    return _words(ctx, "lab") if chance(ctx.rng, 0.4) else f"{_place(ctx)} {_words(ctx, 'lab kind')}"


def _employer(ctx: Context) -> str:
    rng = ctx.rng
    if chance(rng, 0.4):
        return _words(ctx, "employer")
    kind = _words(ctx, "firm kind")
    return weighted(rng, ((5, f"{surname(ctx)} {kind}"), (2, f"{surname(ctx)}'s {kind}"), (5, f"{_place(ctx)} {kind}"), (1.5, f"{surname(ctx)} & {surname(ctx)} {kind}"), (1, f"{surname(ctx)}, {surname(ctx)} & {surname(ctx)} LLP"), (1, f"{word(ctx, 'feature')}{word(ctx, 'suffix town')} {kind}"), (1, f"{upper_initials(founder(ctx))} {kind}"), (1, f"City of {town(ctx)}"), (0.7, f"{ctx.near_town().county} Schools"), (0.7, f"{ctx.near_town().county} Public Works"), (0.7, hospital_short(ctx)), (0.5, f"{pick(rng, ('Blue', 'Bright', 'Next', 'True', 'Omni', 'Info', 'Agri', 'Dyna', 'Nova', 'Quanti'))}{pick(rng, ('Tech', 'Soft', 'Serve', 'Pac', 'Corp', 'Gen', 'Wave', 'Core', 'Link', 'Path'))}")))


def _school(ctx: Context) -> str:
    rng = ctx.rng
    kind = _words(ctx, "school kind")
    return weighted(rng, ((5, f"{_place(ctx)} {kind}"), (4, f"{surname(ctx)} {kind}"), (3, f"{founder(ctx)} {kind}"), (1.5, f"{_saint(ctx)} {kind}"), (1, f"P.S. {rng.randint(1, 360)}"), (0.6, f"PS {rng.randint(1, 360)}"), (0.5, f"I.S. {rng.randint(1, 360)}"), (0.8, f"{word(ctx, 'faith')} {kind}"), (0.7, f"{pick(rng, ('Little', 'Happy', 'Tiny', 'Busy'))} {pick(rng, ('Sprouts', 'Scholars', 'Feet', 'Bees', 'Stars', 'Explorers', 'Lambs', 'Tots'))} {pick(rng, ('Daycare', 'Preschool', 'Child Care', 'Learning Center'))}"), (0.6, f"{town(ctx)} {word(ctx, 'direction')}")))


def _university(ctx: Context) -> str:
    if chance(ctx.rng, 0.4):
        return _words(ctx, "university")
    text = _words(ctx, "university shape")
    return text.format(t=pick(ctx.rng, (town(ctx), pick(ctx.rng, states())[0])), s=surname(ctx), d=word(ctx, "direction"), f=word(ctx, "feature"), a=word(ctx, "saint"), w=pick(ctx.rng, world_cities())[0])


def _church(ctx: Context) -> str:
    rng = ctx.rng
    kind = _words(ctx, "church kind")
    name = _words(ctx, "church name")
    return weighted(rng, ((7, f"{name} {kind}"), (2.5, f"{_saint(ctx)} {kind}"), (1.5, f"{_saint(ctx)}'s"), (2.5, f"{_place(ctx)} {kind}"), (1.5, f"{pick(rng, ('First', 'Second'))} {kind} of {town(ctx)}"), (1, f"Our Lady of {pick(rng, ('Guadalupe', 'Lourdes', 'Sorrows', 'Perpetual Help', 'Mount Carmel', 'Fatima', 'Victory', 'Grace', 'the Rosary', 'La Vang', 'Czestochowa'))}"), (0.8, f"{name} {name.split()[-1]} {kind}" if " " in name else f"Greater {name} {kind}"), (0.8, f"{kind} of {town(ctx)}"), (0.7, f"{name}")))


def _shelter(ctx: Context) -> str:
    kind = _words(ctx, "shelter")
    return weighted(ctx.rng, ((6, f"{_place(ctx)} {kind}"), (2, f"{surname(ctx)} House"), (2, f"{word(ctx, 'feature')} House"), (1.5, f"{_saint(ctx)} {kind}"), (1.5, f"{surname(ctx)} {kind}"), (2, kind if kind[:2] in ("Sa", "Pi", "Ro", "Co", "Un", "St") else f"{town(ctx)} {kind}"), (1, f"{word(ctx, 'faith')} {kind}")))


def _prison(ctx: Context) -> str:
    kind = _words(ctx, "prison")
    if kind in values("organisations", "prison")[-12:] and chance(ctx.rng, 0.8):
        return kind
    if kind in ("FCI", "USP", "MDC"):
        return f"{kind} {town(ctx)}"
    return f"{_place(ctx)} {kind}"


def _organisation(ctx: Context) -> str:
    text = _words(ctx, "organisation")
    if text.endswith(" of"):
        return f"{text} {town(ctx)}"
    if text.endswith(("Local", "Troop")):
        return f"{text} {ctx.rng.randint(1, 2999)}"
    return weighted(ctx.rng, ((6, f"{_place(ctx)} {text.removeprefix('the ')}"), (3, text if text[:3] in ("the", "Rot", "Kni", "Kiw", "Lio", "Hab", "Mea") else f"{town(ctx)} {text}"), (1, f"{surname(ctx)} Foundation"), (1, f"{word(ctx, 'feature')} {text.removeprefix('the ')}")))


KINDS: Mapping[str, Maker] = {
    "LOCATION:hospital": hospital,
    "LOCATION:hospital_short": hospital_short,
    "LOCATION:hospital_acronym": hospital_acronym,
    "LOCATION:hospital_lower": lambda c: hospital(c).lower(),
    "LOCATION:clinic": _clinic,
    "LOCATION:practice": _practice,
    "LOCATION:nursing_home": _home,
    "LOCATION:rehab": _of_kind("rehab kind"),
    "LOCATION:pharmacy": _pharmacy,
    "LOCATION:lab": _lab,
    "LOCATION:employer": _employer,
    "LOCATION:school": _school,
    "LOCATION:university": _university,
    "LOCATION:church": _church,
    "LOCATION:shelter": _shelter,
    "LOCATION:prison": _prison,
    "LOCATION:organisation": _organisation,
    "LOCATION:organization": _organisation,
}
