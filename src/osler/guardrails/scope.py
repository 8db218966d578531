"""What a sentence says about the drugs in it: advised, warned of, reported, or merely named.

    "Avoid naproxen, but ibuprofen 400 mg is fine."   naproxen → EXCLUDED, ibuprofen → ADVISED

Cues, clauses and lists as in ConText; the rules are data (`data/scope.toml`), this is their reader.
It takes the sentence and where the drugs stand in it (from osler.lexicon), and gives one Stance a
drug. It knows no drug and no patient. It does not resolve pronouns, irony or advice that is spread
over several sentences.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, pairwise

from osler.guardrails.scope_rules import CueKind, ScopeRules, rules

NEAR_WORDS = 3
"""Words that may stand between a `near` cue and its drug."""
FEW_WORDS = 5
"""With no more words than these after its drugs, none but one before them, and no cue, a sentence is a bare entry."""

Drug = tuple[int, int]
"""Where a drug stands: (start, end) offsets into the text."""

_WORD = re.compile(r"[^\W\d_][\w'’]*")
_DOSE = re.compile(
    r"(?:[\s(,|:]*(?:(?:one|two|three|half|half an?) (?:tab(?:let)?s?|cap(?:sule)?s?|puffs?|drops?|pills?)(?!\w)"
    r"|\d+(?:[.,]\d+)?(?:\s*[-–]\s*\d+(?:[.,]\d+)?)?\s*(?:mg|mcg|µg|μg|g|ml|units?|iu|puffs?|tab(?:let)?s?"
    r"|cap(?:sule)?s?|drops?|%|mmol|meq)(?!\w)(?:\s*(?:/|per)\s*(?:kg|day|dose|d)(?!\w))*"
    r"|(?:po|iv|im|sc|pr|sl|prn|bid|tid|qid|od|qd|qhs|q\d+h|daily|once|twice|weekly|nightly|every|hours?"
    r"|by mouth|orally|(?:three|four|two|one|\d+) times|\d+|a day|per day|hourly|as needed|at night)(?!\w))[)]?)+",
    re.IGNORECASE,
)
_GLUE = re.compile(r"[\s,/()\[\]&+\"“”‘’\d–-]*")
_BULLET = re.compile(r"\s*(?:[-*+•·▪◦‣]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s", re.IGNORECASE)
_OR_VERB = re.compile(r"(?<!\w)n?or\s+(?:to\s+|even\s+|also\s+)*$", re.IGNORECASE)
_SINGULAR = re.compile(r"(?:is|was|isn['’]t|wasn['’]t)(?!\w)", re.IGNORECASE)
_LOOK_BACK = 40
_LAST_WORD = re.compile(r"([^\W\d_][\w'’]*)[\s*_-]*\Z")
_STUDY = re.compile(
    r"(?<!\w)(?:was|were|had|stud(?:y|ies)|trials?|subjects|volunteers|pharmacokinetics?)(?!\w)",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(
    r"[\s\]*)]*(?:$|[.,(;+&/]|\[|(?:for|with|as|x|plus|at|by|until|over|in|via|per|during)(?!\w))",
    re.IGNORECASE,
)
_HARD_END = re.compile(r";|—|(?<=[^\s\ue000]) (?:–|--?) |(?<=[^\W\d])[.!?]\s|(?<=[)\]%])[.!?]\s")


class Stance(StrEnum):
    """How a sentence stands to a drug that it names."""

    ADVISED = "advised"
    """Recommended, permitted or endorsed."""
    LISTED = "listed"
    """Named as in a list of what to give, or praised, without a word of advice."""
    EXCLUDED = "excluded"
    """Forbidden, warned of, replaced, or told of as something that was."""
    NAMED = "named"
    """Spoken of in some other way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cue:
    """A cue in a sentence: where, and what it says of the drugs on one side of it."""

    start: int
    end: int
    says: str
    near: bool
    once: bool
    negates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cues:
    """The cues of a sentence by the side on which they speak. Of overlapping ones the longest counts."""

    previous: tuple[_Cue, ...]
    next: tuple[_Cue, ...]
    sentence: tuple[_Cue, ...]

    def __iter__(self) -> Iterator[_Cue]:
        return chain(self.previous, self.next, self.sentence)


def stances(text: str, drugs: Sequence[Drug], *, asked: bool = False) -> tuple[Stance, ...]:
    """One Stance for each of `drugs`, which are sorted and do not overlap.

    `asked` reads a question as a proposal: "Is ibuprofen contraindicated?" proposes ibuprofen.
    """
    if not drugs:
        return ()
    reading = _Reading(text, drugs, asked=asked)
    return tuple(reading.stances())


def endorses(text: str) -> bool:
    """Whether a sentence without a drug says yes to what was asked, and warns of nothing."""
    known = rules()
    return known.endorsement.search(text) is not None and not any(
        c.says == "against" for c in _cues(text, known)
    )


