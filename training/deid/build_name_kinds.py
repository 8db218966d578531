"""Rebuild `src/osler/deid/data/name_kinds.txt`: which given names are whose, and which surnames.

    python training/deid/build_name_kinds.py

Reads the name lists of `values/` and the pools of surrogate names in `src/osler/deid/data/people`, and writes for each
name the culture and gender whose pool stands in for it. Run by hand when a list or a pool changes.
"""

import re
import textwrap
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "src" / "osler" / "deid" / "data"

# Each list of `values/` to the pool that comes nearest; those whose pools have their own name are left out.
NEAREST: Mapping[str, str] = {
    "afghan": "persian", "amish": "german", "armenian": "russian", "balkan": "russian", "baltic": "polish",
    "bengali": "indian", "black": "african_american", "brazilian": "portuguese", "british": "english",
    "burmese": "vietnamese", "cajun": "french", "caribbean": "african_american", "congolese": "haitian",
    "czech": "polish", "dutch": "german", "ethiopian": "east_african", "finnish": "scandinavian",
    "georgian": "russian", "ghanaian": "nigerian", "gujarati": "indian", "hawaiian": "filipino", "hebrew": "jewish",
    "hmong": "vietnamese", "hungarian": "german", "icelandic": "scandinavian", "indonesian": "filipino",
    "kenyan": "east_african", "khmer_lao": "vietnamese", "liberian": "african_american", "maghrebi": "arabic",
    "malay": "arabic", "mexican": "hispanic", "native_american": "english", "nepali": "indian",
    "pakistani": "arabic", "puerto_rican": "hispanic", "punjabi": "indian", "romanian": "italian",
    "samoan": "filipino", "scottish": "english", "sinhala": "indian", "somali": "east_african",
    "south_indian": "indian", "spanish": "hispanic", "thai": "vietnamese", "us": "english", "uzbek": "turkish",
    "welsh": "english", "zulu": "nigerian",
}  # fmt: skip
# Where a name is in several lists the earlier culture of this order has it: about as often as it means that in the US.
ORDER = (
    "english", "hispanic", "african_american", "irish", "german", "italian", "french", "jewish", "polish", "chinese",
    "indian", "vietnamese", "korean", "filipino", "arabic", "russian", "scandinavian", "portuguese", "japanese",
    "haitian", "persian", "greek", "nigerian", "east_african", "turkish",
)  # fmt: skip
_FEW = 400
"""So many of the US Census's most frequent given names are English before they are anything else."""


def plain(name: str) -> str:
    """`name` in lower case, without accents."""
    apart = unicodedata.normalize("NFKD", name.lower().replace("’", "'"))
    return "".join(c for c in apart if not unicodedata.combining(c))


def sections(path: Path, separator: str) -> dict[str, list[str]]:
    """The names under each heading of one file, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    heading = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"\[(\w+)\]", line.strip())
        if match:
            heading = match[1]
        elif not line.startswith("#"):
            found[heading] += [plain(n.strip()) for n in re.split(separator, line) if n.strip()]
    return found


def lists() -> Iterator[tuple[str, dict[str, list[str]], int]]:
    """(culture, names under each heading, how far to trust it): ours know whose a name is, those of a country less."""
    for path in sorted((DATA / "people").glob("*.txt")):
        yield path.stem, sections(path, r"\s"), 3
    for path in sorted((HERE / "values").glob("names_*.txt")):
        name = path.stem.removeprefix("names_")
        if name != "us":
            ours = path.read_text(encoding="utf-8").startswith("# Written for Osler")
            yield NEAREST.get(name, name), sections(path, ";"), 2 if ours else 1


def words(name: str) -> Iterator[str]:
    """The name, and each word of a name of several."""
    if " " not in name:
        yield name
    else:
        yield from (w for w in name.split() if len(w) > 2)


def main() -> None:
    """Write the table."""
    us = sections(HERE / "values" / "names_us.txt", ";")
    rank = {kind: {name: at for at, name in enumerate(us[kind])} for kind in ("male", "female", "surname")}
    given: dict[str, Counter[str]] = defaultdict(Counter)
    genders: dict[str, set[str]] = defaultdict(set)
    surnames: dict[str, Counter[str]] = defaultdict(Counter)
    for culture, found, trust in lists():
        for gender in ("male", "female"):
            for name in found[gender]:
                for word in words(name):
                    given[word][culture] += trust
                    genders[word].add(gender[0])
        for name in found["surname"]:
            for word in words(name):
                surnames[word][culture] += trust
    for gender in ("male", "female"):
        for name in us[gender]:
            genders[name].add(gender[0])
            given[name]["english"] += 2 if rank[gender][name] < _FEW else 1
    for name in us["surname"][:_FEW]:
        surnames[name]["english"] += 1
    table: dict[str, list[str]] = defaultdict(list)
    for name in sorted({*given, *surnames, *rank["surname"]}):
        if len(name) < 2 or not re.fullmatch(r"[a-z][a-z'\-]*", name):
            continue
        kind = kind_of(name, given.get(name, Counter()), surnames.get(name, Counter()), rank)
        kind = kind + gender_of(name, genders[name], rank) if not kind.endswith(" s") else kind
        if kind != "english s":
            table[kind].append(name)
    out = [
        "# Made by training/deid/build_name_kinds.py. [culture kind]: m, f, n given names (male, female, either);",
        "# s surnames; bm, bf, bn given names that are surnames as often. Others are taken for English surnames.",
    ]
    for kind in sorted(table):
        out += [f"[{kind}]", *textwrap.wrap(" ".join(table[kind]), 118, break_on_hyphens=False)]
    (DATA / "name_kinds.txt").write_text("\n".join(out) + "\n", encoding="utf-8")
    print({kind: len(names) for kind, names in sorted(table.items())}, sum(map(len, table.values())))


def kind_of(
    name: str, given: Counter[str], surnames: Counter[str], rank: Mapping[str, Mapping[str, int]]
) -> str:
    """`culture kind` of one name, a given name's gender left out."""
    first = min(rank["male"].get(name, 99_999), rank["female"].get(name, 99_999) // 2)
    last = rank["surname"].get(name, 99_999)
    if not given:
        return f"{culture_of(surnames)} s"
    here, there, either = culture_of(given), culture_of(surnames), culture_of(given + surnames)
    as_surname = bool(surnames) or last < 15_000
    if not as_surname or (first < 500 and last > 3000):
        return f"{here} "
    if first < 500:
        return f"{either} b"
    if last < 5000 and first > 1500 and surnames[there] >= given[here]:
        return f"{there} s"
    if surnames[there] > 2 * given[here]:
        return f"{there} s"
    if given[here] > 2 * surnames[there] and last > 3000:
        return f"{here} "
    return f"{either} b"


def culture_of(scores: Counter[str]) -> str:
    """The likeliest of several cultures; English for none."""
    best = max(scores.values(), default=0)
    return next((culture for culture in ORDER if best and scores[culture] == best), "english")


def gender_of(name: str, genders: set[str], rank: Mapping[str, Mapping[str, int]]) -> str:
    """m or f where the lists agree or the census has one far more often, else n."""
    male, female = rank["male"].get(name), rank["female"].get(name)
    if male is not None and female is not None:
        return "n" if abs(male - female) < 300 else "m" if male < female else "f"
    if male is not None or female is not None:
        return "m" if male is not None else "f"
    return "n" if len(genders) > 1 else min(genders)


if __name__ == "__main__":
    main()
