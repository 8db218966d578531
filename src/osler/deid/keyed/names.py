"""Surrogates of names by key: the same person gets the same surrogate in every note, in every form of the name.

    people = PatientNames(key)                     what depends on the patient's key alone
    names = DocumentNames(people, avoid, ["Maria Gonzalez", "GONZALEZ, M."])
    names.of("GONZALEZ, M.")                       "VILLALOBOS, R."

Each word of a name has its own surrogate, of the same culture and gender as far as the lists tell, and initials
follow one secret exchange of letters, so that `M. Gonzalez` fits `Maria Gonzalez` in a note that has only one of
them.
"""

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from osler.deid.keyed import people
from osler.deid.keyed.avoid import Avoid
from osler.deid.keyed.draw import Draw
from osler.deid.keyed.people import LETTERS, Kind, stem
from osler.deid.name_words import PARTICLES, SUFFIXES, TITLES

_PIECE = re.compile(r"(?P<word>[^\W\d_](?:[^\W_]|[\u0300-\u036f]|['’](?=[^\W\d_]))*)|(?P<number>\d+)")
_POSSESSIVE = re.compile(r"['’][sS]?\Z")
_TRIES = 48
_NARROW = 8
_SYLLABLES = (
    "ba",
    "bre",
    "cor",
    "da",
    "del",
    "fe",
    "gar",
    "ha",
    "jo",
    "ke",
    "lin",
    "mor",
    "ne",
    "pa",
    "ros",
    "sel",
    "ta",
    "vi",
)
_CLOSE = ("den", "field", "ley", "man", "mere", "ner", "ridge", "sen", "ton", "vale", "wick", "worth")


class PatientNames:
    """What a patient's key makes of single words and letters. Pure: the same key, the same answers."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        order = Draw(key, "letters")
        self._letters = dict(zip(LETTERS, order.shuffled(LETTERS), strict=True))
        for letter in string.ascii_uppercase:
            if letter not in self._letters:
                self._letters[letter] = order.one(LETTERS)
        self._words: dict[tuple[str, int], str] = {}

    def letter(self, letter: str) -> str:
        """The capital that stands for an initial; never the same one."""
        known = self._letters.get(letter)
        if known is None:
            known = self._letters[letter] = Draw(self._key, "letter", letter).one(LETTERS)
        return known

    def word(self, word: str, attempt: int = 0) -> str:
        """The surrogate of a stem, capitalised as names are; another one for each `attempt`."""
        found = self._words.get((word, attempt))
        if found is None:
            found = self._words[word, attempt] = self._drawn(word, attempt)
        return found

    def digits(self, number: str, word: str) -> str:
        """Digits for those that hang on a name."""
        return Draw(self._key, "name digits", word, number).digits(len(number))

    def _drawn(self, word: str, attempt: int) -> str:
        draw = Draw(self._key, "name", word, str(attempt))
        if attempt >= _TRIES - _NARROW:
            middle = draw.one(_SYLLABLES)
            return (draw.one(_SYLLABLES) + middle + draw.one(_CLOSE)).capitalize()
        kind = people.kind(word)
        letter = self.letter(word[0].upper())
        # after some failures the initial no longer counts, then neither does the culture
        if attempt >= 2 * _NARROW:
            return draw.one(people.pool(Kind(culture="english", given=kind.given)).names)
        pool = people.pool(kind)
        if attempt >= _NARROW:
            return draw.one(pool.names)
        # rather a name that goes for a given name only than one whose initial does not fit
        alone = people.pool(Kind(culture=kind.culture, given=kind.given)).of(letter)
        if kind.culture == "english" and word in people.short_forms():
            alone = tuple(n for n in alone if n.lower() in people.short_forms()) or alone
            return draw.one(alone or pool.names)
        return draw.one(pool.of(letter) or alone or pool.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    """A name's pieces; `whole` are the words that are neither initials nor particles, as stems."""

    pieces: tuple[re.Match[str], ...] = field(repr=False)
    whole: tuple[str, ...] = field(repr=False)
    letters: tuple[str, ...] = field(repr=False)


