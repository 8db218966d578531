"""What an administrator steers with: reload, explain, the review of broken glass. A whole application on a real socket."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from api_served import listening

from osler.api.app import application
from osler.api.metrics import Metrics
from osler.app.build import Platform, build
from osler.app.config import Config, parse
from osler.core.errors import ConfigError

TABLE: dict[str, Any] = {
    "knowledge": {"starter": False},
    "deid": {"engine": "fast"},
    "gateway": {"estimators": {"task": "off", "complexity": "off"}, "roles": {"clinician": {"patients": False, "break_glass": True}}},
    "destinations": {
        "embedded": {"use": "extractive", "location": "on-premises", "models": {"small": {"id": "extractive"}}},
        "cloud": {
            "use": "extractive", "location": "public-cloud", "region": "x", "models": {"large": {"id": "l"}},
            "baa": {"party": "p", "services": ["chat"], "regions": ["x"], "signed": "2020-01-01", "expires": "2020-12-31"},
        },
    },
}  # fmt: skip
REASON = "Mrs. Quartermain is unconscious, allergies needed"


@dataclass
class Site:
    """A served application, its keys, and the configuration that a reload finds."""

    port: int
    platform: Platform
    keys: dict[str, str]
    found: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: object = None, *, key: str = "admin", **headers: str) -> Any:
        """Status and answer: JSON where it is JSON."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, method=method)
        sent = {"authorization": f"Bearer {self.keys[key]}", "content-type": "application/json", **headers}
        for name, value in sent.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        return status, json.loads(text) if text.startswith("{") else text

    def records(self, kind: str) -> list[dict[str, Any]]:
        return [dict(r.body) for r in self.platform.stores.audit.records() if r.kind == kind]


def config(**changed: Any) -> Config:
    return parse({**TABLE, **changed})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    metrics = Metrics()
    platform = build(config(), tmp_path_factory.mktemp("steering") / "ws", observer=metrics)
    keys = {role: platform.stores.access.create(role, role)[1] for role in ("admin", "clinician")}
    found: dict[str, Any] = {"config": config()}

    def load() -> Config:
        if isinstance(found["config"], Exception):
            raise found["config"]
        loaded: Config = found["config"]
        return loaded

    app = application(platform, metrics, require_keys=True, load=load)
    with listening(app) as port:
        yield Site(port=port, platform=platform, keys=keys, found=found)


def chat(text: str, **metadata: str) -> dict[str, Any]:
    return {"model": "auto", "messages": [{"role": "user", "content": text}], "metadata": metadata}


def test_a_reload_is_in_force_for_new_requests_signed_and_counted(site: Site) -> None:
    rules = [{"name": "nothing goes anywhere", "allow": []}]
    assert site.ask("POST", "/v1/chat/completions", chat("What is metformin for?"), key="clinician")[0] == 200
    before = site.ask("GET", "/admin/status")[1]["config"]
    site.found["config"] = config(rules=rules)
    status, done = site.ask("POST", "/admin/reload")
    assert (status, done["previous"], done["changed"], done["others_told"]) == (200, before, ["rules"], False)
    assert site.ask("GET", "/admin/status")[1]["config"] == done["config"] != before
    status, refused = site.ask(
        "POST", "/v1/chat/completions", chat("What is metformin for?"), key="clinician"
    )
    assert (status, refused["error"]["code"]) == (403, "policy_refused")
    assert site.records("refused")[-1]["config"] == done["config"]
    signed = site.records("configuration")[-1]
    assert (signed["old"], signed["new"], signed["changed"]) == (before, done["config"], ["rules"])
    assert signed["caller"] == {"key": site.keys["admin"].split("_")[1], "role": "admin"}
    site.found["config"] = config()
    assert site.ask("POST", "/admin/reload")[1]["config"] == before
    page = site.ask("GET", "/metrics")[1]
    assert 'osler_config_reloads_total{outcome="activated"} 2.0' in page


FAULTS = [
    (ConfigError("osler.toml, line 3: rules.0 is wrong.", remedy="Mend it."), "line 3"),
    (parse({**TABLE, "server": {"port": 1234}}), "server.port"),
    (parse({**TABLE, "stores": {"vault_ttl": "30d"}}), "stores.vault_ttl"),
    (
        parse({**TABLE, "tests": [{"request": {"text": "x"}, "expect": {"refused": True}}]}),
        "fail their own tests",
    ),
    (parse({**TABLE, "deid": {"engine": "fast", "extra_detectors": ["nowhere"]}}), "nowhere"),
    (ValueError("Quartermain"), "ValueError"),
]