def asks_what_to_give(text: str) -> bool:
    """Whether a question asks for a drug, so that a bare name in the answer is advice."""
    return rules().asking.search(text) is not None


def asks_what_is(text: str) -> bool:
    """Whether a question asks for what is or was, and proposes none of the drugs that it names."""
    known = rules()
    return known.telling.search(text) is not None and known.proposing.search(text) is None


class _Reading:
    """One sentence with its drugs, cues and clause boundaries."""

    def __init__(self, text: str, drugs: Sequence[Drug], *, asked: bool) -> None:
        self._rules = rules()
        self._text = _masked(text, drugs)
        self._drugs = drugs
        asked = asked and text.rstrip(" \t\n\"'”’)").endswith("?")
        self._cues = _cues(self._text, self._rules, asked=asked)
        self._bounds = self._boundaries()

    def stances(self) -> Iterator[Stance]:
        groups = list(self._groups())
        for first, last in groups:
            said = self._said(self._drugs[first][0], self._drugs[last][1])
            yield from [self._stance(said)] * (last - first + 1)

    def _stance(self, said: set[str]) -> Stance:
        """Warnings outweigh advice, advice outweighs reports, and a dose by itself is advice."""
        if "against" in said:
            return Stance.EXCLUDED
        if "for" in said:
            return Stance.ADVISED
        if "reports" in said:
            return Stance.EXCLUDED
        if "dose" in said and not _STUDY.search(self._text):
            return Stance.ADVISED
        heading = self._text.lstrip().startswith("#")
        return Stance.LISTED if not heading and ("soft" in said or self._is_bare()) else Stance.NAMED

    def _said(self, start: int, end: int) -> set[str]:
        """What is said of the drugs in `start..end`: by the nearest cue before, and all those after."""
        said = {cue.says for cue in self._cues.sentence}
        low = max((b for b in self._bounds if b <= start), default=0)
        high = min((b for b in self._bounds if b >= end), default=len(self._text))
        before = [c for c in self._cues.next if low <= c.start and c.end <= start and self._reaches(c, start)]
        if before:
            said.add(max(before, key=lambda c: c.end).says)
        until = min([high, *(s for s, _ in self._drugs if s >= end)])
        said |= {c.says for c in self._cues.previous if end <= c.start < until and self._reaches_back(c, end)}
        dose = _DOSE.match(self._text, end)
        if dose and any(c.isalpha() for c in dose[0]):
            said.add("dose")
        return said

    def _reaches(self, cue: _Cue, start: int) -> bool:
        if cue.near and not _is_near(self._text[cue.end : start]):
            return False
        return not cue.once or not any(
            cue.end <= s and e <= start and self._apart(e, start) for s, e in self._drugs
        )

    def _apart(self, end: int, start: int) -> bool:
        """Whether two drugs are in different lists, or either side of a boundary."""
        return not self._is_list(self._text[end:start]) or any(end <= b <= start for b in self._bounds)

    def _reaches_back(self, cue: _Cue, end: int) -> bool:
        return not cue.near or _is_near(self._text[end : cue.start])

    def _groups(self) -> Iterator[tuple[int, int]]:
        """Runs of drugs that are one list: what is said of one is said of all."""
        first = 0
        for place, ((_, end), (start, _)) in enumerate(pairwise(self._drugs), 1):
            if self._apart(end, start):
                yield first, place - 1
                first = place
        yield first, len(self._drugs) - 1

    def _is_list(self, between: str) -> bool:
        rest = self._rules.listing.sub("", between)
        return _GLUE.fullmatch(rest) is not None

    def _boundaries(self) -> list[int]:
        """Offsets at which a new clause begins."""
        text, covered = self._text, [(c.start, c.end) for c in self._cues]
        bounds = [m.end() for m in _HARD_END.finditer(text)]
        for found in self._rules.begin.finditer(text):
            if not any(start < found.start() < end for start, end in covered):
                bounds.append(found.start())
        bounds += [b for start in sorted({0, *bounds}) for b in self._after_opening(start, bounds)]
        bounds += self._spliced()
        return sorted(set(bounds))

    def _after_opening(self, start: int, bounds: Sequence[int]) -> Iterator[int]:
        """Where the main clause begins in "Given her allergy to naproxen, start …"."""
        begun = re.compile(r"[\s*_>#\"“(-]*").match(self._text, start)
        at = begun.end() if begun else start
        if self._rules.opening.match(self._text, at) is None:
            return
        end = min((b for b in bounds if b > at), default=len(self._text))
        commas = [at + m.start() for m in re.finditer(r",(?!\d)", self._text[at:end])]
        with_cue = [c for c in commas if any(c < cue.start < end for cue in self._cues)]
        to_drug = [
            c for c in commas if any(c < s and not self._text[c + 1 : s].strip() for s, _ in self._drugs)
        ]
        if with_cue or to_drug:
            yield (with_cue or to_drug)[-1] + 1

    def _spliced(self) -> Iterator[int]:
        """Where a drug after a comma or "and" has a verb in the singular to itself: ", ibuprofen is fine"."""
        for (_, end), (start, stop) in pairwise(self._drugs):
            link = self._text[end:start].strip().lower().strip(", ")
            if link not in ("", "and") or not self._text[end:start].strip():
                continue
            dose = _DOSE.match(self._text, stop)
            at = dose.end() if dose else stop
            at += len(self._text[at:]) - len(self._text[at:].lstrip())
            if _SINGULAR.match(self._text, at) and any(c.start == at for c in self._cues.previous):
                yield start

    def _is_bare(self) -> bool:
        """Whether the sentence is a list entry: drugs, and at most a few words on what for."""
        if any(self._cues) or self._text.rstrip(" *_").endswith(":") or self._text.lstrip().startswith("#"):
            return False
        if len(list(self._groups())) > 1:
            return False
        bullet = _BULLET.match(self._text)
        start = bullet.end() if bullet else 0
        first, last = self._drugs[0], self._drugs[-1]
        led_in = _WORD.findall(self._text, start, first[0])
        follows = _FRAGMENT.match(self._text, last[1])
        return (
            len(led_in) <= 1 and follows is not None and len(_WORD.findall(self._text, last[1])) <= FEW_WORDS
        )


