"""What no surrogate of a document may be: anything that stands in its text, any identifier known of its patient."""

from collections.abc import Iterable


class Avoid:
    """The words and values of one document, and the surrogates given in it so far."""

    __slots__ = ("_given", "_known", "_text")

    def __init__(self, text: str, known: Iterable[str] = ()) -> None:
        """`known` are values of the patient's record."""
        self._text = text.casefold()
        self._known = "\n".join(known).casefold()
        self._given: set[str] = set()

    def stands(self, value: str) -> bool:
        """Whether `value` stands in the text or is known, as a whole word or number."""
        low = value.casefold()
        return _whole(low, self._text) or (bool(self._known) and _whole(low, self._known))

    def free(self, value: str) -> bool:
        """Whether `value` neither stands anywhere nor was given before."""
        return value.casefold() not in self._given and not self.stands(value)

    def give(self, value: str) -> None:
        """Notes that `value` is a surrogate now."""
        self._given.add(value.casefold())


def _whole(word: str, text: str) -> bool:
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not (at and text[at - 1].isalnum() and word[:1].isalnum()) and not text[end : end + 1].isalnum():
            return True
        at = text.find(word, at + 1)
    return False
