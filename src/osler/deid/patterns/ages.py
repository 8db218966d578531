"""Ages over 89, in digits or words. Younger ages are no identifiers (45 CFR 164.514(b)(2)(i)(C))."""

import re

from osler.core.spans import Label
from osler.deid.patterns.contexts import following
from osler.deid.patterns.lexemes import TEEN, UNIT
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import compiled, number, word, word_set, words_before, Hit

_NUMBER = r"(?:9\d|1[01]\d|12[0-5])"
_WORDS = (
    rf"(?:ninety(?:[ -]{UNIT})?|(?:one|a|1)?[ -]?hundred(?:[ -](?:and[ -])?(?:{UNIT}|{TEEN}|twenty))?)"
)
_OLD = (
    r"[ -]{0,3}(?:(?:years?|yrs?|yr|ys)\b\.?[ -]{0,3}(?:olds?\b|young\b|of age\b)|y\.? ?[/-]? ?o\b|y[/ ]?o[fm]?\b"
    r"|y\.o\.|year[ -]?old|yr[ -]?old|(?:th|st|nd|rd) birthday|[ -]?(?:years?|yrs?|y)[ -]?(?:male|female|man|woman|lady|gentleman)\b"
    r"|y(?:ear)?s? old|(?:something|ish)\b[ -]year)"
)
_PEOPLE = r"(?:male|female|man|woman|gentleman|lady|grandmother|grandfather|veteran|nun|priest|widow(?:er)?)\b"
_DIGITS = compiled(
    rf"({_NUMBER})(?:({_OLD})|(s? ?(?:years?|yrs?)\b)|( ?[fm](?![\w'./°%-]| ?\d))|([ -]{_PEOPLE}))"
)
_SPELLED = compiled(
    rf"({_WORDS})(?:[ -](?:years?|yrs?|year)[ -]?(?:olds?|of age|young)\b|[ -]y/?o\b|( (?:years?|yrs?)\b)|[ -]{_PEOPLE})"
)
_AGED = compiled(
    rf"(?:aged?|ages|turned|turning|turns|age of|age is|age was|age at death|age now|age today)"
    rf"(?: ?[:=] ?|[ \t]\(?)((?:at |about |around |over |approximately |~ ?)?)({_NUMBER}|{_WORDS})(?![\w%/]|[.,]\d|[ -](?:to|and older|and over|and above)\b|-\d|\+| ?-)"
)
_BARE = compiled(rf"({_NUMBER})(?=[,;)\n]|\.(?:\s|$)| (?:and|with|now|but|who|has|lives|when|yet|or so|this|next|last|at|in|on|from|of)\b|$)")
_NOT_UNIT = word_set(
    "mg mcg ml kg lb lbs pounds pound bpm mm cm percent days weeks months hours minutes degrees mmhg units f c g oz meq",
)
_TEMPERATURE = word_set("temp temperature t tmax febrile fever to of at was tm max afebrile")
_SUBJECTS = word_set("she he patient pt mother father mom dad husband wife aunt uncle sister brother client resident who")
_GRAND = word_set("grandmother grandfather grandma grandpa she's he's i'm nana granny she'll he'll")
_TELLING = word_set("is was age she's he's i'm am turn turned turns turning lived at now nearly almost just being")
_FOLLOWS = word_set(
    "with w/ who presents presenting presented admitted c/o hx h/o pmh pmhx s/p p/w in from here brought biba bibems",
    "transferred status found complains complaining complain has is was and pt patient fell full dnr lives living seen",
    "a&o aox3 resident s/p, adm coming came referred sent on well",
)


def _hit(start: int, end: int, score: float) -> Hit:
    return start, end, Label.AGE, score, "ages"


def in_digits(page: Page, s: int, run_end: int) -> Hit | None:
    """`92-year-old`, `92 y/o`, `97F with`, `95 years` behind a word that gives an age."""
    low = page.low
    match = _DIGITS.match(low, s)
    if match is None or (s and low[s - 1] in b"./-$:<>=,"):
        return None
    end = match.end(1)
    before = words_before(low, s, 24)
    last = before[-1] if before else b""
    if match[2]:
        return _hit(s, end, 0.93) if not _upper_end(low, s) else None
    if match[3]:
        return _hit(s, end, 0.85) if last in _TELLING or last in (b"age", b"aged") else None
    if match[5]:
        return _hit(s, end, 0.85)
    return _hit(s, end, 0.85) if _letter(page, match, last) else None


