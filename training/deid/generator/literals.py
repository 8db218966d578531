"""Identifiers that a template writes out: their digits, and digits said as words, vary from document to document.

Without this a tagger would learn the few written-out numbers by heart. Names, dates, ages and places made of
words stay as they are written.
"""

from __future__ import annotations

import re

from generator.context import Context
from generator.random_text import UPPER, pick

_DIGITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ZEROS = ("zero", "oh", "o")
_NUMBERED = frozenset(
    {
        "MRN",
        "SSN",
        "PHONE",
        "FAX",
        "HEALTH_PLAN",
        "ACCOUNT",
        "LICENSE",
        "VEHICLE",
        "DEVICE",
        "BIOMETRIC",
        "OTHER_ID",
    }
)
# Roads by number, and British postcodes.
_NUMBERED_PLACE = re.compile(
    r"(?:route|rt\.?|highway|hwy|county road|cr|us|exit|fm|sr)[ -]?\d+|i-?\d+|[a-z]{1,2}\d{1,2} ?\d[a-z]{2}",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[^\W_]+")


def _in_words(ctx: Context, text: str) -> str:
    """Digits said as words, replaced by others; single letters among them too."""

    def other(match: re.Match[str]) -> str:
        word = match[0]
        if word.lower() in _DIGITS:
            new = pick(ctx.rng, _DIGITS)
        elif len(word) == 1 and word.lower() not in ("o", "a"):
            new = pick(ctx.rng, UPPER)
            return new if word.isupper() else new.lower()
        else:
            return word
        return new.capitalize() if word[0].isupper() else new

    return _TOKEN.sub(other, text)


def _in_figures(ctx: Context, text: str) -> str:
    """Digits replaced by others; a leading digit stays no zero."""

    def other(match: re.Match[str]) -> str:
        return pick(ctx.rng, "123456789" if match[0] != "0" else "0123456789")

    return re.sub(r"\d", other, text)


def varied(ctx: Context, label: str, text: str) -> str:
    """`text`, or the like with other digits where it is a number; the same for the same text within a document."""
    words = [word.lower() for word in _TOKEN.findall(text)]
    said = sum(word in _DIGITS or word in _ZEROS for word in words)
    short = sum(len(word) == 1 for word in words)
    if said >= 2 and (label in _NUMBERED or said + short == len(words)):
        return ctx.kept(f"{label}={text}", lambda c: _in_words(c, text), 1.0)
    if (label in _NUMBERED and any(c.isdigit() for c in text)) or (
        label == "LOCATION" and _NUMBERED_PLACE.fullmatch(text)
    ):
        return ctx.kept(f"{label}={text}", lambda c: _in_figures(c, text), 1.0)
    return text
