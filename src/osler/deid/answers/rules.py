"""Which identifiers in an answer count as made up or memorised, and are taken out.

People, and numbers and addresses that lead to one. Not places without a number, ages, years, drugs, eponyms, authors
as literature names them, and numbers and sites that the public is to use. A date counts as a date of birth, else only
where dates were asked for.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from osler.core.spans import Label, Span
from osler.deid import dates, gazetteers
from osler.deid.answers.sent import bare
from osler.deid.gazetteers import NAME, In
from osler.deid.name_words import EPONYM_NOUNS, TITLES, TITLES_LIKE_WORDS
from osler.deid.tokens import WORD, word_set

_BIRTH = re.compile(r"(?:\bborn|\bbirth ?(?:date|day)?|\bdob|\bd\.o\.b\.?|\bb\.)\W{0,6}(?:(?:is|was|on|of|date)\W{1,3}){0,2}\Z", re.I)
_AUTHORS = re.compile(r"(?:['’]s)?,? ?(?:et al\b|and (?:colleagues|coworkers|co-workers|others)\b|\(?,? ?(?:1[89]|20)\d\d[a-z]?\))", re.I)
_LISTED_AUTHOR = re.compile(r" [A-Z]{1,3}(?:,|\.|\b)")
_CITED_BEFORE = re.compile(r"(?:\(|see |cf\. |by |\d\.\s|; )\Z")
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
_COUNTED = frozenset(Label) - {Label.AGE, Label.DEVICE}
_ROLES = TITLES | TITLES_LIKE_WORDS
_NO_NAME = word_set("doe roe")
_TRIAL = re.compile(
    r"(?:NCT|ISRCTN|PMID|PMC|CD|EudraCT|ACTRN|DRKS|CRD|GSE|rs|ISBN|DOI|LOINC|NDC|SNOMED|RxNorm|ICD)\W{0,3}\Z", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One identifier that counts: where it stands in the window, and of what kind it is."""

    start: int
    end: int
    label: Label


def counted(text: str, spans: Iterable[Span], *, dated: bool) -> Iterator[Found]:
    """Those of the engine's `spans` in `text` that count. `dated`: full dates do, of whatever event."""
    for span in spans:
        start, end = span.start, span.end
        value = text[start:end]
        if span.label is Label.NAME:
            keep = _is_person(text, start, end)
        elif span.label is Label.DATE:
            written = dates.read(value)
            full = written is not None and written.full
            keep = full and (dated or _BIRTH.search(text[max(0, start - 32) : start]) is not None)
        elif span.label is Label.LOCATION:
            keep = _NUMBERED.search(value) is not None
        elif span.label is Label.URL:
            keep = _is_private(value)
        elif span.label in (Label.PHONE, Label.FAX):
            keep = bare(value).lower() not in _PUBLIC_NUMBERS
        else:
            keep = span.label in _COUNTED and not _TRIAL.search(text[max(0, start - 12) : start + 3][:12])
        if keep:
            yield Found(start=start, end=end, label=span.label)


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
    follows = WORD.search(text, end, min(len(text), end + 24))
    noun = follows is not None and follows.group().lower() in EPONYM_NOUNS and text[end : follows.start()].strip("'’s ") == ""
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
