"""Finding identifiers that are known beforehand (a patient's record) wherever they stand, however they are put.

Names are found whole, as "Last, First", with initials and by their parts; numbers with or without separators; dates
in any written form. A name that is an everyday word needs a capital, and where that word often opens a sentence, what
else speaks for a person. Encodings (base64, hex, URL escapes) are not looked into. One pass over the words of a text,
with a look-up per word: the time does not grow with the number of identifiers.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid import dates, gazetteers
from osler.deid.known_forms import DROPPED, PREFIXES, TOKEN, Form, Learned, learned, normal
from osler.deid.name_words import HUMAN_VERBS, NAME_VERBS, NEVER
from osler.deid.restore import SPACELESS, touches
from osler.deid.tokens import fold, word_set

DETECTOR = "known"
SCORE = 0.99

_GAP = re.compile(r"[\s.,'’()/:_+*#–‑\-]{0,4}")
_ANY_GAP = re.compile(r"[\W_]{0,5}")
_NUMBER_GAP = re.compile(r"[ \t.()/_–‑\-]{0,3}")
_SENTENCE_END = re.compile(r"(?:\A|[.!?:;\n•*]\s*|\n\s*)\Z")
_BESIDE = re.compile(r" |\. |\.")
_GLUED = re.compile(r"([a-z]+)(\d.*)", re.S)
_WITHOUT_BLANKS = re.compile(f"[{SPACELESS}]")
_DOES = (NAME_VERBS | HUMAN_VERBS | word_set("may can must should could might cannot says")) - word_set(
    "with at and"
)
"""What goes on as a sentence about a person does."""
_NAME_GAPS = (" ", ", ", ",", "  ", "\n", "^", "-")
_PLAIN = re.compile(r"[a-z0-9]+")
_YEAR_DIGITS = 4
_DAY_BEFORE = 40
"""How many characters a day, spelled out, and what joins it to its month have at most."""
_MONTH_YEAR = re.compile(r"[/\-](?:1[89]|2[0-2])\d\d(?![\d/\-])")
_MOSTLY = 0.6
"""From which share of words in capitals on a capital says nothing."""
_PLACE_BEFORE = word_set("in from at near of to via outside")
_MODALS = word_set("will may can must")
_OPENERS = NEVER | word_set(
    "will may can must long early late more most still just now new old high low good best better hard small little",
    "short young major minor sharp strong rich poor dry full free early daily day night week case said save dose",
    "black white brown green gray grey blue red warm cold hot large big great much many few strange sound quick",
    "slow love rest sleep pain mark grant page call cook wait walk stand turn ward field price key means way",
)
"""Words that open sentences which have nothing to do with the person of that name."""


class KnownFinder:
    """Finds a fixed set of known identifiers in any number of texts."""

    def __init__(self, known: Iterable[KnownIdentifier], *, of_record: bool = False) -> None:
        """`of_record` says that the identifiers are a record's, which will be asked for again."""
        known = tuple(known)
        self._learned = learned(known) if of_record else Learned(known)

    def find(self, text: str) -> Iterator[Span]:
        """Spans of the known identifiers in `text`; overlaps are possible."""
        if self._learned.forms or self._learned.numbers:
            yield from _Search(text=text, learned=self._learned).spans()
        if self._learned.literals:
            yield from _literals(text, self._learned)
        if self._learned.days or self._learned.months:
            yield from _dates(text, self._learned)


