"""How names are made up in each culture: which lists, how likely, and what is put around the parts.

`CULTURES` says how often each culture is drawn; `name_of(rng, culture, gender, inventing)` gives the parts of
one name. A rule of a culture takes the parts drawn from the lists and changes them as that culture does (two
surnames, particles, women's endings, patronymics, a family name that comes first).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

from generator.markov import invented
from generator.random_text import chance, frequent, pick, weighted
from generator.values import names, values


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The parts of a name. A mononym has no surname."""

    given: str
    middle: str
    surname: str
    family_first: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Draw:
    """What a rule needs to draw more names of the same culture and sex."""

    rng: Random
    culture: str
    female: bool
    inventing: bool

    def name(self, part: str) -> str:
        """Another name from a list (male, female, surname), or an invented one where that is wanted."""
        if self.inventing and chance(self.rng, 0.75):
            return invented(self.rng, self.culture, part)
        return listed(self.rng, self.culture, part)

    @property
    def given_part(self) -> str:
        """The list of given names of that sex."""
        return "female" if self.female else "male"


def listed(rng: Random, culture: str, part: str) -> str:
    """A listed name; the frequent ones more often where the list is ordered by frequency."""
    options: tuple[str, ...] = getattr(names(culture), part)
    if culture in ("us", "kenyan"):
        return frequent(rng, options) if chance(rng, 0.7) else pick(rng, options)
    return pick(rng, options)


def _western(draw: Draw, parts: Parts) -> Parts:
    rng = draw.rng
    given, surname = parts.given, parts.surname
    if chance(rng, 0.045):
        joint = pick(rng, (" ", "-")) if draw.culture != "french" else "-"
        given += joint + listed(rng, draw.culture, draw.given_part)
    elif chance(rng, 0.012):
        given = pick(
            rng,
            (
                "J.D.",
                "JD",
                "A.J.",
                "AJ",
                "T.J.",
                "TJ",
                "R.J.",
                "C.J.",
                "CJ",
                "J.R.",
                "B.J.",
                "D.J.",
                "J.T.",
                "K.C.",
                "L.C.",
                "W.C.",
            ),
        )
    if chance(rng, 0.07 if draw.female else 0.02):
        surname += pick(rng, ("-", "-", "-", " ")) + draw.name("surname")
    return replace(parts, given=given, surname=surname)


def _plain_words(draw: Draw, parts: Parts) -> Parts:
    """American names, some of them ordinary words (Grace Long, Will Rivers, Rose Price)."""
    rng = draw.rng
    if chance(rng, 0.07):
        parts = replace(parts, given=pick(rng, values("word_names", draw.given_part)))
    if chance(rng, 0.12):
        parts = replace(parts, surname=pick(rng, values("word_names", "surname")))
    return _western(draw, parts)


def _particles(*options: str, share: float) -> Callable[[Draw, Parts], Parts]:
    def rule(draw: Draw, parts: Parts) -> Parts:
        if chance(draw.rng, share) and " " not in parts.surname:
            particle = pick(draw.rng, options)
            return replace(parts, surname=particle + parts.surname)
        return _western(draw, parts)

    return rule


def _hispanic(draw: Draw, parts: Parts) -> Parts:
    rng, given, surname = draw.rng, parts.given, parts.surname
    if chance(rng, 0.2) and " " not in given:
        given = (
            pick(rng, ("María ", "Ana ", "Luz ", "Rosa ", "Ma. ")) + given
            if draw.female
            else pick(rng, ("José ", "Juan ", "Luis ", "Carlos ", "Jesús ")) + given
        )
    elif chance(rng, 0.05) and draw.female:
        given = pick(
            rng,
            (
                "María de los Ángeles",
                "María del Carmen",
                "María de Jesús",
                "María del Rosario",
                "María de la Luz",
                "María Guadalupe",
            ),
        )
    if chance(rng, 0.06):
        surname = pick(
            rng,
            (
                "de la Cruz",
                "De La Cruz",
                "del Valle",
                "De León",
                "de la Torre",
                "De Los Santos",
                "de la Rosa",
                "de la O",
                "Del Toro",
                "De la Garza",
                "Ponce de León",
                "Montes de Oca",
                "San Miguel",
            ),
        )
    if chance(rng, 0.42):
        surname += weighted(rng, ((8, " "), (2, "-"), (0.4, " y "), (0.5, " de "))) + draw.name("surname")
    return replace(parts, given=given, surname=surname)


def _portuguese(draw: Draw, parts: Parts) -> Parts:
    rng, surname = draw.rng, parts.surname
    if chance(rng, 0.3):
        surname = pick(rng, ("da ", "dos ", "de ", "do ", "das ")) + surname
    if chance(rng, 0.4):
        surname = draw.name("surname") + " " + surname
    given = parts.given + (" " + listed(rng, draw.culture, draw.given_part) if chance(rng, 0.2) else "")
    return replace(parts, given=given, surname=surname)


