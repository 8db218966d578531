"""Replacing the identifiers of many texts, by key: pure, fast, the same on every worker and after every restart.

    replacer = TextReplacer(key, ReplaceOptions(mode="surrogate", date_shift=365))
    done = replacer.replace(text, spans, patient_key="p17", document="note-4", known=known)
    done.text, done.pieces, done.originals()

`key` are 32 secret random bytes, one for a run or a site. `spans` are those of a finder: sorted, without overlap.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Literal, get_args

from osler.core.errors import ConfigError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid import safe_harbor
from osler.deid.keyed.days import MOST_DAYS, DateEdit, DocumentDays
from osler.deid.keyed.draw import KEY_BYTES
from osler.deid.keyed.patient import DocumentSurrogates, PatientSurrogates

Mode = Literal["redact", "surrogate", "safe-harbor"]
Vary = Literal["never", "document", "mention"]

NOT_SAFE_HARBOR = (
    "Dates were shifted. A shift is not the Safe Harbor method of 45 CFR 164.514(b)(2), which asks that all"
    " elements of "
    "dates but the year are removed; a use of this output rests on another ground, such as Expert Determination "
    "(164.514(b)(1)) or a data use agreement for a limited data set (164.514(e))."
)
_KEPT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceOptions:
    """How identifiers are replaced.

    `vary` makes surrogates differ on purpose: from document to document, or from mention to mention. `date_shift`
    is the most days that a patient's dates move either way, `whole_weeks` keeps the days of the week. Raises
    ConfigError.
    """

    mode: Mode = "surrogate"
    vary: Vary = "never"
    date_shift: int = 365
    whole_weeks: bool = False

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise ConfigError(
                "The mode of replacing is not known.", remedy=f"Use {', '.join(get_args(Mode))}."
            )
        if self.vary not in get_args(Vary):
            raise ConfigError(
                "What surrogates vary by is not known.", remedy=f"Use {', '.join(get_args(Vary))}."
            )
        least = 7 if self.whole_weeks else 1
        if not least <= self.date_shift <= MOST_DAYS:
            raise ConfigError(
                f"A date shift of {self.date_shift} days is out of range.",
                remedy=f"Choose {least} to {MOST_DAYS} days.",
            )

    def account(self) -> dict[str, object]:
        """What a report has to say of the method: JSON without PHI and without the shift itself."""
        body: dict[str, object] = {"mode": self.mode}
        if self.mode == "surrogate":
            body |= {
                "vary": self.vary,
                "date_shift_at_most_days": self.date_shift,
                "whole_weeks": self.whole_weeks,
                "safe_harbor": False,
                "statement": NOT_SAFE_HARBOR,
            }
        if self.mode == "safe-harbor":
            body |= {"zip3_census": safe_harbor.CENSUS}
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One replacement: `new` at `at` of the new text stands for `old` at `start` of the old one."""

    start: int
    at: int
    label: Label
    old: str = field(repr=False)
    new: str = field(repr=False)

    @property
    def end(self) -> int:
        """Where it ends in the new text."""
        return self.at + len(self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A text with its identifiers replaced, and each replacement in order."""

    text: str = field(repr=False)
    pieces: tuple[Piece, ...] = field(repr=False)

    def restored(self) -> str:
        """The text as it was."""
        out, at = [], 0
        for piece in self.pieces:
            out += [self.text[at : piece.at], piece.old]
            at = piece.end
        return "".join((*out, self.text[at:]))

    def originals(self) -> Mapping[str, str]:
        """Surrogate to original; where one surrogate stands for several originals, the first."""
        found: dict[str, str] = {}
        for piece in self.pieces:
            found.setdefault(piece.new, piece.old)
        return found


class TextReplacer:
    """Replaces the identifiers of texts. Safe to use from several threads: what it keeps can be made again."""

    def __init__(self, key: bytes, options: ReplaceOptions | None = None) -> None:
        """`key` is the secret of the run, 32 bytes. Raises ConfigError for a key of another length."""
        if len(key) != KEY_BYTES:
            raise ConfigError(
                f"The key of a replacement has {len(key)} bytes, not {KEY_BYTES}.",
                remedy="Make one with secrets.token_bytes(32).",
            )
        self.options = options or ReplaceOptions()
        self._patient = lru_cache(maxsize=_KEPT)(lambda scope: PatientSurrogates.of(key, scope))

    def patient(self, patient_key: str) -> PatientSurrogates:
        """The surrogates of a patient, for values that stand in no text."""
        return self._patient(f"patient {patient_key}")

    def replace(
        self,
        text: str,
        spans: Sequence[Span],
        *,
        patient_key: str | None = None,
        document: str = "",
        known: Sequence[KnownIdentifier] = (),
        today: date | None = None,
    ) -> Replaced:
        """`text` with `spans` replaced.

        `patient_key` says whose text it is; of a text without one the surrogates hold for this `document` only.
        `known` are the identifiers of the patient's record: no surrogate equals one. `today` serves Safe Harbor, to
        tell who is over 89; without it the latest year in the text does.
        """
        spans = tuple(spans)
        if self.options.mode == "surrogate":
            scope = f"document {document}" if patient_key is None else f"patient {patient_key}"
            edits = self._surrogates(text, spans, self._patient(scope), document, known)
        elif self.options.mode == "safe-harbor":
            edits = _safe_harbor(text, spans, known, today)
        else:
            edits = ((s, DateEdit(start=s.start, end=s.end, new=safe_harbor.label(s))) for s in spans)
        return _edited(text, edits)

    def _surrogates(
        self,
        text: str,
        spans: tuple[Span, ...],
        patient: PatientSurrogates,
        document: str,
        known: Sequence[KnownIdentifier],
    ) -> Iterator[tuple[Span, DateEdit]]:
        shift = patient.shift(self.options.date_shift, whole_weeks=self.options.whole_weeks)
        days = DocumentDays(text, spans, shift)
        of_record = [k.value for k in known]
        record_names = [k.value for k in known if k.label is Label.NAME]
        mentions = [text[s.start : s.end] for s in spans if s.label is Label.NAME]
        vary = self.options.vary

        def made(one: PatientSurrogates, names: Sequence[str]) -> DocumentSurrogates:
            return one.document(text, names, of_record, record_names)

        if vary != "mention":
            one = patient if vary == "never" else patient.varied(document)
            surrogates = made(one, mentions)
        for number, span in enumerate(spans):
            value = text[span.start : span.end]
            if span.label is Label.DATE:
                yield from ((span, edit) for edit in days.edits(span))
                continue
            if vary == "mention":
                names = [value] if span.label is Label.NAME else mentions
                surrogates = made(patient.varied(document, str(number)), names)
            yield span, DateEdit(start=span.start, end=span.end, new=surrogates.of(span.label, value))


def replace_text(
    text: str,
    spans: Sequence[Span],
    mode: Mode,
    patient_key: str | None,
    *,
    key: bytes,
    document: str = "",
    known: Sequence[KnownIdentifier] = (),
) -> str:
    """`text` with `spans` replaced: `TextReplacer` for a single text, with the usual options."""
    replacer = TextReplacer(key, ReplaceOptions(mode=mode))
    return replacer.replace(text, spans, patient_key=patient_key, document=document, known=known).text


def _safe_harbor(
    text: str, spans: tuple[Span, ...], known: Sequence[KnownIdentifier], today: date | None
) -> Iterator[tuple[Span, DateEdit]]:
    person = safe_harbor.Person.of(text, spans, known, today)
    for span, new in safe_harbor.rendering(text, spans, person):
        yield span, DateEdit(start=span.start, end=span.end, new=new)


def _edited(text: str, edits: Iterator[tuple[Span, DateEdit]]) -> Replaced:
    """Edits made in order. Of one that begins inside of what an earlier one covers, the rest goes as well."""
    out: list[str] = []
    pieces: list[Piece] = []
    done = length = 0
    for span, edit in sorted(edits, key=lambda row: (row[1].start, row[1].end)):
        start = max(edit.start, done)
        if edit.end <= start:
            continue
        length += start - done
        pieces.append(
            Piece(start=start, at=length, label=span.label, old=text[start : edit.end], new=edit.new)
        )
        out += [text[done:start], edit.new]
        length += len(edit.new)
        done = edit.end
    out.append(text[done:])
    return Replaced(text="".join(out), pieces=tuple(pieces))
