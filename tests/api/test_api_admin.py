"""The admin surface on a really served Osler, its acts and trials apart, and a slice of schemathesis over both surfaces."""

import asyncio
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis

from osler.api.admin.acts import Act, Acts
from osler.api.admin.trial import Trials
from osler.api.metrics import Metrics
from osler.app import config as configuration
from osler.app.build import open_stores
from osler.app.config import Config
from osler.core.audit import AuditEntry, AuditRecord, Head, seal
from osler.core.clock import SystemClock
from osler.core.errors import InputError, StoreError
from osler.core.messages import Caller
from osler_process import Served, serving

CANARY = "Quartermain"
LIMITS = "[server.rate_limit]\nkeyless_per_minute = 0\nadmin_per_minute = 0\nrefused_per_minute = 0\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A served workspace with an admin's key and a clinician's."""

    served: Served
    folder: Path
    admin: str
    clinician: str

    def ask(
        self, method: str, path: str, body: object = None, *, key: str | None = "", **headers: str
    ) -> tuple[int, Any]:
        """The status and the parsed answer. `key` "" is the admin's, None is none."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.served.url}{path}", data=data, method=method)
        given = self.admin if key == "" else key
        sent = {"authorization": f"Bearer {given}"} if given else {}
        for name, value in {"content-type": "application/json", **sent, **headers}.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, {**json.loads(error.read()), "headers": dict(error.headers)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    workspace = tmp_path_factory.mktemp("admin") / "ws"
    folder = workspace.parent
    config = folder / "osler.toml"
    config.write_text(LIMITS, encoding="utf-8")
    stores = open_stores(Config(), workspace)
    admin, clinician = (stores.access.create(role, role)[1] for role in ("admin", "clinician"))
    stores.close()
    with serving(workspace, config=config) as served:
        yield Site(served=served, folder=folder, admin=admin, clinician=clinician)


def test_only_an_administrator_comes_in_and_learns_what_there_is(site: Site) -> None:
    for path in ("/admin/status", "/admin/nowhere", "/admin/openapi.json"):
        status, refused = site.ask("GET", path, key=None)
        assert (status, refused["error"]["code"]) == (401, "invalid_api_key")
        assert refused["headers"]["www-authenticate"] == "Bearer"
        assert site.ask("GET", path, key="osler_0123456789ab_" + "x" * 43)[0] == 401
        status, refused = site.ask("GET", path, key=site.clinician)
        assert (status, refused["error"]["code"]) == (403, "forbidden")
        assert "--role admin" in refused["error"]["message"]
        assert "www-authenticate" not in refused["headers"]
    assert site.ask("GET", "/admin/status")[0] == 200
    status, refused = site.ask("GET", "/admin/nowhere")
    assert (status, refused["error"]["code"]) == (404, "not_found")
    status, refused = site.ask("PATCH", "/admin/keys")
    assert (status, refused["headers"]["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"sec_fetch_site": "cross-site"},
    ],
)
def test_no_page_of_another_site_comes_in_even_with_a_key(site: Site, headers: dict[str, str]) -> None:
    status, refused = site.ask("GET", "/admin/status", **headers)
    assert (status, refused["error"]["code"]) == (403, "forbidden")
    assert not [name for name in refused["headers"] if name.lower().startswith("access-control")]
    assert site.ask("GET", "/admin/status", origin=site.served.url, sec_fetch_site="same-origin")[0] == 200


def test_the_site_is_shown_as_the_command_line_shows_it(site: Site) -> None:
    status, shown = site.ask("GET", "/admin/status")
    assert status == 200
    assert (shown["keys"] >= 2, shown["collections"], shown["documents"], shown["patients"]) == (
        True,
        1,
        36,
        0,
    )
    config = site.ask("GET", "/admin/config")[1]
    assert config["digest"] == shown["config"]
    loaded = configuration.load(site.folder / "osler.toml")
    assert config["config"] == loaded.model_dump(mode="json", exclude_none=True)
    found = site.ask("GET", "/admin/collections")[1]["collections"]
    assert [(c["collection"], c["documents"]) for c in found] == [("guidelines", 36)]
    plugins = {(p["group"], p["name"]): p["in_use"] for p in site.ask("GET", "/admin/plugins")[1]["plugins"]}
    assert plugins["detectors", "patterns"] is True
    assert plugins["backends", "openai_wire"] is False


def test_a_key_is_made_used_listed_and_revoked_and_all_of_it_is_signed(site: Site) -> None:
    before = site.ask("GET", "/admin/audit/head")[1]["number"]
    status, made = site.ask("POST", "/admin/keys", {"name": "night ward", "role": "admin"})
    assert status == 201
    assert site.ask("GET", "/admin/status", key=made["key"])[0] == 200
    status, revoked = site.ask("DELETE", f"/admin/keys/{made['id']}")
    assert (status, revoked["id"], revoked["revoked"] is None) == (200, made["id"], False)
    assert site.ask("GET", "/admin/status", key=made["key"])[0] == 401
    assert revoked in site.ask("GET", "/admin/keys")[1]["keys"]
    records = site.ask("GET", f"/admin/audit?after={before}&limit=4")[1]["records"]
    own = {"key": site.admin.split("_")[1], "role": "admin"}
    assert [(r["kind"], r["body"]["act"], r["body"]["stage"]) for r in records] == [
        ("admin", "key.create", "begun"), ("admin", "key.create", "done"),
        ("admin", "key.revoke", "begun"), ("admin", "key.revoke", "done"),
    ]  # fmt: skip
    assert all(r["body"]["caller"] == own for r in records)
    assert records[1]["body"]["key"] == records[3]["body"]["key"] == made["id"]
    assert "night ward" not in json.dumps(records)
    assert made["key"] not in json.dumps(records) + site.served.log.read_text()
    metrics = site.served.get("/metrics")[1]
    assert 'osler_admin_acts_total{act="key.create",outcome="done"}' in metrics
    assert 'route="/admin/keys/{id}"' in metrics
    assert made["id"] not in metrics


def test_the_log_is_read_to_its_end_and_verified(site: Site) -> None:
    seen: list[int] = []
    while True:
        page = site.ask("GET", f"/admin/audit?after={seen[-1] if seen else 0}&limit=1")[1]
        seen += [record["number"] for record in page["records"]]
        if not page["more"]:
            break
        assert len(seen) < 500, "each reading is recorded anew"
    assert seen == list(range(1, len(seen) + 1))
    status, verdict = site.ask("POST", "/admin/audit/verify")
    assert (status, verdict["ok"], verdict["records"]) == (200, True, seen[-1])
    head = f"{verdict['head']['number']}:{verdict['head']['hash']}"
    assert site.ask("POST", "/admin/audit/verify", {"head": head})[1]["ok"] is True
    verdict = site.ask("POST", "/admin/audit/verify", {"head": "1:" + "0" * 64})[1]
    assert (verdict["ok"], "removed or rewritten" in verdict["reason"]) == (False, True)


def test_the_vault_is_listed_by_handle_and_expired(site: Site) -> None:
    status, held = site.ask("GET", "/admin/vault?limit=5")
    assert (status, held["behind"], held["total"]) == (200, 0, len(held["subjects"]))
    assert all(set(s) == {"handle", "created", "key", "maps", "expires"} for s in held["subjects"])
    assert site.ask("POST", "/admin/vault/expire") == (200, {"maps": 0})
    assert site.ask("GET", "/admin/vault?limit=0")[0] == 400


BAD: list[tuple[str, str, Any, int]] = [
    ("POST", "/admin/keys", {"name": f" {CANARY}"}, 400),
    ("POST", "/admin/keys", {"name": "x", "role": CANARY}, 400),
    ("POST", "/admin/keys", {"name": "x", CANARY: 1}, 400),
    ("POST", "/admin/keys", f'{{"name": "{CANARY}'.encode(), 400),
    ("POST", "/admin/keys", [CANARY], 400),
    ("POST", "/admin/keys", b"", 400),
    ("POST", "/admin/keys", b"[" * 100_000, 400),
    ("POST", "/admin/keys", b"\xff" + CANARY.encode(), 400),
    ("POST", "/admin/config/check", {"toml": 7}, 400),
    ("POST", "/admin/config/check", {"toml": "#" * 262_145}, 400),
    ("POST", "/admin/config/check", b'"' + b"x" * (1 << 20) + b'"', 413),
    ("POST", "/admin/audit/verify", {"head": CANARY}, 400),
    ("DELETE", f"/admin/keys/{CANARY}", None, 400),
    ("DELETE", "/admin/keys/0123456789ab", None, 404),
    ("GET", f"/admin/audit?after={CANARY}", None, 400),
    ("GET", "/admin/audit?limit=100000", None, 400),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "wanted"), BAD, ids=range(len(BAD)))
def test_what_does_not_fit_is_refused_in_our_shape_and_not_repeated(
    site: Site, method: str, path: str, body: Any, wanted: int
) -> None:
    status, refused = site.ask(method, path, body)
    assert status == wanted
    assert set(refused["error"]) == {"message", "type", "param", "code"}
    assert CANARY not in json.dumps(refused)
    assert refused["headers"]["x-should-retry"] == "false"


def test_a_configuration_is_checked_and_not_put_in_force(site: Site) -> None:
    digest = site.ask("GET", "/admin/config")[1]["digest"]
    status, verdict = site.ask("POST", "/admin/config/check", {"toml": f'[server]\nport = "{CANARY}"\n'})
    assert (status, verdict["ok"], verdict["code"]) == (200, False, "config_invalid")
    assert "line 2: server.port" in verdict["fault"]
    assert CANARY not in verdict["fault"]
    assert site.ask("GET", "/admin/config")[1]["digest"] == digest


@pytest.mark.ci
def test_a_slice_of_schemathesis_over_both_surfaces(site: Site) -> None:
    tried = 0
    headers = {"Authorization": f"Bearer {site.admin}"}
    for surface in ("v1", "admin"):
        schema = schemathesis.openapi.from_url(
            f"{site.served.url}/{surface}/openapi.json", headers=headers, wait_for_schema=None
        )
        for found in schema.exclude(path="/admin/config/check").get_all_operations():
            operation = found.ok()

            @hypothesis.given(case=operation.as_strategy())
            @hypothesis.settings(
                max_examples=2, deadline=None, database=None, derandomize=True,
                suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
            )  # fmt: skip
            def hold(case: Any) -> None:
                nonlocal tried
                tried += 1
                # Names of tasks are a site's own: no schema can say which there are.
                for held in (
                    case.headers,
                    case.body.get("metadata") if isinstance(case.body, dict) else None,
                ):
                    for name in ("x-osler-task", "task") if isinstance(held, MutableMapping) else ():
                        held.pop(name, None)
                case.call_and_validate(headers=headers, timeout=20)

            hold()
        if surface == "v1":
            asked = {
                "messages": [{"role": "user", "content": "When is metformin contraindicated?"}],
                "stream": True,
            }
            streamed = schema["/v1/chat/completions"]["POST"].Case(body=asked, media_type="application/json")
            # It reads the first events of a stream only, and holds each to the document.
            assert '"role":"assistant"' in streamed.call_and_validate(headers=headers, timeout=20).text
    assert tried > 20
    log = site.served.log.read_text()
    assert '"status": 5' not in log
    assert "unforeseen" not in log


# -- acts and trials, apart from HTTP


class Log:
    """An audit log that is in memory, and may be down from its n-th record on."""

    def __init__(self, good: int = 99) -> None:
        self.records: list[AuditRecord] = []
        self.instance = "here"
        self._good = good

    async def append(self, entry: AuditEntry) -> AuditRecord:
        if len(self.records) >= self._good:
            raise StoreError("The log is down.", remedy="Mend it.")
        last = self.records[-1] if self.records else None
        head = Head(number=last.number, hash=last.hash) if last else Head()
        self.records.append(seal(head, entry))
        return self.records[-1]


def acts(log: Log) -> Acts:
    return Acts(log, SystemClock(), Metrics(), patience_s=5)  # type: ignore[arg-type]


ACT = Act(name="key.revoke", caller=Caller(key="k1", role="admin"), request_id="req_1", about={"key": "k2"})


def test_nothing_is_done_that_cannot_be_signed_and_nothing_acknowledged() -> None:
    done: list[str] = []

    def work() -> str:
        done.append("done")
        return "result"

    for good, worked in ((0, []), (1, ["done"])):
        done.clear()
        with pytest.raises(StoreError):
            asyncio.run(acts(Log(good)).do(ACT, work, lambda _: {}))
        assert done == worked


def test_what_fails_is_signed_as_failed_and_raised() -> None:
    log = Log()

    def work() -> None:
        raise InputError("No.", remedy="Ask otherwise.")

    with pytest.raises(InputError):
        asyncio.run(acts(log).do(ACT, work, lambda _: {}))
    assert [r.body["stage"] for r in log.records] == ["begun", "failed"]
    assert log.records[-1].body["error"] == "invalid_input"


def test_an_act_goes_on_when_its_caller_is_gone() -> None:
    log = Log()

    async def main() -> None:
        begun, go = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def work() -> None:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(go.wait(), loop).result(5)

        task = asyncio.create_task(acts(log).do(ACT, work, lambda _: {}))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        async with asyncio.timeout(5):
            while len(log.records) < 2:
                await asyncio.sleep(0.01)

    asyncio.run(main())
    assert [r.body["stage"] for r in log.records] == ["begun", "done"]


def test_a_read_is_signed_once_a_minute_for_each_key() -> None:
    log = Log()
    other = Act(name="audit.read", caller=Caller(key="k9", role="admin"), request_id="req_2", about={})

    async def main() -> None:
        mine = acts(log)
        for act in (ACT, ACT, other, other, ACT):
            await mine.read(act)

    asyncio.run(main())
    assert [r.request_id for r in log.records] == ["req_1", "req_2"]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import time; time.sleep(60)", "did not end within"),
        ("import sys; sys.exit(3)", "without a verdict"),
        ('print(\'{"ok": 1, "more": 2}\')', "without a verdict"),
        ("print('[' * 9)", "without a verdict"),
    ],
)
def test_a_check_that_hangs_or_dies_is_a_verdict(program: str, said: str) -> None:
    trials = Trials((sys.executable, "-S", "-c", program), patience_s=0.5)
    verdict = asyncio.run(trials.run(""))
    assert (verdict.ok, said in verdict.fault) == (False, True)
