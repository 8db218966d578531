"""Values behind a field label: `MRN: 0012345`, `serial no. AB-77`, `medical record number is four four two`.

Each identifier's file lists its labels as data (`Keys`); all labels make one lane of the scan. The label, its mark
(`#`, "number", a colon) and its quotes stay outside the span. The value may stand on the next line.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from osler.core.spans import Label
from osler.deid.patterns.codes import clinical, dose, labelled_code
from osler.deid.patterns.contexts import UNITS_AFTER, following
from osler.deid.patterns.lexemes import DIGIT_WORD, MONTH, SPOKEN_CODE, TEEN, TEN
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import NO_DIGITS, Hit, compiled, word_set

_NUMBER_WORD = r"(?:numbers?|num|nos?|nbrs?|nr|ids?|identifiers?|identification|codes?|values?|ref|reference)"
_AROUND = r"[\"'*\]})_ \t]{0,4}(?:\([^()\n]{1,24}\)[ \t]{0,3})?(?:[ .]{2,40})?"
_BEHIND = r"[ \t]{0,12}(?:\r?\n[ \t]{0,8})?[\"'#*\[(<=:]{0,3}[ \t]{0,2}(?:#|no\.? )?"
_NUMBERED = rf"(?:[ \t_-]{{0,3}}(?:{_NUMBER_WORD}\b\.?|#))"
_SAYING = r"\b(?:is|was|are|were|of|reads|as|ending in|ends in|ending|listed as|recorded as)\b"
SEPARATOR = rf"{_NUMBERED}{{0,2}}{_AROUND}(?:[:=#|>~^-]{{1,3}}|{_SAYING})?{_BEHIND}"
"""What may stand between a label and its value."""
MARK = rf"(?:{_NUMBERED}{{1,2}}{_AROUND}(?:[:=#|>~^-]{{1,3}}|{_SAYING})?|{_AROUND}[:=#|>^]{{1,3}}){_BEHIND}"
"""The same with a mark in it: a colon, a number sign, a word for number."""
_SPOKEN_PAIR = (
    rf"(?:{DIGIT_WORD}|double|triple|{TEEN}|{TEN})[ ,.-]{{1,3}}(?:{SPOKEN_CODE})[ "
    rf",.-]{{1,3}}(?:{SPOKEN_CODE})\b"
)
CODE_START = (
    r"(?:[a-z]{1,7}[-_./]?\d{2}|\d{1,8}[-_./]?[a-z]{1,6}[-_./]?\d|\d{6}|\d{2,5}[-/.]\d{3}"
    r"|[a-z0-9]{2,6}-[a-z0-9]{2,8}-[a-z0-9]|[a-z]{1,4}\d[a-z]{1,4}\d)"
)
VALUE_START = (
    rf"(?:\d|[a-z]{{1,12}}[-_./:]?[a-z0-9._/-]{{0,20}}\d|[a-z]{{1,4}} \d{{2}}|[a-z]{{2}} "
    rf"[a-z]{{1,3}}\d{{4}}|[x*]{{2,9}}[- ]?[x*\d]"
    rf"|{_SPOKEN_PAIR}|\(\d)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The labels of one kind of identifier, as RE2 alternatives in lower case whose blanks may be `_`, `-` or nothing.

    Behind a `strong` label a value may stand without any mark if it has `bare` digits; behind a `weak` one only if
    it is a code by itself. With a mark (a colon, `#`, "number") it needs `marked` digits, and never more than `most`
    (0: no bound). `words` allows values without digits. `read` gives the end of a value of its own shape (0: none)
    in place of the general reading; `start` is how a value starts, where that is narrower than usual.
    """

    label: Label
    detector: str
    score: float = 0.93
    strong: str = ""
    weak: str = ""
    bare: int = 5
    marked: int = 3
    most: int = 0
    words: bool = False
    read: Callable[[Page, int], int] | None = None
    start: str = ""

    @property
    def value_start(self) -> str:
        """The pattern that a value starts with."""
        return self.start or (r"[a-z0-9@]" if self.words else VALUE_START)


_TOKEN = compiled(r"[a-z0-9]{1,40}(?:[-./_:\\+][a-z0-9]{1,40}){0,8}")
_SPACED = compiled(
    r"\d(?:[ -]\d){3,15}(?![\w/%]|[.,]\d)|\d{1,5}(?: \d{2,6}){1,6}(?![\w/%]|[.,-]\d)|\d{2,3} "
    r"- \d{2,3} - \d{2,4}(?!\d)"
    r"|[a-z]{1,4}[ -]\d{2,9}(?: \d{2,6}){0,4}(?![\w/%])|[a-z]{1,3}\d{1,5} \d{5,9}(?![\w/%])"
    r"|[a-z]{2} [a-z]{1,3}-?\d{4,8}(?![\w/%])"
    r"|[a-z]\d{6,11} \d\d(?![\w/%:.-])"
)
_GROUPS = compiled(r"[a-z0-9]{3,5}(?: [a-z0-9]{2,5}){1,7}(?![\w/%])")
_SPOKEN = compiled(rf"(?:{SPOKEN_CODE}[ ,.-]{{1,3}}){{2,24}}{SPOKEN_CODE}(?![a-z0-9])")
_MASKED = compiled(r"[x*#]{2,19}(?:[- ][x*#]{2,4}){0,3}[- ]?\d{2,6}(?!\d)")
_DATE = compiled(
    r"(?:(?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])|(?:1[3-9]|2\d|3[01])[-/.](?:0?[1-9]"
    r"|1[0-2]))[-/.](?:(?:19|20)\d\d|\d\d)(?!\d)"
    rf"|\d{{1,2}}[-/. ]?{MONTH}(?![a-z])|(?:19|20)\d\d-\d\d-\d\d(?!\d)|\d{{1,2}}/\d{{1,2}}(?!\d)"
    rf"|\d{{1,2}}:\d\d(?!\d)"
)
_NO_USERS = word_set(
    "required is not incorrect invalid wrong needed the my a an and or for to of in on with at was "
    "has he she they it i we",
    "locked name id password unknown none case from who that problems issues error errors here below above",
)
_NUMBER_WORDS = word_set(
    "zero oh one two three four five six seven eight nine niner double triple ten eleven twelve "
    "thirteen fourteen fifteen",
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety",
)
_LABELS = word_set("ssn mrn dob id fin csn npi dea dl tel ph fax")
_SMALL = word_set(
    "has is a the in on for of at to and card no says was are it he she we they by or as per from "
    "with age dob had",
)
_LETTER = compiled(r"[a-z]")
_PLAIN_YEAR = compiled(r"(?:19|20)\d\d\Z")
_DECIMAL = compiled(r"\d{1,4}\.\d{1,2}\Z")


