"""Fresh places and organisations: the kind words stay (or change for their like), the proper part becomes another."""

import random
import re
from collections.abc import Callable

from values import Values

_ORDINALS = [
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "tenth",
    "eleventh",
    "twelfth",
]
_WORD = re.compile(r"[^\W\d_]+(?:['’ʻ‘.\-][^\W\d_]+)*\.?|\d+(?:st|nd|rd|th|½|[A-Za-z]\b)?")


class Places:
    """The places of one document; a proper part that comes back (in a short form too) gets the same new one."""

    def __init__(self, values: Values, rng: random.Random) -> None:
        self._stems = rng.sample(values.stems, len(values.stems))
        self._kept = values.place_words
        self._alike = values.place_likes
        self._rng = rng
        self._new: dict[str, str] = {}

    def replace(self, text: str) -> str:
        """Another place of the same kind."""
        if re.fullmatch(r"\d{5}(?:-\d{4})?", text):
            return f"{self._rng.randint(1001, 99929):05d}" + (
                f"-{self._rng.randint(1, 9999):04d}" if "-" in text else ""
            )
        if re.fullmatch(r"[A-Z]{2,4}", text):
            return self._once(text, lambda: "".join(self._rng.choice("BCDGHKLMNPRSTVW") for _ in text))
        out, at = [], 0
        for start, end, proper in self._runs(text):
            out.append(text[at:start])
            old = text[start:end]
            out.append(self._proper(old) if proper else self._kind(old))
            at = end
        return "".join([*out, text[at:]])

    def _runs(self, text: str) -> list[tuple[int, int, bool]]:
        """(start, end, whether proper); neighbouring proper words with only spaces between are one run."""
        runs: list[tuple[int, int, bool]] = []
        for word in _WORD.finditer(text):
            low = word[0].lower()
            proper = (
                low not in self._kept
                and low not in self._alike
                and not low[0].isdigit()
                and low not in _ORDINALS
            )
            if proper and runs and runs[-1][2] and text[runs[-1][1] : word.start()] == " ":
                runs[-1] = (runs[-1][0], word.end(), True)
            else:
                runs.append((word.start(), word.end(), proper))
        return runs

    def _proper(self, old: str) -> str:
        key = re.sub(r"\W", "", old.lower())
        known = next(
            (k for k in self._new if len(key) > 3 < len(k) and (k.startswith(key) or key.startswith(k))), key
        )
        new = self._once(known, self._stem)
        if old.isupper() and len(old) > 1:
            return new.upper()
        return new.lower() if old.islower() else new

    def _stem(self) -> str:
        first = self._stems.pop()
        return f"{first} {self._stems.pop()}" if self._rng.random() < 0.15 else first

    def _once(self, key: str, make: Callable[[], str]) -> str:
        if key not in self._new:
            self._new[key] = make()
        return self._new[key]

    def _kind(self, old: str) -> str:
        low = old.lower()
        if low[0].isdigit():
            digits = re.match(r"\d+", old)
            assert digits is not None
            if re.search(r"\d(?:st|nd|rd|th)$", low):
                return f"{self._rng.randint(4, 9)}th"
            size = len(digits[0])
            return f"{self._rng.randint(10 ** (size - 1), 10**size - 1)}{old[size:]}"
        if low in _ORDINALS:
            return self._rng.choice(_ORDINALS)
        if low in self._alike and self._rng.random() < 0.5:
            new = self._rng.choice(self._alike[low])
            return new.upper() if old.isupper() else new.lower() if old.islower() else new
        return old
