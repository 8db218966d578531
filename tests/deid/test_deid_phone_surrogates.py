"""A telephone number's surrogate is no other way of writing the number itself."""

import random

import pytest

from osler.core.spans import Label, Span
from osler.deid import Replacer
from osler.deid.found import Found

TEXT = "Call her daughter on (555) 555-0110 or 555-0142."


class _Phones:
    """Finds the two numbers of TEXT."""

    def detect(self, texts: object, known: object = ()) -> Found:
        spans = tuple(
            Span(start=TEXT.index(v), end=TEXT.index(v) + len(v), label=Label.PHONE, score=0.9, detector="t")
            for v in ("(555) 555-0110", "555-0142")
        )
        return Found(texts=(TEXT,), known=(), alone=(spans,), spans=(spans,))

    def detect_more(self, found: Found, texts: object) -> Found:
        return found


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_the_line_of_a_real_number_is_never_drawn(start: int) -> None:
    for seed in range(start, start + 100):
        replacer = Replacer(_Phones(), rng=random.Random(seed))
        (replaced,) = replacer.apply([TEXT])
        assert "555-0110" not in replaced, seed
        assert "555-0142" not in replaced, seed
        assert replacer.outbound_check(None).scan([replaced]) == {}, seed
        assert replacer.restore(replaced) == TEXT
