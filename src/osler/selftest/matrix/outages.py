"""What can be down, in which manners, and what must hold for a request meanwhile."""

from dataclasses import dataclass
from typing import Literal

from osler.selftest.matrix.routes import Ask, Row
from osler.testing.outages import Manner

NONE = "none"
"""The column of the control: the same requests, nothing down."""
COLUMNS = (
    NONE,
    "detector",
    "estimator",
    "vault",
    "policy",
    "retrieval",
    "roster",
    "patient",
    "outbound",
    "audit",
    "upstream",
    "guardrail",
)
Leaves = Literal["nothing", "permitted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One manner in which a guard is down. `switch` is what is switched off, `after` how many of its calls still
    work: 1 for the audit log means that the record which ends a request is the one that fails."""

    guard: str
    manner: Manner
    after: int = 0
    switch: str = ""

    @property
    def name(self) -> str:
        """As a failure names it."""
        part = f", its {self.switch}" if self.switch not in ("", self.guard) else ""
        late = f", after {self.after} call{'s' if self.after > 1 else ''}" if self.after else ""
        return f"{self.guard} {self.manner.value}{part}{late}"

    def order(self) -> dict[str, object]:
        """What the process under trial is told."""
        return {"outage": self.switch or self.guard, "manner": self.manner.value, "after": self.after}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must hold for one request.

    `answered`: it is, as if nothing were down. `leaves`: what may reach a place that may see PHI. `shown`: how
    many sentences of a stream may have been shown before it broke off. `recorded`: its end is in the audit log.
    """

    answered: bool
    leaves: Leaves
    shown: int = 0
    recorded: bool = True


ALWAYS = 10**6
"""More sentences than there are: those that were checked and signed for may be seen before a later fault."""


def outages(guard: str, row: Row, *, waits: bool) -> tuple[Outage, ...]:
    """The manners in which a guard is tried on a route: those that hang where `waits`, the others where not."""
    if guard == NONE:
        return ()
    if row.asks[0].kind == "other":
        needed = guard in row.asks[0].needs
        manners: tuple[Manner, ...] = (Manner.REFUSES, Manner.RAISES) if needed else (Manner.REFUSES,)
        if waits:
            # Whoever watches needs an answer; elsewhere a store that hangs is its own to bound, by its timeouts.
            manners = (Manner.HANGS,) if needed and row.path == "/readyz" else ()
        return tuple(Outage(guard=guard, manner=manner) for manner in manners)
    if waits:
        # A backend bounds its own call for vectors; for answers the gateway does.
        bounded = guard != "upstream" or row.asks[0].kind != "embeddings"
        return (Outage(guard=guard, manner=Manner.HANGS),) if bounded else ()
    found = [Outage(guard=guard, manner=m) for m in (Manner.RAISES, Manner.REFUSES, Manner.RUBBISH)]
    if guard == "retrieval":
        found.append(Outage(guard=guard, manner=Manner.REFUSES, switch="index"))
    # Where no evidence joins a request, one call of the detector looks at all of it: there is no second one to fail.
    first = row.asks[0]
    again = "retrieval" in first.needs or first.kind == "embeddings"
    if guard == "guardrail" or (guard == "detector" and again):
        found.append(Outage(guard=guard, manner=Manner.RAISES, after=1))
    if guard == "patient":
        found.append(Outage(guard=guard, manner=Manner.RAISES, after=1))
    if guard == "upstream" and first.kind == "stream":
        found += [Outage(guard=guard, manner=m, after=2) for m in (Manner.RAISES, Manner.REFUSES)]
    if guard == "audit":
        found += [
            Outage(guard=guard, manner=m, after=1) for m in (Manner.RAISES, Manner.REFUSES, Manner.RUBBISH)
        ]
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A breach that is planted, because a matrix that cannot see it shows nothing. `ask` is the number of the
    request among those of a plain chat completion; `seen_as` is what the matrix takes to be down meanwhile."""

    name: str
    plant: Outage
    ask: int = 0
    seen_as: Outage | None = None


_SILENT = Outage(guard="guardrail", manner=Manner.LIES)
_UNSEEN = Outage(guard="outbound", manner=Manner.LIES)
BREACHES = (
    Breach(name="an answer that is signed nowhere", plant=Outage(guard="audit", manner=Manner.LIES)),
    Breach(name="a check that is down and lets everything pass", plant=_SILENT, seen_as=_SILENT),
    Breach(name="a policy that lets go of PHI", plant=Outage(guard="policy", manner=Manner.LIES), ask=2),
    Breach(name="an outbound check that is down and finds nothing", plant=_UNSEEN, seen_as=_UNSEEN),
)


def expected(ask: Ask, outage: Outage | None) -> Expected:
    """What must hold for a request while a guard is down, or none."""
    if outage is None or outage.guard not in ask.needs:
        return Expected(answered=not ask.refused, leaves="nothing" if ask.refused else "permitted")
    if ask.kind == "other":
        return Expected(answered=False, leaves="nothing", recorded=False)
    recorded = outage.guard != "audit"
    if ask.refused:
        # Policy is asked before anything else that could be down here, but for what sensitivity needs.
        return Expected(answered=False, leaves="nothing", recorded=recorded)
    if outage.guard == "guardrail":
        return Expected(answered=False, leaves="permitted", shown=outage.after, recorded=recorded)
    if outage.guard == "upstream":
        return Expected(answered=False, leaves="permitted", shown=max(0, outage.after - 1), recorded=recorded)
    if outage.guard == "patient" and outage.after:
        # The answer as a whole is looked at when all of it is there.
        return Expected(answered=False, leaves="permitted", shown=ALWAYS, recorded=recorded)
    if outage.guard == "audit" and outage.after:
        return Expected(answered=False, leaves="permitted", shown=ALWAYS, recorded=False)
    return Expected(answered=False, leaves="nothing", recorded=recorded)
