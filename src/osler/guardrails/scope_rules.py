"""The rules of `data/scope.toml`, compiled. Read once for the process."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

_FRAGMENT = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CueKind:
    """A kind of cue: what it says of the drugs before it, after it, or in the whole sentence, and how far.

    Empty where it says nothing. `asked` takes the place of what it says when the sentence is a question.
    """

    pattern: re.Pattern[str]
    previous: str = ""
    next: str = ""
    sentence: str = ""
    near: bool = False
    once: bool = False
    negates: bool = False
    bid: bool = False
    asked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRules:
    """All of it. `begin`, `opening` and `listing` are about clauses and lists; see the data file."""

    kinds: tuple[CueKind, ...]
    begin: re.Pattern[str]
    opening: re.Pattern[str]
    listing: re.Pattern[str]
    filler: frozenset[str]
    bid: frozenset[str]
    endorsement: re.Pattern[str]
    asking: re.Pattern[str]
    telling: re.Pattern[str]
    proposing: re.Pattern[str]


@cache
def rules() -> ScopeRules:
    """The embedded rules."""
    raw = tomllib.loads(resources.files("osler.guardrails").joinpath("data/scope.toml").read_text("utf-8"))
    fragments = _resolved(raw["fragments"])
    return ScopeRules(
        kinds=tuple(
            CueKind(
                pattern=_pattern(cue["words"], fragments),
                **{name: value for name, value in cue.items() if name != "words"},
            )
            for cue in raw["cue"]
        ),
        begin=_pattern(raw["clauses"]["begin"], fragments),
        opening=_pattern(raw["clauses"]["opening"], fragments),
        listing=_pattern(raw["clauses"]["list"], fragments),
        filler=frozenset(raw["filler"]["words"]),
        bid=frozenset(raw["bid"]["words"]),
        endorsement=_pattern(raw["endorsement"]["words"], fragments),
        asking=_pattern(raw["asking"]["words"], fragments),
        telling=_pattern(raw["telling"]["words"], fragments),
        proposing=_pattern(raw["proposing"]["words"], fragments),
    )


def _resolved(raw: Mapping[str, str]) -> dict[str, str]:
    """Fragments with the earlier fragments that they name filled in."""
    known: dict[str, str] = {}
    for name, text in raw.items():
        known[name] = _filled(text, known)
    return known


def _filled(text: str, fragments: Mapping[str, str]) -> str:
    return _FRAGMENT.sub(lambda found: fragments[found[1]], text)


def _pattern(words: Iterable[str], fragments: Mapping[str, str]) -> re.Pattern[str]:
    """One pattern for all of `words`, longest first, at word boundaries, spaces as any gap."""
    ordered = sorted((_filled(word, fragments) for word in words), key=len, reverse=True)
    spaced = "|".join(word.replace(" ?", r"[\s-]{0,4}").replace(" ", r"[\s-]{1,4}") for word in ordered)
    return re.compile(rf"(?<!\w)(?:{spaced})(?!\w)", re.IGNORECASE)