def _masked(text: str, drugs: Sequence[Drug]) -> str:
    """The text with each drug as a run of one private character, which no rule can mistake for a word of its
    own, and without emphasis marks; offsets stay."""
    pieces, at = [], 0
    for start, end in drugs:
        pieces += [text[at:start], "\ue000" * (end - start)]
        at = end
    bullet = _BULLET.match(text)
    kept = bullet.end() if bullet else 0
    masked = "".join(pieces) + text[at:]
    return masked[:kept] + re.sub(r"[*_`]", " ", masked[kept:])


def _cues(text: str, known: ScopeRules, *, asked: bool = False) -> _Cues:
    found = [
        (kind, match.start(), match.end())
        for kind in known.kinds
        for match in _everywhere(kind.pattern, text)
        if not kind.bid or _is_bidding(text[max(0, match.start() - _LOOK_BACK) : match.start()], known)
    ]
    sides = []
    for side in ("previous", "next", "sentence"):
        cues = [
            _cue(kind, start, end, getattr(kind, side), asked)
            for kind, start, end in found
            if getattr(kind, side)
        ]
        sides.append(tuple(_absorbed(text, _longest(cues), known)))
    return _Cues(previous=sides[0], next=sides[1], sentence=sides[2])


def _everywhere(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches at every place, overlapping ones too: a short cue must not hide a longer one that begins in it."""
    at = 0
    while (found := pattern.search(text, at)) is not None:
        yield found
        at = found.start() + 1


def _is_bidding(before: str, known: ScopeRules) -> bool:
    """Whether a verb after `before` is a command or depends on a word of bidding: "should use", not "patients use"."""
    last = _LAST_WORD.search(before)
    if last is None:
        return True
    word = last[1].lower().replace("’", "'")
    return word in known.bid or word.endswith(("'d", "'ll", "n't"))


def _cue(kind: CueKind, start: int, end: int, says: str, asked: bool) -> _Cue:
    return _Cue(
        start=start,
        end=end,
        says=kind.asked if asked and kind.asked else says,
        near=kind.near,
        once=kind.once,
        negates=kind.negates,
    )


def _longest(cues: Iterable[_Cue]) -> list[_Cue]:
    """Of overlapping cues the longest, in order."""
    taken: list[_Cue] = []
    for cue in sorted(cues, key=lambda c: (c.start - c.end, c.start)):
        if not any(cue.start < other.end and other.start < cue.end for other in taken):
            taken.append(cue)
    return sorted(taken, key=lambda c: c.start)


def _absorbed(text: str, cues: Sequence[_Cue], known: ScopeRules) -> list[_Cue]:
    """Cues in which a negation has turned the verbs that it negates: "do not routinely start or continue"."""
    out: list[_Cue] = []
    negation: _Cue | None = None
    for cue in cues:
        if negation is not None and cue.says == "for":
            between = text[negation.end : cue.start]
            if _is_filler(between, known) or _OR_VERB.search(between):
                negation = replace(cue, says="against", near=False, once=False)
                out.append(negation)
                continue
        out.append(cue)
        negation = cue if cue.negates else None
    return out


def _is_filler(between: str, known: ScopeRules) -> bool:
    return all(word.lower() in known.filler for word in re.findall(r"[^\s*_-]+", between))


def _is_near(between: str) -> bool:
    words = _WORD.findall(between)
    joined = {"and", "or", "but"} & {word.lower() for word in words}
    return not joined and not re.search(r"[,;]", between) and len(words) <= NEAR_WORDS