@dataclass(slots=True, kw_only=True)
class _Search:
    """One search through one text: its words, where they stand, and what was found of them."""

    text: str = field(repr=False)
    learned: Learned = field(repr=False)
    at: list[tuple[int, int]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list, repr=False)
    doubted: list[int] = field(default_factory=list)
    loud: bool | None = None

    def spans(self) -> Iterator[Span]:
        self._read()
        telling = self._telling()
        if not telling:
            return
        if not self.at:
            self.at = [match.span() for match in _PLAIN.finditer(self.text.lower())]
        names: set[int] = set()
        for i, key in [(i, key) for i, key in enumerate(self.keys) if key in telling]:
            for form in self._forms(key):
                if self._fits(i, form):
                    if form.label is Label.NAME:
                        names.add(i)
                    yield _span(self.at[i][0], self.at[i + len(form.words) - 1][1], form.label)
                    break
            if self._numbered(key):
                yield from self._numbers(i)
        for i in reversed(self.doubted):
            if self._beside(i, names):
                names.add(i)
                yield _span(*self.at[i], Label.NAME)

    def _read(self) -> None:
        """The words; in ASCII a word's lower case is all there is to its key, and where they stand can wait."""
        if self.text.isascii():
            self.keys = _PLAIN.findall(self.text.lower())
            return
        # a combining mark that stands alone is no word
        words = [(m.span(), key) for m in TOKEN.finditer(self.text) if (key := normal(m.group()))]
        self.at, self.keys = [at for at, _ in words], [key for _, key in words]

    def _telling(self) -> set[str]:
        """The words with which a form or a number may begin. Most say nothing, and are asked as little as can be."""
        forms, numbers = self.learned.forms, self.learned.numbers
        words = set(self.keys)
        telling = words & forms.keys()
        telling.update([key for key in words if key[-1] == "s" and self._forms(key)])
        if numbers:
            telling.update([
                key
                for key in words
                if key[0] in numbers or (key[-1].isdecimal() and not key[0].isdecimal())
            ])  # fmt: skip
        return telling

    def _numbered(self, key: str) -> bool:
        """Whether a number may begin in a word."""
        return key[0] in self.learned.numbers or (key[-1].isdecimal() and not key[0].isdecimal())

    def _loud(self) -> bool:
        """Whether most words of the text are in capitals."""
        if self.loud is None:
            long = [self.text[a:b].isupper() for a, b in self.at if b - a > 3]
            self.loud = len(long) > 3 and sum(long) > _MOSTLY * len(long)
        return self.loud

    def _forms(self, key: str) -> Iterable[Form]:
        forms = self.learned.forms.get(key, ())
        if not forms and len(key) > 5 and key[-1] == "s":
            # a possessive without its apostrophe: "gonzalezs potassium"
            bare = self.learned.forms.get(key[:-1], ())
            return [f for f in bare if len(f.words) == 1 and f.label is Label.NAME and not f.careful]
        return forms

    def _fits(self, i: int, form: Form) -> bool:
        count = len(form.words)
        if count > 1:
            return tuple(self.keys[i : i + count]) == form.words and self._holds_together(i, count, form)
        if form.label not in (Label.NAME, Label.LOCATION):
            return True
        word = self._word(i)
        if len(form.words[0]) == 2 and word.isascii():
            return self._short(i, word)
        if form.careful:
            return self._likely(i, word, form)
        return word[0].isupper() or not word.isascii() or len(word) > 3

    def _holds_together(self, i: int, count: int, form: Form) -> bool:
        gap = _GAP if form.label is Label.NAME else _ANY_GAP
        if any(not gap.fullmatch(self.text, *self._gap(k)) for k in range(i, i + count - 1)):
            return False
        if form.initials and not all(self._word(k)[0].isupper() for k in range(i, i + count)):
            return self.text[slice(*self._gap(i))] in ("'", "’")
        if not form.careful:
            return True
        if form.initials:
            # "Summer, A." is a name, "this Summer A" need not be
            return len(form.words[-1]) > 1 or "," in self.text[slice(*self._gap(i))]
        # "will long" is the name of Will Long, "a long: will" is none
        spaced = all(self.text[slice(*self._gap(k))] in _NAME_GAPS for k in range(i, i + count - 1))
        return spaced or any(self._word(k)[0].isupper() for k in range(i, i + count))

    def _likely(self, i: int, word: str, form: Form) -> bool:
        """Whether a word that prose uses too is meant as the name here."""
        if word.isdecimal():
            return i > 0 and self._word(i - 1) in gazetteers.load().state_codes
        if not word[0].isupper():
            return False
        start = self.at[i][0]
        shouted = word.isupper() and len(word) > 1
        opens = _SENTENCE_END.search(self.text, max(0, start - 4), start) is not None
        if not (self._loud() if shouted else opens) or (i and self.keys[i - 1] in DROPPED):
            return True
        if form.label is not Label.NAME:
            return shouted and i > 0 and self.keys[i - 1] in _PLACE_BEFORE
        if self._acts(i) or not (shouted or self.keys[i] in _OPENERS):
            return True
        self.doubted.append(i)
        return False

    def _short(self, i: int, word: str) -> bool:
        """Whether a name of two letters is meant: "Ng", "Ng's"; not "NG tube", "Li 0.8", "Na level"."""
        if self._possessive(i):
            return True
        if not (word[0].isupper() and word[1].islower()):
            return False
        follows = self.keys[i + 1] if i + 1 < len(self.keys) else ""
        return not follows[:1].isdecimal() and follows not in ("level", "levels", "and", "or")

    def _acts(self, i: int) -> bool:
        """Whether the sentence goes on as one about a person: "Will's knee", "Long may call", "Rose was seen"."""
        if self._possessive(i):
            return True
        if (
            i + 1 >= len(self.keys)
            or self.text[slice(*self._gap(i))] != " "
            or (self._word(i + 1)[0].isupper() and not self._loud())
        ):
            return False
        follows = self.keys[i + 1]
        if self.keys[i] in _MODALS and follows in ("need", "do", "make"):
            return False
        return follows in _DOES

    def _possessive(self, i: int) -> bool:
        end = self.at[i][1]
        return self.text[end : end + 2].lower() in ("'s", "’s") and not self.text[end + 2 : end + 3].isalnum()

    def _beside(self, i: int, names: set[int]) -> bool:
        """Whether a doubted word stands right before a name, an initial perhaps between: "April M. Summer"."""
        nxt = i + 1
        if nxt < len(self.keys) and len(self.keys[nxt]) == 1 and self.text[slice(*self._gap(i))] == " ":
            nxt += 1
        if nxt >= len(self.keys) or not _BESIDE.fullmatch(self.text, *self._gap(nxt - 1)):
            return False
        if nxt == i + 1 and self.text[slice(*self._gap(i))] != " ":
            return False
        return nxt in names or (nxt > i + 1 and nxt in self.doubted)

    def _numbers(self, i: int) -> Iterator[Span]:
        start, key = self.at[i][0], self.keys[i]
        yield from self._numbers_from(i, start, key)
        glued = _GLUED.fullmatch(key)
        if glued and glued[1] in PREFIXES and len(key) == self.at[i][1] - start:
            yield from self._numbers_from(i, start + len(glued[1]), glued[2])

    def _numbers_from(self, i: int, start: int, head: str) -> Iterator[Span]:
        for number in self.learned.numbers.get(head[0], ()):
            last = self._spelled(i, head, number.digits)
            if last >= 0:
                end = self.at[last][1]
                yield _span(_bracket(self.text, start, end), end, number.label)

    def _spelled(self, i: int, head: str, digits: str) -> int:
        """The last of the words that together spell `digits`, from `head` in word `i` on; -1 if they do not."""
        at, k, part = 0, i, head
        while digits.startswith(part, at):
            at += len(part)
            if at == len(digits):
                return k
            if k + 1 >= len(self.keys) or not _NUMBER_GAP.fullmatch(self.text, *self._gap(k)):
                return -1
            k += 1
            part = self.keys[k]
        return -1

    def _word(self, i: int) -> str:
        return self.text[self.at[i][0] : self.at[i][1]]

    def _gap(self, i: int) -> tuple[int, int]:
        """From where to where it goes between word `i` and the next."""
        return self.at[i][1], self.at[i + 1][0]


