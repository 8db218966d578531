"""Which identifiers in an answer count as made up or memorised, and are taken out.

People, and numbers and addresses that lead to one. Not places without a number, ages, years, drugs, eponyms, authors
as literature names them, and numbers and sites that the public is to use. A date counts as a date of birth, else only
where dates were asked for.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from osler.core.spans import Label, Span
from osler.deid import dates, gazetteers
from osler.deid.answers.sent import bare
from osler.deid.gazetteers import NAME, In
from osler.deid.name_words import EPONYM_NOUNS, TITLES, TITLES_LIKE_WORDS
from osler.deid.tokens import WORD, word_set

_BIRTH = re.compile(r"(?:\bborn|\bbirth ?(?:date|day)?|\bdob|\bd\.o\.b\.?|\bb\.)\W{0,6}(?:(?:is|was|on|of|date)\W{1,3}){0,2}\Z", re.I)
_AUTHORS = re.compile(r"(?:['’]s)?,? ?(?:et al\b|and (?:colleagues|coworkers|co-workers|others)\b|\(?,? ?(?:1[89]|20)\d\d[a-z]?\))", re.I)
_LISTED_AUTHOR = re.compile(r" [A-Z]{1,3}(?:,|\.|\b)")
_JOURNAL = re.compile(r"[^\n]{0,120}(?:\b(?:1[89]|20)\d\d\b|et al)")
_TITLE = re.compile(r"([A-Za-z]+)\.? ?\Z")
_NUMBERED = re.compile(r"\d")
_PUBLIC_NUMBERS = frozenset({
    "911", "988", "111", "112", "999", "211", "311", "18002221222", "8002221222", "18002738255", "8002738255",
    "18006624357", "8006624357", "1800fda1088", "18003321088", "8003321088", "18002324636", "8002324636",
    "18002428478", "8002428478", "18007997233", "8007997233", "18006334227", "8006334227",
})  # fmt: skip
"""Poison control, crisis lines, FDA MedWatch, CDC, Medicare: they lead to an office, not to a person."""
_PUBLIC_HOSTS = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)*(?:[\w-]+\.gov|gov\.uk|nhs\.uk|nice\.org\.uk|who\.int|europa\.eu|doi\.org|cochranelibrary\.com"
    r"|cochrane\.org|nejm\.org|thelancet\.com|jamanetwork\.com|bmj\.com|acc\.org|heart\.org|diabetes\.org|cancer\.org"
    r"|nccn\.org|acog\.org|aap\.org|aafp\.org|idsociety\.org|kdigo\.org|ginasthma\.org|goldcopd\.org|escardio\.org|uptodate\.com"
    r"|mayoclinic\.org|medscape\.com|merckmanuals\.com|wikipedia\.org)(?::\d+)?(?=[/?#.,;)\s]|\Z)",
    re.I,
)
_PRIVATE_PATH = re.compile(
    r"[?#@=~]|%40|\d{4,}|patient|person|user|profile|member|mrn|chart|record|account|portal|visit|appointment", re.I
)
_ROLES = TITLES | TITLES_LIKE_WORDS
_BEHIND = re.compile(r"(?:['’]s?)? ([^\W\d_][\w'’-]*)")
_BOOKS = word_set("principles textbook manual handbook atlas guide essentials")
_PUBLISHED = re.compile(
    r"\b(?:NCT|ISRCTN|PMID|PMC|EudraCT|ACTRN|DRKS|CRD|GSE|rs|ISBN|DOI|LOINC|NDC|SNOMED|SNOMED CT|RxNorm|ICD|CPT|HCPCS"
    r"|version|build|RFC|ISO|UN|CAS)(?:\W{0,3}\Z|(?=\W{0,3}\d))",
    re.I,
)
"""What announces a number that is published: trials, articles, codes."""
_LEAST_DIGITS = 3
_SAME_ADDRESS = re.compile(r"[\s,]{0,4}(?:[A-Z]{2}[\s,]{1,3})?")
_FACILITIES = word_set(
    "hospital hospitals clinic clinics medical center centre health healthcare school university college institute",
    "foundation memorial general children childrens deaconess county state street avenue road church pharmacy",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One identifier that counts: where it stands in the window, and of what kind it is."""

    start: int
    end: int
    label: Label


def of_birth(before: str) -> bool:
    """Whether a date that follows on `before` is one of birth."""
    return _BIRTH.search(before) is not None