def _arabic(draw: Draw, parts: Parts) -> Parts:
    rng, surname, given = draw.rng, parts.surname, parts.given
    if chance(rng, 0.1) and not draw.female:
        given = pick(rng, ("Abdul ", "Abd al-", "Abdel ", "Abdul-", "Mohamed ", "Muhammad ")) + given
    if chance(rng, 0.14):
        surname = pick(
            rng, ("bin ", "ibn ", "Bin ", "Al ", "Abu ", "Bou-", "Ben ", "El ", "bint ")
        ) + surname.removeprefix("Al-").removeprefix("El-")
    return replace(
        parts, given=given, surname=surname, middle=listed(rng, draw.culture, "male") if parts.middle else ""
    )


def _chinese(draw: Draw, parts: Parts) -> Parts:
    rng, given = draw.rng, parts.given
    if chance(rng, 0.22):
        return replace(
            parts, given=listed(rng, "us", draw.given_part), middle=given if chance(rng, 0.4) else ""
        )
    if "-" not in given and len(given) <= 5 and chance(rng, 0.55):
        second = listed(rng, "chinese", draw.given_part)
        given += weighted(
            rng, ((4, second.lower()), (2, "-" + second), (1, " " + second), (1, "-" + second.lower()))
        )
    return replace(parts, given=given, middle="", family_first=chance(rng, 0.25))


