"""Surrogates of names, word by word, so that every variant of a name gets the matching variant of one surrogate.

"Maria Gonzalez", "GONZALEZ, MARIA", "Mrs. Gonzalez" and "Maria's" become "Avery Thornbury", "THORNBURY, AVERY",
"Mrs. Thornbury" and "Avery's". Initials follow the name that they shorten, where the texts show which.
"""

import random
import re
import string
from functools import cache

from osler.core.errors import GuardUnavailable
from osler.deid import gazetteers
from osler.deid.keyed import people
from osler.deid.name_words import PARTICLES, SUFFIXES
from osler.deid.restore import Table
from osler.deid.surrogates import Pool, cased

_PIECE = re.compile(r"(?P<word>[^\W\d_](?:[^\W_]|[\u0300-\u036f]|['’](?=[^\W\d_]))*)|(?P<number>\d+)")
_SHORT = 3
_POSSESSIVE = re.compile(r"['’][sS]\Z")


class Names:
    """The surrogate names of one request."""

    def __init__(self, pool: Pool, table: Table) -> None:
        self._pool = pool
        self._table = table
        self._surnames = gazetteers.tokens("surrogate_surnames.txt")
        self._stems: dict[str, str] = {}
        self._exact: dict[str, str] = {}
        self._phrases: dict[str, str] = {}
        self._companions: dict[str, list[str]] = {}

    def meet(self, name: str) -> None:
        """Notes which words stand together as given name and surname, so that initials can follow them."""
        if name.isalpha():
            return
        stems = [_stem(m["word"])[0] for m in _PIECE.finditer(name) if m["word"] and len(m["word"]) > 1]
        if len(stems) > 1:
            for one in stems:
                self._companions.setdefault(one, []).extend(s for s in stems if s != one)

    def of(self, name: str) -> str:
        """The surrogate of a name as it stands, possessives, commas and blanks kept."""
        if name not in self._phrases:
            self._phrases[name] = self._made(name)
        return self._phrases[name]

    def _made(self, name: str) -> str:
        pieces = list(_PIECE.finditer(name))
        whole = [m for m in pieces if m["word"] and not self._kept(m["word"]) and len(_bare(m["word"])) > 1]
        for attempt in range(60):
            out, at, short = [], 0, False
            for match in pieces:
                out.append(name[at : match.start()])
                at = match.end()
                if match["number"]:
                    out.append("".join(self._pool.rng.choices(string.digits, k=len(match["number"]))))
                    short = True
                elif self._kept(match["word"]) and whole:
                    out.append(match["word"])
                elif len(_bare(match["word"])) == 1:
                    out.append(self._initial(match["word"], whole, attempt))
                    short = True
                else:
                    out.append(
                        self._word(
                            match["word"],
                            first=bool(whole) and match is whole[0],
                            of=len(whole),
                            comma="," in name,
                        )
                    )
            out.append(name[at:])
            surrogate = "".join(out)
            if not whole:
                surrogate = (
                    self._pool.fresh(lambda: self._pool.shape(name, 3))
                    if pieces
                    else self._pool.word(self._surnames).capitalize()
                )
                short = True
            if not short:
                self._initialled(name, surrogate)
                return surrogate
            if surrogate != name and self._table.claim(surrogate, name):
                return surrogate
        raise GuardUnavailable(
            "No surrogate name could be found that is told apart from the others.",
            remedy="Send shorter texts, or use the transform 'redact'.",
        )

    def _initialled(self, name: str, surrogate: str) -> None:
        """How a model may shorten the surrogate: `A. Thornbury` is then `M. Gonzalez`."""
        real = _given_and_surname(name)
        if real and (drawn := _given_and_surname(surrogate)):
            for form in ("{0}. {1}", "{1}, {0}.", "{1} {0}."):
                self._table.also(form.format(drawn[0][0], drawn[1]), form.format(real[0][0], real[1]))

    @staticmethod
    def _kept(word: str) -> bool:
        """Particles and suffixes stay: `de la`, `van`, `Jr`."""
        low = word.lower()
        return (low in PARTICLES and word.islower() and len(low) > 1) or low in SUFFIXES

    def _initial(self, word: str, whole: list[re.Match[str]], attempt: int) -> str:
        letter = word[0].lower()
        if not attempt:
            for match in whole:
                for other in self._companions.get(_stem(match["word"])[0], ()):
                    if other.startswith(letter) and other in self._stems:
                        return cased(self._stems[other][0], word[0]).upper() + word[1:]
        return self._pool.rng.choice(string.ascii_uppercase) + word[1:]

    def _word(self, word: str, *, first: bool, of: int, comma: bool) -> str:
        core = _bare(word)
        if core in self._exact:
            return self._exact[core] + word[len(core) :]
        stem, digits = _stem(core)
        given = first != comma if of > 1 else None
        base = self._stems.get(stem)
        for _ in range(60):
            if base is None:
                base = self._pool.word(_standing_in(people.stem(stem), given=given))
                self._stems.setdefault(stem, base)
            surrogate = cased(base, core.rstrip(string.digits)) + "".join(
                self._pool.rng.choices(string.digits, k=len(digits))
            )
            if self._table.claim(surrogate, core):
                if digits:
                    self._table.also(cased(base, "Aa"), core.rstrip(string.digits))
                self._exact[core] = surrogate
                return surrogate + word[len(core) :]
            # the same name in a spelling that cannot be told from another one: it gets a surrogate of its own
            base = None if not digits else base
        raise GuardUnavailable(
            "No surrogate name could be found that is told apart from the others.",
            remedy="Send shorter texts, or use the transform 'redact'.",
        )


