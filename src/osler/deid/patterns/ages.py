"""Ages over 89, in digits or words. Younger ages are no identifiers (45 CFR 164.514(b)(2)(i)(C))."""

import re

from osler.core.spans import Label
from osler.deid.patterns.contexts import following
from osler.deid.patterns.lexemes import TEEN, TEN, UNIT
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, Rule, compiled, number, word, word_set, words_before

_NUMBER = r"(?:9\d|1[01]\d|12[0-5])"
_WORDS = (
    rf"(?:ninety(?:[ -]{UNIT})?|(?:one|a)[ -]hundred(?![ -](?:and )?{TEN})(?:[ -](?:and[ -])?(?:{UNIT}"
    rf"|{TEEN}|twenty))?)"
)
_EITHER = rf"(?:{_NUMBER}|{_WORDS})"
_STOP = r"(?![\w%/]|[.,]\d)"
_ADULT = r"(?:male|female|man|woman|gentleman|lady|grandmother|grandfather|veteran|nun|priest|widow(?:er)?)\b"
_OLD = (
    r"[ -]{0,3}(?:(?:years?|yrs?|yr|ys)\b\.?[ -]{0,3}(?:olds?\b|young\b|of age\b)|y\.? ?[/-]? ?o\b"
    r"|y[/ ]?o[fm]?\b|y\.o\."
    r"|(?:year|yr)s?[ -]?old|(?:years?|yrs?|y)[ -]?(?:male|female|man|woman|lady|gentleman)\b)"
    r"|(?:th|st|nd|rd) birthday"
)
_DIGITS = compiled(
    rf"({_NUMBER})(?:({_OLD})|(s? ?(?:years?|yrs?)\b)|( ?[fm](?![\w'./°%-]| ?\d))|([ -]{_ADULT}))"
)
_SPELLED = compiled(
    rf"({_WORDS})(?:[ -](?:years?|yrs?|year)[ -]?(?:olds?|of age|young)\b|[ -]y/?o\b|( (?:years?"
    rf"|yrs?)\b)|[ -]{_ADULT})"
)
_AGED = compiled(
    r"(?:aged?|ages|turned|turning|turns)(?: of| is| was| at death| now| today)?(?: ?[:=] ?|\s{1,4}\(?)"
    rf"(?:at |about |around |over |approximately |~ ?)?({_EITHER})(?![\w%/+]|[.,]\d|[ -](?:to|and "
    r"older|and over|and above)\b|-\d| ?- ?\d)"
)
_AFTER_SUBJECT = compiled(
    rf"[a-z']+,? ({_EITHER})(?=[,;)\n]|\.(?:\s|$)| (?:and|with|now|but|who|has|lives|when|yet|or so"
    r"|this|next|last|at|in|on|from|of|i mean|he'?s|she'?s|he|she|the|my|remains)\b|$)"
)
_NAMED = compiled(
    rf"([a-z][a-z'-]+),? \(?({_EITHER})"
    r"(?:\)(?= and| who|,| has| is| was| lives| with|\.)|, (?=an? |who |has |is |was |lives|retired"
    r"|widow|former|of |from |in "
    r"|presents|admitted|and still|sharp|living|still|brought|driver|passenger|here|seen)| years\.)"
)
_LADY = compiled(rf"(?:lady|man|woman|gentleman|male|female|patient|person) of ({_EITHER}){_STOP}")
_COHORT = compiled(r".*\d(?: years?)?(?: to | and |-| - )\Z")
_NOT_UNIT = word_set(
    "mg mcg ml kg lb lbs pounds pound bpm mm cm percent days weeks months hours minutes degrees "
    "mmhg units f c g oz meq",
)
_TEMPERATURE = word_set("temp temperature t tmax febrile fever to of at was tm max afebrile feels")
_DISTANCE = word_set(
    "walk walked walks walking distance ran x at for of than to over about swim swam test 6mwt mwt"
)
_SUBJECTS = word_set(
    "she he patient pt mother father mom dad husband wife aunt uncle sister brother client "
    "resident who grandmother",
    "grandfather grandma grandpa she's he's i'm nana granny she'll he'll hes shes i'll i mister mrs mr ms",
)
_TELLING = word_set(
    "is was age she's he's i'm am turn turned turns turning lived at now nearly almost just being hes shes"
)
_FOLLOWS = word_set(
    "with w/ who presents presenting presented admitted c/o hx h/o pmh pmhx s/p p/w in from here "
    "brought biba bibems",
    "transferred status found complains complaining complain has is was and pt patient fell full "
    "dnr lives living seen",
    "a&o aox3 resident s/p, adm coming came referred sent on well",
)
_LABS = word_set(
    "sat sats saturation spo2 temp temperature pulse rate hr glucose chloride pressure bp map "
    "sodium weight height score sugar",
    "image series page slice bed room platelets level dose age total mean median year years range "
    "phos iron ferritin tibc cl na hgb wbc bun patients group ef",
    "o2 oxygen egfr gfr cr inr percent percentile creatinine ldl hdl cholesterol triglycerides "
    "peak volume speed average heart",
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
    if match[2]:
        return _hit(s, end, 0.93) if not _COHORT.match(low, max(0, s - 12), s) else None
    before = words_before(low, s, 24)
    last = before[-1] if before else b""
    if match[3]:
        return _hit(s, end, 0.85) if last in _TELLING or last == b"aged" else None
    if match[5]:
        return _hit(s, end, 0.85)
    return _hit(s, end, 0.85) if _letter(page, match, last) else None


def _letter(page: Page, match: re.Match[bytes], last: bytes) -> bool:
    """Whether `97F` is a woman of 97 and no temperature, `92m` a man and no distance."""
    low, start, end = page.low, match.start(), match.end()
    letter = match[4].strip()
    if last in (_TEMPERATURE if letter == b"f" else _DISTANCE) or last[-1:].isdigit():
        return False
    after = following(low, end)
    opens = low[max(0, start - 3) : start].strip(b" \t") in (
        b"",
        b"\n",
        b".",
        b":",
        b",",
        b")",
        b"-",
        b"|",
        b";",
    )
    if after in _FOLLOWS or (letter == b"m" and (opens or low[end : end + 1] == b",")):
        return True
    if last in (b"a", b"is", b"pt", b"this") and not after:
        return True
    if match[4][:1] == b" " or not last.isalpha():
        return opens and low[end : end + 1] == b":"
    before = start - 1 - len(last)
    named = len(last) > 2 and page.data[before : before + 1].isupper()
    return named or letter == b"m" or (opens and low[end : end + 1] == b":")


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
    return _hit(match.start(1), match.end(1), 0.92)


def subject(page: Page, s: int, run_end: int) -> Hit | None:
    """`she is 93 and frail`, `his mother, 95, lives alone`, `died at ninety eight`, from the word before the number."""
    low = page.low
    match = _AFTER_SUBJECT.match(low, s)
    if match is None or following(low, match.end()) in _NOT_UNIT:
        return None
    start = match.start(1)
    before = [b"", b"", *words_before(low, start, 40)]
    one, two, spelled = before[-1], before[-2], not match[1][:1].isdigit()
    if two != b"i" and any(w in _LABS for w in before[-4:]):
        return None
    told_of = two in _SUBJECTS or before[-3] in _SUBJECTS
    fits = (
        (one in _SUBJECTS and (one[-1:] in b"sm" or low[start - 2 : start] == b", "))
        or (one in (b"is", b"was", b"be", b"turned", b"still", b"here") and (told_of or spelled))
        or (one in (b"mean", b"still", b"now", b"am", b"here") and spelled)
        or one in (b"agd", b"alive")
        or (one == b"at" and two in (b"died", b"passed", b"dead", b"deceased", b"away", b"same"))
        or (one == b"be" and two in (b"will", b"he'll", b"she'll", b"i'll"))
        or (
            one == b"is"
            and low[match.end() : match.end() + 2] == b", "
            and following(low, match.end() + 1) in _LIVELY
        )
    )
    return _hit(start, match.end(1), 0.8) if fits else None


_LIVELY = word_set("sharp frail and but lives living widowed retired still a an who")


def at_name(page: Page, s: int, run_end: int) -> Hit | None:
    """`Somaly Som, 92, a former seamstress`, `Helen Sahle (97) and her brother`, from the name's last letter."""
    low, start = page.low, s
    while start and s - start < 24 and (low[start - 1 : start].isalpha() or low[start - 1] in b"'-"):
        start -= 1
    match = _NAMED.match(low, start)
    if match is None or match[1] in _LABS:
        return None
    if not page.data[start : start + 1].isupper() and (b"(" in match[0] or not match[0].endswith(b", ")):
        return None
    return _hit(match.start(2), match.end(2), 0.75)


def lady(page: Page, s: int, run_end: int) -> Hit | None:
    """`this lady of 95`."""
    match = _LADY.match(page.low, s)
    return _hit(match.start(1), match.end(1), 0.85) if match else None


_SOON = rf"(?:{_NUMBER}\b|ninety|one hundred|a hundred)"

RULES: tuple[Rule, ...] = (
    number(
        rf"\b{_NUMBER}(?:[ -]{{0,3}}(?:y|mal|fem|man\b|wom|lady|gentl|grand|vet|nun|priest|wid"
        r"|[fm]\b)|s? ?y|(?:st|nd|rd|th) birthday)",
        in_digits,
        (2, 3),
        b" -ysfmtnrwglv",
    ),
    word(
        r"\b(?:is|was|turned|at|he's|she's|i'm|she|he|patient|pt|mother|father|mom|dad|husband|wife"
        r"|aunt|uncle|sister|brother"
        r"|client|resident|grand(?:mother|father|ma|pa)|nana|granny|hes|shes|be|still|mean|now"
        rf"|here|am|alive|agd),? {_SOON}",
        subject,
        b"iwtahspmdfubcrgn",
        b" ,'",
    ),
    word(
        r"\b(?:ninety|(?:one|a)[ -]hundred|hundred)[ -](?:[a-z]{1,9}[ -]){0,3}(?:y|mal|fem|man\b"
        r"|wom|lad|gentl|grand|vet)",
        in_words,
        b"noah",
        b" -",
    ),
    word(
        rf"[a-z],? \(?(?:{_NUMBER}|ninety(?:[ -][a-z]{{3,5}})?|(?:one|a) hundred(?: and)?(?: [a-z]+)?)"
        r"(?:\)(?: and| who|,| has| is| was| lives| with|\.)|, (?:an? |who |has |is |was |lives"
        r"|retired|widow|former|of |from |in "
        r"|presents|admitted|and still|sharp|living|still|brought|driver|passenger|here|seen)| years\.)",
        at_name,
        then=b" ,",
    ),
    word(rf"\b(?:lady|man|woman|gentleman|male|female|patient|person) of {_SOON}", lady, b"lmwgfp", b" "),
    word(
        r"\b(?:aged?|ages|turned|turning|turns)(?: of| is| was| at death| now| today)?(?: ?[:=] ?|\s{1,4}\(?)"
        rf"(?:at |about |around |over |approximately |~ ?)?{_SOON}",
        told,
        b"at",
        b" :=\t\n",
    ),
)
