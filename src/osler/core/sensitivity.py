"""How sensitive a request is. A request is as sensitive as the most sensitive thing it may draw on."""

from collections.abc import Iterable
from enum import IntEnum


class Sensitivity(IntEnum):
    """CLEAR: no identifier found and no record drawn on. PHI: everything else.

    Text whose identifiers were replaced still counts as PHI: surrogates are a second lock, not a
    reason to open the first.
    """

    CLEAR = 0
    PHI = 1


def maximum(parts: Iterable[Sensitivity]) -> Sensitivity:
    """The highest of `parts`; CLEAR when there are none."""
    return max(parts, default=Sensitivity.CLEAR)
