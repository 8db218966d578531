"""Names and places by lists and cues alone: what `--fast` uses instead of the network.

One expression cuts a text into runs of words with capitals, another finds what a cue in small letters announces
("dr patel", "her husband george"); per run a few look-ups decide. Faster than the network and less sure: prose in
small letters without titles or relations is where it misses most.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from osler.core.spans import Label, Span
from osler.deid import gazetteers
from osler.deid.gazetteers import In
from osler.deid.tokens import word_set

_CAPITAL = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĖĘĚĜĞĠĢĤĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŜŞŠŢŤŪŮŰŲŴŶŹŻŽ"
_WORD = rf"[{_CAPITAL}][\w'’\-]*"
_RUN = re.compile(
    rf"\b{_WORD}(?:(?:(?<=\b[A-Z])\. ?|(?<=[A-Z][a-z])\. |(?<=[A-Z]rs)\. |, | & | (?:(?:de|la|del|van|der|von|bin|al|el|da|dos|of|the) ){{0,2}}| ){_WORD})*"
)
_PIECE = re.compile(r"[\w'’\-]+")
_CUE = re.compile(
    r"\b(?:dr|doctor|mr|mrs|ms|miss|nurse|named|husband|wife|son|daughter|mother|father|mom|dad|brother|sister|aunt|uncle|"
    r"niece|nephew|friend|neighbor|partner|fiance|caregiver|my name is|pt|patient)\b[.,]? ([a-z][a-z'\-]+)(?: ([a-z][a-z'\-]+))?"
)

_TITLES: Final = word_set(
    "dr drs doctor mr mrs ms miss mx prof professor sister nurse rev reverend pastor rabbi imam judge officer detective",
    "sgt sergeant captain lt lieutenant chaplain attorney coach principal deacon señor señora sra father",
)
_KIN: Final = word_set(
    "husband wife son daughter mother father mom mum dad brother sister aunt uncle grandmother grandfather grandson",
    "granddaughter niece nephew cousin friend neighbor neighbour partner spouse fiance fiancee caregiver boyfriend",
    "girlfriend guardian roommate landlord grandma grandpa by with per via named called patient pt name provider attending",
    "physician surgeon resident intern signed author contact attn",
)
_CREDENTIALS: Final = word_set(
    "md do rn np pa phd lpn cna pharmd dds dmd lcsw msw cnm crna fnp aprn mbbs frcp facs facp esq jr sr ii iii",
)
_FACILITY: Final = word_set(
    "hospital clinic center centre medical infirmary hospice rehab rehabilitation pharmacy laboratories laboratory",
    "university college school academy church temple mosque synagogue cathedral shelter manor pavilion associates partners",
    "elementary prison jail correctional inc llc ltd corp corporation foundation logistics industries motors foods",
    "airlines brewery foundry mills shipyard healthcare county village memorial general institute nursing terrace",
)
_GENERIC: Final = word_set(
    "medical center hospital clinic emergency department nursing general surgery home health care primary intensive unit",
    "the of and county school college university laboratory pharmacy rehabilitation rehab hospice healthcare",
)
_AT: Final = word_set("in from near at to of moved outside")
_NEVER: Final = word_set("i he she it we they the a an no not if and or but this that these those his her")
_VERBS: Final = word_set(
    "states stated said says reports reported denies denied agrees agreed asked notes noted lives works is was has will",
    "called requests complains presents presented and who",
)


class ListRules:
    """Detector `lists`: names and places by lists and cues, without the network. Thread-safe, keeps no text."""

    name = "lists"

    def __init__(self) -> None:
        self._lists = gazetteers.load()
        self._cities = _city_words()

    def find(self, text: str) -> list[Span]:
        """Spans of NAME and LOCATION; they may overlap."""
        out: list[Span] = []
        loud = text.isupper()
        for match in _RUN.finditer(text):
            out += self._run(text, match.start(), match.group(), loud)
        for match in _CUE.finditer(text):
            out += self._after_cue(match)
        return out

    def _run(self, text: str, at: int, run: str, loud: bool) -> Iterator[Span]:
        pieces = list(_PIECE.finditer(run))
        low = [p.group().lower() for p in pieces]
        flags = [self._lists.evidence(word.removesuffix("'s").removesuffix("’s")) for word in low]
        if not any(f & (In.GIVEN | In.SURNAME) or not f for f in flags):
            return
        before = _last_word(text, at)
        yield from self._facility(at, pieces, low)
        yield from self._city(text, at, pieces, low, before)
        yield from self._names(text, at, pieces, low, flags, before)

    def _names(
        self, text: str, at: int, pieces: list[re.Match[str]], low: list[str], flags: list[int], before: str
    ) -> Iterator[Span]:
        """Stretches of the run that are names, by what stands before, inside and after."""
        size = len(pieces)
        i = 0
        while i < size:
            if low[i] in _TITLES or (low[i] in _KIN and i + 1 < size):
                before, i = low[i], i + 1
                continue
            if low[i] in _NEVER or low[i] in _CREDENTIALS or low[i] in _FACILITY:
                before, i = low[i], i + 1
                continue
            j = i
            while (
                j < size
                and j - i < 5
                and low[j] not in _CREDENTIALS
                and low[j] not in _FACILITY
                and low[j] not in _TITLES
            ):
                if (
                    j > i
                    and flags[j] & (In.WORD | In.BRAND | In.NATION)
                    and not flags[j] & In.COMMON_GIVEN
                    and before not in _TITLES
                ):
                    break
                j += 1
            end = at + pieces[max(i, j - 1)].end()
            full = [k for k in range(i, j) if len(low[k]) > 1] or list(range(i, j))
            words, bits = [low[k] for k in full], [flags[k] for k in full]
            if j > i and self._is_name(text, end, words, bits, before, low[j] if j < size else ""):
                start = at + pieces[i].start()
                if text[end - 2 : end] in ("'s", "’s"):
                    end -= 2
                yield Span(start=start, end=end, label=Label.NAME, score=0.8, detector=self.name)
            before, i = low[max(i, j - 1)], max(i + 1, j)

    def _is_name(
        self, text: str, end: int, low: list[str], flags: list[int], before: str, after: str
    ) -> bool:
        first, last = flags[0], flags[-1]
        if before in _TITLES:
            return True
        if first & In.EPONYM and len(low) == 1:
            return False
        plain = first & (In.WORD | In.ORDINARY | In.BRAND | In.NATION) and not first & In.COMMON_GIVEN
        given, surname = first & In.GIVEN, last & In.SURNAME
        if len(low) > 1:
            if given and (surname or not last & (In.WORD | In.BRAND)):
                return not plain or before in _KIN or after in _CREDENTIALS
            if first & In.SURNAME and last & In.GIVEN and not plain:
                return True
            return bool(before in _KIN or after in _CREDENTIALS) and not plain
        if plain:
            return False
        if before in _KIN or after in _CREDENTIALS:
            return bool(first & (In.GIVEN | In.SURNAME)) or not first
        follows = _next_word(text, end)
        return bool(given or (first & In.SURNAME and follows in _VERBS))

    def _facility(self, at: int, pieces: list[re.Match[str]], low: list[str]) -> Iterator[Span]:
        """`St. Mary's Medical Center`: from the first word that is no title to the last that names a facility."""
        last = max((i for i, word in enumerate(low) if word in _FACILITY), default=-1)
        if last < 1 or all(word in _GENERIC for word in low[: last + 1]):
            return
        first = 0
        while first < last and (low[first] in _TITLES or low[first] in _NEVER or low[first] in _KIN):
            first += 1
        if first < last:
            yield Span(start=at + pieces[first].start(), end=at + pieces[last].end(), label=Label.LOCATION, score=0.8, detector=self.name)  # fmt: skip

    def _city(
        self, text: str, at: int, pieces: list[re.Match[str]], low: list[str], before: str
    ) -> Iterator[Span]:
        for i, word in enumerate(low):
            for entry in self._cities.get(word, ()):
                if tuple(low[i : i + len(entry)]) != entry:
                    continue
                end = i + len(entry)
                cue = (low[i - 1] if i else before) in _AT or (
                    end < len(low) and self._is_state(pieces[end].group())
                )
                if cue or len(entry) > 1:
                    yield Span(start=at + pieces[i].start(), end=at + pieces[end - 1].end(), label=Label.LOCATION, score=0.75, detector=self.name)  # fmt: skip
                    break

    def _is_state(self, word: str) -> bool:
        return word in self._lists.state_codes or word.lower() in self._lists.states

    def _after_cue(self, match: re.Match[str]) -> Iterator[Span]:
        """`dr patel`, `her husband george`: small letters, so that the lists must know the name and no other sense."""
        end = 0
        for group in (1, 2):
            word = match.group(group)
            if not word:
                break
            bits = self._lists.evidence(word.removesuffix("'s"))
            if not bits & (In.GIVEN | In.SURNAME) or bits & (In.WORD | In.ORDINARY):
                break
            end = match.end(group) - (2 if word.endswith("'s") else 0)
        if end:
            yield Span(start=match.start(1), end=end, label=Label.NAME, score=0.75, detector=self.name)


def _last_word(text: str, at: int) -> str:
    """The word before `at` on the same line, folded; empty after the end of a sentence."""
    words = text[max(0, at - 24) : at].rpartition("\n")[2].rstrip(' :,("-').rsplit(None, 1)
    word = words[-1] if words else ""
    return word.rstrip(".:").lower() if word.rstrip(".").lower() in _TITLES or not word.endswith(".") else ""


def _next_word(text: str, at: int) -> str:
    words = text[at : at + 16].split(None, 1)
    return words[0].lower() if words and text[at : at + 1] == " " else ""


@cache
def _city_words() -> dict[str, tuple[tuple[str, ...], ...]]:
    """First word of a place's name to the names it may begin, longest first."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for name in ("us_places.txt", "world_cities.txt", "cities.txt"):
        for line in gazetteers.read(name):
            for city in line.split(","):
                entry = tuple(city.lower().replace(".", "").split())
                if entry:
                    found.setdefault(entry[0], set()).add(entry)
    return {word: tuple(sorted(entries, key=len, reverse=True)) for word, entries in found.items()}
