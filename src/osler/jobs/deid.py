"""De-identification as a batch task: lines or texts in, lines with spans (and replaced text) out.

One line of output for each record, in order. A record that fails becomes `{"id", "spans": [], "error"}`: its text does
not stand in it, nor what an exception said, only what kind of thing went wrong.
"""

import hashlib
import hmac
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import msgspec

from osler.core.errors import OslerError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Span, counts
from osler.deid import Deidentifier
from osler.jobs.batch import Batch, Done, Record, Tally, Work
from osler.jobs.replacing import Mode, replaced
from osler.jobs.roster import Roster

Format = Literal["jsonl", "text"]
Layout = Literal["lines", "beside", "folder"]
"""Where replaced texts go: into the lines, into a stream beside them, each into a file of a folder."""

_Known = tuple[KnownIdentifier, ...]
_Spans = tuple[Span, ...]
_encode = msgspec.json.encode
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeidTask:
    """De-identify records. `engine` makes the engine in the worker; `key` is the run's secret, for surrogates."""

    engine: Callable[[], Deidentifier]
    mode: Mode
    format: Format
    layout: Layout = "lines"
    roster: Roster | None = None
    key: bytes = field(repr=False)

    def start(self) -> Work:
        """The worker: loads the engine."""
        return _Worker(self, self.engine()).work

    def lost(self, record: Record, reason: str) -> Done:
        """The line of a record that failed with its worker."""
        item = _read(record, self.format)
        return self.done([(item, _Outcome(fault=reason))])

    def done(self, outcomes: Sequence[tuple["Item", "_Outcome"]]) -> Done:
        """Items and what they came to, as bytes."""
        lines, beside, files = [], [], []
        found: dict[str, int] = {}
        for item, outcome in outcomes:
            lines.append(self._line(item, outcome))
            if outcome.fault:
                continue
            for label, count in counts(outcome.spans).items():
                found[label] = found.get(label, 0) + count
            if outcome.text is not None and self.layout != "lines":
                data = outcome.text.encode("utf-8", "replace")
                if self.layout == "folder":
                    files.append((item.name, data))
                else:
                    beside.append(data)
        streams = (b"".join(lines),)
        return Done(
            streams=(*streams, b"".join(beside)) if self.layout == "beside" else streams,
            files=tuple(files),
            tally=Tally(records=len(outcomes), failed=sum(1 for _, o in outcomes if o.fault), found=found),
        )

    def _line(self, item: "Item", outcome: "_Outcome") -> bytes:
        if outcome.fault:
            return b'{"id":%b,"spans":[],"error":%b}\n' % (item.id, _encode(outcome.fault))
        spans = _encode(
            [
                {"start": s.start, "end": s.end, "label": s.label, "score": s.score, "detector": s.detector}
                for s in outcome.spans
            ]
        )
        if outcome.text is None or self.layout != "lines":
            return b'{"id":%b,"spans":%b}\n' % (item.id, spans)
        return b'{"id":%b,"text":%b,"spans":%b}\n' % (item.id, _encode(outcome.text), spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A record as it was read. `id` is JSON; `fault` says why there is no text."""

    number: int
    id: bytes = field(repr=False)
    name: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    patient_key: str | None = field(default=None, repr=False)
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    spans: tuple[Span, ...] = ()
    text: str | None = field(default=None, repr=False)
    fault: str = ""


class _Worker:
    """One process's engine, and the records through it."""

    def __init__(self, task: DeidTask, engine: Deidentifier) -> None:
        self._task, self._engine = task, engine

    def work(self, batch: Batch) -> Done:
        """A batch of records to a batch of lines."""
        items = [_read(record, self._task.format) for record in batch.records]
        good = [item for item in items if not item.fault]
        known = [self._known(item) for item in good]
        outcomes = dict(zip((item.number for item in good), self._outcomes(good, known), strict=True))
        return self._task.done(
            [(item, outcomes.get(item.number) or _Outcome(fault=item.fault)) for item in items]
        )

    def _known(self, item: Item) -> tuple[KnownIdentifier, ...]:
        return () if self._task.roster is None else self._task.roster.known(item.patient_key)

    def _outcomes(self, items: Sequence[Item], known: Sequence[_Known]) -> list[_Outcome]:
        """All at once, which is quicker; where that fails one by one, so that one text fails only itself."""
        finders: list[Callable[[], _Spans]]
        try:
            found = self._engine.find_many([item.text for item in items], known)
        except Exception:
            finders = [
                partial(self._engine.find, item.text, of_it) for item, of_it in zip(items, known, strict=True)
            ]
        else:
            finders = [partial(_same, spans) for spans in found]
        return [self._outcome(*each) for each in zip(items, known, finders, strict=True)]

    def _outcome(self, item: Item, known: _Known, find: Callable[[], _Spans]) -> _Outcome:
        try:
            spans = find()
            if self._task.mode == "spans":
                return _Outcome(spans=spans)
            text, spans = replaced(
                self._engine, item.text, spans, known, mode=self._task.mode, secret=self._scope(item)
            )
        except OslerError as error:
            return _Outcome(fault=error.message)
        except Exception as error:
            # the message could repeat the text
            return _Outcome(fault=f"It could not be de-identified ({type(error).__name__}).")
        return _Outcome(spans=spans, text=text)

    def _scope(self, item: Item) -> bytes:
        """The secret of a patient, or of a text that names none: the same one, the same surrogates."""
        whose = f"document {item.number}" if item.patient_key is None else f"patient {item.patient_key}"
        return hmac.new(self._task.key, whose.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _same(spans: _Spans) -> _Spans:
    return spans


def _read(record: Record, form: Format) -> Item:
    if form == "text":
        return _text(record)
    return _line(record)


def _text(record: Record) -> Item:
    name = _encode(record.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    if record.fault:
        return Item(number=record.number, id=name, name=record.name, fault=record.fault)
    encoding = "utf-16" if record.data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = record.data.decode(encoding)
    except UnicodeDecodeError:
        return Item(number=record.number, id=name, name=record.name, fault="It is not UTF-8 text.")
    return Item(number=record.number, id=name, name=record.name, text=text)


def _line(record: Record) -> Item:
    number = str(record.number).encode()
    if record.fault:
        return Item(number=record.number, id=number, fault=record.fault)
    if not record.data.strip():
        return Item(number=record.number, id=number, fault="The line is empty.")
    try:
        value = _parsed(record.data)
    except UnicodeDecodeError:
        return Item(number=record.number, id=number, fault="The line is not UTF-8.")
    except (ValueError, RecursionError):
        return Item(number=record.number, id=number, fault="The line is not JSON.")
    if not isinstance(value, dict):
        return Item(number=record.number, id=number, fault="The line is no JSON object.")
    return _item(record.number, value)


def _parsed(data: bytes) -> Any:
    """JSON as the standard library reads it where msgspec does not: lone surrogates are let in."""
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return json.loads(data.decode("utf-8"))


def _item(number: int, value: dict[str, Any]) -> Item:
    identifier, text, key = value.get("id"), value.get("text"), value.get("patient_key")
    fault = ""
    if identifier is None:
        shown = str(number).encode()
    elif isinstance(identifier, bool) or not isinstance(identifier, str | int | float) or _odd(identifier):
        shown, fault = str(number).encode(), "Its `id` is neither text nor a number."
    else:
        shown = json.dumps(identifier).encode() if not isinstance(identifier, str) else _string(identifier)
    if not isinstance(text, str):
        fault = fault or ("It has no `text`." if text is None else "Its `text` is no string.")
    if key is not None and (isinstance(key, bool) or not isinstance(key, str | int)):
        fault = fault or "Its `patient_key` is neither text nor a whole number."
    if fault or not isinstance(text, str):
        return Item(number=number, id=shown, fault=fault)
    return Item(number=number, id=shown, text=_whole(text), patient_key=None if key is None else str(key))


def _odd(identifier: str | float) -> bool:
    return isinstance(identifier, float) and not math.isfinite(identifier)


def _string(value: str) -> bytes:
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def _whole(text: str) -> str:
    """Halves of surrogate pairs are no characters: each becomes U+FFFD, so that all offsets stay."""
    return text if text.isascii() else _HALF.sub("\ufffd", text)
