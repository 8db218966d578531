"""An answer on its way back: restore, drop citations of nothing, check by sentence.

The same objects serve plain and streamed answers; a plain answer is one big piece. Any chunking
gives the same text. Each choice has a channel for each thing that a model says: text, what it says it thinks, a
refusal, the arguments of each tool call. All of them pass steps 7 and 8.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import msgspec

from osler.core.citations import Evidence
from osler.core.findings import Finding
from osler.core.messages import Delta, ToolDelta
from osler.core.ports.records import RecordItem
from osler.gateway.answer import ChoiceAnswer, Piece, ToolCall
from osler.guardrails import Guard, HoldBack
from osler.knowledge import cite

# A closed marker waits too: what follows may make a link of it, "[7](https://…", which is no marker.
_OPENING = re.compile(
    r"\s*(?:\[[\d,;\s\u2013-]*\])*(?:\[[\d,;\s\u2013-]*|(?<=\])(?:\([^\s()]{0,60}|:\s{0,3}[^\s]{0,8})?)$"
)
_LONGEST_MARKER = 240


class Restoring(Protocol):
    """Step 7 of one text that comes in pieces: what the caller supplied is put back, what nobody did is taken out."""

    @property
    def redacted(self) -> Mapping[str, int]:
        """How many identifiers were taken out so far, by label."""
        ...

    def feed(self, piece: str) -> str:
        """The next piece in; whatever of the text is certain by now out."""
        ...

    def finish(self) -> str:
        """The rest, when no more comes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowOptions:
    """What the channels of one answer share.

    `text` and `json` make step 7 for a text and for JSON. `structured` says that the answer's text is JSON: then
    nothing is added to it.
    """

    text: Callable[[], Restoring]
    json: Callable[[], Restoring]
    guard: Guard
    question: str = field(repr=False)
    evidence: tuple[Evidence, ...] = field(repr=False)
    record: tuple[RecordItem, ...] | None = field(repr=False)
    withhold: bool
    hold: Literal["risky", "all"] = "risky"
    structured: bool = False

    def hold_back(self) -> HoldBack:
        """Step 8 of one text."""
        return HoldBack(
            self.guard,
            question=self.question,
            evidence=self.evidence,
            record=self.record,
            withhold=self.withhold,
            hold=self.hold,
        )


