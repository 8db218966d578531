"""Tenants and what a key may use: which destinations, models, collections and records are left of what policy allows."""

from datetime import date
from pathlib import Path

import pytest

from osler.core.errors import InputError, PolicyRefused
from osler.core.messages import Caller
from osler.core.models import Destination, Model, Place
from osler.core.ports.index import RECORDS, Scope
from osler.core.ports.reader import Document, Passage, Reading
from osler.core.sensitivity import Sensitivity
from osler.gateway.config import DEFAULT_RULES, RoleConfig, TenantConfig
from osler.gateway.policy import Facts, Policy
from osler.gateway.roles import Roles
from osler.gateway.router import route
from osler.gateway.tenants import Tenants, Within
from osler.stores import Database, SqlIndex

TODAY = date(2026, 11, 20)
PLACES = [
    Destination(name=n, place=Place.ON_PREMISES, models=(Model(name="m", id="m"), Model(name=f"only-{n}", id="o")))
    for n in ("a", "b")
]  # fmt: skip
TENANTS = Tenants(
    {
        "north": TenantConfig(destinations=("a",), collections=("north-guides",)),
        "south": TenantConfig(records=False, collections=()),
        "free": TenantConfig(),
    }
)
POLICY = Policy(
    PLACES, DEFAULT_RULES, Roles({"clinician": RoleConfig(destinations=("a",), break_glass=True)}), TENANTS
)


def facts(tenant: str, **more: object) -> Facts:
    return Facts(sensitivity=Sensitivity.CLEAR, tenant=tenant, role="service", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (facts("north"), ["a"]),
        (facts("free"), ["a", "b"]),
        (facts("default"), ["a", "b"]),
        (facts("free", key=Caller(destinations=frozenset({"b"}))), ["b"]),
    ],
)
def test_a_tenant_and_a_key_leave_only_their_destinations(asked: Facts, names: list[str]) -> None:
    assert [p.destination.name for p in POLICY.decide(asked, TODAY).permits] == names


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (facts("elsewhere"), "the tenant 'elsewhere' is not configured"),
        (facts("south", patient=True), "may not draw on patients' records"),
        (facts("north", key=Caller(destinations=frozenset({"b"}))), "no destination may take this request"),
    ],
)
def test_a_tenant_that_is_unknown_or_goes_too_far_is_refused(asked: Facts, why: str) -> None:
    with pytest.raises(PolicyRefused, match=why):
        POLICY.decide(asked, TODAY)


def test_breaking_the_glass_lifts_the_role_and_not_the_tenant() -> None:
    asked = Facts(sensitivity=Sensitivity.CLEAR, tenant="free", break_glass=True)
    assert len(POLICY.decide(asked, TODAY).permits) == 2
    asked = Facts(sensitivity=Sensitivity.CLEAR, tenant="north", break_glass=True)
    assert [p.destination.name for p in POLICY.decide(asked, TODAY).permits] == ["a"]


def test_without_tenants_every_tenant_is_as_free_as_any() -> None:
    assert len(Policy(PLACES, DEFAULT_RULES).decide(facts("anything"), TODAY).permits) == 2


def test_a_key_may_ask_for_its_models_only() -> None:
    asked = facts("free", key=Caller(models=frozenset({"b/m", "only-a"})))
    assert [t.name for t in route(POLICY.decide(asked, TODAY), "auto", "chat")] == ["a/only-a", "b/m"]
    with pytest.raises(PolicyRefused, match="the caller's key does not allow this model"):
        route(POLICY.decide(asked, TODAY), "only-b", "chat")


def test_sources_are_those_that_the_tenant_may_draw_on() -> None:
    loaded = (RECORDS, "north-guides", "other")
    assert TENANTS.sources("north", loaded) == (RECORDS, "north-guides")
    assert TENANTS.sources("south", loaded) == ()
    assert TENANTS.sources("free", loaded) == loaded
    assert TENANTS.sources("elsewhere", loaded) == ()
    assert Tenants().sources("elsewhere", loaded) == loaded


def test_destinations_of_a_caller_are_those_of_tenant_and_key() -> None:
    assert TENANTS.destinations(Caller(tenant="north")) == {"a"}
    assert TENANTS.destinations(Caller(tenant="north", destinations=frozenset({"b"}))) == set()
    assert TENANTS.destinations(Caller(tenant="free", destinations=frozenset({"b"}))) == {"b"}
    assert TENANTS.destinations(Caller()) is None
    assert TENANTS.destinations(Caller(tenant="elsewhere")) == set()


@pytest.fixture
def index(tmp_path: Path) -> SqlIndex:
    store = SqlIndex(Database.open(tmp_path))
    texts = {"n": ("north-guides", None), "o": ("other", None), "p": (RECORDS, "p1"), "q": (RECORDS, "p2")}
    documents = [
        Document(
            doc=doc,
            title=doc,
            text="metformin",
            collection=at,
            patient=patient,
            passages=(Passage(start=0, end=9),),
        )
        for doc, (at, patient) in texts.items()
    ]
    store.put(Reading(documents=tuple(documents)))
    return store


@pytest.mark.parametrize(
    ("collections", "scope", "seen"),
    [
        ({"north-guides"}, Scope(), {"n"}),
        ({"north-guides"}, Scope(patient="p1"), {"n", "p"}),
        ({"north-guides"}, Scope(collections=("other",)), set()),
        ({"north-guides"}, Scope(collections=("other", "north-guides")), {"n"}),
        ({"north-guides"}, Scope(patient="p1", collections=("other",)), {"p"}),
        ({"north-guides"}, Scope(patient="p1", collections=(RECORDS,), records_only=True), {"p"}),
        (set(), Scope(), set()),
        (set(), Scope(patient="p1"), {"p"}),
        ({RECORDS}, Scope(), set()),
    ],
)
def test_a_search_sees_the_tenants_collections_and_the_one_record(
    index: SqlIndex, collections: set[str], scope: Scope, seen: set[str]
) -> None:
    found = Within(index, frozenset(collections)).search([["metformin"]], scope, 9)
    assert {hit.doc for hit in found} == seen


def test_a_document_of_another_collection_is_not_there(index: SqlIndex) -> None:
    within = Within(index, frozenset({"north-guides"}))
    assert within.document("n", patient=None) is not None
    assert within.document("o", patient=None) is None
    assert within.document("p", patient="p1") is not None
    assert within.document("p", patient="p2") is None
    assert {c.collection for c in within.collections()} == {"north-guides", RECORDS}
    with pytest.raises(InputError):
        within.put(Reading())
