"""Minimum necessary by role: what a role may not ask for is refused, unless the glass is broken for it.

What breaking the glass lifts is what stands here, nothing else: PHI goes where the invariant lets it, whoever asks
for whatever reason (45 CFR 164.502(b), 164.514(d), 164.312(a)(2)(ii)).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from osler.gateway.config.roles import DEFAULT_ROLES, RoleConfig

TREATMENT = "treatment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for, as far as roles go."""

    role: str
    purpose: str
    task: str | None
    patient: bool
    explain: bool
    break_glass: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is left of the limits of a role for one request; None limits nothing."""

    destinations: frozenset[str] | None = None
    records: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """The role may not: why, and what to do."""

    reason: str
    remedy: str


NO_LIMITS = Limits()


class Roles:
    """The roles of a site: those that it configures, and the shipped ones."""

    def __init__(self, configured: Mapping[str, RoleConfig] | None = None) -> None:
        self._roles = {**DEFAULT_ROLES, **(configured or {})}
        self._limits = {
            name: Limits(
                destinations=frozenset(role.destinations) if role.destinations is not None else None,
                records=role.records,
            )
            for name, role in self._roles.items()
        }

    def judge(self, asked: Asked) -> Limits | Denied:
        """The limits that the rest of the way has to keep, or the reason for which the request goes nowhere."""
        role = self._roles.get(asked.role)
        if role is None:
            return Denied(
                reason=f"the role '{asked.role}' is not configured",
                remedy=f"Configure it as [gateway.roles.{asked.role}], or use a key of a known role.",
            )
        if asked.break_glass:
            return _without_glass(asked, role)
        reason = _beyond(asked, role)
        if not reason:
            return self._limits[asked.role]
        remedy = "Leave it out, or use a key of another role."
        if role.break_glass and asked.purpose == TREATMENT:
            remedy += (
                " In an emergency give a reason: metadata.break_glass, or the header x-osler-break-glass."
            )
        return Denied(reason=reason, remedy=remedy)


def _without_glass(asked: Asked, role: RoleConfig) -> Limits | Denied:
    """What is left when the glass is broken, if it may be."""
    if not role.break_glass:
        return Denied(
            reason=f"the role '{asked.role}' may not break the glass",
            remedy="Leave break_glass out, or use a key of a role that has break_glass = true.",
        )
    if asked.purpose != TREATMENT:
        return Denied(
            reason="the glass is broken for treatment only",
            remedy="Leave break_glass out, or state the purpose treatment if that is what it is.",
        )
    return NO_LIMITS


def _beyond(asked: Asked, role: RoleConfig) -> str:
    """What of a request goes beyond a role; empty when nothing does."""
    if role.purposes is not None and asked.purpose not in role.purposes:
        return f"the role '{asked.role}' may not ask for this purpose"
    if role.tasks is not None and asked.task not in role.tasks:
        what = "this task" if asked.task else "what is no task of its own"
        return f"the role '{asked.role}' may not ask for {what}"
    if asked.patient and not role.patients:
        return f"the role '{asked.role}' may not name a patient"
    if asked.explain and not role.explain:
        return f"the role '{asked.role}' may not ask for what the model was sent"
    return ""
