"""The invariant and the rules: who may take a request, and why the others may not."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.core.errors import PolicyRefused
from osler.core.models import Acceptance, Baa, Destination, Model, Place, Transform
from osler.core.sensitivity import Sensitivity
from osler.gateway.config import DEFAULT_RULES, RuleConfig, When
from osler.gateway.policy import Facts, Policy
from osler.gateway.router import route

TODAY = date(2026, 11, 20)
MODELS = (Model(name="m", id="m-1"),)
PHI = Facts(sensitivity=Sensitivity.PHI)
CLEAR = Facts(sensitivity=Sensitivity.CLEAR)


def baa(**changed: object) -> Baa:
    values: dict[str, object] = {
        "party": "Example Inc.",
        "services": ("chat",),
        "regions": ("us-east",),
        "signed": date(2026, 1, 15),
        "expires": date(2027, 1, 14),
    }
    return Baa(**(values | changed))  # type: ignore[arg-type]


def accepts(standard: Transform = "safe-harbor", until: date = date(2027, 1, 31)) -> Acceptance:
    return Acceptance(deidentified=standard, determination="d.pdf", owner="privacy office", until=until)


def cloud(**changed: object) -> Destination:
    values: dict[str, object] = {
        "name": "cloud",
        "place": Place.PUBLIC_CLOUD,
        "region": "us-east",
        "models": MODELS,
    }
    return Destination(**(values | changed))  # type: ignore[arg-type]


WARD = Destination(name="ward", place=Place.ON_PREMISES, models=MODELS)

REFUSED = [
    (cloud(), "without a BAA"),
    (cloud(place=Place.PRIVATE_CLOUD), "without a BAA"),
    (cloud(baa=baa(expires=TODAY - timedelta(days=1))), "expired"),
    (cloud(baa=baa(signed=TODAY + timedelta(days=1))), "not yet in force"),
    (cloud(baa=baa(services=("embeddings",))), "does not cover chat"),
    (cloud(baa=baa(regions=("eu-west",))), "does not cover its region"),
    (cloud(region=None, baa=baa()), "does not cover its region"),
    (cloud(accepts=accepts(until=TODAY - timedelta(days=1))), "ended"),
]


@pytest.mark.parametrize(("destination", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_phi_is_refused_there(destination: Destination, why: str) -> None:
    decision = Policy([WARD, destination], DEFAULT_RULES).decide(PHI, TODAY)
    assert decision.permit("cloud") is None
    assert why in decision.refused["cloud"]
    assert decision.permit("ward") is not None
    with pytest.raises(PolicyRefused) as refusal:
        Policy([destination], DEFAULT_RULES).decide(PHI, TODAY)
    assert why in str(refusal.value)


def test_a_live_baa_admits_phi_to_its_last_day() -> None:
    policy = Policy([cloud(baa=baa(expires=TODAY))], DEFAULT_RULES)
    assert policy.decide(PHI, TODAY).permit("cloud") is not None
    with pytest.raises(PolicyRefused):
        policy.decide(PHI, TODAY + timedelta(days=1))


@pytest.mark.parametrize("standard", ["safe-harbor", "redact", "surrogate"])
@pytest.mark.parametrize("rule", ["none", "surrogate", "redact", "safe-harbor"])
def test_a_determination_admits_only_text_of_its_own_standard(standard: Transform, rule: Transform) -> None:
    rules = [RuleConfig(name="r", allow=("*",), transform=rule)]
    permit = Policy([cloud(accepts=accepts(standard))], rules).decide(PHI, TODAY).permit("cloud")
    assert permit is not None
    assert permit.transform == standard


def test_without_phi_anything_allowed_may_take_it() -> None:
    decision = Policy([WARD, cloud()], DEFAULT_RULES).decide(CLEAR, TODAY)
    assert {p.destination.name for p in decision.permits} == {"ward", "cloud"}
    assert all(p.transform == "none" for p in decision.permits)


def test_no_matching_rule_refuses() -> None:
    with pytest.raises(PolicyRefused) as refusal:
        Policy([WARD], [RuleConfig(name="clear only", when=When(phi=False), allow=("*",))]).decide(PHI, TODAY)
    assert "No rule matches" in str(refusal.value)


def test_a_rule_names_regions_purposes_and_roles() -> None:
    rules = [
        RuleConfig(name="research", when=When(purpose=("research",)), allow=("cloud",), regions=("eu-west",)),
        RuleConfig(name="care", when=When(role=("clinician",)), allow=("ward",)),
    ]
    policy = Policy([WARD, cloud()], rules)
    assert policy.decide(CLEAR, TODAY).rule == "care"
    with pytest.raises(PolicyRefused) as refusal:
        policy.decide(Facts(sensitivity=Sensitivity.CLEAR, purpose="research"), TODAY)
    assert "region" in str(refusal.value)


dates = st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 1, 1))
places = st.sampled_from(list(Place))
regions = st.sampled_from([None, "us-east", "eu-west"])
services = st.lists(st.sampled_from(["chat", "embeddings"]), min_size=1, unique=True).map(tuple)
agreements = st.one_of(
    st.none(),
    st.builds(
        Baa,
        party=st.just("x"),
        services=services,
        regions=st.lists(st.sampled_from(["us-east", "eu-west"]), min_size=1).map(tuple),
        signed=dates,
        expires=dates,
    ),
)
acceptances = st.one_of(
    st.none(),
    st.builds(
        Acceptance,
        deidentified=st.sampled_from(["safe-harbor", "redact", "surrogate"]),
        determination=st.just("d"),
        owner=st.just("o"),
        until=dates,
    ),
)
destinations = st.builds(
    Destination,
    name=st.just("d"),
    place=places,
    region=regions,
    baa=agreements,
    accepts=acceptances,
    models=st.just(MODELS),
)


@given(destination=destinations, today=dates, transform=st.sampled_from(["none", "surrogate", "redact"]))
def test_the_invariant_holds_whatever_the_rules_say(
    destination: Destination, today: date, transform: Transform
) -> None:
    """PHI goes on-premises, under a BAA that covers it today, or transformed by an accepted standard."""
    rules = [RuleConfig(name="everything anywhere", allow=("*",), transform=transform)]
    try:
        permit = Policy([destination], rules).decide(PHI, today).permits[0]
    except PolicyRefused:
        return
    covered = (
        destination.baa is not None
        and destination.baa.signed <= today <= destination.baa.expires
        and "chat" in destination.baa.services
        and destination.region in destination.baa.regions
    )
    if destination.place is Place.ON_PREMISES or covered:
        return
    assert destination.accepts is not None
    assert today <= destination.accepts.until
    assert permit.transform == destination.accepts.deidentified


def test_routing_prefers_as_the_rule_says() -> None:
    cheap = Destination(
        name="cheap", place=Place.PUBLIC_CLOUD, models=(Model(name="a", id="a", price_in=1.0),)
    )
    dear = Destination(name="dear", place=Place.ON_PREMISES, models=(Model(name="b", id="b", price_in=9.0),))

    def first(prefer: str) -> str:
        rules = [RuleConfig(name="r", allow=("dear", "cheap"), prefer=prefer)]  # type: ignore[arg-type]
        return route(Policy([cheap, dear], rules).decide(CLEAR, TODAY), "auto", "chat")[0].name

    assert first("cost") == "cheap/a"
    assert first("latency") == "dear/b"
    assert first("quality") == "dear/b"


def test_a_named_model_is_asked_for_within_what_policy_permits() -> None:
    decision = Policy([WARD, cloud(models=(Model(name="large", id="l"),))], DEFAULT_RULES).decide(PHI, TODAY)
    assert route(decision, "m", "chat")[0].name == "ward/m"
    assert route(decision, "ward/m", "chat")[0].name == "ward/m"
    with pytest.raises(PolicyRefused) as refusal:
        route(decision, "large", "chat")
    assert "without a BAA" in str(refusal.value)
    assert refusal.value.decision["refused"]


def test_a_fallback_comes_last_whatever_the_preference() -> None:
    cheap = Destination(name="cheap", place=Place.ON_PREMISES, models=(Model(name="a", id="a"),))
    dear = Destination(name="dear", place=Place.PUBLIC_CLOUD, models=(Model(name="b", id="b", price_in=9.0),))
    for prefer in ("cost", "latency", "quality"):
        rules = [RuleConfig(name="r", allow=("dear",), fallback=("cheap",), prefer=prefer)]
        targets = route(Policy([cheap, dear], rules).decide(CLEAR, TODAY), "auto", "chat")
        assert [t.name for t in targets] == ["dear/b", "cheap/a"]
