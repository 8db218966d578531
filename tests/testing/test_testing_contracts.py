"""The shipped contract tests pass honest plug-ins and catch each way of breaking the contract."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from osler.core.errors import InputError, UnsupportedFormat
from osler.core.findings import Finding, Severity
from osler.core.messages import Delta, ToolDelta, Usage
from osler.core.ports.check import Statement
from osler.core.ports.completer import ModelCall
from osler.core.ports.reader import Document, Passage, Reading, Source
from osler.core.spans import Label, Span
from osler.testing import FixedClock, check_check, check_completer, check_detector, check_reader


class Digits:
    name = "digits"

    def find(self, text: str) -> Iterable[Span]:
        return [Span(start=m.start(), end=m.end(), label=Label.MRN) for m in re.finditer(r"\d{8}", text)]


class Overlong(Digits):
    def find(self, text: str) -> Iterable[Span]:
        return [Span(start=0, end=len(text) + 1, label=Label.MRN)]


class Forgetful(Digits):
    def __init__(self) -> None:
        self.calls = 0

    def find(self, text: str) -> Iterable[Span]:
        self.calls += 1
        return super().find(text) if self.calls % 2 else []


class Untyped(Digits):
    def find(self, text: str) -> Iterable[Span]:
        return [(0, 1)] if text else []  # type: ignore[list-item]


class Touchy(Digits):
    def find(self, text: str) -> Iterable[Span]:
        text.encode("latin-1")
        return super().find(text)


def test_an_honest_detector_passes():
    check_detector(Digits())


@pytest.mark.parametrize(
    ("broken", "promise"),
    [(Overlong, "end within the text"), (Forgetful, "each time"), (Untyped, "Span values")],
)
def test_a_broken_detector_is_caught(broken, promise):
    with pytest.raises(AssertionError, match=promise):
        check_detector(broken())


def test_a_detector_that_raises_is_caught():
    with pytest.raises(UnicodeEncodeError):
        check_detector(Touchy())


@dataclass
class Lines:
    """Reads a file of lines, one document each; the knobs break it."""

    name: str = "lines"
    passage_end: int | None = None
    collection: str = "notes"
    leak: bool = False
    crash: bool = False

    def accepts(self, source: Source) -> bool:
        return source.suffix == ".txt"

    def read(self, source: Source) -> Reading:
        if self.crash and not source.data:
            raise KeyError("first line")
        try:
            lines = source.data.decode().splitlines()
        except UnicodeDecodeError:
            said = f" {source.data!r}" if self.leak else ""
            raise UnsupportedFormat(f"Not UTF-8 text.{said}", remedy="Save it as UTF-8.") from None
        documents = [
            Document(
                doc=f"{source.name}#{n}",
                title="",
                text=line,
                collection=self.collection,
                passages=(Passage(start=0, end=self.passage_end or len(line)),) if line else (),
            )
            for n, line in enumerate(lines)
        ]
        return Reading(documents=tuple(documents))


SOURCE = Source(name="a.txt", data=b"one\ntwo\n\nthree")


def test_an_honest_reader_passes():
    check_reader(Lines(), SOURCE)


@pytest.mark.parametrize(
    ("reader", "promise"),
    [
        (Lines(passage_end=99), "passage must lie within"),
        (Lines(collection="records"), "has a patient if and only if"),
        (Lines(leak=True), "must not repeat"),
        (Lines(crash=True), "InputError .*not KeyError"),
        (Lines(name="Two Words"), "one lower-case word"),
    ],
)
def test_a_broken_reader_is_caught(reader, promise):
    with pytest.raises(AssertionError, match=promise):
        check_reader(reader, SOURCE)


def test_a_reader_that_does_not_take_the_source_is_caught():
    with pytest.raises(AssertionError, match=r"accepts\(\) must be True"):
        check_reader(Lines(), Source(name="a.pdf", data=b"x"))


def test_refusals_may_be_any_input_error():
    class Strict(Lines):
        def read(self, source: Source) -> Reading:
            if source.data != SOURCE.data:
                raise InputError("Line 1 is not a line.")
            return super().read(source)

    check_reader(Strict(), SOURCE)


@dataclass
class Parrot:
    """A completer without a server; the knobs break it."""

    two_finishes: bool = False
    no_finish: bool = False
    plain_pieces: int = 1
    early_usage: bool = False
    closed: int = 0
    ids: tuple[str, ...] = field(default=("parrot",))
    index: int = 0
    tools: tuple[ToolDelta, ...] = ()

    async def complete(self, call: ModelCall, *, stream: bool) -> AsyncGenerator[Delta, None]:
        words = call.messages[-1].content.split() if stream else ["whole"] * self.plain_pieces
        for place, word in enumerate(words):
            await asyncio.sleep(0)
            last = place == len(words) - 1
            finish = "stop" if (last or self.two_finishes) and not self.no_finish else None
            usage = Usage() if last or self.early_usage else None
            yield Delta(text=word, finish=finish, usage=usage, index=self.index, tools=self.tools)

    async def probe(self) -> tuple[str, ...]:
        return self.ids

    async def aclose(self) -> None:
        self.closed += 1


def test_an_honest_completer_passes():
    parrot = Parrot()
    asyncio.run(check_completer(parrot))
    assert parrot.closed == 2


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (Parrot(two_finishes=True), "only the last"),
        (Parrot(no_finish=True), "must carry `finish`"),
        (Parrot(plain_pieces=2), "in one piece|only the last"),
        (Parrot(plain_pieces=0), "at least one piece"),
        (Parrot(early_usage=True), "usage"),
        (Parrot(ids=()), r"probe\(\)"),
        (Parrot(index=1), "has the index 0"),
        (Parrot(tools=(ToolDelta(index=1, id="a", name="f"),)), "without gaps"),
    ],
)
def test_a_broken_completer_is_caught(broken, promise):
    with pytest.raises(AssertionError, match=promise):
        asyncio.run(check_completer(broken))


def test_a_completer_that_cannot_be_closed_is_caught():
    class Iterating:
        def __init__(self, stream: AsyncGenerator[Delta, None]) -> None:
            self.stream = stream

        def __aiter__(self) -> "Iterating":
            return self

        async def __anext__(self) -> Delta:
            return await anext(self.stream)

    class Unclosable(Parrot):
        def complete(self, call: ModelCall, *, stream: bool) -> AsyncIterator[Delta]:  # type: ignore[override]
            return Iterating(super().complete(call, stream=stream))

    with pytest.raises(AssertionError, match="aclose"):
        asyncio.run(check_completer(Unclosable()))


@dataclass
class Shouting:
    """Finds capital letters; the knobs break it."""

    name: str = "shouting"
    parts: tuple[str, ...] = ("sentence", "question")
    kind: str = "shouting"
    source: str = "rule: no shouting"
    shift: int = 0
    where: str | None = None

    def check(self, statement: Statement) -> Iterable[Finding]:
        for match in re.finditer("[A-Z]{2,}", statement.text):
            yield Finding(
                kind=self.kind,
                severity=Severity.INFO,
                reason="Capital letters.",
                source=self.source,
                where=self.where or ("question" if statement.part == "question" else "answer"),
                start=match.start() + self.shift,
                end=match.end() + self.shift,
            )


def test_an_honest_check_passes():
    check_check(Shouting())


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (Shouting(source=""), "name a source"),
        (Shouting(kind="Shouting!"), "snake_case"),
        (Shouting(shift=10_000), "within the text"),
        (Shouting(where="answer"), "`where`"),
        (Shouting(parts=("paragraph",)), "`parts`"),
    ],
)
def test_a_broken_check_is_caught(broken, promise):
    with pytest.raises(AssertionError, match=promise):
        check_check(broken)


def test_a_fixed_clock_moves_only_when_told():
    clock = FixedClock(datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC))
    assert clock.now() == clock.now() == datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    assert clock.monotonic() == 0
    clock.advance(1.5)
    assert clock.now() == datetime(2026, 3, 2, 0, 0, 0, 500_000, tzinfo=UTC)
    assert clock.monotonic() == 1.5
    clock.set(datetime(2020, 1, 1, tzinfo=UTC))
    assert clock.now().year == 2020
    assert clock.monotonic() == 1.5


@pytest.mark.parametrize("move", [lambda c: c.advance(-1), lambda c: c.set(datetime(2026, 1, 1))])
def test_a_fixed_clock_refuses_what_no_clock_does(move):
    with pytest.raises(ValueError, match="clock"):
        move(FixedClock())