@pytest.mark.parametrize(("fault", "said"), FAULTS, ids=[said for _, said in FAULTS])
def test_what_cannot_be_put_in_force_changes_nothing_and_says_why(
    site: Site, fault: object, said: str
) -> None:
    before = site.ask("GET", "/admin/status")[1]["config"]
    signed = len(site.records("configuration"))
    site.found["config"] = fault
    status, refused = site.ask("POST", "/admin/reload")
    site.found["config"] = config()
    assert (status, refused["error"]["code"]) == (409, "conflict")
    assert said in refused["error"]["message"]
    assert "Quartermain" not in refused["error"]["message"]
    assert site.ask("GET", "/admin/status")[1]["config"] == before
    assert len(site.records("configuration")) == signed
    assert site.records("admin")[-1]["stage"] == "failed"
    assert site.ask("POST", "/v1/chat/completions", chat("What is metformin for?"), key="clinician")[0] == 200


def test_explain_tells_the_decision_and_nothing_of_the_text(site: Site) -> None:
    body = chat("Mrs. Zebulon Quartermain, SSN 900-27-6614, asks about ibuprofen")
    status, told = site.ask("POST", "/admin/route/explain", body)
    assert (status, told["permitted"], told["transform"]) == (200, True, "surrogate")
    assert told["facts"]["sensitivity"] == "phi"
    assert told["replaced"]["SSN"] == 1
    assert [t["destination"] for t in told["targets"]] == ["embedded"]
    assert told["refused"] == [{"destination": "cloud", "reason": "public cloud whose BAA has expired"}]
    assert next((r["rule"], r["decides"]) for r in told["rules"]) == ("PHI stays inside or under a BAA", True)
    assert not any(word in json.dumps(told) for word in ("Zebulon", "Quartermain", "6614", "ibuprofen"))
    told = site.ask("POST", "/admin/route/explain?role=porter", body)[1]
    assert (told["permitted"], told["targets"]) == (False, [])
    assert "porter" in told["refusal"]
    told = site.ask("POST", "/admin/route/explain", chat("hello"), x_osler_purpose="research")[1]
    assert (told["facts"]["purpose"], told["transform"]) == ("research", "none")
    assert site.ask("POST", "/admin/route/explain", {"messages": []})[0] == 400
    assert site.ask("POST", "/admin/route/explain", chat("hello"), key="clinician")[0] == 403
    assert site.records("admin")[-1]["act"] == "route.explain"


def test_broken_glass_is_flagged_listed_with_its_reason_and_reviewed(site: Site) -> None:
    body = chat("Any allergies?", patient="nobody")
    status, refused = site.ask("POST", "/v1/chat/completions", body, key="clinician")
    assert (status, "may not name a patient" in refused["error"]["message"]) == (403, True)
    body["metadata"]["break_glass"] = REASON
    assert site.ask("POST", "/v1/chat/completions", body, key="clinician")[0] == 404
    told = {**chat("Any allergies?"), "metadata": {"break_glass": REASON}}
    status, answer = site.ask("POST", "/v1/chat/completions", told, key="clinician")
    assert status == 200
    signed = site.records("answer") + site.records("closed")
    assert [b for b in signed if b.get("break_glass") is True]
    assert "Quartermain" not in json.dumps(signed)
    failed, found = site.ask("GET", "/admin/break-glass")[1]["requests"]
    assert (failed["outcome"], failed["reason"]) == ("failed", None)
    assert site.ask("POST", f"/admin/break-glass/{failed['number']}/reviewed")[0] == 200
    assert (found["role"], found["reason"], found["outcome"], found["reviewed"]) == (
        "clinician", REASON, "answered", None,
    )  # fmt: skip
    number = found["number"]
    assert site.ask("POST", f"/admin/break-glass/{number + 1}/reviewed")[0] == 404
    assert site.ask("POST", f"/admin/break-glass/{number}/reviewed")[1] == {"number": number}
    assert site.ask("GET", "/admin/break-glass")[1]["requests"] == []
    *_, found = site.ask("GET", "/admin/break-glass?pending=false")[1]["requests"]
    assert found["reviewed"]["key"] == site.keys["admin"].split("_")[1]
    assert 'osler_break_glass_total{role="clinician"} 1.0' in site.ask("GET", "/metrics")[1]
    assert answer["osler"]["decision"]["break_glass"] is True


def test_agreements_that_end_are_measured(site: Site) -> None:
    page = site.ask("GET", "/metrics")[1]
    line = next(row for row in page.splitlines() if row.startswith("osler_agreement_days_left{"))
    assert 'destination="cloud",kind="baa"' in line
    assert float(line.split()[-1]) < -1000