def _literals(text: str, learned: Learned) -> Iterator[Span]:
    """What is found as it is: ids of letters alone at the edges of words, and scripts without blanks anywhere."""
    folded = fold(text)
    for literal, label in learned.literals.items():
        anywhere = _WITHOUT_BLANKS.search(literal) is not None
        start = folded.find(literal)
        while start >= 0:
            end = start + len(literal)
            before, after = text[start - 1 : start], text[end : end + 1]
            if anywhere or not (touches(before, text[start]) or touches(text[end - 1], after)):
                yield _span(start, end, label)
            start = folded.find(literal, start + 1)


def _dates(text: str, learned: Learned) -> Iterator[Span]:
    folded = fold(text)
    for match in _dated(folded, months=bool(learned.months)):
        end = match.end()
        while end > match.start() and folded[end - 1] in " ,.\n-/":
            end -= 1
        if match.start() and folded[match.start() - 1].isdecimal():
            continue
        for written in dates.read_all(text[match.start() : end]):
            if written.year is not None and _is_known(written, written.year, learned):
                yield _span(match.start(), end, Label.DATE)
                break


def _dated(folded: str, *, months: bool) -> Iterator[re.Match[str]]:
    """What may be a date with a year; in numbers without a day only where `months` are looked for."""
    for match in dates.NUMERIC.finditer(folded):
        if match["c"] is not None or len(match["a"]) == _YEAR_DIGITS:  # else a blood pressure, a decimal
            yield match
    named = list(dates.MONTH_FIRST.finditer(folded))
    yield from named
    yield from _day_first(folded, [match.start() for match in named])
    yield from dates.COMPACT.finditer(folded)
    if months and _MONTH_YEAR.search(folded):
        yield from dates.MONTH_YEAR.finditer(folded)


def _day_first(folded: str, months: Iterable[int]) -> Iterator[re.Match[str]]:
    """All of `DAY_FIRST`, looked for just before the names of months alone, which takes a tenth of the time."""
    done = 0
    for month in months:
        for at in range(max(done, month - _DAY_BEFORE), month):
            match = dates.DAY_FIRST.match(folded, at)
            if match is not None:
                yield match
                done = match.end()
                break


def _is_known(written: dates.Written, year: int, learned: Learned) -> bool:
    if not written.day:
        return (year, written.month) in learned.months
    if "{y}" in written.layout:
        # two digits of a year may be of any century
        return any(
            (day.month, day.day, day.year % 100) == (written.month, written.day, year % 100)
            for day in learned.days
        )
    return written.on(year) in learned.days


def _span(start: int, end: int, label: Label) -> Span:
    return Span(start=start, end=end, label=label, score=SCORE, detector=DETECTOR)


def _bracket(text: str, start: int, end: int) -> int:
    """Takes in the bracket of `(617) 555-0142`."""
    return start - 1 if text[start - 1 : start] == "(" and ")" in text[start:end] else start
