"""What is known of a request when it has ended, for whoever measures: names, numbers and codes, no text but what left.

Made once a request, from its exchange.
"""

from collections.abc import Mapping

from osler.core.errors import OslerError
from osler.core.messages import Usage
from osler.gateway.exchange import Exchange
from osler.gateway.observe import Call, Ended, Outcome

_NOTHING: Mapping[str, int] = {}
_MILLION = 1_000_000

__all__ = ["Outcome", "ended_of"]


def ended_of(x: Exchange, outcome: Outcome, error: OslerError | None, now: float) -> Ended:
    """How an exchange ended at `now`, in seconds on the gateway's clock that never goes back."""
    target, facts, decision, flow = x.target, x.facts, x.decision, x.flow
    # What came from memory, or from another request's call, took no tokens.
    own = x.kept is None and not x.follows
    usage = x.usage if own else Usage()
    model = target.model if target is not None else None
    usd = 0.0
    if model is not None and (model.price_in or model.price_out):
        usd = ((usage.prompt or 0) * model.price_in + (usage.completion or 0) * model.price_out) / _MILLION
    findings = x.findings or (flow.findings if flow is not None else ())
    hidden = target is not None and target.transform != "none"
    return Ended(
        outcome=outcome,
        destination=target.destination.name if target is not None else "",
        model=model.name if model is not None else "",
        model_id=model.id if model is not None else "",
        surface=x.request.surface,
        stream=x.request.stream,
        begun_s=x.started,
        ended_s=now,
        usage=usage,
        usd=usd,
        rule=decision.rule if decision is not None else "",
        code=error.code if error is not None else "",
        phi=facts.phi if facts is not None else _NOTHING,
        redacted=x.redacted or (flow.redacted if flow is not None else _NOTHING),
        findings=tuple((f.kind, f.severity.value) for f in findings),
        reused="kept" if x.kept is not None else "shared" if x.follows else "",
        calls=tuple(
            Call(
                destination=a.destination,
                model=a.model,
                outcome=a.outcome,
                begun_s=a.begun_s,
                ended_s=a.ended_s,
                waited_s=a.waited_s,
            )
            for a in x.trail
        ),
        finish=x.finish,
        sent=x.outbound if hidden else (),
    )
