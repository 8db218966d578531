"""The nine steps of a request, in one short method.

    1 sensitivity   2 policy   3 route   4 ground   5 surrogate   6 call   7 restore   8 verify   9 sign

Plain and streamed answers take the same way. Whatever guards and fails makes the request fail:
nothing leaves, and what was refused is signed too. Steps 1 to 5 are in `inward.py`, 7 and 8 in `flow.py`.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TypeVar

from osler.core.audit import AuditRecord
from osler.core.errors import GuardUnavailable, OslerError, PolicyRefused, StoreError
from osler.core.findings import Finding, Severity
from osler.core.messages import ChatRequest, Delta
from osler.core.ports.check import Statement
from osler.core.ports.completer import ModelCall
from osler.gateway import signing
from osler.gateway.answer import Piece
from osler.gateway.bounds import length_of
from osler.gateway.ended import Outcome, ended_of
from osler.gateway.exchange import Done, Event, Exchange, Failed, filled
from osler.gateway.inward import Inward
from osler.gateway.parts import Parts, bounds_of
from osler.gateway.reuse import Call, Kept, Said
from osler.gateway.router import Target
from osler.knowledge import cite

T = TypeVar("T")


class Pipeline:
    """Answers requests. One per process; safe for concurrent use within an event loop."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        steps = self._inward = Inward(parts)
        self._bounds = bounds_of(parts)
        self._steps: tuple[tuple[str, Callable[[Exchange], Exchange]], ...] = (
            ("sensitivity", steps.sensitivity),
            ("policy", steps.policy),
            ("route", steps.route),
            ("ground", steps.ground),
            ("surrogate", steps.surrogate),
        )

    async def run(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """The way of one request: pieces while it streams, then Done, or Failed at any point."""
        x = Exchange(request=request, started=self.parts.clock.monotonic())
        opening = ending = False
        try:
            x = filled(x, request=self.parts.tasks.prepare(request))
            length = length_of(x.request)
            async with self._bounds.turn(length) as at_once:
                for name, step in self._steps:
                    begun = self.parts.clock.monotonic()
                    try:
                        x = step(x) if at_once else await self._bounds.run(step, x, length=length)
                    finally:
                        self.parts.observer.step(name, self.parts.clock.monotonic() - begun)
                x = self._joined(self._inward.reused(x))
            opening = _is_opened(x)
            x = await self._open(x)
            flows = not self._bounds.is_beside(0)
            async with aclosing(self._call(x)) as deltas:
                async for target, delta in deltas:
                    if target is not x.target or delta.usage is not None:
                        x = filled(x, target=target, usage=delta.usage or x.usage)
                    shown = (
                        self._passed(x, delta) if flows else await self._bounds.run(self._passed, x, delta)
                    )
                    if shown is not None and request.stream:
                        yield shown
            x, tail = await self._timed("verify", self._bounds.run(self._conclude, x))
            if request.stream:
                for shown in tail:
                    yield shown
            ending = True
            x = await self._sign(x)
        except OslerError as error:
            yield await self._fail(x, error, ending=ending)
            return
        except (asyncio.CancelledError, GeneratorExit):
            if not ending:  # else the record that ends it is on its way to the log, and stands
                await self._abandon(x, opened=opening)
            raise
        except Exception as error:
            # Its text may quote what was being worked on: only the type goes further.
            fault = GuardUnavailable(
                f"A step of the request failed ({type(error).__name__}); nothing more was sent.",
                remedy="Run `osler doctor`; if it finds nothing, report the type and the audit number.",
            )
            yield await self._fail(x, fault)
            return
        finally:
            self._settle(x)
        self._tell("answered", x)
        yield Done(exchange=x)

    def _joined(self, x: Exchange) -> Exchange:
        """With the call that identical requests share, where this one may share it."""
        reuse = self.parts.reuse
        if x.kept is not None or not x.key or not reuse.shares(x.request.params):
            return x
        call = reuse.call(x.key, lambda: self._said(x), x.having(x.replacer))
        if call.replacer is x.replacer or call.replacer is None:
            return filled(x, call=call)
        return filled(self._inward.flowing(x, call.replacer), call=call, follows=True)

    # 6 ── the model; another permitted one takes over while nothing has come back yet
    def _call(self, x: Exchange) -> AsyncGenerator[Said, None]:
        """What the model says: from memory, from a call that others listen to as well, or from a call of its own."""
        if x.kept is not None:
            return _again(x.kept)
        return self._shared(x, x.call) if x.call is not None else self._said(x)

    def _upstream(self, x: Exchange) -> AsyncGenerator[Said, None]:
        p, facts = self.parts, x.having(x.facts)

        def made(target: Target) -> ModelCall:
            return ModelCall(
                model_id=target.model.id,
                messages=x.outbound,
                params=p.tasks.fitted(x.params, x.request, schema=target.model.schemas),
                endpoint="completions" if x.request.surface == "completions" else "chat",
                context=target.model.context,
            )

        def permitted(target: Target) -> bool:
            return p.policy.still_permits(target.destination, target.transform, facts, p.clock.now())

        return p.failover.calls(
            x.targets,
            made,
            stream=x.request.stream,
            latency=x.request.latency,
            permitted=permitted,
            trail=x.trail,
        )

    async def _shared(self, x: Exchange, call: Call) -> AsyncGenerator[Said, None]:
        try:
            async with aclosing(call.listen()) as said:
                async for piece in said:
                    yield piece
        finally:
            if not call.is_open or call.is_whole:
                self.parts.reuse.ended(x.key, call)

    def _said(self, x: Exchange) -> AsyncGenerator[Said, None]:
        """What a call of its own says, kept for the next request of its kind where answers are."""
        said = self._upstream(x)
        keeps = bool(x.key) and self.parts.reuse.keeps(phi=x.having(x.facts).counts_as_phi)
        return self._kept(x, said) if keeps else said

    async def _kept(self, x: Exchange, source: AsyncGenerator[Said, None]) -> AsyncGenerator[Said, None]:
        pieces: list[Said] = []
        async with aclosing(source) as said:
            async for piece in said:
                pieces.append(piece)
                yield piece
        self.parts.reuse.keep(x.key, pieces, x.replacer)

    # 7 and 8 ── surrogates out, real identifiers in; drugs, allergies, citations
    def _passed(self, x: Exchange, delta: Delta) -> Piece | None:
        return x.having(x.flow).passed(delta)

    def _conclude(self, x: Exchange) -> tuple[Exchange, tuple[Piece, ...]]:
        """The end of steps 7 and 8: the tail of the answer, its citations, and what the checks say of the whole."""
        flow, guard = x.having(x.flow), self.parts.guard_of(x.request.task)
        question = Statement(part="question", text=x.request.question, evidence=x.evidence, record=x.record)
        asked = guard.question(question)
        # A client that shows the answer only must show these too: they stand in the answer itself.
        warnings = [f.reason for f in asked if f.severity is not Severity.INFO]
        tail = flow.finish([*x.having(x.grounding).notices, *warnings])
        found = [*x.warned, *asked, *flow.findings, *self._inward.warned(x, flow.shown)]
        redacted = flow.redacted
        if redacted:
            found.append(_taken_out(redacted))
        for raw in flow.raws:
            whole = Statement(
                part="answer", text=raw, question=x.request.question, evidence=x.evidence, record=x.record
            )
            found += (_unplaced(f) for f in guard.answer(whole))
        citations = cite.cited(flow.shown, x.evidence)
        return filled(
            x, choices=flow.choices, citations=citations, findings=tuple(found), redacted=redacted
        ), tail

    # 9 ── durable before anyone is told that it is done
    async def _open(self, x: Exchange) -> Exchange:
        """What may hold PHI is on record before it leaves, and so is every stream."""
        if not _is_opened(x):
            return x
        body = signing.exchange_body(x, self.parts.config_digest, outcome="opened", ms=self._ms(x))
        return filled(x, opened=await self._timed("open", self._append("opened", x, body)))

    async def _sign(self, x: Exchange) -> Exchange:
        kind = "closed" if x.opened else "answer"
        body = signing.exchange_body(x, self.parts.config_digest, outcome="answered", ms=self._ms(x))
        return filled(x, signed=await self._timed("sign", self._append(kind, x, body)))

    async def _fail(self, x: Exchange, error: OslerError, *, ending: bool = False) -> Failed:
        """Sign the refusal or the fault. When that fails too, the audit log is what is down: say so.

        `ending`: the record that ends the exchange was on its way, and may stand for all that is known.
        """
        own = error.decision if isinstance(error, PolicyRefused) else None
        decision = dict(own or x.decision_json())
        outcome: Outcome = "refused" if isinstance(error, PolicyRefused) else "failed"
        self._tell(outcome, x, error)
        if ending and isinstance(error, StoreError) and x.opened is not None:
            return Failed(error=error, decision=decision, record=None)
        try:
            if x.flow is not None:
                x = filled(x, choices=x.flow.choices, findings=x.flow.findings)
            body = signing.exchange_body(x, self.parts.config_digest, outcome=outcome, ms=self._ms(x))
            body |= signing.error_body(error)
            record = await self._append("closed" if x.opened else outcome, x, body)
        except StoreError as down:
            return Failed(error=down, decision=decision, record=None)
        return Failed(error=error, decision=decision, record=record)

    async def _abandon(self, x: Exchange, *, opened: bool) -> None:
        """The caller went away: close what was opened or is being opened, even while being cancelled."""
        self._tell("abandoned", x)
        if x.flow is not None:
            x = filled(x, choices=x.flow.choices)
        body = signing.exchange_body(x, self.parts.config_digest, outcome="abandoned", ms=self._ms(x))
        with suppress(StoreError):  # then the record stays open, and is closed as interrupted later
            await asyncio.shield(self._append("closed" if opened else "abandoned", x, body))

    async def _append(self, kind: str, x: Exchange, body: dict[str, object]) -> AuditRecord:
        p = self.parts
        return await self._bounds.signed(
            p.audit, p.clock, kind=kind, request_id=x.request.request_id, body=body
        )

    async def _timed(self, name: str, work: Awaitable[T]) -> T:
        """What `work` gives, measured as a step."""
        begun = self.parts.clock.monotonic()
        try:
            return await work
        finally:
            self.parts.observer.step(name, self.parts.clock.monotonic() - begun)

    def _tell(self, outcome: Outcome, x: Exchange, error: OslerError | None = None) -> None:
        """Tell whoever measures how the request ended."""
        self.parts.observer.ended(ended_of(x, outcome, error, self.parts.clock.monotonic()))

    def _settle(self, x: Exchange) -> None:
        """Count what the request used up; what came from memory, or from another's call, cost nothing."""
        budgets = self.parts.budgets
        target = x.target if x.trail and not x.follows else None
        budgets.settle(x.ticket, x.usage, target.model if target else None, x.size)
        if budgets.is_due:
            asyncio.get_running_loop().run_in_executor(None, budgets.sync)

    def _ms(self, x: Exchange) -> int:
        return round((self.parts.clock.monotonic() - x.started) * 1000)


async def _again(kept: Kept) -> AsyncGenerator[Said, None]:
    for said in kept.said:
        yield said


def _is_opened(x: Exchange) -> bool:
    """Whether a record is written before the call: always for streams, and for all that may hold PHI."""
    return x.request.stream or x.having(x.facts).counts_as_phi


def _taken_out(redacted: Mapping[str, int]) -> Finding:
    """The finding that says what is missing from the answer."""
    counted = ", ".join(f"{count} {label}" for label, count in redacted.items())
    return Finding(
        kind="identifier_made_up",
        severity=Severity.WARN,
        reason=f"The answer held identifiers that nobody supplied; labels stand in their place ({counted}).",
        source="osler:deid/answers",
    )


def _unplaced(finding: Finding) -> Finding:
    """Findings on the whole answer have offsets into the model's own text, which nobody sees: drop them."""
    return replace(finding, start=-1, end=-1)
