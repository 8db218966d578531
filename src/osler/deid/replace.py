"""Replacing what was found: surrogates that can be put back, labels, or the Safe Harbor rendering."""

import dataclasses
import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal, Protocol

from osler.core.errors import GuardUnavailable, OslerError, PolicyRefused
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label, Span, replace
from osler.deid import dates, propagate, safe_harbor
from osler.deid.answers import AnswerStream, JsonAnswerStream, Sent
from osler.deid.answers import Finder as AnswerFinder
from osler.deid.calendars import Ages, Calendar
from osler.deid.found import Found, Spans
from osler.deid.known_forms import YEAR_LIKE
from osler.deid.leaks import Leaks
from osler.deid.outbound import OutboundCheck
from osler.deid.restore import StreamRestorer, Table, touches
from osler.deid.roster import Roster
from osler.deid.surrogate_names import Names, system_random
from osler.deid.surrogates import Pool, Surrogates

Transform = Literal["none", "surrogate", "redact", "safe-harbor"]

_Texts = Sequence[str]
_DRAWS = 20


class Finder(Protocol):
    """What finds the identifiers of texts that belong together; `Deidentifier` is one."""

    def detect(self, texts: Sequence[str], known: Sequence[KnownIdentifier] = ()) -> Found:
        """What is found in all of them."""
        ...

    def detect_more(self, found: Found, texts: Sequence[str]) -> Found:
        """The same for the texts of `found` and `texts`; detectors look at `texts` alone."""
        ...


