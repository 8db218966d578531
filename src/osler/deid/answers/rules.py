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
from osler.deid.answers.words import DOERS
from osler.deid.gazetteers import NAME, In
from osler.deid.name_words import EPONYM_NOUNS, TITLES, TITLES_LIKE_WORDS
from osler.deid.tokens import WORD, word_set

_BIRTH = re.compile(
    r"(?:\bborn|\bbirth ?(?:date|day)?|\bdob|\bd\.o\.b\.?|\bb\.)\W{0,6}(?:(?:is|was|on|of|date)\W{1,3}){0,2}\Z",
    re.I,
)
_AUTHORS = re.compile(
    r"(?:['’]s)?,? ?(?:et al\b|and (?:colleagues|coworkers|co-workers|others)\b|\(?,? ?(?:1[89]|20)\d\d[a-z]?\))",
    re.I,
)
_LISTED_AUTHOR = re.compile(r" [A-Z]{1,3}(?:,|\.|\b)")
_JOURNAL = re.compile(r"[^\n]{0,120}(?:\b(?:1[89]|20)\d\d\b|et al)")
_VOLUME = re.compile(r"[\w. ]{0,30}(?:1[89]|20)\d\d;\s?\d")
_TITLE = re.compile(r"([A-Za-z]+)\.? ?\Z")
_NUMBERED = re.compile(r"\d")
_PUBLIC_NUMBERS = frozenset({
    "911", "988", "111", "112", "999", "211", "311", "18002221222", "8002221222", "18002738255", "8002738255",
    "18006624357", "8006624357", "1800fda1088", "18003321088", "8003321088", "18002324636", "8002324636",
    "18002428478", "8002428478", "18007997233", "8007997233", "18006334227", "8006334227",
})  # fmt: skip
"""Poison control, crisis lines, FDA MedWatch, CDC, Medicare: they lead to an office, not to a person."""
_NO_PHONE = re.compile(
    r"\A[+(]?(?:1[-. ]?)?\(?8(?:00|33|44|55|66|77|88)\)?[-. ]?(?!555)[\dA-Z]{3}[-. ]?[\dA-Z]{4}\Z|,\s|\(\d{4}"
)
"""Toll-free numbers, which are a company's or an agency's, and two numbers with a comma between."""
_NO_CODE = re.compile(
    r"[a-z]{5}|\A[A-Z]{4,}[- ]\d{1,3}\Z|\A(?:(?:C|H|N|O|S|P|F|Cl|Br|Na|K|Ca|Mg|Fe|I)\d{0,3}){3,}\Z"
)
"""Names of substances and of trials, sum formulas."""
_PUBLIC_HOSTS = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)*(?:[\w-]+\.gov|gov\.uk|nhs\.uk|nice\.org\.uk|who\.int|europa\.eu|doi\.org|cochranelibrary\.com"
    r"|cochrane\.org|nejm\.org|thelancet\.com|jamanetwork\.com|bmj\.com|acc\.org|heart\.org|diabetes\.org|cancer\.org"
    r"|nccn\.org|acog\.org|aap\.org|aafp\.org|idsociety\.org|kdigo\.org|ginasthma\.org|goldcopd\.org|escardio\.org|uptodate\.com"
    r"|mayoclinic\.org|medscape\.com|merckmanuals\.com|wikipedia\.org)(?::\d+)?(?=[/?#.,;)\s]|\Z)",
    re.I,
)
_PRIVATE_PATH = re.compile(
    r"[?#@=~]|%40|\d{4,}|patient|person|user|profile|member|mrn|chart|record|account|portal|visit|appointment",
    re.I,
)
_ROLES = TITLES | TITLES_LIKE_WORDS
_BEHIND = re.compile(r"(?:['’]s?)? ([^\W\d_][\w'’-]*)")
_INNER_CAPITAL = re.compile(
    r"(?<!Mc)(?<!Mac)(?<![A-Z]['’])(?<!\bD[aei])(?<!\bL[ae])(?<!\bVan)(?<=\w)[A-Z]|[^\x00-\u024f’]"
)
_CAPITALS = re.compile(r"(?: [A-Z][\w-]+){1,2}")
_LAST_WORD = re.compile(r"([^\W\d_][\w-]*)(?:['’]s?)?\Z")
_LATIN = re.compile(r"(?:us|um|is|ae|ii|i|a|ans|ens)\Z")
_MADE_OF = word_set(
    "oil tea extract leaf leaves root seed seeds juice supplement supplements capsules cream ointment"
)
_SICKNESSES = word_set(
    "disease syndrome sign nodule nodules criteria scale palsy lymphoma triad fracture cyst phenomenon maneuver",
    "procedure stain classification formula protocol sarcoma anemia chart",
)
"""What no person has non-possessively before it."""
_FAMOUS = word_set(
    "london paris tokyo berlin rome madrid vienna geneva sydney houston phoenix dallas austin boston chicago atlanta",
    "denver seattle memphis orlando milan florence dublin zurich cairo delhi mumbai lagos nairobi",
)
_MAILBOX = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_BY = re.compile(
    r"\b(?:seen|signed|dictated|written|reviewed|ordered|examined|prescribed|performed|evaluated|followed|referred"
    r"|done) by \Z",
    re.I,
)
_NOBODY = word_set("xyz abc xxx")
_BOOKS = word_set("principles textbook manual handbook atlas guide essentials")
_PUBLISHED = re.compile(
    r"\b(?:NCT|ISRCTN|PMID|PMC|EudraCT|ACTRN|DRKS|CRD|GSE|rs|ISBN|DOI|LOINC|NDC|SNOMED|SNOMED CT|RxNorm|ICD|CPT|HCPCS"
    r"|version|build|RFC|ISO|UN|CAS)(?:\W{0,3}\Z|(?=\W{0,3}\d))",
    re.I,
)
"""What announces a number that is published: trials, articles, codes."""
_LEAST_DIGITS = 3
_SAME_ADDRESS = re.compile(r"[\s,]{0,4}(?:[A-Z]{2}[\s,]{1,3})?")
_UNIT = re.compile(r"\d.{0,80}?[, ](?:apt|apartment|suite|ste|unit|flat|room)\b\.? ?#?\w{1,6}\b", re.I)
_SURNAME = re.compile(r" ([A-Z][a-z]+)(?![\w-]|['’]s|\.? [a-z]+(?:ase|ome)\b)")
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
        one = Found(start=span.start, end=_whole_end(text, span), label=span.label)
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
        if _MAILBOX.fullmatch(text, span.start, span.end):
            span = replace(span, label=Label.EMAIL)
        elif span.label is Label.LOCATION:
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
        return bare(value).lower() not in _PUBLIC_NUMBERS and not _NO_PHONE.search(value)
    if span.label is Label.AGE or sum(map(str.isdecimal, value)) < _LEAST_DIGITS or _NO_CODE.search(value):
        return False
    return _PUBLISHED.search(text[max(0, start - 12) : start]) is None and _PUBLISHED.match(value) is None