def value_at(page: Page, keys: Keys, at: int, marked: bool, sure: bool = True) -> Hit | None:
    """The identifier that stands at `at` behind a label of `keys`, or None."""
    low = page.low
    if keys.read is not None:
        end = keys.read(page, at)
        return (at, end, keys.label, keys.score, keys.detector) if end else None
    first = low[at]
    if first in b"x*#" and (match := _MASKED.match(low, at)):
        return at, match.end(), keys.label, keys.score, keys.detector
    if sure and not 48 <= first <= 57 and (match := _SPOKEN.match(low, at)) and _said(match[0]):
        return at, _unspoken_end(match), keys.label, keys.score - 0.03, keys.detector
    if first == 40:
        at += 1
    match = _TOKEN.match(low, at)
    if match is None:
        return None
    end = match.end()
    if low[end : end + 1] in (b" ", b"-") or match[0][1:2] == b"-":
        spaced = _SPACED.match(low, at) or (_GROUPS.match(low, at) if end - at < 6 else None)
        if spaced and spaced.end() > end and _regular(page.data[at : spaced.end()]):
            return _judged(page, keys, spaced, marked, sure)
        said = _SPOKEN.match(low, at) if sure and end - at < 5 else None
        if said and said.end() > end and _said(said[0]):
            return at, _unspoken_end(said), keys.label, keys.score - 0.03, keys.detector
    return _judged(page, keys, match, marked, sure)


def _said(words: bytes) -> bool:
    return sum(w in _NUMBER_WORDS for w in words.replace(b",", b" ").replace(b"-", b" ").split()) >= 3


def _unspoken_end(match: re.Match[bytes]) -> int:
    """The end of a spoken code without a last lone `a`, which is an article."""
    return match.end() - 2 if match[0].endswith(b" a") else match.end()


def _regular(groups: bytes) -> bool:
    """Whether blank-separated groups make one number: each with a digit, none a lone year-like tail."""
    parts = groups.split()
    if parts[0].lower() in _SMALL:
        return False
    if parts[0].isalpha() and not parts[0].isupper() and (len(parts[0]) > 1 or len(parts) < 3):
        return len(parts) == 2 and len(parts[0]) < 4 and len(parts[1]) > 5 and parts[1].isdigit()
    if len(parts) == 2 and not parts[1].isdigit():
        return parts[1].isupper()
    return all(any(48 <= c <= 57 for c in part) for part in parts[1:])


def _judged(page: Page, keys: Keys, match: re.Match[bytes], marked: bool, sure: bool) -> Hit | None:
    low, start, end = page.low, match.start(), match.end()
    value = match[0]
    digits, size = len(value.translate(None, NO_DIGITS)), end - start
    fits = _user_name(value, digits, marked) if keys.words else _enough(keys, value, digits, marked, sure)
    if not fits or (keys.most and digits > keys.most):
        return None
    if digits < size and _otherwise(value, keys.words):
        return None
    after = low[end : end + 1]
    if (after == b"^" and b"|" in low[max(0, start - 2) : start]) or (digits < 5 and after == b"%"):
        return None
    if digits == 4 and not marked and _PLAIN_YEAR.match(value):
        return None
    if digits < 6 and not _LETTER.search(value) and following(low, end) in UNITS_AFTER:
        return None
    return start, end, keys.label, keys.score, keys.detector


def _otherwise(value: bytes, words: bool) -> bool:
    """Whether a value is a date, a time, a decimal number or the next label, to be read by others."""
    head, colon, _ = value.partition(b":")
    if colon and head.isalpha() and (len(head) > 5 or head in _LABELS):
        return True
    return (len(value) < 12 and not words and _DATE.match(value) is not None) or _DECIMAL.match(
        value
    ) is not None


def _enough(keys: Keys, value: bytes, digits: int, marked: bool, sure: bool) -> bool:
    """Whether a value is code enough for its label and its mark."""
    if marked and sure:
        return digits >= keys.marked or (digits > 0 and len(value) > 4 and not clinical(value))
    if marked:
        return digits >= 5 or (digits >= keys.marked and not clinical(value)) or labelled_code(value)
    if sure:
        if digits >= keys.bare and (digits == len(value) or digits > 4 or not clinical(value)):
            return True
        if digits >= max(keys.bare, 4) and b"-" in value and not dose(value):
            return True
        return labelled_code(value) or (
            digits > 2 and digits < len(value) > 4 and not dose(value) and value[:1].isalpha()
        )
    return digits >= 6 or labelled_code(value)


def _user_name(value: bytes, digits: int, marked: bool) -> bool:
    """Whether a value can be a login name: behind a mark any word, else one with a digit or mark."""
    if value in _NO_USERS:
        return False
    return marked or (digits < len(value) and (digits > 0 or b"." in value or b"_" in value))