class Replacer:
    """De-identifies the texts of one request and puts the answer back.

    Made per request: `apply` may be called once, and its surrogates are random and mean nothing to any other
    request. `restore` and `stream` undo surrogates; with the other transforms they change nothing. `over_89` says
    that the patient is older than 89, which Safe Harbor treats more strictly.
    """

    def __init__(
        self,
        deidentifier: Finder,
        *,
        known: Sequence[KnownIdentifier] = (),
        transform: Transform = "surrogate",
        over_89: bool = False,
        rng: random.Random | None = None,
        taken: Callable[[str], bool] | None = None,
    ) -> None:
        """`taken` says whether a value is somebody's already, as a roster can: such a surrogate is drawn again."""
        self._taken = taken
        self._stand_ins: set[str] = set()
        self._deidentifier = deidentifier
        self._known = tuple(known)
        self._transform = transform
        self._over_89 = over_89
        self._rng = rng if rng is not None else system_random()
        self._table = Table()
        self._spans: Spans = ()
        self._texts: tuple[str, ...] = ()
        self._noted: tuple[tuple[Label, str], ...] | None = ()
        self._read: Callable[[str], dates.Written | None] = dates.read
        self._used = False

    @property
    def spans(self) -> Spans:
        """What was replaced, per text, in offsets of the text as it was given to `apply`."""
        return self._spans

    def apply(self, texts: _Texts, *, found: Found | None = None, also_seen: _Texts = ()) -> tuple[str, ...]:
        """The texts with their identifiers replaced, consistently over all of them.

        `found` is what `Deidentifier.detect` gave for the first of `texts`, or for all: those are not looked at
        again. With the transform "none" no further text is looked at either. `also_seen` are texts that go along
        unchanged: no surrogate will occur in them. Raises GuardUnavailable when a detector fails, PolicyRefused
        when no exact way back exists.
        """
        if self._used:
            raise OslerError(
                "A Replacer was applied a second time.", remedy="Make one Replacer for each request."
            )
        self._used = True
        texts = tuple(texts)
        spans = self._found(texts, found)
        self._note(texts, spans)
        if self._transform == "none" or (self._transform != "safe-harbor" and not any(spans)):
            return texts
        # dates are read several times; what was read is forgotten with this request
        self._read = cache(dates.read)
        if self._transform == "redact":
            return tuple(
                replace(t, s, lambda span, _: safe_harbor.label(span))
                for t, s in zip(texts, spans, strict=True)
            )
        if self._transform == "safe-harbor":
            return tuple(self._safe_harbor(t, s) for t, s in zip(texts, spans, strict=True))
        try:
            return self._surrogates(texts, spans, also_seen)
        except GuardUnavailable as error:
            # No guard is down: this text cannot leave under surrogates, however often it is sent.
            raise PolicyRefused(error.message, remedy=error.remedy) from None

    def restore(self, text: str) -> str:
        """`text` with every surrogate put back; what is put back is not looked at again."""
        return self._table.restore(text)

    def stream(self) -> StreamRestorer:
        """A restorer for a text that comes in pieces; each stream needs its own."""
        return StreamRestorer(self._table)

    def answer_stream(
        self, *, finder: AnswerFinder | None, sent: Sent | Sequence[str] = (), dates: bool = False
    ) -> AnswerStream:
        """Both halves for an answer that comes in pieces: restores, and takes out what the model made up.

        `finder` is the engine; `sent` all that the model was given, `Sent(texts)` where several streams share it.
        `dates`: full dates that were made up are taken out too, not only dates of birth.
        """
        return AnswerStream(self._table, finder=finder, sent=sent, dates=dates)

    def json_answer_stream(
        self, *, finder: AnswerFinder | None, sent: Sent | Sequence[str] = (), dates: bool = False
    ) -> JsonAnswerStream:
        """As `answer_stream`, for a JSON document: arguments of a tool call, structured output."""
        return JsonAnswerStream(self._table, finder=finder, sent=sent, dates=dates)

    def leaks(self, texts: _Texts) -> dict[str, int]:
        """Counts by label of real identifiers, known or surely found, that still stand in `texts`; empty is clean."""
        return Leaks(self._known, self._carried()).count(texts)

    def outbound_check(self, roster: Roster | None = None) -> OutboundCheck:
        """The check of the bytes that leave, for all that is known here and was found in the texts of `apply`.

        `roster` adds the identifiers of everyone else in the workspace.
        """
        whole = [
            KnownIdentifier(label=label, value=value)
            for label, value in self._values()
            if label is Label.NAME and " " in value
        ]
        return OutboundCheck(
            self._known, (*self._carried(), *whole), roster, surrogates=self._table.surrogates
        )

    def _found(self, texts: tuple[str, ...], found: Found | None) -> Spans:
        """Spans of all texts, from `found` as far as it goes; what was found of other texts is of no use."""
        if found is None or not found.begins(texts, self._known):
            return self._deidentifier.detect(texts, self._known).spans
        more = texts[len(found.texts) :]
        if self._transform == "none":
            return (*found.spans, *(() for _ in more))
        return self._deidentifier.detect_more(found, more).spans if more else found.spans

    def _note(self, texts: tuple[str, ...], spans: Spans) -> None:
        """What was found where; what follows from it is worked out when it is asked for."""
        self._texts, self._spans, self._noted = texts, spans, None

    def _values(self) -> tuple[tuple[Label, str], ...]:
        """The values found, each once."""
        if self._noted is None:
            rows = zip(self._texts, self._spans, strict=True)
            self._noted = tuple(sorted({(s.label, t[s.start : s.end]) for t, row in rows for s in row}))
        return self._noted

    def _carried(self) -> tuple[KnownIdentifier, ...]:
        """What was found surely enough to be looked for elsewhere."""
        texts, spans = self._texts, self._spans
        surest: dict[str, tuple[str, Span]] = {}
        for text, row in zip(texts, spans, strict=True):
            for span in row:
                if span.label is Label.NAME:
                    value = text[span.start : span.end]
                    if value not in surest or surest[value][1].score < span.score:
                        surest[value] = text, span
        words = {w for text, span in surest.values() for w in propagate.name_words(text, (span,))}
        names = tuple(KnownIdentifier(label=Label.NAME, value=word) for word in sorted(words))
        return (*names, *propagate.carried(texts, spans, self._read))

    # -- surrogates

    def _surrogates(self, texts: tuple[str, ...], found: Spans, also_seen: _Texts) -> tuple[str, ...]:
        for reach in (_same_kind, _word_characters, _no_blank):
            spans = tuple(_widened(t, s, reach) for t, s in zip(texts, found, strict=True))
            self._note(texts, spans)
            replaced = self._drawn(texts, spans, also_seen)
            if self._comes_back(replaced, texts):
                return replaced
            # a date beside what was left may read as another date: then only the very surrogates are put back
            self._table.shifted(0, range(0))
            if self._comes_back(replaced, texts):
                return replaced
        raise GuardUnavailable(
            "The surrogates of this text could not be put back exactly.",
            remedy="Use the transform 'redact', or send the parts of the text one by one.",
        )

    def _drawn(self, texts: tuple[str, ...], spans: Spans, also_seen: _Texts) -> tuple[str, ...]:
        """The texts with surrogates that are nobody's, as far as a roster can tell."""
        for _ in range(_DRAWS):
            self._table = Table()
            self._stand_ins = set()
            replaced = self._replaced(texts, spans, also_seen)
            if self._taken is None or not any(map(self._taken, self._stand_ins)):
                return replaced
        raise GuardUnavailable(
            "No surrogates could be found that belong to nobody on the roster.",
            remedy="Send the request again, or use the transform 'redact'.",
        )

    def _comes_back(self, replaced: _Texts, texts: _Texts) -> bool:
        return all(self._table.restore(new) == old for new, old in zip(replaced, texts, strict=True))

    def _replaced(self, texts: tuple[str, ...], spans: Spans, also_seen: _Texts) -> tuple[str, ...]:
        values = self._values()
        pool = Pool(self._rng, (*texts, *also_seen), [v for _, v in values], (k.value for k in self._known))
        names = Names(pool, self._table)
        named = [value for label, value in values if label is Label.NAME]
        for name in (*named, *(k.value for k in self._known if k.label is Label.NAME)):
            names.meet(name)
        # whole names first, so that parts and initials can follow them
        for name in sorted(named, key=lambda n: (-len(n.split()), n)):
            names.of(name)
        found_dates = [self._read(value) for label, value in values if label is Label.DATE]
        known_dates = [dates.read_recorded(k.value) for k in self._known if k.label is Label.DATE]
        like_years = frozenset(int(k.value) for k in self._known if YEAR_LIKE.fullmatch(k.value))
        calendar = Calendar(pool, self._table, (*found_dates, *known_dates), like_years, read=self._read)
        ages = Ages(pool, self._table, [v for label, v in values if label is Label.AGE])
        other = Surrogates(pool, self._table)
        out = []
        for text, row in zip(texts, spans, strict=True):

            def substitute(span: Span, value: str, text: str = text) -> str:
                if span.label is Label.DATE:
                    return calendar.of(value)
                if span.label is Label.AGE:
                    return ages.of(
                        value, text[max(0, span.start - 12) : span.start], text[span.end : span.end + 24]
                    )
                new = names.of(value) if span.label is Label.NAME else other.of(span.label, value)
                self._stand_ins.add(new)
                return new

            out.append(replace(text, row, substitute))
        return tuple(out)

    # -- Safe Harbor

    def _safe_harbor(self, text: str, spans: tuple[Span, ...]) -> str:
        person = safe_harbor.Person.of(text, spans, self._known)
        if self._over_89:
            person = dataclasses.replace(person, over_89=True)
        rows = list(safe_harbor.rendering(text, spans, person))
        new = {(span.start, span.end): value for span, value in rows}
        return replace(text, [span for span, _ in rows], lambda span, _: new[span.start, span.end])


def _same_kind(inner: str, outer: str) -> bool:
    return touches(inner, outer)


def _word_characters(_: str, outer: str) -> bool:
    return outer.isalnum()


def _no_blank(_: str, outer: str) -> bool:
    return not outer.isspace()


_ENDS = " \n\t"
"""What no word or number reaches beyond."""


def _widened(text: str, spans: tuple[Span, ...], reach: Callable[[str, str], bool]) -> tuple[Span, ...]:
    """Spans that end where a word or number ends, for only there can a surrogate be told from its surroundings."""
    out: list[Span] = []
    size = len(text)
    for span in spans:
        start, end = span.start, span.end
        while start > 0 and text[start - 1] not in _ENDS and reach(text[start], text[start - 1]):
            start -= 1
        while end < size and text[end] not in _ENDS and reach(text[end - 1], text[end]):
            end += 1
        if out and start < out[-1].end:
            old = out.pop()
            best = old if old.score >= span.score else span
            start, end, span = min(start, old.start), max(end, old.end), best
        if start != span.start or end != span.end:
            span = Span(start=start, end=end, label=span.label, score=span.score, detector=span.detector)
        out.append(span)
    return tuple(out)