def surely(text: str, start: int, end: int) -> bool:
    """Whether a single word is a given name by the lists alone, which acts as people do: `Patricia should rest`."""
    word = text[start:end].lower()
    bits = gazetteers.load().flags.get(word, 0)
    named = bits & In.COMMON_GIVEN and not bits & ~(NAME | In.COMMON_GIVEN)
    if not named or word in _cities() or word in gazetteers.load().states:
        return False
    return text[start].isupper() and not text[end - 1].isupper() and _word_behind(text, end) in DOERS


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


def _whole_end(text: str, span: Span) -> int:
    """The end with the number of a flat behind an address, with the surname behind a given name (`Ann Walker`)."""
    if span.label is Label.LOCATION:
        more = _UNIT.match(text, span.start, span.end + 18)
    elif span.label is Label.NAME and " " not in text[span.start : span.end]:
        more = _SURNAME.match(text, span.end)
        lists = gazetteers.load()
        alone = more is None or not lists.evidence(more[1].lower()) & In.SURNAME
        if alone or not lists.evidence(text[span.start : span.end].lower()) & In.GIVEN:
            return span.end
    else:
        return span.end
    return max(span.end, more.end()) if more else span.end


def _is_one_address(text: str, first: Found, second: Found) -> bool:
    both = first.label is Label.LOCATION and second.label is Label.LOCATION
    return both and _SAME_ADDRESS.fullmatch(text, first.end, second.start) is not None


def _names_person(text: str, start: int, end: int, *, named: bool) -> bool:
    """Whether what is marked as a place is a given name with a surname: `Robert J. Hargrove, MD` is not in Maryland.

    `named`: a name follows.
    """
    parts = WORD.findall(text[start:end])
    if len(parts) == 1 and _BY.search(text, max(0, start - 24), start):
        return bool(gazetteers.load().evidence(parts[0].lower()) & NAME)
    if _NUMBERED.search(text[start:end]) or _word_behind(text, end) in _FACILITIES:
        return False
    lists = gazetteers.load()
    bits = [lists.evidence(word.lower()) for word in parts if len(word) > 1]
    if not bits or len(parts) + named < 2 or any(b and not b & NAME for b in bits):
        return False
    if any(word.lower() in _FACILITIES for word in parts) or (
        not named and " ".join(parts).lower() in _places()
    ):
        return False
    first = len(parts[0]) == 1 or (bits[0] & In.GIVEN and not bits[0] & (In.WORD | In.NATION))
    return bool(first)