class DocumentNames:
    """The surrogate names of one document: those of the patient's key, told apart where two would meet."""

    def __init__(
        self, names: PatientNames, avoid: Avoid, mentions: Iterable[str], known: Iterable[str] = ()
    ) -> None:
        """`mentions` are the names as they stand in the document, `known` those of the patient's record."""
        self._names = names
        self._avoid = avoid
        self._parsed = {mention: _parse(mention) for mention in mentions}
        self._known = [_parse(name) for name in known]
        self._given: dict[str, str] = {}
        self._made: dict[str, str] = {}
        self._stems = {s for p in (*self._parsed.values(), *self._known) for s in p.whole}
        self._full = [p for p in (*self._parsed.values(), *self._known) if len(p.whole) > 1]
        stems = sorted({s for p in self._parsed.values() for s in p.whole})
        # given names before their short forms, which follow them
        for one in (*(s for s in stems if s not in people.nicknames()), *stems):
            self.word(one)

    def word(self, word: str) -> str:
        """The surrogate of one stem, capitalised as names are."""
        found = self._given.get(word)
        if found is None:
            found = self._given[word] = self._assigned(word)
            self._avoid.give(found)
        return found

    def knows(self, word: str) -> bool:
        """Whether `word` is a stem of a name of this document or record."""
        return word in self._stems

    def known(self) -> Iterable[str]:
        """All stems of names of this document and record."""
        return self._stems

    def letter(self, letter: str) -> str:
        """The capital that stands for an initial of a name that is not in the document."""
        return self._names.letter(letter)

    def of(self, mention: str) -> str:
        """The surrogate of a name as it stands: case, commas, blanks and possessives stay."""
        made = self._made.get(mention)
        if made is None:
            made = self._made[mention] = self._written(mention, self._parsed.get(mention) or _parse(mention))
        return made

    def _assigned(self, word: str) -> str:
        last = ""
        for candidate in self._candidates(word):
            last = candidate
            if stem(candidate) not in self._stems and self._avoid.free(candidate):
                return candidate
        return last

    def _candidates(self, word: str) -> Iterator[str]:
        formal = people.nicknames().get(word)
        if formal is not None:
            base = self._given.get(formal) or self._names.word(formal)
            shorts = people.short_forms().get(base.lower(), ())
            place = people.short_forms()[formal].index(word)
            yield from (shorts[(place + k) % len(shorts)].capitalize() for k in range(len(shorts)))
            yield from (base[:size] for size in (4, 5, 3) if len(base) > size)
        yield from (self._names.word(word, attempt) for attempt in range(_TRIES))

    def _written(self, mention: str, parsed: _Parsed) -> str:
        out: list[str] = []
        at = 0
        initials = self._initials(parsed)
        for match in parsed.pieces:
            out.append(mention[at : match.start()])
            at = match.end()
            out.append(self._piece(match, parsed, initials))
        out.append(mention[at:])
        made = "".join(out)
        if made == mention or not parsed.pieces:
            return self._names.word(stem(mention) or "?", 1)
        return made

    def _piece(self, match: re.Match[str], parsed: _Parsed, initials: Iterator[str]) -> str:
        if match["number"]:
            return self._names.digits(match["number"], parsed.whole[0] if parsed.whole else "")
        word = match["word"]
        if parsed.letters and _is_letters(word, parsed):
            tail = _POSSESSIVE.search(word)
            core = word[: tail.start()] if tail else word
            new = "".join(next(initials) for _ in core)
            return (new if core[0].isupper() else new.lower()) + word[len(core) :]
        if _is_kept(word) and parsed.whole:
            return word
        tail = _POSSESSIVE.search(word)
        core = word[: tail.start()] if tail else word
        letters = core.rstrip(string.digits) or core
        number = core[len(letters) :]
        new = cased(self.word(stem(core)), letters)
        return new + (self._names.digits(number, stem(core)) if number else "") + word[len(core) :]

    def _initials(self, parsed: _Parsed) -> Iterator[str]:
        """The surrogate initials of a name, in order: those of the full name that they shorten, if it is here."""
        if not parsed.letters:
            return iter(())
        if not parsed.whole:
            for full in self._full:
                given = [w[0].upper() for w in full.whole]
                if list(parsed.letters) in (given, [given[0], given[-1]], [given[-1], given[0]]):
                    words = dict(zip(given, full.whole, strict=True))
                    return iter([self.word(words[letter])[0].upper() for letter in parsed.letters])
            return iter([self._names.letter(letter) for letter in parsed.letters])
        return iter([self._initial(letter, parsed.whole) for letter in parsed.letters])

    def _initial(self, letter: str, beside: Sequence[str]) -> str:
        for full in self._full:
            if set(beside) & set(full.whole):
                for word in full.whole:
                    if word[0].upper() == letter and word not in beside:
                        return self.word(word)[0].upper()
        return self._names.letter(letter)


def cased(word: str, like: str) -> str:
    """A name in the case of `like`: capitals, small letters, else as names are written."""
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word.lower() if like.islower() else word


def _parse(mention: str) -> _Parsed:
    pieces = tuple(_PIECE.finditer(mention))
    words = [_POSSESSIVE.sub("", m["word"]) for m in pieces if m["word"]]
    if len(words) == 1 and _shortened(words[0]):
        return _Parsed(pieces=pieces, whole=(), letters=tuple(words[0].upper()))
    whole = [w for w in words if len(w) > 1 and not _is_kept(w)]
    if not whole and words and all(len(w) > 1 for w in words):
        whole = words
    # "Smith, JM" and "JM Smith"
    run = [w for w in whole if len(whole) > 1 and _shortened(w)]
    whole = [w for w in whole if w not in run]
    letters = tuple(c.upper() for w in words if len(w) == 1 or w in run for c in w)
    return _Parsed(pieces=pieces, whole=tuple(stem(w) for w in whole), letters=letters)


def _shortened(word: str) -> bool:
    """Whether a word of capitals is initials (`JS`) rather than a short name (`LI`)."""
    return (
        2 <= len(word) <= 3
        and word.isupper()
        and word.isascii()
        and people.kind(word.lower()) == people.SURNAME
    )


def _is_letters(word: str, parsed: _Parsed) -> bool:
    core = _POSSESSIVE.sub("", word)
    return len(core) == 1 or (stem(core) not in parsed.whole and _shortened(core))


def _is_kept(word: str) -> bool:
    """Particles, suffixes and titles stay: `de la`, `van`, `Al-`, `Jr`, `Dr`."""
    low = stem(word)
    return len(low) > 1 and (low in PARTICLES or low in SUFFIXES or low in TITLES)
