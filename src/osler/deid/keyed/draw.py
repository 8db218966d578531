"""Random draws that are the same whenever the same is asked: HMAC-SHA-256 under a secret key.

Without the key a draw cannot be told from chance, nor be connected with what it was drawn for. With it, any process
draws the same at any time, so that workers and resumed runs agree without sharing anything.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import TypeVar

KEY_BYTES = 32
"""Length of a key, 256 bits."""

_BITS = 256
_SPARE = 32
_APART = "\x1f"
_T = TypeVar("_T")


def derived(key: bytes, *parts: str) -> bytes:
    """Another key of 32 bytes for what `parts` name. Nothing about `key` or about other parts can be learned
    from it."""
    return hmac.digest(key, _named(parts), hashlib.sha256)


def _named(parts: tuple[str, ...]) -> bytes:
    name = _APART.join(parts)
    if name.count(_APART) != len(parts) - 1:
        # a part that holds the separator itself: the lengths keep ("a", "b") and ("a<sep>b",) apart
        name = _APART + "".join(f"{len(part)}:{part}" for part in parts)
    return name.encode("utf-8", "surrogatepass")


class Draw:
    """A sequence of draws for what `parts` name. Its bias is below 2**-32."""

    __slots__ = ("_key", "_left", "_name", "_room", "_turn")

    def __init__(self, key: bytes, *parts: str) -> None:
        self._key = key
        self._name = _named(parts)
        self._turn = 0
        self._left = int.from_bytes(hmac.digest(key, self._name, hashlib.sha256))
        self._room = _BITS

    def below(self, count: int) -> int:
        """A number from 0 to `count` - 1."""
        need = count.bit_length()
        if self._room < need + _SPARE:
            self._turn += 1
            more = hmac.digest(self._key, b"%d;" % self._turn + self._name, hashlib.sha256)
            self._left, self._room = int.from_bytes(more), _BITS
        self._left, drawn = divmod(self._left, count)
        self._room -= need
        return drawn

    def one(self, items: Sequence[_T]) -> _T:
        """One of `items`."""
        return items[self.below(len(items))]

    def digits(self, count: int) -> str:
        """So many digits, the first not 0."""
        if count < 1:
            return ""
        return str(self.below(9) + 1) + "".join(str(self.below(10)) for _ in range(count - 1))

    def shuffled(self, items: Sequence[_T]) -> list[_T]:
        """`items` in another order in which none keeps its place (Sattolo's cycle)."""
        out = list(items)
        for last in range(len(out) - 1, 0, -1):
            other = self.below(last)
            out[last], out[other] = out[other], out[last]
        return out
