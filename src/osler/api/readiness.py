"""Whether this process can answer requests, and if not, why.

Ready is a process that is not stopping, whose stores, audit log and detectors answer, and that has a model server for
some kind of request. What there is for requests with and without PHI is told apart: `need` asks for one of them.
Nothing here names a secret or an address.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from osler.app.build import Platform
from osler.core.errors import GuardUnavailable, OslerError
from osler.core.models import Destination, Place
from osler.core.sensitivity import Sensitivity
from osler.deid import Found
from osler.gateway.policy import Facts

Need = Literal["any", "phi", "clear", "all"]
_OK = "ok"
_PHI = Facts(sensitivity=Sensitivity.PHI)
_TRIAL = ("Is it there?",)  # too short to be answered from memory (osler.deid.remembered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """How things stand: `ok` or a sentence for each of them."""

    leaving: bool
    stores: str
    audit: str
    detector: str
    phi: str
    clear: str

    def fault(self, need: Need = "any") -> str:
        """Why it is not ready for what is needed; empty where it is."""
        if self.leaving:
            return "the server is stopping"
        for state in (self.stores, self.audit, self.detector):
            if state != _OK:
                return state
        wanted = {"phi": [self.phi], "clear": [self.clear]}.get(need, [self.phi, self.clear])
        failed = [state for state in wanted if state != _OK]
        if need == "any" and len(failed) < len(wanted):
            return ""
        return " ".join(dict.fromkeys(failed))

    def to_json(self) -> dict[str, object]:
        """Each of them by name."""
        return {
            "stopping": self.leaving,
            "stores": self.stores,
            "audit": self.audit,
            "detector": self.detector,
            "models": {"phi": self.phi, "clear": self.clear},
        }


async def readiness(platform: Platform, *, leaving: bool, within_s: float) -> Readiness:
    """How a platform stands now. Each guard has so many seconds."""
    stores, parts = platform.stores, platform.pipeline.parts

    async def asked(work: Callable[[], object], what: str) -> str:
        try:
            async with asyncio.timeout(within_s):
                await asyncio.to_thread(work)
        except OslerError as error:
            return str(error)
        except Exception as error:
            # Whoever watches wants an answer whatever is down; the text of a foreign error may quote anything.
            return f"{what} failed ({type(error).__name__}). Run `osler doctor`."
        return _OK

    def look() -> None:
        found: object = parts.deidentifier.detect(_TRIAL)
        if not isinstance(found, Found):
            raise GuardUnavailable("The detectors gave no result.", remedy="Run `osler doctor`.")

    found, head, detector = await asyncio.gather(
        asked(stores.database.check, "the database"),
        asked(stores.audit.head, "the audit log"),
        asked(look, "a detector"),
    )
    return Readiness(
        leaving=leaving,
        stores=found,
        audit=head,
        detector=detector,
        phi=_models(platform, phi=True),
        clear=_models(platform, phi=False),
    )


def details(platform: Platform) -> dict[str, Any]:
    """How the WAN and each model stand."""
    failover = platform.pipeline.parts.failover
    models = [
        {
            "destination": s.destination, "model": s.model, "breaker": s.breaker, "retry_s": round(s.retry_s, 1),
            "in_flight": s.in_flight, "waiting": s.waiting,
        }
        for s in failover.states()
    ]  # fmt: skip
    return {"wan": "down" if failover.wan_down else "up", "targets": models}


def _models(platform: Platform, *, phi: bool) -> str:
    """Whether a model server may take such requests, and can just now."""
    parts = platform.pipeline.parts
    kind = "PHI" if phi else "no PHI"
    may = [d for d in parts.destinations if not phi or _may_have_phi(platform, d)]
    chat = {(d.name, m.name) for d in may for m in d.models if m.kind == "chat"}
    if not chat:
        return f"No model server may take requests with {kind}."
    away = {d.name for d in may if d.place is not Place.ON_PREMISES} if parts.failover.wan_down else set()
    for state in parts.failover.states():
        if (state.destination, state.model) in chat and state.destination not in away and not state.retry_s:
            return _OK
    return f"No model server that may take requests with {kind} can be asked now."


def _may_have_phi(platform: Platform, destination: Destination) -> bool:
    parts = platform.pipeline.parts
    transform = destination.accepts.deidentified if destination.accepts is not None else "none"
    return parts.policy.still_permits(destination, transform, _PHI, parts.clock.now())
