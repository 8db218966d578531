"""What operators look at and give out: metrics, readiness, scopes, tenants. A whole application on a real socket."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from api_served import listening

from osler.api.app import application
from osler.api.draining import Drain
from osler.api.metrics import Metrics
from osler.api.readiness import Readiness, readiness
from osler.api.standing import standing
from osler.api.trip import Trip
from osler.app.build import Platform, Swap, build
from osler.app.config import parse
from osler.core.errors import Overloaded
from osler.core.messages import Caller, Message, Usage
from osler.core.ports.access import KeyTerms
from osler.gateway.observe import Call, Ended
from osler.testing import Fault, ModelServerThread

TABLE: dict[str, Any] = {
    "knowledge": {"starter": False},
    "deid": {"engine": "fast"},
    "gateway": {
        "estimators": {"task": "off", "complexity": "off"},
        "cache": {"entries": 10, "phi": True},
        "tenants": {"north": {}, "south": {"destinations": ["ward"]}},
        "breaker": {"failures": 1, "open_s": 60},
        "retries": {"per_target": 0},
        "wan": {"mode": "down"},
    },
}
SECRET = "Quartermain"
NOTE = f"Mrs. {SECRET}, phone 617-555-0199, asks about metformin."


@dataclass
class Site:
    """A served application with one model server, and a way to make keys."""

    port: int
    platform: Platform
    metrics: Metrics
    log: list[dict[str, Any]]

    def key(self, role: str = "clinician", **terms: Any) -> str:
        return self.platform.stores.access.create("k", role, KeyTerms(**terms))[1]

    def ask(self, method: str, path: str, body: object = None, *, key: str | None, **headers: str) -> Any:
        """Status, headers and answer: JSON where it is JSON."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, method=method)
        if key is not None:
            request.add_header("authorization", f"Bearer {key}")
        for name, value in {"content-type": "application/json", **headers}.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, text, found = answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            status, text, found = error.code, error.read().decode(), error.headers
        return status, dict(found), json.loads(text) if text.startswith("{") else text

    def chat(self, text: str, key: str, *, model: str = "good", **more: Any) -> Any:
        asked = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        return self.ask("POST", "/v1/chat/completions", asked, key=key)

    def value(self, line: str) -> float:
        """The value of a series, 0 where it is not there."""
        page = self.metrics.text().decode()
        return next(
            (float(row.rpartition(" ")[2]) for row in page.splitlines() if row.startswith(line + " ")), 0
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ModelServerThread("Ask the ward. ") as here, ModelServerThread(fault=Fault.ERROR_500) as broken:
        ward = {
            "location": "on-premises",
            "models": {
                "good": {"id": "g-1", "price_in": 10.0, "price_out": 20.0},
                "vectors": {"id": "v", "kind": "embedding"},
            },
        }
        away = {"location": "on-premises", "models": {"bad": {"id": "b-1"}}}
        cloud = {"location": "public-cloud", "url": "https://127.0.0.1:9/v1", "models": {"far": {"id": "f"}}}
        places = {"ward": {"url": here.url, **ward}, "sick": {"url": broken.url, **away}, "cloud": cloud}
        metrics = Metrics()
        platform = build(
            parse({**TABLE, "destinations": places}), tmp_path_factory.mktemp("ops") / "ws", observer=metrics
        )
        app = application(platform, metrics, require_keys=True)
        with listening(app) as port:
            yield Site(port=port, platform=platform, metrics=metrics, log=[])


def test_a_request_is_counted_by_all_that_it_was(site: Site) -> None:
    key = site.key()
    status, headers, answer = site.chat(NOTE, key)
    assert (status, headers["x-osler-wan"]) == (200, "down")
    assert site.value('osler_requests_total{destination="ward",model="good",outcome="answered"}') == 1
    tokens = answer["usage"]
    assert site.value('osler_tokens_total{direction="in",model="good"}') == tokens["prompt_tokens"] > 0
    assert site.value('osler_tokens_total{direction="out",model="good"}') == tokens["completion_tokens"] > 0
    usd = (tokens["prompt_tokens"] * 10 + tokens["completion_tokens"] * 20) / 1e6
    assert site.value('osler_cost_usd_total{destination="ward",model="good"}') == pytest.approx(usd)
    assert site.value('osler_phi_found_total{kind="PHONE"}') == 1
    assert site.value('osler_request_seconds_count{kind="plain"}') == 1
    assert site.value('osler_added_seconds_count{kind="plain"}') == 1
    for step in ("sensitivity", "policy", "route", "ground", "surrogate", "open", "verify", "sign"):
        assert site.value(f'osler_step_seconds_count{{step="{step}"}}') == 1, step
    assert site.value('osler_upstream_begin_seconds_count{kind="plain",target="ward/good"}') == 1
    # Again: from memory, so that it costs nothing.
    assert site.chat(NOTE, key)[2]["osler"]["decision"]["cached"] is True
    assert site.value('osler_reused_total{how="kept"}') == 1
    assert site.value('osler_tokens_total{direction="in",model="good"}') == tokens["prompt_tokens"]
    page = site.ask("GET", "/metrics", key=key)[2]
    assert SECRET not in page
    assert key.split("_")[1] not in page


def test_a_stream_is_timed_to_its_first_piece(site: Site) -> None:
    before = site.value("osler_first_token_seconds_count")
    status, _, text = site.chat("What is metformin for?", site.key(), stream=True)
    assert status == 200
    assert "[DONE]" in text
    until = time.monotonic() + 5  # it is counted once the request is over, which the caller sees first
    while site.value("osler_first_token_seconds_count") == before and time.monotonic() < until:
        time.sleep(0.01)
    assert site.value("osler_first_token_seconds_count") == before + 1
    assert site.value('osler_upstream_begin_seconds_count{kind="stream",target="ward/good"}') == 1


def test_faults_and_refusals_are_counted_and_readiness_tells_of_them(site: Site) -> None:
    key, admin = site.key(), site.key("admin", scopes=("admin:read",))
    assert site.chat("Hello?", key, model="bad")[0] in (502, 503)
    assert site.value('osler_requests_total{destination="sick",model="bad",outcome="failed"}') == 1
    assert site.value('osler_refusals_total{code="upstream_error",rule="no PHI found"}') == 1
    assert site.value('osler_breaker_state{state="open",target="sick/bad"}') == 1
    assert site.value('osler_breaker_state{state="closed",target="ward/good"}') == 1
    assert site.value('osler_breaker_changes_total{state="open",target="sick/bad"}') == 1
    assert site.value("osler_wan_up") == 0
    assert site.chat(NOTE, key, model="far")[0] == 403
    assert (
        site.value('osler_refusals_total{code="policy_refused",rule="PHI stays inside or under a BAA"}') == 1
    )
    status, headers, shown = site.ask("GET", "/readyz", key=admin, accept="application/json")
    assert (status, headers["content-type"], shown["ready"], shown["wan"]) == (
        200,
        "application/json",
        True,
        "down",
    )
    assert shown["models"] == {"phi": "ok", "clear": "ok"}
    states = {(t["destination"], t["breaker"]) for t in shown["targets"]}
    assert states == {("ward", "closed"), ("sick", "open"), ("cloud", "closed")}


@pytest.mark.parametrize("key", [None, "osler_000000000000_" + "x" * 43])
def test_readiness_tells_others_only_that_it_is_so(site: Site, key: str | None) -> None:
    assert site.ask("GET", "/readyz", key=None)[2] == "ready\n"
    assert site.ask("GET", "/readyz?verbose", key=key)[2] == {"ready": True, "fault": ""}
    assert site.ask("GET", "/readyz?verbose&need=all", key=site.key())[2] == {"ready": True, "fault": ""}
    assert site.ask("GET", "/readyz?need=tea", key=None)[0] == 400


@pytest.mark.parametrize(
    ("state", "needs"),
    [
        ({}, {"any": True, "phi": True, "clear": True, "all": True}),
        ({"phi": "none"}, {"any": True, "phi": False, "clear": True, "all": False}),
        ({"clear": "none"}, {"any": True, "phi": True, "clear": False, "all": False}),
        ({"phi": "none", "clear": "none"}, {"any": False, "phi": False, "clear": False, "all": False}),
        ({"detector": "down"}, {"any": False, "phi": False, "clear": False, "all": False}),
        ({"leaving": True}, {"any": False, "phi": False, "clear": False, "all": False}),
    ],
)
def test_what_is_ready_for_what(state: dict[str, Any], needs: dict[Any, bool]) -> None:
    fine = Readiness(leaving=False, stores="ok", audit="ok", detector="ok", phi="ok", clear="ok")
    found = replace(fine, **state)
    assert {need: not found.fault(need) for need in needs} == needs


def test_embeddings_are_counted_too_and_their_server_is_not_osler(site: Site) -> None:
    added = site.value('osler_added_seconds_sum{kind="plain"}')
    key = site.key()
    body = {"model": "vectors", "input": ["What is metformin for?"]}
    assert site.ask("POST", "/v1/embeddings", body, key=key)[0] == 200
    assert site.value('osler_requests_total{destination="ward",model="vectors",outcome="answered"}') == 1
    assert 0 < site.value('osler_added_seconds_sum{kind="plain"}') - added < 5
    assert site.ask("POST", "/v1/embeddings", {**body, "model": "far"}, key=key)[0] == 404


SCOPED = [
    ("POST", "/v1/chat/completions", "chat"),
    ("POST", "/v1/responses", "responses"),
    ("POST", "/v1/completions", "completions"),
    ("POST", "/v1/embeddings", "embeddings"),
    ("GET", "/v1/models", "models"),
    ("GET", "/v1/models/good", "models"),
    ("GET", "/metrics", "metrics"),
    ("GET", "/admin/status", "admin:read"),
    ("GET", "/admin/keys", "admin:read"),
    ("POST", "/admin/audit/verify", "admin:read"),
    ("POST", "/admin/reload", "admin:write"),
    ("DELETE", "/admin/keys/000000000000", "admin:write"),
]


@pytest.mark.parametrize(("method", "path", "scope"), SCOPED)
def test_a_key_with_another_scope_is_forbidden_and_with_its_own_is_not(
    site: Site, method: str, path: str, scope: str
) -> None:
    others = tuple(s for _, _, s in SCOPED if s != scope)
    body = {} if method == "POST" else None
    status, _, refused = site.ask(
        method, path, body, key=site.key("admin", scopes=tuple(dict.fromkeys(others)))
    )
    assert (status, refused["error"]["code"]) == (403, "forbidden")
    assert scope in refused["error"]["message"]
    assert site.ask(method, path, body, key=site.key("admin", scopes=(scope,)))[0] in (200, 400, 404, 409)


def test_a_key_has_its_own_limit_and_its_own_models(site: Site) -> None:
    key = site.key(models=("ward/good",), per_minute=3)
    listed = site.ask("GET", "/v1/models", key=key)[2]["data"]
    assert [m["id"] for m in listed] == ["auto", "good"]
    status, headers, _ = site.chat("Hello?", key, model="bad")
    assert (status, headers["x-ratelimit-limit-requests"]) == (403, "3")
    assert site.chat("Hello again?", key)[0] == 200
    assert site.chat("And again?", key)[0] == 429
    assert site.chat("Somebody else.", site.key())[0] == 200


def test_tenants_see_neither_each_others_answers_nor_keys_nor_records(site: Site) -> None:
    north, south = site.key(tenant="north"), site.key(tenant="south")
    admins = {t: site.key("admin", tenant=t) for t in ("north", "south", "default")}
    asked = "Which ward is north of here?"
    assert site.chat(asked, north)[0] == 200
    assert site.chat(asked, north)[2]["osler"]["decision"]["cached"] is True
    assert "cached" not in site.chat(asked, south)[2]["osler"]["decision"]
    assert site.chat("Hello?", south, model="far")[0] == 403
    assert [m["id"] for m in site.ask("GET", "/v1/models", key=south)[2]["data"]] == [
        "auto",
        "good",
        "vectors",
    ]

    def keys(admin: str) -> set[str]:
        return {k["tenant"] for k in site.ask("GET", "/admin/keys", key=admin)[2]["keys"]}

    assert (keys(admins["north"]), keys(admins["south"])) == ({"north"}, {"south"})
    assert keys(admins["default"]) == {"default", "north", "south"}

    def tenants(admin: str) -> set[str]:
        page = site.ask("GET", "/admin/audit?limit=1000", key=admin)[2]["records"]
        return {r["body"]["caller"].get("tenant", "default") for r in page if "caller" in r["body"]}

    assert (tenants(admins["north"]), tenants(admins["south"])) == ({"north"}, {"south"})
    assert tenants(admins["default"]) == {"default", "north", "south"}
    theirs = south.split("_")[1]
    assert site.ask("DELETE", f"/admin/keys/{theirs}", key=admins["north"])[0] == 404
    assert site.ask("POST", f"/admin/keys/{theirs}/rotate", key=admins["north"])[0] == 404
    for method, path in (("GET", "/admin/status"), ("POST", "/admin/reload"), ("GET", "/admin/vault"), ("GET", "/admin/audit/head")):  # fmt: skip
        assert site.ask(method, path, key=admins["north"])[0] == 403, path
    made = site.ask("POST", "/admin/keys", {"name": "n", "scopes": ["chat"]}, key=admins["north"])
    assert (made[0], made[2]["tenant"], made[2]["scopes"]) == (201, "north", ["chat"])
    assert site.ask("POST", "/admin/keys", {"name": "n", "tenant": "south"}, key=admins["north"])[0] == 403


def test_broken_glass_is_seen_by_the_tenant_whose_it_is(site: Site) -> None:
    admins = {t: site.key("admin", tenant=t) for t in ("north", "south", "default")}
    body = {"metadata": {"break_glass": "unconscious, allergies needed"}}
    assert site.chat("Any allergies?", site.key(tenant="north"), **body)[0] == 200

    def glass(tenant: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = site.ask("GET", "/admin/break-glass", key=admins[tenant])[2]["requests"]
        return found

    (seen,) = glass("north")
    assert (seen["tenant"], glass("south"), glass("default")) == ("north", [], [seen])
    review = f"/admin/break-glass/{seen['number']}/reviewed"
    assert site.ask("POST", review, key=admins["south"])[0] == 404
    assert site.ask("POST", review, key=admins["north"])[0] == 200
    assert glass("default") == []


def test_every_act_on_keys_is_on_record_with_what_the_key_is_held_to(site: Site) -> None:
    admin = site.key("admin")
    wanted = {"name": "w", "role": "service", "tenant": "south", "scopes": ["chat", "models:good"]}
    wanted |= {"expires": "2999-12-31", "per_minute": 9}
    made = site.ask("POST", "/admin/keys", wanted, key=admin)[2]
    assert {k: made[k] for k in wanted} == wanted
    turned = site.ask("POST", f"/admin/keys/{made['id']}/rotate", {"keep": True}, key=admin)[2]
    assert {k: turned[k] for k in wanted} == wanted
    assert site.ask("DELETE", f"/admin/keys/{made['id']}", key=admin)[0] == 200
    assert site.ask("POST", f"/admin/keys/{made['id']}/rotate", key=admin)[0] == 409
    acts = [dict(r.body) for r in site.platform.stores.audit.records() if r.kind == "admin"][-8:]
    assert [(a["act"], a["stage"]) for a in acts] == [
        ("key.create", "begun"), ("key.create", "done"), ("key.rotate", "begun"), ("key.rotate", "done"),
        ("key.revoke", "begun"), ("key.revoke", "done"), ("key.rotate", "begun"), ("key.rotate", "failed"),
    ]  # fmt: skip
    assert acts[1] | {"tenant": "south", "scopes": ["chat", "models:good"], "expires": "2999-12-31", "per_minute": 9, "key": made["id"]} == acts[1]  # fmt: skip
    assert (acts[3]["old"], acts[3]["key"], acts[3]["keep"]) == (made["id"], turned["id"], True)


class Deaf:
    """A detector whose service is down."""

    name = "deaf"
    waits = False

    def find(self, texts: Sequence[str]) -> Any:
        raise RuntimeError(SECRET)


def test_a_detector_that_is_down_is_told_without_its_words(tmp_path: Path) -> None:
    def parts(real: Any) -> Any:
        return replace(real, deidentifier=real.deidentifier.joined_by(Deaf()))

    platform = build(parse({**TABLE, "gateway": {}}), tmp_path / "ws", swap=Swap(parts=parts))
    try:
        found = asyncio.run(readiness(platform, leaving=False, within_s=5))
    finally:
        platform.stores.close()
    assert found.detector != "ok"
    assert SECRET not in found.fault()
    assert (found.stores, found.audit, found.phi) == ("ok", "ok", "ok")


def ended(**more: Any) -> Ended:
    fields: dict[str, Any] = {
        "outcome": "answered", "destination": "d", "model": "m", "model_id": "i", "surface": "chat", "stream": False,
        "begun_s": 10.0, "ended_s": 20.0, "usage": Usage(prompt=3, completion=4), "usd": 0.0, "rule": "r", "code": "",
        "phi": {}, "redacted": {}, "findings": (), "reused": "", "calls": (), "finish": "stop", "sent": (),
    }  # fmt: skip
    return Ended(**{**fields, **more})


def call(begun: float, waited: float) -> Call:
    return Call(
        destination="d", model="m", outcome="answered", begun_s=begun, ended_s=begun + waited, waited_s=waited
    )


@pytest.mark.parametrize(
    ("calls", "own"),
    [
        ((), 10.0),
        ((call(11, 5),), 5.0),
        ((call(11, 2), call(14, 3)), 5.0),
        ((call(11, 5), call(12, 2)), 5.0),
        ((call(11, 5), call(14, 4)), 3.0),
        ((call(14, 4), call(11, 5)), 3.0),
    ],
)
def test_added_time_is_that_in_which_no_server_was_waited_for(calls: tuple[Call, ...], own: float) -> None:
    assert ended(calls=calls).own_s == pytest.approx(own)


def test_findings_and_what_was_taken_out_are_counted() -> None:
    metrics = Metrics()
    metrics.ended(
        ended(findings=(("dose", "warn"), ("dose", "warn")), redacted={"NAME": 2}, reused="shared", code="x")
    )
    page = metrics.text().decode()
    assert 'osler_findings_total{kind="dose",severity="warn"} 2.0' in page
    assert 'osler_phi_redacted_total{kind="NAME"} 2.0' in page
    assert 'osler_reused_total{how="shared"} 1.0' in page
    assert 'osler_refusals_total{code="x",rule="r"} 1.0' in page


def test_a_line_of_the_log_says_how_it_ended_and_nothing_of_the_text() -> None:
    trip = Trip(id="req_1", caller=Caller(key="k1", tenant="north"))
    assert trip.known() == {"key": "k1", "tenant": "north"}
    trip.ended = ended(code="e", reused="kept", sent=(Message(role="user", content=SECRET),))
    assert trip.known() == {
        "key": "k1", "tenant": "north", "outcome": "answered", "destination": "d", "model": "m", "tokens_in": 3,
        "tokens_out": 4, "error": "e", "reused": "kept",
    }  # fmt: skip
    assert SECRET not in repr(trip)


def test_budgets_are_shown_by_name(tmp_path: Path) -> None:
    budgets = {"gateway": {"budgets": {"ward": {"tokens": 1000}}}}
    platform = build(
        parse({"knowledge": {"starter": False}, "deid": {"engine": "fast"}, **budgets}), tmp_path
    )
    try:
        names = {m.name for m in standing(platform, 0)}
        assert {"osler_budget_used_ratio", "osler_requests_in_flight", "osler_agreement_days_left"} <= names
    finally:
        platform.stores.close()


def test_once_closed_nothing_more_is_taken() -> None:
    drain = Drain()
    drain.require_open()
    drain.closed = True
    with pytest.raises(Overloaded, match="stopping"):
        drain.require_open()
