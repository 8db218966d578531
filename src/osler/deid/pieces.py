"""Text that stands in pieces (nodes of markup, escapes in a field, lines of a report) seen as one by the text engine.

    pieces = Pieces()
    a = pieces.add("Seen by Dr. Jo"); b = pieces.add("hn Smith"); pieces.gap("\\n")
    new = pieces.edited(session, person)       # [..., ...]: the new text of each piece, by its number

A replacement stands in the piece in which what it replaces began; the rest is cut out of the pieces behind.
"""

from osler.deid.accounting import Ledger
from osler.deid.session import NOBODY, Edit, Person, Session


class Pieces:
    """Pieces of one text, in order."""

    def __init__(self, *, term: bool = False) -> None:
        """`term`: the text is one of a published code list."""
        self._term = term
        self._parts: list[str] = []
        self._at: list[tuple[int, int]] = []
        self._length = 0

    def __len__(self) -> int:
        return len(self._at)

    def add(self, text: str) -> int:
        """Appends a piece and gives its number."""
        self._at.append((self._length, self._length + len(text)))
        self._append(text)
        return len(self._at) - 1

    def gap(self, text: str) -> None:
        """Appends what separates two pieces for a reader (a line end), and is no part of any."""
        self._append(text)

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def edited(self, session: Session, person: Person = NOBODY, ledger: Ledger | None = None) -> list[str]:
        """The pieces with their identifiers replaced; what was found is added to `ledger`."""
        text = "".join(self._parts)
        edits = session.edits(text, person, term=self._term)
        if ledger is not None:
            ledger.found(tally(edits))
        out, first = [], 0
        for start, end in self._at:
            piece, at = [], start
            while first < len(edits) and edits[first].end <= start:
                first += 1
            for edit in edits[first:]:
                if edit.start >= end:
                    break
                piece.append(text[at : max(at, edit.start)])
                if edit.start >= start:
                    piece.append(edit.new)
                at = min(edit.end, end)
            piece.append(text[at:end])
            out.append("".join(piece))
        return out


def tally(edits: tuple[Edit, ...]) -> dict[str, int]:
    """How many edits of each label."""
    tallied: dict[str, int] = {}
    for edit in edits:
        tallied[edit.label.value] = tallied.get(edit.label.value, 0) + 1
    return tallied
