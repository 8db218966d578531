"""De-identification as a batch task: records in, lines with spans and replaced text out.

One line for each record, in order. A record that fails becomes `{"id", "spans": [], "error"}`: its text does not stand
in it, nor what an exception said, only what kind of thing went wrong.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Literal, Protocol

import msgspec

from osler.core.errors import GuardUnavailable, OslerError
from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.vault import RecordMap
from osler.core.spans import Span, counts
from osler.deid.keyed import ReplaceOptions, TextReplacer, record_map
from osler.deid.leaks import Leaks
from osler.deid.uncertain import Weighed
from osler.jobs import structured
from osler.jobs.batch import Batch, Done, Record, Seed, Tally, Work
from osler.jobs.records import Format, Item, read
from osler.jobs.reviewing import Review
from osler.jobs.roster import Roster

Mode = Literal["spans", "redact", "surrogate", "safe-harbor"]
Layout = Literal["lines", "beside", "folder"]
"""Where what is replaced goes: into the lines, into a stream beside them, each into a file of a folder."""

_Known = tuple[KnownIdentifier, ...]
_Spans = tuple[Span, ...]
_encode = msgspec.json.encode
_NOTHING = Weighed(spans=())


class Engine(Protocol):
    """What finds identifiers: `osler.deid.Deidentifier` is one."""

    def find(self, text: str, known: Sequence[KnownIdentifier] = ()) -> _Spans:
        """Spans of one text, sorted, without overlap."""
        ...

    def find_all(self, texts: Sequence[str], known: Sequence[KnownIdentifier] = ()) -> tuple[_Spans, ...]:
        """As `find`, for texts that belong together."""
        ...

    def find_terms(self, texts: Sequence[str], known: Sequence[KnownIdentifier] = ()) -> tuple[_Spans, ...]:
        """As `find`, for terms of published code lists."""
        ...

    def find_many(
        self, texts: Sequence[str], known: Sequence[Sequence[KnownIdentifier]] | None = None
    ) -> tuple[_Spans, ...]:
        """As `find`, for texts that have nothing to do with each other."""
        ...

    def weigh_many(
        self, texts: Sequence[str], known: Sequence[Sequence[KnownIdentifier]] | None = None
    ) -> tuple[Weighed, ...]:
        """As `find_many`, with what was uncertain and what a site's protocol let through."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeidTask:
    """De-identify records: find spans, and replace them as `options` say where there are any.

    `engine` makes the engine in the worker; surrogates depend on the run's `seed`. Names of files often name a patient:
    where text is replaced they give way to numbers, unless `keep_names`. With `review` there is one more stream, the
    queue of the uncertain; `weigh` counts what a site's protocol let through; with `ways_back` each batch brings the
    surrogate maps of its texts. These three are for texts.
    """

    engine: Callable[[], Engine]
    format: Format
    options: ReplaceOptions | None = None
    layout: Layout = "lines"
    roster: Roster | None = None
    seed: Seed
    keep_names: bool = False
    review: Review | None = None
    weigh: bool = False
    ways_back: bool = False

    def read(self, record: Record) -> Item:
        """A record of this task's format, under the name that may be written."""
        item = read(record, self.format)
        if not record.name or self.keep_names or self.options is None:
            return item
        name = f"{record.number:06d}{PurePosixPath(record.name).suffix}"
        return replace(item, id=str(record.number).encode(), name=name)

    def start(self) -> Work:
        """The worker: loads the engine."""
        return _Worker(self, self.engine()).work

    def lost(self, record: Record, reason: str) -> Done:
        """The line of a record that failed with its worker."""
        return self.done([(self.read(record), _Outcome(fault=reason))])

    def done(self, outcomes: Sequence[tuple[Item, "_Outcome"]]) -> Done:
        """Items and what they came to, as bytes."""
        lines, beside, files = [], [], []
        found: Counter[str] = Counter()
        let_through: Counter[str] = Counter()
        for item, outcome in outcomes:
            lines.append(self._line(item, outcome))
            found.update(outcome.found)
            let_through.update(s.label.value for s in outcome.weighed.let_through)
            if outcome.text is not None and self.layout != "lines":
                data = outcome.text.encode(item.encoding, "replace")
                if self.layout == "folder":
                    files.append((item.name, data))
                else:
                    beside.append(data)
        streams = [b"".join(lines)]
        if self.layout == "beside":
            streams.append(b"".join(beside))
        if self.review is not None:
            streams.append(b"".join(self.review.line(item, o.weighed) for item, o in outcomes))
        tally = Tally(
            records=len(outcomes),
            failed=sum(1 for _, o in outcomes if o.fault),
            found=dict(found),
            let_through=dict(let_through),
        )
        maps = tuple(o.way_back for _, o in outcomes if o.way_back is not None)
        return Done(streams=tuple(streams), files=tuple(files), maps=maps, tally=tally)

    def _line(self, item: Item, outcome: "_Outcome") -> bytes:
        if outcome.fault:
            return b'{"id":%b,"spans":[],"error":%b}\n' % (item.id, _encode(outcome.fault))
        own = outcome.text is not None and self.layout == "lines"
        if own and item.resource is not None:
            return (outcome.text or "").encode() + b"\n"
        text = b'"text":%b,' % _encode(outcome.text) if own else b""
        if outcome.spans is None:
            account = _encode({"found": outcome.found, "values": outcome.values})
            return b'{"id":%b,%b%b\n' % (item.id, text, account[1:])
        spans = _encode(
            [
                {"start": s.start, "end": s.end, "label": s.label, "score": s.score, "detector": s.detector}
                for s in outcome.spans
            ]
        )
        return b'{"id":%b,%b"spans":%b}\n' % (item.id, text, spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What came of a record: spans, or for structured formats counts of what became of the values; or a fault."""

    spans: _Spans | None = None
    text: str | None = field(default=None, repr=False)
    found: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)
    weighed: Weighed = _NOTHING
    way_back: RecordMap | None = field(default=None, repr=False)
    fault: str = ""


class _Worker:
    """One process's engine, and the records through it."""

    def __init__(self, task: DeidTask, engine: Engine) -> None:
        self._task, self._engine, self._options = task, engine, task.options
        self._replacer = TextReplacer(task.seed.key, task.options)

    def work(self, batch: Batch) -> Done:
        """A batch of records to a batch of lines."""
        items = [self._task.read(record) for record in batch.records]
        good = [item for item in items if not item.fault]
        outcomes = iter([self._tried(each) for each in self._steps(good)])
        return self._task.done(
            [(item, _Outcome(fault=item.fault) if item.fault else next(outcomes)) for item in items]
        )

    def _steps(self, items: Sequence[Item]) -> list[Callable[[], _Outcome]]:
        """What to do for each item. Spans of all are found at once, which is quicker, unless that fails."""
        if self._options is not None and self._task.format in ("fhir", "hl7"):
            return [partial(self._restructured, self._options, item) for item in items]
        known = [self._known(item) for item in items]
        finders: list[Callable[[], Weighed]]
        try:
            found = self._find([item.text for item in items], known)
        except Exception:
            # then one by one, so that one text fails only itself
            finders = [
                partial(self._find_one, item.text, of_it) for item, of_it in zip(items, known, strict=True)
            ]
        else:
            finders = [partial(_same, each) for each in found]
        return [partial(self._replaced, *each) for each in zip(items, known, finders, strict=True)]

    def _find(self, texts: Sequence[str], known: Sequence[_Known]) -> Sequence[Weighed]:
        if self._task.weigh or self._task.review is not None:
            return self._engine.weigh_many(texts, known)
        return [Weighed(spans=spans) for spans in self._engine.find_many(texts, known)]

    def _find_one(self, text: str, known: _Known) -> Weighed:
        return self._find([text], [known])[0]

    def _tried(self, step: Callable[[], _Outcome]) -> _Outcome:
        try:
            return step()
        except OslerError as error:
            return _Outcome(fault=error.message)
        except Exception as error:
            # the message could repeat the text
            return _Outcome(fault=f"It could not be de-identified ({type(error).__name__}).")

    def _known(self, item: Item) -> _Known:
        return () if self._task.roster is None else self._task.roster.known(item.patient_key)

    def _replaced(self, item: Item, known: _Known, find: Callable[[], Weighed]) -> _Outcome:
        weighed = find()
        spans = weighed.spans
        if self._options is None:
            return _Outcome(spans=spans, found=counts(spans), weighed=weighed)
        done = self._replacer.replace(
            item.text,
            spans,
            patient_key=item.patient_key,
            document=str(item.number),
            known=known,
            today=self._task.seed.day,
        )
        if known and Leaks(known, ()).count((done.text,)):
            raise GuardUnavailable(
                "A known identifier still stands in the replaced text.", remedy="Look at this record by hand."
            )
        way_back = None
        if self._task.ways_back:
            # under the id as `osler deid restore` will read it from the line
            way_back = record_map(str(msgspec.json.decode(item.id)), item.patient_key, done)
        return _Outcome(spans=spans, text=done.text, found=counts(spans), weighed=weighed, way_back=way_back)

    def _restructured(self, options: ReplaceOptions, item: Item) -> _Outcome:
        keys = structured.patients(item)
        roster = self._task.roster
        session = structured.Keyed(
            self._engine,
            seed=self._task.seed,
            options=options,
            patient=next(iter(keys), ""),
            known=() if roster is None else structured.known(keys, roster),
        )
        treated = structured.treat(item, session, compact=self._task.layout == "lines")
        account = treated.account
        return _Outcome(text=treated.text, found=dict(account.labels), values=account.outcomes())


def _same(found: Weighed) -> Weighed:
    return found
