"""Evidence handed to a model as numbered sentences, and the citations that its answer makes of them.

`start` and `end` are code-point offsets into the stored source text named by `doc`; `sha256` is the
digest of that whole text in UTF-8; `quote` is exactly `text[start:end]`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One numbered sentence of a stored source.

    `patient` is set when the source is a patient's record; `complete` marks sentences that are, all
    together, the whole structured answer to what was asked (an active medication list, say).
    """

    n: int
    doc: str
    title: str = field(repr=False)
    quote: str = field(repr=False)
    start: int
    end: int
    sha256: str
    collection: str
    patient: str | None = field(default=None, repr=False)
    basis: str = "record"
    complete: bool = False
    score: float = 0.0

    @property
    def from_record(self) -> bool:
        """Whether the sentence comes from a patient's record, and so is PHI."""
        return self.patient is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Evidence that an answer cites, as it is shown to the reader."""

    n: int
    doc: str
    title: str = field(repr=False)
    quote: str = field(repr=False)
    start: int
    end: int
    sha256: str
    basis: str = "record"

    def to_json(self) -> dict[str, object]:
        """The contract's object: n, doc, title, quote, start, end, sha256, basis."""
        return {
            "n": self.n,
            "doc": self.doc,
            "title": self.title,
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
            "sha256": self.sha256,
            "basis": self.basis,
        }