def counted(text: str, spans: Iterable[Span], *, dated: bool) -> Iterator[Found]:
    """Those of the engine's `spans` in `text` that count. `dated`: full dates do, of whatever event."""
    rows = list(_read(text, spans))
    last: Found | None = None
    for i, span in enumerate(rows):
        if not (_counts(text, span, dated=dated) or _of_address(text, rows, i)):
            continue
        one = Found(start=span.start, end=span.end, label=span.label)
        if last is not None and _is_one_address(text, last, one):
            one = replace(one, start=last.start)
        elif last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _read(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """The spans, with those under NAME that are marked as places and are people."""
    rows = list(spans)
    for i, span in enumerate(rows):
        if span.label is Label.LOCATION:
            nxt = rows[i + 1] if i + 1 < len(rows) else None
            named = nxt is not None and nxt.label is Label.NAME and text[span.end : nxt.start] == " "
            if _names_person(text, span.start, span.end, named=named):
                span = replace(span, label=Label.NAME)
        yield span


def _counts(text: str, span: Span, *, dated: bool) -> bool:
    start, end = span.start, span.end
    value = text[start:end]
    if span.label is Label.NAME:
        return _is_person(text, start, end)
    if span.label is Label.DATE:
        written = dates.read(value)
        return written is not None and written.full and (dated or of_birth(text[max(0, start - 32) : start]))
    if span.label is Label.LOCATION:
        return _NUMBERED.search(value) is not None
    if span.label is Label.URL:
        return _is_private(value)
    if span.label is Label.EMAIL:
        return True
    if span.label in (Label.PHONE, Label.FAX):
        return bare(value).lower() not in _PUBLIC_NUMBERS
    if span.label is Label.AGE or sum(map(str.isdecimal, value)) < _LEAST_DIGITS:
        return False
    return _PUBLISHED.search(text[max(0, start - 12) : start]) is None and _PUBLISHED.match(value) is None


def _of_address(text: str, rows: Sequence[Span], i: int) -> bool:
    """Whether a place is the town or the ZIP code of an address that is taken out."""
    if rows[i].label is not Label.LOCATION:
        return False
    for step in (1, -1):
        k = i
        while 0 <= k + step < len(rows) and rows[k + step].label is Label.LOCATION:
            a, b = sorted((rows[k], rows[k + step]), key=lambda s: s.start)
            if not _SAME_ADDRESS.fullmatch(text, a.end, b.start):
                break
            k += step
            if _NUMBERED.search(text[rows[k].start : rows[k].end]):
                return True
    return False


def _is_one_address(text: str, first: Found, second: Found) -> bool:
    both = first.label is Label.LOCATION and second.label is Label.LOCATION
    return both and _SAME_ADDRESS.fullmatch(text, first.end, second.start) is not None


def _names_person(text: str, start: int, end: int, *, named: bool) -> bool:
    """Whether what is marked as a place is a given name with a surname: `Robert J. Hargrove, MD` is not in Maryland.

    `named`: a name follows.
    """
    parts = WORD.findall(text[start:end])
    if _NUMBERED.search(text[start:end]) or _word_behind(text, end) in _FACILITIES:
        return False
    lists = gazetteers.load()
    bits = [lists.evidence(word.lower()) for word in parts if len(word) > 1]
    if not bits or len(parts) + named < 2 or any(b and not b & NAME for b in bits):
        return False
    if any(word.lower() in _FACILITIES for word in parts) or (not named and " ".join(parts).lower() in _places()):
        return False
    first = len(parts[0]) == 1 or (bits[0] & In.GIVEN and not bits[0] & (In.WORD | In.NATION))
    return bool(first)


def _word_behind(text: str, end: int) -> str:
    """The word behind a name and its possessive, folded; empty where a mark stands between."""
    match = _BEHIND.match(text, end)
    return match[1].lower() if match else ""


@cache
def _places() -> frozenset[str]:
    """Towns and famous hospitals with names of people, folded."""
    lists = ("us_places.txt", "world_cities.txt")
    towns = {part.strip().lower() for name in lists for line in gazetteers.read(name) for part in line.split(",")}
    return frozenset(towns) | {"beth israel", "henry ford", "johns hopkins", "walter reed", "kaiser permanente"}


def _is_person(text: str, start: int, end: int) -> bool:
    """Whether a name is a person's who is no author, and no eponym, drug or everyday word."""
    words = [w.lower().removesuffix("'s").removesuffix("’s") for w in WORD.findall(text[start:end])]
    if not any(len(word) > 1 for word in words):
        return False
    if _is_author(text, start, end):
        return False
    title = _TITLE.search(text, max(0, start - 16), start)
    if title and title[1].lower() in _ROLES:
        return True
    lists = gazetteers.load()
    bits = [lists.evidence(word) for word in words if len(word) > 1]
    if not any(b & NAME or not b for b in bits):
        return False
    said = _word_behind(text, end)
    if said in _BOOKS:
        return False
    noun = said in EPONYM_NOUNS
    return not (all(b & (In.EPONYM | In.BRAND) and not b & In.COMMON_GIVEN for b in bits) and (noun or len(bits) == 1))


def _is_author(text: str, start: int, end: int) -> bool:
    """Whether a name stands as literature names its authors: `Smith et al.`, `(Jones, 2019)`, `Wells PS, Ginsberg JS.`"""
    if _AUTHORS.match(text, end):
        return True
    listed = _LISTED_AUTHOR.match(text, end) or re.search(r" [A-Z]{1,3}\Z", text[start:end])
    return bool(listed and _JOURNAL.match(text, end))


def _is_private(url: str) -> bool:
    """Whether an address on the web leads to a person: not a publisher's or an agency's, and not a bare site."""
    public = _PUBLIC_HOSTS.match(url)
    rest = url[public.end() :] if public else re.sub(r"\A(?:https?://)?[^/?#]*", "", url)
    if public:
        return re.search(r"patient[_-]?id|mrn|@|user=|name=", rest, re.I) is not None
    return _PRIVATE_PATH.search(rest) is not None or "@" in url or _has_name(rest)


def _has_name(path: str) -> bool:
    lists = gazetteers.load()
    words: Sequence[str] = [w for w in re.split(r"[\W\d_]+", path.lower()) if len(w) > 3]
    return any((b := lists.evidence(w)) & NAME and not b & (In.WORD | In.ORDINARY | In.CLINICAL) for w in words)
