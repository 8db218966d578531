"""Things that a question names, with other words for them, and how well a text speaks of them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from osler.knowledge.intents import synonym_groups
from osler.knowledge.stems import stems, words
from osler.lexicon import abbreviations

_LONGEST_NAME = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One thing that is asked about.

    `alternatives` are phrases that name it, the question's own first. `kind` is "drug", "known" (the
    lexicon has other words for it), "concept" (something measured), "plain", or "weak" (a word that
    says what sort of answer is wanted).
    """

    text: str = field(repr=False)
    alternatives: tuple[str, ...] = field(repr=False)
    kind: str = "plain"
    drug: str | None = None
    class_id: str | None = None
    stemmed: tuple[tuple[str, ...], ...] = field(repr=False, default=())
    phrases: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The names in stems, each as it would stand in a line of stems."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "phrases", tuple(f" {' '.join(name)} " for name in self.stemmed))

    @property
    def known(self) -> bool:
        """Whether it is certainly something clinical."""
        return self.kind in ("drug", "known", "concept")


def term(
    text: str,
    *,
    kind: str = "plain",
    also: Iterable[str] = (),
    drug: str | None = None,
    class_id: str | None = None,
) -> Term:
    """A Term for `text` with its synonyms and with `also`."""
    found = other_words(text)
    alternatives = tuple(dict.fromkeys((text.lower(), *(a.lower() for a in (*also, *found)))))
    return Term(
        text=text,
        alternatives=alternatives,
        kind="known" if kind == "plain" and found else kind,
        drug=drug,
        class_id=class_id,
        stemmed=tuple(dict.fromkeys(s for s in map(stems, alternatives) if s)),
    )


def other_words(text: str) -> tuple[str, ...]:
    """Synonyms, expansions and short forms of a word or phrase as it is written; () for an unknown one."""
    own = _own_groups().get(" ".join(words(text)), ())
    return tuple(dict.fromkeys((*own, *abbreviations.synonyms(text), *_expanded(text))))


def _expanded(text: str) -> tuple[str, ...]:
    return abbreviations.expand(text) if " " not in text else ()


def named_in(tokens: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Start and end (in words) of the phrases of two words or more that have synonyms, longest first at each place."""
    for at in range(len(tokens)):
        for width in range(min(_LONGEST_NAME, len(tokens) - at), 1, -1):
            if other_words(" ".join(tokens[at : at + width])):
                yield at, at + width
                break


@cache
def _own_groups() -> dict[str, tuple[str, ...]]:
    return {phrase: group for group in synonym_groups() for phrase in group}


class Speech:
    """A text as stems, ready to be asked whether it speaks of a term."""

    __slots__ = ("_line",)

    def __init__(self, *texts: str) -> None:
        # The bar keeps a phrase from being found across two texts.
        self._line = " " + " | ".join(" ".join(stems(text)) for text in texts) + " "

    def of(self, term_: Term) -> bool:
        """Whether one of the term's names stands in the text, word for word by stems."""
        line = self._line
        for phrase in term_.phrases:  # noqa: SIM110  # thousands of times a question: `any` takes twice as long
            if phrase in line:
                return True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each term of a question counts: rare ones more, known clinical ones more."""

    of: dict[Term, float]

    def coverage(self, found: Iterable[Term]) -> float:
        """The share of the whole weight that `found` holds, 0 to 1."""
        whole = sum(self.of.values())
        return sum(self.of.get(t, 0.0) for t in found) / whole if whole else 0.0


def rarity(total: int, holding: int) -> float:
    """How much finding a term says when `holding` of `total` texts speak of it; the most for none."""
    return math.log(1 + (total + 1) / (holding + 0.5))
