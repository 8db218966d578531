"""Places smaller than a state: streets, cities, ZIP codes, counties; facilities and employers.

States and countries are no identifiers. A city needs a state, a ZIP code or a word of place beside it, unless its
name is nothing else; a facility needs a name of its own before "clinic" or "hospital".
"""

import re
from collections.abc import Iterable, Iterator

from osler.core.spans import Label, Span
from osler.deid import gazetteers
from osler.deid.detectors import facilities, hl7, streets
from osler.deid.detectors.name_words import NEVER
from osler.deid.gazetteers import In
from osler.deid.tokens import Words, fold, shouted, word_set, words

_ZIP = re.compile(r"\d{5}(?:-\d{4})?(?![\w-]|\.\d)")
_COUNTY = re.compile(r"\b(?:[A-Z][\w.'’-]{1,20} ){1,2}(?:County|Parish|Borough|Township|Twp)\b")
_IN = word_set(
    "in from near to at of outside around visiting visited toward towards lives living lived resides",
    "residing reside moved relocated born raised resident native traveled travelled travels trip flew",
    "drove works working based town city downtown via leaving returned returning stationed hometown",
    "suburb suburbs county evacuated immigrated emigrated address",
)
_PROSE = In.ORDINARY | In.WORD | In.CLINICAL
_DWELLING = word_set(
    "lives living lived live resides residing reside moved relocated born raised resident native grew",
    "immigrated emigrated traveled travelled hometown back",
)
_HOME = word_set("lives living lived live resides residing reside born raised resident native grew")
_ROOMS = word_set(
    "assisted long skilled memory independent hospice section group nursing room ward unit floor labor step",
    "intensive respite sober transitional public subsidized senior low high",
)
_ZIP_BEHIND = re.compile(r",?[ \t]{1,2}(\d{5}(?:-\d{4})?)(?![\w-]|\.\d)")
_ZIP_AHEAD = re.compile(r",? [A-Z]{2},? \d{5}\b")
_PLACE_CUES = word_set(
    "from lives living lived live resides residing reside moved relocated born raised resident native",
    "traveled travelled trip visiting flew near stationed hometown immigrated emigrated evacuated",
)
_CODES_LIKE_WORDS = word_set(
    "MD PA DO MS MA OR IN ME OK HI ID PT CT LA DE AL CO OH AS ND NP RN VI MT MI SC SD NC PR VA GA AR MP",
    "GU AK IA",
)
_NOT_CITY_AFTER = word_set(
    "criteria criterion scale score scores index classification rules rule guidelines consensus",
    "protocol study trial chromosome brace disease fever virus system procedure operation tube method",
    "statement declaration questionnaire cohort heart sepsis coma outcome prognostic stain grade",
    "grading type syndrome spotted encephalitis conference agreement modification ankle knee canadian",
    "early sign preparation bowel university hospital clinic medical",
)