class MarkerFilter:
    """Removes citation markers that name no evidence; holds back only what may still become a marker."""

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        self._evidence = tuple(evidence)
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be released of the text so far."""
        text = self._held + piece
        opening = _OPENING.search(text, max(0, len(text) - _LONGEST_MARKER))
        if opening:
            text, self._held = text[: opening.start()], text[opening.start() :]
        else:
            stripped = text.rstrip()
            # White space goes with a marker that follows it, so it waits for what comes next.
            text, self._held = stripped, text[len(stripped) :]
        return cite.clean(text, self._evidence)

    def finish(self) -> str:
        """The rest."""
        text, self._held = self._held, ""
        return cite.clean(text, self._evidence)


class _Channel:
    """One text on its way back: what was restored of it, and what was released."""

    def __init__(self, restoring: Restoring) -> None:
        self._restoring = restoring
        self._restored: list[str] = []
        self._shown: list[str] = []

    @property
    def redacted(self) -> Mapping[str, int]:
        """How many identifiers that nobody supplied were taken out, by label."""
        return self._restoring.redacted

    @property
    def restored(self) -> str:
        """The text as the model gave it, before anything was withheld or removed."""
        return "".join(self._restored)

    @property
    def shown(self) -> str:
        """What was released."""
        return "".join(self._shown)

    def _restore(self, piece: str) -> str:
        self._restored.append(self._restoring.feed(piece))
        return self._restored[-1]

    def _restore_rest(self) -> str:
        self._restored.append(self._restoring.finish())
        return self._restored[-1]

    def _show(self, text: str) -> str:
        self._shown.append(text)
        return text


class TextChannel(_Channel):
    """Prose: restored, its markers cleaned, its sentences checked."""

    def __init__(self, options: FlowOptions, *, cited: bool) -> None:
        super().__init__(options.text())
        self._markers = MarkerFilter(options.evidence) if cited else None
        self._hold = options.hold_back()

    def feed(self, piece: str) -> str:
        """What may be shown by now."""
        restored = self._restore(piece)
        return self._show(self._hold.feed(self._markers.feed(restored) if self._markers else restored))

    def finish(self) -> str:
        """The rest."""
        tail = self._restore_rest()
        if self._markers:
            tail = self._markers.feed(tail) + self._markers.finish()
        return self._show(self._hold.feed(tail) + self._hold.finish())

    def add(self, text: str) -> str:
        """Words of Osler's own, after the end."""
        return self._show(text)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the checks found in the sentences so far."""
        return tuple(self._hold.findings)


class JsonChannel(_Channel):
    """JSON in pieces: the arguments of a tool call, an answer by a schema. Restored inside of its strings.

    Where there are checks it is released when it is whole: a string of it that must not be shown is replaced, and
    it stays JSON.
    """

    def __init__(self, options: FlowOptions) -> None:
        self._options = options
        super().__init__(options.json())
        self._found: list[Finding] = []

    def feed(self, piece: str) -> str:
        """What may be shown by now."""
        restored = self._restore(piece)
        return self._show(restored) if self._options.guard.idle else ""

    def finish(self) -> str:
        """The rest."""
        tail = self._restore_rest()
        if self._options.guard.idle:
            return self._show(tail)
        return self._show(self._checked("".join(self._restored)))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the checks found in its strings."""
        return tuple(self._found)

    def _checked(self, text: str) -> str:
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return self._sentences(text)
        kept = self._value(value)
        return text if kept == value else msgspec.json.encode(kept).decode()

    def _value(self, value: object) -> object:
        if isinstance(value, str):
            return self._sentences(value)
        if isinstance(value, dict):
            return {k: self._value(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._value(v) for v in value]
        return value

    def _sentences(self, text: str) -> str:
        hold = self._options.hold_back()
        shown = hold.feed(text) + hold.finish()
        self._found += (replace(f, start=-1, end=-1) for f in hold.findings)
        return shown


@dataclass(slots=True)
class _Call:
    """A tool call as far as it has come."""

    channel: JsonChannel
    id: str = ""
    name: str = ""


class ChoiceFlow:
    """One choice of an answer."""

    def __init__(self, index: int, options: FlowOptions) -> None:
        self.index = index
        self.finish_reason = ""
        self._options = options
        self._text: TextChannel | JsonChannel = (
            JsonChannel(options) if options.structured else TextChannel(options, cited=True)
        )
        self._thinking: TextChannel | None = None
        self._thoughts: list[TextChannel] = []
        self._refusal: TextChannel | None = None
        self._calls: dict[int, _Call] = {}
        self._said: list[str] = []
        self._logprobs: list[Mapping[str, object]] = []

    def passed(self, delta: Delta) -> Piece | None:
        """What may be shown of a piece and of what was held; None where that is nothing."""
        self.finish_reason = delta.finish or self.finish_reason
        self._logprobs += delta.logprobs
        text, reasoning, refusal = "", "", ""
        if delta.reasoning:
            reasoning = self._thought(delta.reasoning)
        if delta.text or delta.tools:
            reasoning += self._done_thinking()
        if delta.text:
            self._said.append(delta.text)
            text = self._text.feed(delta.text)
        if delta.refusal:
            self._refusal = self._refusal or TextChannel(self._options, cited=False)
            refusal = self._refusal.feed(delta.refusal)
        tools = tuple(self._tool(tool) for tool in delta.tools)
        return self._piece(text, reasoning, refusal, tuple(t for t in tools if _says(t)))

    def finish(self, more: Callable[[str], str]) -> Piece | None:
        """The end of the choice. `more` gives what Osler adds to the text that was shown."""
        reasoning = self._done_thinking()
        refusal = self._refusal.finish() if self._refusal else ""
        text = self._text.finish()
        if isinstance(self._text, TextChannel) and (self._text.shown or not self._calls):
            text += self._text.add(more(self._text.shown))
        tools = tuple(
            ToolDelta(index=at, arguments=rest)
            for at, call in self._calls.items()
            if (rest := call.channel.finish())
        )
        return self._piece(text, reasoning, refusal, tools, self.logprobs)

    @property
    def raw(self) -> str:
        """The restored text as the model gave it."""
        return self._text.restored

    @property
    def shown(self) -> str:
        """The text that was released."""
        return self._text.shown

    @property
    def logprobs(self) -> tuple[Mapping[str, object], ...]:
        """Log probabilities, where they are about the text that was shown."""
        return tuple(self._logprobs) if "".join(self._said) == self._text.shown else ()

    @property
    def answer(self) -> ChoiceAnswer:
        """All that was released so far."""
        return ChoiceAnswer(
            index=self.index,
            text=self._text.shown,
            tools=tuple(
                ToolCall(id=c.id, name=c.name, arguments=c.channel.shown)
                for _, c in sorted(self._calls.items())
            ),
            reasoning="".join(thought.shown for thought in self._thoughts),
            refusal=self._refusal.shown if self._refusal else "",
            logprobs=self.logprobs,
            finish=self.finish_reason,
        )

    @property
    def findings(self) -> Iterator[Finding]:
        """What the checks found in it. Places count in the text; elsewhere there are none."""
        where = "answer" if self.index == 0 else f"choices[{self.index}]"
        yield from (replace(f, where=where) for f in self._text.findings)
        others = (
            *(("reasoning", thought) for thought in self._thoughts),
            ("refusal", self._refusal),
            *(("tool_calls", c.channel) for c in self._calls.values()),
        )
        for name, channel in others:
            if channel is not None:
                yield from (replace(f, where=name, start=-1, end=-1) for f in channel.findings)

    @property
    def redacted(self) -> Iterator[Mapping[str, int]]:
        """Of each of its texts how many identifiers that nobody supplied were taken out, by label."""
        channels = (self._text, *self._thoughts, self._refusal, *(c.channel for c in self._calls.values()))
        yield from (channel.redacted for channel in channels if channel is not None)

    def _thought(self, piece: str) -> str:
        if self._thinking is None:
            self._thinking = TextChannel(self._options, cited=False)
            self._thoughts.append(self._thinking)
        return self._thinking.feed(piece)

    def _done_thinking(self) -> str:
        """What was held of a thought: it ends where the answer goes on, so that it is shown before that."""
        thinking, self._thinking = self._thinking, None
        return thinking.finish() if thinking is not None else ""

    def _tool(self, tool: ToolDelta) -> ToolDelta:
        call = self._calls.get(tool.index)
        if call is None:
            call = self._calls[tool.index] = _Call(JsonChannel(self._options))
        call.id, call.name = call.id or tool.id, call.name or tool.name
        return replace(tool, arguments=call.channel.feed(tool.arguments) if tool.arguments else "")

    def _piece(
        self,
        text: str,
        reasoning: str,
        refusal: str,
        tools: tuple[ToolDelta, ...],
        logprobs: tuple[Mapping[str, object], ...] = (),
    ) -> Piece | None:
        if not (text or reasoning or refusal or tools or logprobs):
            return None
        return Piece(
            text=text,
            index=self.index,
            tools=tools,
            reasoning=reasoning,
            refusal=refusal,
            logprobs=logprobs,
        )


class AnswerFlow:
    """Steps 7 and 8 as one incremental object, for all choices of an answer."""

    def __init__(self, options: FlowOptions) -> None:
        self._options = options
        self._choices: dict[int, ChoiceFlow] = {}

    def passed(self, delta: Delta) -> Piece | None:
        """What may be shown of a piece of the answer, and of what was held before it."""
        return self._choice(delta.index).passed(delta)

    def finish(self, notices: Sequence[str]) -> tuple[Piece, ...]:
        """The rest of the answer, those notices that it does not already state, and what rests on memory."""
        if not self._choices:
            self._choice(0)
        evidence = self._options.evidence
        ends = (c.finish(lambda said: _added(said, notices, evidence)) for c in self._in_order())
        return tuple(piece for piece in ends if piece is not None)

    @property
    def choices(self) -> tuple[ChoiceAnswer, ...]:
        """What was released, choice by choice."""
        return tuple(c.answer for c in self._in_order())

    @property
    def raws(self) -> tuple[str, ...]:
        """The restored texts as the model gave them, before anything was withheld or removed."""
        return tuple(c.raw for c in self._in_order())

    @property
    def shown(self) -> str:
        """The texts that were released, of all choices."""
        return "\n".join(c.shown for c in self._in_order())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the checks found in the sentences so far."""
        return tuple(f for c in self._in_order() for f in c.findings)

    @property
    def redacted(self) -> dict[str, int]:
        """How many identifiers that nobody supplied were taken out of the answer, by label."""
        tally: dict[str, int] = {}
        for choice in self._in_order():
            for counted in choice.redacted:
                for label, count in counted.items():
                    tally[label] = tally.get(label, 0) + count
        return dict(sorted(tally.items()))

    def _choice(self, index: int) -> ChoiceFlow:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = ChoiceFlow(index, self._options)
        return choice

    def _in_order(self) -> list[ChoiceFlow]:
        choices = self._choices
        return [choices[index] for index in sorted(choices)] if len(choices) > 1 else list(choices.values())


def _says(tool: ToolDelta) -> bool:
    return bool(tool.id or tool.name or tool.arguments)


def _added(said: str, notices: Sequence[str], evidence: Sequence[Evidence]) -> str:
    """What follows the answer: notices that it does not state, and which citations rest on memory."""
    missing = "".join(f"\n\nOsler: {notice}" for notice in notices if notice not in said)
    return missing + _recalled(said + missing, evidence)


def _recalled(answer: str, evidence: Sequence[Evidence]) -> str:
    """The line that says which citations rest on a topic for which no source was opened; "" without such."""
    numbers = [f"[{c.n}]" for c in cite.cited(answer, evidence) if c.basis == "recalled"]
    if not numbers:
        return ""
    listed = " and ".join(part for part in (", ".join(numbers[:-1]), numbers[-1]) if part)
    rest = "rest" if len(numbers) > 1 else "rests"
    return f"\n\nOsler: {listed} {rest} on a topic written from memory (basis: recalled); verify before use."
