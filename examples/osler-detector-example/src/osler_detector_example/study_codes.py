"""Finds study codes of our site: a prefix, a hyphen, and digits whose sum can be divided by ten."""

import re
from collections.abc import Iterator

from osler.core.errors import ConfigError
from osler.core.spans import Label, Span


class StudyCodes:
    """Implements osler.core.ports.detector.Detector. Keeps nothing of the text, so it is safe for several threads.

    The keyword arguments are its options in osler.toml, `[deid.options.study_codes]`. Osler holds them to their
    annotations; what an annotation cannot say is checked here, and said in a ConfigError.
    """

    name = "study_codes"

    def __init__(self, *, prefix: str, digits: int = 4) -> None:
        if not prefix.isalpha() or not 1 <= digits <= 12:
            raise ConfigError(
                "The detector 'study_codes' needs a prefix of letters and 1 to 12 digits.",
                remedy="Correct [deid.options.study_codes] in osler.toml.",
            )
        self._pattern = re.compile(rf"(?<!\w){re.escape(prefix)}-([0-9]{{{digits}}})(?!\w)")

    def find(self, text: str) -> Iterator[Span]:
        """Spans of study codes; offsets are code points of `text`.

        A score is how sure the detector is. Below 0.45 a span is a doubt: it counts only where another detector
        suspects the same place. A code whose digits do not add up may be something else, and is a doubt here.
        """
        for match in self._pattern.finditer(text):
            right = sum(int(digit) for digit in match[1]) % 10 == 0
            yield Span(
                start=match.start(),
                end=match.end(),
                label=Label.OTHER_ID,
                score=0.97 if right else 0.4,
                detector=self.name,
            )