class LocationDetector:
    """LOCATION: `12 Alder St, Apt 4`, `Salem, OR`, `97301`, `Marion County`, `St. Anne's Hospital`, `works at Acme`."""

    name = "locations"

    def __init__(self) -> None:
        self._lists = gazetteers.load()
        self._facilities = facilities.Facilities()
        states = sorted(
            (*self._lists.states, *(c.lower() for c in self._lists.state_codes)), key=len, reverse=True
        )
        self._state = re.compile(rf"(?:{'|'.join(map(re.escape, states))})\.?,?[ \t\n]{{1,3}}\Z")

    def find(self, text: str) -> Iterable[Span]:
        """Spans of street addresses, cities, ZIP codes, counties, facilities and employers."""
        folded = fold(text)
        tokens = words(text)
        for start, end, score in self._patterns(text, folded):
            yield self._span(start, end, score)
        for start, end, score in self._cities(tokens, shouted(tokens)):
            yield self._span(start, end, score)
        for start, end, score in self._facilities.find(tokens, folded):
            yield self._span(start, end, score)
        yield from hl7.find(text, Label.LOCATION, self.name)

    def _span(self, start: int, end: int, score: float) -> Span:
        return Span(start=start, end=end, label=Label.LOCATION, score=score, detector=self.name)

    def _patterns(self, text: str, folded: str) -> Iterator[tuple[int, int, float]]:
        yield from streets.find(text, folded)
        for match in _ZIP.finditer(folded):
            state = self._state.search(folded, max(0, match.start() - 24), match.start())
            if (
                state
                and state.start()
                and _after_city(folded, state.start())
                and _is_state(text, state.start())
            ):
                yield match.start(), match.end(), 0.92
        for match in _COUNTY.finditer(text):
            first = match.group().split()[0].lower()
            if first not in facilities.generic():
                yield match.start(), match.end(), 0.85

    def _cities(self, tokens: Words, loud: bool) -> Iterator[tuple[int, int, float]]:
        cities = self._lists.cities
        skip = 0
        for i, low in enumerate(tokens.low):
            if i < skip:
                continue
            for entry in cities.get(low, ()):
                last = i + len(entry) - 1
                if tokens.low[i : last + 1] == list(entry) and _joined(tokens, i, last):
                    score = self._weigh_city(tokens, i, last)
                    last = self._city_end(tokens, last)
                    if score and (loud or score > 0.9 or not tokens.words[i].isupper()):
                        first = self._city_start(tokens, i, _BEFORE_CITY)
                        yield tokens.starts[first], tokens.ends[last], score
                        if behind := _ZIP_BEHIND.match(tokens.text, tokens.ends[last]):
                            yield behind.start(1), behind.end(1), 0.85
                        skip = last + 1
                    break
            else:
                if not tokens.words[i][0].isupper():
                    if low_last := self._dwelt_in_lower(tokens, i):
                        yield tokens.starts[i], tokens.ends[low_last - 1], 0.7
                        skip = low_last
                    continue
                if self._state_after(tokens, i, known=False):
                    first = self._city_start(tokens, i)
                    yield tokens.starts[first], tokens.ends[i], 0.8
                elif (last := self._dwelt_in(tokens, i)) or (last := self._shaped(tokens, i)):
                    yield tokens.starts[i], tokens.ends[last - 1], 0.75
                    skip = last

    @staticmethod
    def _city_end(tokens: Words, last: int) -> int:
        """Takes in the `Heights` of `Dearborn Heights`."""
        following = last + 1
        if following < len(tokens) and tokens.gap(last) == " " and tokens.words[following][0].isupper():
            return following if tokens.low[following] in _AFTER_CITY else last
        return last

    def _weigh_city(self, tokens: Words, i: int, last: int) -> float:
        word = tokens.words[i]
        after = tokens.low[last + 1] if last + 1 < len(tokens) else ""
        if self._state_after(tokens, last, known=True):
            return 0.92
        if after.split("-")[0] in _NOT_CITY_AFTER and tokens.gap(last).strip() == "":
            return 0.0
        before = tokens.low[i - 1] if i and tokens.before(i).strip() == "" else ""
        plain = self._lists.evidence(tokens.low[i])
        beyond = tokens.low[i - 2] if i > 1 and before in ("in", "to", "near", "of") else ""
        if not word[0].isupper():
            # a city in lower case: only a name that is nothing else, behind a word of place
            return (
                0.7
                if (before in _PLACE_CUES or beyond in _PLACE_CUES) and (not plain & _PROSE or last > i)
                else 0.0
            )
        if before in _PLACE_CUES:
            return 0.88
        if beyond in _PLACE_CUES:
            return 0.88
        if before in _IN:
            ambiguous = last == i and plain & (In.ORDINARY | In.WORD | In.EPONYM)
            return 0.0 if ambiguous else 0.85
        if last > i:
            return (
                0.8
                if not all(self._lists.evidence(w) & gazetteers.NAME for w in tokens.low[i : last + 1])
                else 0.0
            )
        return 0.0 if plain or tokens.words[i].isupper() else 0.75

    def _state_after(self, tokens: Words, i: int, *, known: bool) -> bool:
        """Whether a state follows word `i` behind a comma (or, after a known city, a blank)."""
        gap = tokens.gap(i)
        if not known and (
            len(tokens.words[i]) < 4
            or (tokens.words[i].isupper() and not _ZIP_AHEAD.match(tokens.text, tokens.ends[i]))
        ):
            return False
        if (
            i + 1 >= len(tokens)
            or not (gap.strip() == "," or (known and gap in (" ", "  ")))
            or "\n\n" in gap
        ):
            return False
        code = tokens.words[i + 1]
        if code in self._lists.state_codes:
            return (
                known
                or code not in _CODES_LIKE_WORDS
                or _ZIP.match(tokens.text, tokens.ends[i + 1] + 1) is not None
            )
        low = tokens.low[i + 1]
        pair = f"{low} {tokens.low[i + 2]}" if i + 2 < len(tokens) else low
        if not (low in self._lists.states or pair in self._lists.states):
            return False
        if known:
            return gap.strip() == "," or code[0].isupper()
        return (
            code[0].isupper()
            and not self._lists.evidence(tokens.low[i]) & (In.WORD | In.GIVEN)
            and low not in _NAMES_TOO
        )

    def _dwelt_in(self, tokens: Words, i: int) -> int:
        """One past the last word of a place that no list has, behind "lives in" and its like; 0 if there is none."""
        if (
            i < 2
            or tokens.low[i - 1] not in ("in", "to", "near", "outside", "of", "from")
            or tokens.before(i) != " "
        ):
            return 0
        if tokens.low[i - 2] not in _DWELLING:
            return 0
        last, words_of_prose = i, 0
        while (
            last < len(tokens)
            and last - i < 3
            and tokens.words[last][0].isupper()
            and (last == i or tokens.gap(last - 1) == " ")
        ):
            low, bits = tokens.low[last], self._lists.evidence(tokens.low[last])
            if low in self._lists.states or bits & In.NATION or low in facilities.generic() or len(low) < 3:
                break
            words_of_prose += bool(bits & (In.WORD | In.ORDINARY) and bits & In.CLINICAL)
            last += 1
        if words_of_prose and not (
            last - i > 1 and tokens.low[i - 2] in _HOME and tokens.low[i] not in _ROOMS
        ):
            # "Window Rock" is a town behind "lives in" alone
            return 0
        return last if last > i else 0

    def _dwelt_in_lower(self, tokens: Words, i: int) -> int:
        """As `_dwelt_in`, for dictated text: `lives in hanleyville`, `i live in west milford`; 0 if it is none."""
        if (
            i < 2
            or tokens.low[i - 1] not in ("in", "to", "near")
            or tokens.low[i - 2] not in _DWELLING
            or tokens.before(i) != " "
        ):
            return 0
        at = i + 1 if tokens.low[i] in _TOWNSHIP and i + 1 < len(tokens) and tokens.gap(i) == " " else i
        bits = self._lists.evidence(tokens.low[at])
        if (
            bits & (_PROSE | In.NATION)
            or tokens.low[at] in self._lists.states
            or len(tokens.low[at]) < 4
            or tokens.low[at] in NEVER
        ):
            return 0
        return at + 1

    def _shaped(self, tokens: Words, i: int) -> int:
        """One past the last word of what looks like a town (`Port Collin`, `Hanleyville`) behind "in"; else 0."""
        before = tokens.low[i - 1] if i and tokens.before(i) == " " else ""
        if before not in ("in", "from", "to", "near", "at"):
            return 0
        low = tokens.low[i]
        if low in _TOWNSHIP and i + 1 < len(tokens) and tokens.gap(i) == " ":
            follows, bits = tokens.words[i + 1], self._lists.evidence(tokens.low[i + 1])
            if (
                follows[0].isupper()
                and len(follows) > 3
                and follows[1:].islower()
                and not bits & (In.CLINICAL | In.NATION | In.WORD)
            ):
                return 0 if tokens.low[i + 2 : i + 3] and tokens.low[i + 2] in _NOT_CITY_AFTER else i + 2
        word = tokens.words[i]
        if (
            len(low) > 6
            and word[1:].islower()
            and low.endswith(_TOWN_ENDINGS)
            and not self._lists.evidence(low) & (_PROSE | In.EPONYM | In.NATION)
        ):
            return 0 if tokens.low[i + 1 : i + 2] and tokens.low[i + 1] in _NOT_CITY_AFTER else i + 1
        return 0

    def _city_start(self, tokens: Words, i: int, only: frozenset[str] | None = None) -> int:
        """The first word of a city whose last listed (or only) word is `i`: `South San Francisco`, `Foster City`."""
        first = i
        while first and i - first < 2:
            previous, low = tokens.words[first - 1], tokens.low[first - 1]
            if tokens.before(first) not in (" ", ". ") or not previous[0].isupper():
                break
            if low not in (only or _BEFORE_CITY) and (
                only is not None or low in NEVER or low in _NOT_IN_CITY
            ):
                break
            first -= 1
        return first