def _standing_in(stem: str, *, given: bool | None) -> tuple[str, ...]:
    """Names of the same culture and gender, folded: given names or surnames by where the word stands, if it shows.

    Where the lists know nothing of the word, names that are seldom borne, so that a model means no one else by them.
    """
    kind = people.kind(stem)
    if kind == people.SURNAME and not people.listed(stem):
        return gazetteers.tokens("surrogate_given.txt" if given else "surrogate_surnames.txt")
    if given is False and kind.given:
        kind = people.Kind(culture=kind.culture)
    elif given and not kind.given:
        kind = people.Kind(culture=kind.culture, given="n")
    return _names_of(kind)


@cache
def _names_of(kind: people.Kind) -> tuple[str, ...]:
    """The names of a kind that are no everyday words, folded; there are some hundred kinds."""
    ordinary = gazetteers.load()
    names = (name.lower() for name in people.pool(kind).names)
    return tuple(n for n in names if n.isalpha() and len(n) > _SHORT and not ordinary.is_ordinary(n))


def _given_and_surname(name: str) -> tuple[str, str] | None:
    """The first given name and the surname of a name of two words or more; None for others."""
    if name.isalpha():
        return None
    words = [_bare(m["word"]) for m in _PIECE.finditer(name) if m["word"]]
    words = [word for word in words if len(word) > 1 and word.lower() not in SUFFIXES]
    if len(words) < 2 or any(word.lower() in PARTICLES for word in words):
        return None
    return (words[1], words[0]) if "," in name else (words[0], words[-1])


def _bare(word: str) -> str:
    return _POSSESSIVE.sub("", word) if word[-1] in "sS" else word


def _stem(word: str) -> tuple[str, str]:
    """A name's word folded and without the digits that hang on it, and those digits."""
    bare = _bare(word)
    stem = bare.rstrip(string.digits)
    return stem.casefold(), bare[len(stem) :]


def system_random() -> random.Random:
    """The source of randomness that surrogates use when none is given: the operating system's."""
    return _SystemRandom()


class _SystemRandom(random.SystemRandom):
    """As its base, but that it asks the system for many bits at a time: a request draws some fifty times."""

    _BITS = 1024

    def __init__(self) -> None:
        super().__init__()
        self._bits = self._left = 0

    def getrandbits(self, k: int, /) -> int:
        """So many random bits, each given once."""
        if not 0 <= k <= self._BITS:
            return super().getrandbits(k)
        if self._left < k:
            self._bits, self._left = super().getrandbits(self._BITS), self._BITS
        drawn = self._bits & ((1 << k) - 1)
        self._bits >>= k
        self._left -= k
        return drawn

    def random(self) -> float:
        """A number of [0, 1)."""
        return self.getrandbits(53) * 2.0**-53