def _word_behind(text: str, end: int) -> str:
    """The word behind a name and its possessive, folded; empty where a mark stands between."""
    match = _BEHIND.match(text, end)
    return match[1].lower() if match else ""


@cache
def _cities() -> frozenset[str]:
    """Cities of the world of one word, folded."""
    lists = gazetteers.load()
    names = (name for name in gazetteers.read("world_cities.txt") if " " not in name)
    return _FAMOUS | frozenset(name for name in names if not lists.evidence(name) & In.COMMON_GIVEN)


@cache
def _places() -> frozenset[str]:
    """Towns and famous hospitals with names of people, folded."""
    lists = ("us_places.txt", "world_cities.txt")
    towns = {
        part.strip().lower() for name in lists for line in gazetteers.read(name) for part in line.split(",")
    }
    return frozenset(towns) | {
        "beth israel",
        "henry ford",
        "johns hopkins",
        "walter reed",
        "kaiser permanente",
    }


def _is_person(text: str, start: int, end: int) -> bool:
    """Whether a name is a person's who is no author, and no eponym, drug, species, city or everyday word."""
    words = [w.lower().removesuffix("'s").removesuffix("’s") for w in WORD.findall(text[start:end])]
    if not any(len(word) > 1 for word in words) or _is_author(text, start, end) or _is_eponym(text, end):
        return False
    if words[0] in _NOBODY:
        return False
    title = _TITLE.search(text, max(0, start - 16), start)
    if title and title[1].lower() in _ROLES:
        return True
    lists = gazetteers.load()
    bits = [lists.evidence(word) for word in words if len(word) > 1]
    if not any(b & NAME or not b for b in bits):
        return False
    behind = _word_behind(text, end)
    if behind in _BOOKS:
        return False
    if behind not in DOERS and _cities().issuperset(words):
        return False
    if len(words) == 1 and (_is_species(words[0], behind) or behind in _MADE_OF):
        return False
    if not any(b & NAME for b in bits) and _is_term(text, start, end):
        return False
    if _BY.search(text, max(0, start - 24), start):
        return True
    listed = all(b & (In.EPONYM | In.BRAND) and not b & In.COMMON_GIVEN for b in bits)
    return not (listed and (behind in EPONYM_NOUNS or len(bits) == 1))


def _is_eponym(text: str, end: int) -> bool:
    """Whether a name ends in a disease's or a score's: `Lou Gehrig's disease`, `Mary Joseph nodule`."""
    more = _CAPITALS.match(text, end)
    last = more.end() if more else end
    noun = _word_behind(text, last)
    if noun not in EPONYM_NOUNS:
        return False
    word = _LAST_WORD.search(text, max(0, last - 40), last)
    known = word is not None and gazetteers.load().evidence(word[1].lower()) & In.EPONYM
    return bool(known) or (noun in _SICKNESSES and text[last : last + 1] not in ("'", "’"))


def _is_term(text: str, start: int, end: int) -> bool:
    """Whether a word that no list of names has looks like a brand, a gene or a part of a substance's name."""
    value = text[start:end]
    if "-" in (text[start - 1 : start], text[end : end + 1], value[-1]):
        return True
    return " " not in value and (value.isupper() or _INNER_CAPITAL.search(value) is not None)


def _is_species(word: str, behind: str) -> bool:
    """Whether it is a genus before its species, of which the lists know neither: `Francisella tularensis`."""
    flags = gazetteers.load()
    return (
        bool(behind)
        and not flags.evidence(word) & In.GIVEN
        and not flags.evidence(behind)
        and _LATIN.search(behind) is not None
    )


def _is_author(text: str, start: int, end: int) -> bool:
    """Whether a name stands as literature names authors: `Smith et al.`, `(Jones, 2019)`, `Wells PS, Ginsberg JS.`"""
    if _AUTHORS.match(text, end) or _VOLUME.match(text, end):
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
    return any(
        (b := lists.evidence(w)) & NAME and not b & (In.WORD | In.ORDINARY | In.CLINICAL) for w in words
    )
