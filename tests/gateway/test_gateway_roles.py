"""Minimum necessary by role, and the glass that may be broken for it."""

from dataclasses import replace
from datetime import date

import pytest

from osler.core.errors import InputError, PolicyRefused
from osler.core.messages import ChatRequest, Message
from osler.core.models import Destination, Model, Place
from osler.core.ports.vault import Subject
from osler.core.sensitivity import Sensitivity
from osler.gateway import break_glass
from osler.gateway.config import DEFAULT_RULES, RoleConfig
from osler.gateway.policy import Facts, Policy
from osler.gateway.roles import Roles

TODAY = date(2026, 11, 20)
WARD = Destination(name="ward", place=Place.ON_PREMISES, models=(Model(name="m", id="m"),))
OUTSIDE = Destination(name="outside", place=Place.PUBLIC_CLOUD, models=WARD.models)
TIGHT = RoleConfig(
    purposes=("treatment",),
    tasks=("soap-note",),
    destinations=("ward",),
    patients=False,
    records=("Observation",),
    explain=False,
    break_glass=True,
)
WITHIN = Facts(sensitivity=Sensitivity.CLEAR, role="clinician", task="soap-note")
REASON = "Mrs. Quartermain collapsed, allergies needed now"


def policy(**roles: RoleConfig) -> Policy:
    return Policy([WARD, OUTSIDE], DEFAULT_RULES, Roles(roles))


BEYOND = [
    (replace(WITHIN, purpose="research"), "purpose"),
    (replace(WITHIN, task="order-check"), "this task"),
    (replace(WITHIN, task=None), "no task of its own"),
    (replace(WITHIN, patient=True), "name a patient"),
    (replace(WITHIN, explain=True), "what the model was sent"),
    (replace(WITHIN, role="porter"), "not configured"),
]


@pytest.mark.parametrize(("facts", "why"), BEYOND, ids=[why for _, why in BEYOND])
def test_what_a_role_may_not_do_is_refused(facts: Facts, why: str) -> None:
    tight = policy(clinician=TIGHT)
    with pytest.raises(PolicyRefused) as refusal:
        tight.decide(facts, TODAY)
    assert why in refusal.value.message
    assert refusal.value.decision["rule"] is None
    emergency = facts.purpose == "treatment" and facts.role == "clinician"
    assert ("break_glass" in refusal.value.remedy) == emergency


def test_within_its_limits_it_goes_on_with_what_is_left() -> None:
    decision = policy(clinician=TIGHT).decide(WITHIN, TODAY)
    assert [p.destination.name for p in decision.permits] == ["ward"]
    assert "may not use it" in decision.refused["outside"]
    assert decision.records == ("Observation",)


def test_broken_glass_lifts_the_roles_limits_and_never_the_invariant() -> None:
    tight = policy(clinician=TIGHT)
    facts = Facts(sensitivity=Sensitivity.PHI, patient=True, explain=True, break_glass=True)
    decision = tight.decide(facts, TODAY)
    assert decision.records is None
    assert [p.destination.name for p in decision.permits] == ["ward"]
    assert "without a BAA" in decision.refused["outside"]
    assert decision.to_json()["break_glass"] is True
    clear = replace(facts, sensitivity=Sensitivity.CLEAR)
    assert {p.destination.name for p in tight.decide(clear, TODAY).permits} == {"ward", "outside"}


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"purpose": "research"}, "treatment only"), ({"role": "service"}, "may not break the glass")],
)
def test_the_glass_is_broken_by_some_roles_and_for_treatment_only(changed: dict[str, str], why: str) -> None:
    facts = replace(Facts(sensitivity=Sensitivity.CLEAR, break_glass=True), **changed)  # type: ignore[arg-type]
    with pytest.raises(PolicyRefused) as refusal:
        policy().decide(facts, TODAY)
    assert why in refusal.value.message


def test_the_shipped_roles_know_patients_but_for_administrators() -> None:
    for role, may in (("clinician", True), ("reviewer", True), ("service", True), ("admin", False)):
        facts = Facts(sensitivity=Sensitivity.PHI, patient=True, role=role)
        try:
            policy().decide(facts, TODAY)
        except PolicyRefused:
            assert not may
        else:
            assert may


def asked(reason: str | None) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content="x"),), break_glass=reason)


@pytest.mark.parametrize("reason", ["", "          ", "too short", "x" * 1_001])
def test_a_reason_is_a_sentence(reason: str) -> None:
    with pytest.raises(InputError) as refused:
        break_glass.breaks_glass(asked(reason))
    assert refused.value.param == "break_glass"


def test_the_reason_is_sealed_under_the_patients_key() -> None:
    assert break_glass.breaks_glass(asked(REASON))
    assert not break_glass.breaks_glass(asked(None))
    subject, other = Subject(handle="h", key=b"k" * 32), Subject(handle="i", key=b"l" * 32)
    body = break_glass.record_body(f"  {REASON} ", subject)
    assert body["break_glass"] is True
    assert "Quartermain" not in str(body)
    assert break_glass.opened_reason(body, subject) == REASON
    assert break_glass.opened_reason(body, other) is None
    assert break_glass.opened_reason({"reason": {"sealed": "AAAA"}}, subject) is None
    assert break_glass.opened_reason({}, subject) is None
    assert break_glass.record_body(REASON, None) == {"break_glass": True}
    again = break_glass.record_body(REASON, subject)
    assert again["reason"] != body["reason"]
