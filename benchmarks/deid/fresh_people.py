"""Fresh names for one document: the same person keeps the same new name in every form it takes there.

A name is taken apart into letters-only words; a word is a given name, a family name, an initial, a particle or a
suffix, judged by its place ("Last, First"; "First Last"; after a title). Each word maps to one new word for the whole
document, in the letter case of the old one, so "OYELARAN, F." and "mrs oyelaran" stay one person.
"""

import random
import re
import unicodedata

from values import CYRILLIC, Values

WORD = re.compile(r"[^\W\d_]+(?:['’ʻ‘][^\W\d_]+)*")
_PARTICLES = {
    "de", "da", "del", "der", "den", "van", "von", "ben", "al", "el", "bin", "mac", "ni", "ní", "ó", "umm", "di", "la",
    "sr", "jr", "mr", "mrs", "iii", "auntie", "mama", "miss", "bi", "ani", "big",
}  # fmt: skip
_TITLE = re.compile(
    r"\b(?:mrs|ms|miss|mme|sra|señora|mr|mister|pastor|major|dr|doctor|prof|det|officer|ofc|hon|judge|sgt|trooper|atty|agent|md|attending|surgeon|operator|cons)\.?:?\s*$",
    re.IGNORECASE,
)


def fold(text: str) -> str:
    """ASCII letters of `text` in lower case, for user names and addresses."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).lower() if c.isascii() and c.isalnum())


def like(new: str, old: str) -> str:
    """`new` in the letter case of `old`; mixed-case words keep the new word's own capitals."""
    if len(old) > 1 and old.isupper():
        return new.upper()
    return new.lower() if old.islower() else new


def _swap(text: str, old: str, new: str) -> str:
    return re.sub(re.escape(old), lambda m: like(new, m[0]), text, flags=re.IGNORECASE)


def initials_only(text: str) -> bool:
    """Whether a name is written by its initials alone: "JRT", "K.W.", "M-L", "djk"."""
    letters = [c for c in text if c.isalpha()]
    if not letters or len(letters) > 3 or any(c in " ,^" for c in text):
        return False
    if len(letters) < len(text):
        return all(len(word) == 1 for word in WORD.findall(text))
    if text.isupper():
        return not (len(text) == 3 and text[1] in "AEIOUY")
    return text.islower() and (len(text) == 2 or not set(text) & set("aeiouy"))


class People:
    """The names of one document and their replacements."""

    def __init__(self, values: Values, rng: random.Random) -> None:
        self._values = values
        self._rng = rng
        self._roles: dict[str, str] = {}
        self._new: dict[str, str] = {}
        self._initials: dict[str, str] = {}
        self._used: set[str] = set()

    def learn(self, text: str, before: str) -> None:
        """Take note of a name and of the plain text before it. Call for every name before the first `replace`."""
        words = [w for w in WORD.findall(text) if w.lower() not in _PARTICLES and len(w) > 1]
        if not words or initials_only(text):
            return
        if len(words) == 1 and not re.search(r"[,^]", text):
            family = bool(re.match(r"[^\W\d_]\b", text)) or self._titled(
                before
            )  # "D. Quarshie", "Dr. Quarshie"
            self._note(words[0], "family" if family else self._given_role(words[0]), weak=True)
            return
        split = re.search(r"[,^]", text)
        if split:
            for word in words:
                self._note(word, "family" if text.index(word) < split.start() else self._given_role(word))
            return
        last = (
            text.split()[-1] if text.split()[-1].lower().rstrip(".") not in _PARTICLES else text.split()[-2]
        )
        for word in words:
            self._note(word, "family" if word in last else self._given_role(word))

    def replace(self, text: str) -> str:
        """`text` with each word replaced by its new one."""
        words = WORD.findall(text)
        if len(words) > 3 and all(len(w) == 1 for w in words):  # a spelled name
            return " ".join(self._word("".join(words)).lower().replace("'", ""))
        if initials_only(text):
            return "".join(self._initial(c) if c.isalpha() else c for c in text)
        return WORD.sub(lambda m: self._one(m[0]), text)

    def in_address(self, text: str) -> tuple[str, bool]:
        """`text` (a user name, mail address or path) with the document's names exchanged, and whether any was."""
        found = False
        for old in sorted(self._roles, key=len, reverse=True):
            if len(fold(old)) >= 4 and fold(old) in text.lower():
                new = fold(self._word(old))
                text = _swap(text, fold(old), new)
                found = True
        return text, found

    def user_name(self) -> str:
        """A user name of nobody in the document."""
        family = fold(self._rng.choice(self._values.family))
        return self._rng.choice("abcdefghjklmnprstvw") + family + self._rng.choice(["", "1", "02", "7", "88"])

    def anyone(self) -> tuple[str, str]:
        """A given and a family name of nobody in the document."""
        return self._rng.choice(self._values.female + self._values.male), self._rng.choice(
            self._values.family
        )

    def _note(self, word: str, role: str, *, weak: bool = False) -> None:
        if not weak or word.lower() not in self._roles:
            self._roles[word.lower()] = role

    def _given_role(self, word: str) -> str:
        if word.lower() in self._values.known_female:
            return "female"
        return "male" if word.lower() in self._values.known_male else "given"

    @staticmethod
    def _titled(before: str) -> bool:
        return bool(_TITLE.search(before[-14:]))

    def _one(self, word: str) -> str:
        if word.lower() in _PARTICLES:
            return word
        if len(word) == 1:
            return self._initial(word)
        return like(self._word(word), word)

    def _word(self, word: str) -> str:
        key = word.lower()
        if key not in self._new:
            pool = self._pool(word, self._roles.get(key, "given"))
            choice = self._rng.choice([n for n in pool if n not in self._used] or pool)
            self._used.add(choice)
            self._new[key] = choice
        return self._new[key]

    def _pool(self, word: str, role: str) -> list[str]:
        if any("\u0400" <= c <= "\u04ff" for c in word):
            return list(CYRILLIC)
        if role == "family":
            return self._values.family
        if role in ("female", "male"):
            return self._values.female if role == "female" else self._values.male
        if self._rng.random() < 0.1:
            return self._values.nicknames
        return self._rng.choice([self._values.female, self._values.male])

    def _initial(self, letter: str) -> str:
        key = letter.lower()
        if key not in self._initials:
            named = [self._word(w) for w in self._roles if w.startswith(key)]
            new = fold(named[0])[:1] if named else self._rng.choice("abcdefghijklmnoprstvwyz")
            self._initials[key] = new
        return like(self._initials[key].upper(), letter)
