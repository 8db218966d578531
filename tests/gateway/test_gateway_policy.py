"""The invariant and the rules: who may take a request, and why the others may not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.core.errors import PolicyRefused
from osler.core.models import Acceptance, Baa, Destination, Model, Place, Transform
from osler.core.sensitivity import Sensitivity
from osler.gateway.config import DEFAULT_RULES, RuleConfig, When
from osler.gateway.policy import Facts, Policy
from osler.gateway.router import cost_of, route

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


DAYS = st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 2, 10))
REGIONS = st.sampled_from([None, "us-east", "eu-west"])
TRANSFORMS = ("none", "surrogate", "redact", "safe-harbor")
NAMES = ("a", "b", "c")


def one_of(*values: str) -> st.SearchStrategy[tuple[str, ...] | None]:
    """A key of a rule that may be left out."""
    return st.none() | st.lists(st.sampled_from(values), min_size=1, unique=True).map(tuple)


agreements = st.none() | st.builds(
    Baa,
    party=st.just("x"),
    services=st.sampled_from([("chat",), ("embeddings",), ("chat", "embeddings")]),
    regions=st.sampled_from([("us-east",), ("eu-west",), ("us-east", "eu-west")]),
    signed=DAYS,
    expires=DAYS,
    zero_retention=st.booleans(),
)
acceptances = st.none() | st.builds(
    Acceptance,
    deidentified=st.sampled_from(TRANSFORMS[1:]),
    determination=st.just("d"),
    owner=st.just("o"),
    until=DAYS,
)


def somewhere(name: str) -> st.SearchStrategy[Destination]:
    """Any destination of a name."""
    return st.builds(
        Destination,
        name=st.just(name),
        place=st.sampled_from(list(Place)),
        region=REGIONS,
        baa=agreements,
        accepts=acceptances,
        models=st.just(MODELS),
    )


conditions = st.builds(
    When,
    phi=st.none() | st.booleans(),
    purpose=one_of("treatment", "research"),
    role=one_of("clinician", "service"),
    task=one_of("soap-note"),
    complexity=one_of("low", "high"),
    latency=one_of("critical", "batch"),
    modality=one_of("text", "image"),
    tenant=one_of("default", "other"),
    patient=st.none() | st.booleans(),
    over_budget=st.none() | st.booleans(),
    break_glass=st.none() | st.booleans(),
)
any_rules = st.lists(
    st.builds(
        RuleConfig,
        name=st.just("r"),
        when=conditions | st.just(When()),
        allow=st.lists(st.sampled_from([*NAMES, "*"]), max_size=3).map(tuple),
        fallback=st.lists(st.sampled_from([*NAMES, "*"]), max_size=2).map(tuple),
        transform=st.sampled_from(TRANSFORMS),
        regions=one_of("us-east", "eu-west"),
        zero_retention=st.booleans(),
    ),
    min_size=1,
    max_size=3,
)
any_facts = st.builds(
    Facts,
    sensitivity=st.sampled_from(list(Sensitivity)),
    purpose=st.sampled_from(["treatment", "research"]),
    role=st.sampled_from(["clinician", "service"]),
    service=st.sampled_from(["chat", "embeddings"]),
    task=st.sampled_from([None, "soap-note"]),
    complexity=st.sampled_from(["low", "high"]),
    latency=st.sampled_from(["critical", "interactive", "batch"]),
    modality=st.sampled_from([("text",), ("text", "image")]),
    patient=st.booleans(),
    over_budget=st.booleans(),
    break_glass=st.booleans(),
)


def may_take(destination: Destination, transform: Transform, facts: Facts, day: date) -> bool:
    """The invariant, written anew: on-premises, or a live BAA that covers it, or a live determination for this text."""
    if facts.sensitivity < Sensitivity.PHI and "image" not in facts.modality:
        return True
    if destination.place is Place.ON_PREMISES:
        return True
    baa = destination.baa
    if (
        baa is not None
        and baa.signed <= day <= baa.expires
        and facts.service in baa.services
        and destination.region in baa.regions
    ):
        return True
    accepted = destination.accepts
    return (
        accepted is not None
        and day <= accepted.until
        and transform == accepted.deidentified
        and "image" not in facts.modality
    )


@settings(max_examples=200)
@given(
    destinations=st.tuples(*(somewhere(name) for name in NAMES)),
    rules=any_rules,
    facts=any_facts,
    today=DAYS,
    later=DAYS,
)
def test_the_invariant_holds_whatever_the_rules_say(
    destinations: tuple[Destination, ...],
    rules: list[RuleConfig],
    facts: Facts,
    today: date,
    later: date,
) -> None:
    policy = Policy(destinations, rules)
    try:
        permits = policy.decide(facts, today).permits
    except PolicyRefused:
        return
    assert permits
    for permit in permits:
        assert may_take(permit.destination, permit.transform, facts, today)
        noon = datetime(later.year, later.month, later.day, 12, tzinfo=UTC)
        still = policy.still_permits(permit.destination, permit.transform, facts, noon)
        assert still == may_take(permit.destination, permit.transform, facts, later)


def test_an_agreement_ends_with_the_last_second_of_its_day_in_utc() -> None:
    place = cloud(baa=baa(expires=TODAY), accepts=accepts(until=TODAY + timedelta(days=1)))
    policy = Policy([place], DEFAULT_RULES)
    last = datetime(2026, 11, 20, 23, 59, 59, 999_999, tzinfo=UTC)
    assert policy.still_permits(place, "surrogate", PHI, last)
    over = last + timedelta(microseconds=1)
    assert not policy.still_permits(place, "surrogate", PHI, over)
    assert policy.still_permits(place, "safe-harbor", PHI, over)
    assert not policy.still_permits(place, "safe-harbor", PHI, over + timedelta(days=1))
    assert policy.still_permits(place, "none", CLEAR, over + timedelta(days=9))


MATCHES = [
    (When(phi=False), PHI, "phi"),
    (When(patient=True), CLEAR, "patient"),
    (When(over_budget=True), CLEAR, "over_budget"),
    (When(break_glass=True), CLEAR, "break_glass"),
    (When(task=("order-check",)), CLEAR, "task"),
    (When(specialty=("oncology",)), CLEAR, "specialty"),
    (When(complexity=("high",)), CLEAR, "complexity"),
    (When(latency=("critical",)), CLEAR, "latency"),
    (When(modality=("image",)), CLEAR, "modality"),
    (When(tenant=("north",)), CLEAR, "tenant"),
]
FULL = replace(
    CLEAR, patient=True, over_budget=True, break_glass=True, task="order-check", specialty="oncology",
    complexity="high", latency="critical", modality=("text", "image"), tenant="north",
)  # fmt: skip


@pytest.mark.parametrize(("when", "facts", "key"), MATCHES, ids=[key for _, _, key in MATCHES])
def test_every_key_of_when_counts(when: When, facts: Facts, key: str) -> None:
    policy = Policy([WARD], [RuleConfig(name="r", when=when, allow=("*",))])
    (seen,) = policy.considered(facts)
    assert key in seen.mismatch
    assert not seen.decided
    with pytest.raises(PolicyRefused):
        policy.decide(facts, TODAY)
    if key != "phi":
        assert policy.considered(FULL)[0].decided
        assert policy.decide(FULL, TODAY).rule == "r"


def test_an_image_counts_as_phi_and_no_determination_opens_a_way_for_it() -> None:
    facts = replace(CLEAR, modality=("text", "image"))
    live = cloud(name="live", baa=baa())
    policy = Policy([WARD, cloud(accepts=accepts()), live], DEFAULT_RULES)
    decision = policy.decide(facts, TODAY)
    assert {p.destination.name for p in decision.permits} == {"ward", "live"}
    assert "cannot be de-identified" in decision.refused["cloud"]
    for transform in ("redact", "safe-harbor"):
        rules = [RuleConfig(name="r", allow=("*",), transform=transform)]
        with pytest.raises(PolicyRefused) as refusal:
            Policy([WARD, live], rules).decide(facts, TODAY)
        assert "image" in str(refusal.value)


def test_an_image_goes_only_to_a_model_that_takes_images() -> None:
    sees = Destination(name="sees", place=Place.ON_PREMISES, models=(Model(name="eye", id="e", images=True),))
    facts = replace(CLEAR, modality=("text", "image"))
    decision = Policy([WARD, sees], DEFAULT_RULES).decide(facts, TODAY)
    assert [t.name for t in route(decision, "auto", "chat")] == ["sees/eye"]
    with pytest.raises(PolicyRefused) as refusal:
        route(decision, "m", "chat")
    assert "images = true" in str(refusal.value)


def test_a_rule_demands_zero_retention_of_clouds() -> None:
    rules = [RuleConfig(name="r", allow=("*",), zero_retention=True)]
    keeps, none = cloud(name="keeps", baa=baa()), cloud(name="none", baa=baa(zero_retention=True))
    for facts in (PHI, CLEAR):
        decision = Policy([WARD, keeps, none], rules).decide(facts, TODAY)
        assert {p.destination.name for p in decision.permits} == {"ward", "none"}
        assert "zero retention" in decision.refused["keeps"]


def test_rules_and_tasks_name_models() -> None:
    two = Destination(
        name="two", place=Place.ON_PREMISES, models=(Model(name="a", id="a"), Model(name="b", id="b"))
    )

    def names(models: tuple[str, ...] | None, task: frozenset[str] | None = None) -> list[str]:
        facts = replace(CLEAR, task_models=task)
        rules = [RuleConfig(name="r", allow=("*",), models=models)]
        return [t.name for t in route(Policy([two], rules).decide(facts, TODAY), "auto", "chat")]

    assert names(None) == ["two/a", "two/b"]
    assert names(("two/b",)) == ["two/b"]
    assert names(None, frozenset({"a"})) == ["two/a"]
    with pytest.raises(PolicyRefused) as refusal:
        names(("b",), frozenset({"a"}))
    assert "the task does not allow" in str(refusal.value)


def test_the_cheapest_depends_on_how_much_is_asked() -> None:
    reads = Destination(
        name="reads", place=Place.ON_PREMISES, models=(Model(name="m", id="1", price_in=1.0, price_out=9.0),)
    )
    writes = Destination(
        name="writes", place=Place.ON_PREMISES, models=(Model(name="m", id="2", price_in=3.0, price_out=1.0),)
    )
    policy = Policy([reads, writes], DEFAULT_RULES)

    def first(tokens_in: int, tokens_out: int) -> str:
        facts = replace(CLEAR, tokens_in=tokens_in, tokens_out=tokens_out)
        return route(policy.decide(facts, TODAY), "auto", "chat")[0].destination.name

    assert first(100_000, 10) == "reads"
    assert first(10, 1_000) == "writes"
    assert cost_of(route(policy.decide(CLEAR, TODAY), "reads/m", "chat")[0], CLEAR) == pytest.approx(0.0055)


def test_measured_latency_goes_before_nearness_and_equals_share_a_rank() -> None:
    far = cloud(name="far", baa=baa())
    twin = replace(WARD, name="twin")
    rules = [RuleConfig(name="r", allow=("*",), prefer="latency")]
    decision = Policy([WARD, far, twin], rules).decide(CLEAR, TODAY)
    targets = route(decision, "auto", "chat")
    assert [(t.destination.name, t.rank) for t in targets] == [("ward", 0), ("twin", 0), ("far", 1)]
    measured = {"ward": 0.9, "far": 0.2}
    targets = route(decision, "auto", "chat", latency_of=lambda t: measured.get(t.destination.name))
    assert [t.destination.name for t in targets] == ["twin", "far", "ward"]


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
        rules = [RuleConfig(name="r", allow=("dear",), fallback=("*",), prefer=prefer)]
        targets = route(Policy([cheap, dear], rules).decide(CLEAR, TODAY), "auto", "chat")
        assert [t.name for t in targets] == ["dear/b", "cheap/a"]
