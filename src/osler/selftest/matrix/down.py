"""Parts of the gateway that are down when told to be: policy, retrieval, and what looks at a request before it leaves.

Each hands everything on to the real one while its switch is up. Those that are behind a port stand in
`osler.testing`; these know the gateway.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from osler.core.messages import ChatRequest
from osler.core.models import Destination, Transform
from osler.core.ports.estimator import Complexity
from osler.deid import Replacer
from osler.deid.outbound import OutboundCheck
from osler.deid.roster import Roster
from osler.deid.wrong_patient import OtherPatient
from osler.gateway.estimate import Estimators
from osler.gateway.parts import Parts
from osler.gateway.policy import Considered, Decision, Facts, Permit, Policy
from osler.knowledge.retrieve import Grounding, Retriever
from osler.testing.outages import RUBBISH, Manner, Switch

Others = Callable[..., tuple[OtherPatient, ...]]
Outbound = Callable[[Replacer, Roster | None], OutboundCheck]


class FailingPolicy(Policy):
    """Policy that is down when told to be. When it lies, everybody may have everything as it is."""

    def __init__(self, inner: Policy, parts: Parts, switch: Switch) -> None:
        super().__init__(parts.destinations, ())
        self._inner = inner
        self._parts = parts
        self._switch = switch
        self._lied = False

    def decide(self, facts: Facts, today: date) -> Decision:
        """As the real one."""
        manner = self._switch.use(facts)
        if manner is Manner.RUBBISH:
            rubbish: Decision = RUBBISH
            return rubbish
        if manner is None:
            self._lied = False
            return self._inner.decide(facts, today)
        self._lied = True
        permits = tuple(
            Permit(destination=d, transform="none", reason="a lie") for d in self._parts.destinations
        )
        return Decision(facts=facts, rule="a lie", prefer="cost", permits=permits, refused={})

    def still_permits(
        self, destination: Destination, transform: Transform, facts: Facts, now: datetime
    ) -> bool:
        """As the real one; of what it lied about it says the same again."""
        return self._lied or self._inner.still_permits(destination, transform, facts, now)

    def considered(self, facts: Facts) -> tuple[Considered, ...]:
        """As the real one."""
        return self._inner.considered(facts)


class FailingRetriever(Retriever):
    """Retrieval that is down when told to be."""

    def __init__(self, inner: Retriever, switch: Switch) -> None:
        self._inner = inner
        self._switch = switch

    def ground(self, question: str, patient: str | None, types: tuple[str, ...] | None = None) -> Grounding:
        """As the real one."""
        return RUBBISH if self._switch.use(question) else self._inner.ground(question, patient, types)


class FailingEstimators(Estimators):
    """Estimators that are down when told to be."""

    def __init__(self, inner: Estimators, switch: Switch) -> None:
        super().__init__(task=None, complexity=None)
        self._inner = inner
        self._switch = switch

    def facts(self, request: ChatRequest) -> tuple[str | None, Complexity]:
        """As the real ones."""
        return RUBBISH if self._switch.use(request.question) else self._inner.facts(request)


class FailingOutbound(OutboundCheck):
    """An outbound check that is down when told to be. When it lies, it finds nothing."""

    def __init__(self, inner: OutboundCheck, switch: Switch) -> None:
        super().__init__()
        self._inner = inner
        self._switch = switch

    def scan(self, body: bytes | str | Sequence[str], *, allowed: Sequence[str] = ()) -> dict[str, int]:
        """As the real one."""
        manner = self._switch.use(body)
        if manner is Manner.LIES:
            return {}
        return RUBBISH if manner else self._inner.scan(body, allowed=allowed)


def failing_outbound(make: Outbound, switch: Switch) -> Outbound:
    """Makes outbound checks that are down when told to be."""
    return lambda replacer, roster: FailingOutbound(make(replacer, roster), switch)


def failing_roster(read: Callable[[], Roster] | None, switch: Switch) -> Callable[[], Roster]:
    """Gives the roster, and is down when told to be."""
    return lambda: RUBBISH if switch.use("the roster") else read() if read is not None else Roster.of(())


def failing_others(look: Others, switch: Switch) -> Others:
    """The wrong-patient guard, down when told to be. When it lies, there is nobody else."""

    def others(texts: Sequence[str], *rest: Any) -> tuple[OtherPatient, ...]:
        manner = switch.use(texts)
        if manner is Manner.LIES:
            return ()
        return RUBBISH if manner else look(texts, *rest)

    return others
