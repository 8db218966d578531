"""Surrogates of e-mail addresses, user names, web addresses and file names by key.

A name inside of them follows the surrogate of that name (`jsmith` and `john.smith@…` go with `John Smith`); hosts
become those that RFC 2606 reserves for examples.
"""

import re
import string

from osler.core.spans import Label
from osler.deid.keyed import people
from osler.deid.keyed.draw import Draw
from osler.deid.keyed.names import DocumentNames
from osler.deid.keyed.numbers import DIGITS
from osler.deid.tokens import word_set

_LOCAL = re.compile(r"(?P<word>[^\W\d_]+)|(?P<number>\d+)")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{2,5}\Z")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{1,12}://")
_HOSTS = ("example.org", "example.com", "example.net")
_PLAIN = word_set(
    "dr drs mr mrs ms md rn np pa do phd prof info contact admin office records billing noreply no reply support",
    "help appointments scheduling frontdesk reception referrals pharmacy lab nurse clinic",
)
_SPOKEN_AT = re.compile(r"(?i) at (?=.* dot )")
_SIGNS = word_set("dot dash hyphen underscore plus period point")
_FILES = word_set(
    "img image photo pic pict dsc dscn dcim scan wound face facial headshot",
)
_LEAST = 4


class Handles:
    """The surrogates of one document's addresses and handles."""

    def __init__(self, key: bytes, names: DocumentNames) -> None:
        self._key = key
        self._names = names

    def of(self, label: Label, value: str, attempt: int = 0) -> str:
        """The surrogate of an EMAIL, URL, PHOTO, or of an OTHER_ID that is made of letters."""
        if label is Label.EMAIL:
            return self._email(value, attempt)
        if label is Label.URL:
            return self._url(value, attempt)
        if label is Label.PHOTO:
            return self._photo(value, attempt)
        return self.handle(value, attempt)

    def handle(self, value: str, attempt: int = 0) -> str:
        """A user name, or what stands before the @: its names by the surrogates of those names, its digits others."""
        draw = Draw(self._key, "handle", value.casefold(), str(attempt))
        out: list[str] = []
        at = 0
        for match in _LOCAL.finditer(value):
            out += [value[at : match.start()], self._part(match, draw, attempt)]
            at = match.end()
        out.append(value[at:])
        return "".join(out)

    def _part(self, match: re.Match[str], draw: Draw, attempt: int) -> str:
        text = match.group()
        if match["number"]:
            return draw.digits(len(text))
        low = text.lower()
        new = low if low in _PLAIN else self._named(low) if attempt < 3 else ""
        if not new:
            new = "".join(draw.one(string.ascii_lowercase) for _ in low)
        return new.upper() if text.isupper() else new.capitalize() if text[0].isupper() else new

    def _named(self, word: str) -> str:
        """The surrogate of a word: of the names that it is made of, else of its letters as initials."""
        names = self._names
        if names.knows(word):
            return _plain(names.word(word))
        for known in sorted(names.known(), key=lambda n: (-len(n), n)):
            if len(known) < _LEAST - 1:
                continue
            rest = word.removesuffix(known)
            if rest != word and (len(rest) <= 2 or names.knows(rest)):
                return self._run(rest) + _plain(names.word(known))
            rest = word.removeprefix(known)
            if rest != word and (len(rest) <= 2 or names.knows(rest)):
                return _plain(names.word(known)) + self._run(rest)
        if len(word) >= _LEAST:
            if people.kind(word) != people.SURNAME or word in people.nicknames():
                return _plain(names.word(word))
            if people.listed(word[1:]) and len(word) > _LEAST:
                return self._run(word[0]) + _plain(names.word(word[1:]))
            return _plain(names.word(word))
        return self._run(word)

    def _run(self, letters: str) -> str:
        if self._names.knows(letters) and len(letters) > 2:
            return _plain(self._names.word(letters))
        return "".join(self._initial(c) for c in letters)

    def _initial(self, letter: str) -> str:
        """The initial of the one name here that begins with `letter`, else that of the key."""
        begun = [n for n in self._names.known() if n[0] == letter]
        if len(begun) == 1:
            return self._names.word(begun[0])[0].lower()
        return self._names.letter(letter.upper()).lower()

    def _email(self, value: str, attempt: int) -> str:
        local, at, host = value.partition("@")
        if not at:
            spoken = _SPOKEN_AT.search(value)
            if spoken is None:
                return self.handle(value, attempt)
            draw = Draw(self._key, "spoken", value.casefold(), str(attempt))
            words = (
                w if w.lower() in _SIGNS else self._spoken(w, draw) for w in value[: spoken.start()].split()
            )
            return " ".join(words) + f" at example dot {draw.one(('com', 'org', 'net'))}"
        new = Draw(self._key, "host", host.casefold()).one(_HOSTS)
        return f"{self.handle(local, attempt)}@{new.upper() if host.isupper() else new}"

    def _spoken(self, word: str, draw: Draw) -> str:
        low = word.lower()
        return draw.one(DIGITS) if low in DIGITS or low in ("oh", "o") else self._named(low)

    def _url(self, value: str, attempt: int) -> str:
        scheme = _SCHEME.match(value)
        rest = value[scheme.end() :] if scheme else value
        host, slash, path = rest.partition("/")
        new = Draw(self._key, "host", host.casefold()).one(_HOSTS)
        www = "www." if host.lower().startswith("www.") else ""
        draw = Draw(self._key, "path", value.casefold(), str(attempt))
        # without a path the host alone says whose page it is, so that the made-up one gets a path too
        token = "".join(draw.one(string.ascii_lowercase) for _ in range(8))
        ending = "/" if path.endswith("/") else ""
        return f"{scheme.group() if scheme else ''}{www}{new}/{token}{ending if slash else ''}"

    def _photo(self, value: str, attempt: int) -> str:
        suffix = _SUFFIX.search(value)
        body = value[: suffix.start()] if suffix else value
        draw = Draw(self._key, "photo", body.casefold(), str(attempt))
        if not suffix and not any(c.isdecimal() for c in body):
            return ""
        out, at = [], 0
        for match in _LOCAL.finditer(body):
            out.append(body[at : match.start()])
            at = match.end()
            text = match.group()
            if match["number"]:
                out.append(draw.digits(len(text)))
            elif suffix and text.lower() not in _FILES:
                new = "".join(draw.one(string.ascii_lowercase) for _ in text)
                out.append(new.upper() if text.isupper() else new)
            else:
                out.append(text)
        return "".join((*out, body[at:])) + (suffix.group() if suffix else "")


def _plain(name: str) -> str:
    """A name as it stands in an address."""
    return "".join(c for c in name.lower() if c.isalnum())