_AFTER_CITY = word_set("heights hills park beach city springs falls valley village township shores gardens")
_BEFORE_CITY = word_set(
    "north south east west new old upper lower el la las los san santa saint st fort ft mount mt lake",
    "port glen grand great little big cape palm royal central downtown",
)
_NOT_IN_CITY = word_set(
    "at from in near to of resident native lives living moved born city town address home mfd",
    "manufactured inc llc corp ltd company hospital clinic",
)
_TOWNSHIP = word_set(
    "north south east west new lake port fort mount saint st san santa los las el la",
)
_TOWN_ENDINGS = tuple(
    word_set(
        "town ton ville berg burg burgh borough boro bury view port mouth stad furt chester haven side",
        "shire land field ford wood dale brook hurst cester polis",
    )
)
_NAMES_TOO = word_set("virginia georgia carolina dakota")


def _joined(tokens: Words, first: int, last: int) -> bool:
    return all(tokens.gap(i) in (" ", ". ", "-", "  ") for i in range(first, last))


def _after_city(folded: str, start: int) -> bool:
    """`Boise, ID 83702`, not `(Vietnamese), ID 33871`."""
    before = folded[max(0, start - 3) : start].rstrip(" \t\n,")
    return not folded[start - 1].isalnum() and (not before or before[-1].isalpha() or before[-1] in ".'")


def _is_state(text: str, start: int) -> bool:
    """A two-letter code counts only in capitals, a name only with one."""
    return text[start].isupper() and (
        text[start : start + 2].isupper() or text[start + 2 : start + 3].isalpha()
    )