def _letter(page: Page, match: re.Match[bytes], last: bytes) -> bool:
    """Whether `97F` is a woman of 97 and no temperature."""
    low, end = page.low, match.end()
    letter = match[4].strip()
    warm = letter == b"f" and last in _TEMPERATURE
    if warm:
        return False
    after = following(low, end)
    opens = not match.start() or low[max(0, match.start() - 3) : match.start()].strip(b" \t") in (b"", b"\n", b".", b":", b",")
    return after in _FOLLOWS or (opens and letter == b"m") or (low[end : end + 1] == b"," and letter == b"m") or (
        last in (b"a", b"is", b"pt", b"this") and not after
    )


def _upper_end(low: bytes, s: int) -> bool:
    """Whether the number ends a range of ages, which is no one's age."""
    return _COHORT.match(low, max(0, s - 12), s) is not None


_COHORT = compiled(r".*\d(?: years?)?(?: to | and |-| - )\Z")


def in_words(page: Page, s: int, run_end: int) -> Hit | None:
    """`ninety-two years old`, `one hundred and one year old`."""
    match = _SPELLED.match(page.low, s)
    if match is None:
        return None
    if match[2]:
        before = words_before(page.low, s, 24)
        if not before or before[-1] not in _TELLING:
            return None
    return _hit(s, match.end(1), 0.92)


def told(page: Page, s: int, run_end: int) -> Hit | None:
    """`aged 94`, `age: 91`, `turned ninety-five`."""
    match = _AGED.match(page.low, s)
    if match is None or following(page.low, match.end()) in _NOT_UNIT:
        return None
    return _hit(match.start(2), match.end(2), 0.92)


_AFTER_SUBJECT = compiled(rf"[a-z']+,? ({_NUMBER})")


def subject(page: Page, s: int, run_end: int) -> Hit | None:
    """`she is 93 and frail`, from the word before the number."""
    match = _AFTER_SUBJECT.match(page.low, s)
    return _of_subject(page, match.start(1)) if match else None


def _of_subject(page: Page, s: int) -> Hit | None:
    low = page.low
    match = _BARE.match(low, s)
    if match is None:
        return None
    before = [b"", *words_before(low, s, 32)]
    if before[-1] in _GRAND or (before[-1] in _SUBJECTS and low[s - 2 : s] == b", "):
        return _hit(s, match.end(1), 0.8)
    kin = before[-2] in _SUBJECTS or before[-2] in _GRAND
    if kin and before[-1] in (b"is", b"was", b"turned", b"at") or (
        before[-1] == b"at" and before[-2] in (b"died", b"passed", b"dead", b"deceased", b"away")
    ):
        return _hit(s, match.end(1), 0.8)
    return None


RULES = (
    number(
        rf"\b{_NUMBER}(?:[ -]{{0,3}}(?:y|mal|fem|man\b|wom|lady|gentl|grand|vet|nun|priest|wid|[fm]\b)|s? ?y|(?:st|nd|rd|th) birthday)",
        in_digits,
        (2, 3),
        b" -ysfmtnrwglv",
    ),
    word(
        r"\b(?:is|was|turned|at|he's|she's|i'm|she|he|patient|pt|mother|father|mom|dad|husband|wife|aunt|uncle|sister|brother"
        rf"|client|resident|grand(?:mother|father|ma|pa)|nana|granny),? {_NUMBER}\b",
        subject,
        b"iwtahspmdfubcrgn",
        b" ,'",
    ),
    word(
        r"\b(?:ninety|(?:one|a)[ -]hundred|hundred)[ -](?:[a-z]{1,9}[ -]){0,3}(?:y|mal|fem|man\b|wom|lad|gentl|grand|vet)",
        in_words,
        b"noah",
        b" -",
    ),
    word(
        r"\b(?:aged?|ages|turned|turning|turns)(?: of| is| was| at death| now| today)?(?: ?[:=] ?|[ \t]\(?)"
        rf"(?:at |about |around |over |approximately |~ ?)?(?:{_NUMBER}\b|ninety|one hundred|a hundred)",
        told,
        b"at",
        b" :=\t",
    ),
)