def _vietnamese(draw: Draw, parts: Parts) -> Parts:
    rng = draw.rng
    usual = (
        ("Thị", "Thị", "Ngọc", "Thanh", "Kim", "Thu", "Minh", "Hoàng")
        if draw.female
        else ("Văn", "Văn", "Đức", "Minh", "Quang", "Hữu", "Xuân", "Đình", "Thanh", "Công")
    )
    surname = (
        pick(rng, ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh"))
        if chance(rng, 0.45) and not draw.inventing
        else parts.surname
    )
    return replace(
        parts,
        surname=surname,
        middle=pick(rng, usual) if chance(rng, 0.6) else "",
        family_first=chance(rng, 0.35),
    )


def _korean(draw: Draw, parts: Parts) -> Parts:
    rng, given = draw.rng, parts.given
    way = rng.random()
    if "-" in given and way > 0.4:
        first, second = given.split("-", 1)
        given = first + (
            second if way < 0.6 else " " + second.capitalize() if way < 0.8 else "-" + second.capitalize()
        )
    surname = pick(rng, ("Kim", "Lee", "Park")) if chance(rng, 0.3) and not draw.inventing else parts.surname
    return replace(parts, given=given, surname=surname, middle="", family_first=chance(rng, 0.25))


def _family_first(share: float) -> Callable[[Draw, Parts], Parts]:
    return lambda draw, parts: replace(parts, middle="", family_first=chance(draw.rng, share))


def _mononyms(share: float) -> Callable[[Draw, Parts], Parts]:
    def rule(draw: Draw, parts: Parts) -> Parts:
        if chance(draw.rng, share) and len(parts.given) > 3:
            return replace(parts, surname="", middle="")
        return parts

    return rule


def _father(draw: Draw, parts: Parts) -> Parts:
    """The father's name as the second, the grandfather's as the third (Somalia, Ethiopia)."""
    return replace(parts, middle=listed(draw.rng, draw.culture, "male") if chance(draw.rng, 0.55) else "")


def _sikh(draw: Draw, parts: Parts) -> Parts:
    usual = "Kaur" if draw.female else "Singh"
    if chance(draw.rng, 0.25):
        return replace(parts, surname=usual, middle="")
    return replace(parts, middle=usual if chance(draw.rng, 0.6) else "")


def _south_asian(draw: Draw, parts: Parts) -> Parts:
    rng, given = draw.rng, parts.given
    if draw.female and chance(rng, 0.2):
        return replace(
            parts,
            surname=pick(rng, ("Begum", "Bibi", "Khatun", "Akhter", "Sultana", "Parveen", "Fatima", "Nisa")),
            middle="",
        )
    if not draw.female and chance(rng, 0.25):
        given = (
            pick(rng, ("Md. ", "Md ", "Muhammad ", "Syed ", "Mohammad ", "Abdul ", "Ghulam ", "Sheikh "))
            + given
        )
    return replace(parts, given=given)


def _gendered(endings: tuple[tuple[str, str], ...]) -> Callable[[Draw, Parts], Parts]:
    """Women's forms of surnames: the first ending of `endings` that fits is replaced, four times in five."""

    def rule(draw: Draw, parts: Parts) -> Parts:
        if draw.female and chance(draw.rng, 0.8):
            for male, female in endings:
                if parts.surname.endswith(male):
                    return replace(parts, surname=parts.surname.removesuffix(male) + female)
        return parts

    return rule


def _icelandic(draw: Draw, parts: Parts) -> Parts:
    return replace(
        parts, surname=parts.surname + pick(draw.rng, ("dóttir", "dottir") if draw.female else ("son",))
    )


def _as_is(draw: Draw, parts: Parts) -> Parts:
    return parts


def _none_between(draw: Draw, parts: Parts) -> Parts:
    return replace(parts, middle="")


Rule = Callable[[Draw, Parts], Parts]
# Culture -> (how often, rule). The weights favour variety over any country's census.
CULTURES: Mapping[str, tuple[float, Rule]] = {
    "us": (30, _plain_words),
    "black": (5, _western),
    "british": (2, _western),
    "mexican": (5, _hispanic),
    "spanish": (3, _hispanic),
    "puerto_rican": (2.5, _hispanic),
    "brazilian": (2, _portuguese),
    "italian": (1.6, _particles("Di ", "De ", "Lo ", "La ", "D'", "Del ", "Della ", share=0.12)),
    "french": (1.6, _particles("de ", "du ", "Le ", "La ", "de la ", "D'", "St. ", "St-", share=0.12)),
    "cajun": (0.8, _western),
    "haitian": (1.4, _western),
    "german": (1.8, _particles("von ", "von der ", "zu ", "vom ", share=0.06)),
    "dutch": (
        1.4,
        _particles("van ", "van der ", "de ", "van den ", "ten ", "van de ", "Vander ", "Ter ", share=0.3),
    ),
    "scandinavian": (1.6, _western),
    "finnish": (0.7, _western),
    "icelandic": (0.5, _icelandic),
    "baltic": (0.7, _as_is),
    "polish": (2, _gendered((("ski", "ska"), ("cki", "cka"), ("dzki", "dzka")))),
    "czech": (1, _gendered((("ý", "á"), ("a", "ová"), ("ek", "ková"), ("k", "ková")))),
    "balkan": (1.3, _gendered((("ov", "ova"), ("ev", "eva"), ("ski", "ska")))),
    "hungarian": (0.9, _family_first(0.1)),
    "romanian": (0.9, _western),
    "russian": (2, _gendered((("ov", "ova"), ("ev", "eva"), ("in", "ina"), ("ii", "aya"), ("iy", "aya")))),
    "greek": (1.2, _gendered((("opoulos", "opoulou"), ("idis", "idou"), ("akis", "aki"), ("os", "ou")))),
    "armenian": (0.9, _none_between),
    "georgian": (0.5, _none_between),
    "turkish": (1.2, _as_is),
    "uzbek": (0.5, _none_between),
    "irish": (2, _particles("O'", "Mc", "Mac", "Fitz", "Ó ", "Mc ", share=0.25)),
    "scottish": (1.2, _western),
    "welsh": (0.9, _western),
    "jewish": (1.5, _western),
    "hebrew": (1, _western),
    "amish": (0.8, _western),
    "arabic": (3.2, _arabic),
    "maghrebi": (0.8, _arabic),
    "persian": (1.6, _none_between),
    "afghan": (0.9, _mononyms(0.12)),
    "pakistani": (1.6, _south_asian),
    "bengali": (1.3, _south_asian),
    "indian": (2.2, _as_is),
    "south_indian": (1.6, _mononyms(0.06)),
    "punjabi": (1.1, _sikh),
    "gujarati": (1.3, _as_is),
    "nepali": (0.9, _mononyms(0.04)),
    "sinhala": (0.6, _as_is),
    "chinese": (3, _chinese),
    "vietnamese": (2.2, _vietnamese),
    "korean": (1.8, _korean),
    "japanese": (1.5, _family_first(0.06)),
    "filipino": (2, _western),
    "thai": (0.8, _none_between),
    "hmong": (0.8, _none_between),
    "khmer_lao": (0.7, _family_first(0.15)),
    "burmese": (0.7, _mononyms(0.15)),
    "indonesian": (0.8, _mononyms(0.3)),
    "malay": (0.6, _arabic),
    "nigerian": (1.5, _western),
    "ghanaian": (0.9, _western),
    "kenyan": (1, _western),
    "zulu": (0.4, _western),
    "ethiopian": (1.2, _father),
    "somali": (1.2, _father),
    "congolese": (1, _western),
    "liberian": (0.6, _western),
    "caribbean": (0.9, _western),
    "hawaiian": (0.8, _western),
    "samoan": (0.8, _western),
    "native_american": (1.2, _western),
}
_WEIGHTED = tuple((weight, culture) for culture, (weight, _) in CULTURES.items())


def any_culture(rng: Random) -> str:
    """A culture, by its weight."""
    return weighted(rng, _WEIGHTED)


def name_of(rng: Random, culture: str, gender: str, inventing: bool) -> Parts:
    """The parts of one name; with `inventing`, most of its parts are in no list."""
    draw = Draw(rng=rng, culture=culture, female=gender == "F", inventing=inventing)
    middle = listed(rng, culture, draw.given_part) if chance(rng, 0.7) else ""
    parts = Parts(given=draw.name(draw.given_part), middle=middle, surname=draw.name("surname"))
    return CULTURES[culture][1](draw, parts)
