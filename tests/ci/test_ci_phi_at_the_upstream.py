"""What reaches a model server without a BAA, byte by byte, of some 340 requests that try to carry an identifier there.

The witness is a plain socket server that knows nothing of Osler; the requests and the decoders that read what it got
are in tests/phi_cases.py. Each request is also held to end well: an answer, or one error in OpenAI's shape, and no
identifier in the error, the log, the metrics or the audit.
"""

import http.client
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import phi_cases
from osler.testing import FaultServer, SocketCapture, Trouble
from osler_process import Served, run_osler, serving

pytestmark = pytest.mark.ci

STANDARDS = {"harbor": "safe-harbor", "redacted": "redact", "surrogates": "surrogate"}
BAA = 'baa = { party = "E", services = ["chat", "embeddings"], regions = ["us-east"], signed = 2026-01-15, expires = 2099-01-14 }'
RULES = """
[[rules]]
name = "PHI"
when = { phi = true }
allow = ["*"]
transform = "surrogate"
[[rules]]
name = "none found"
when = { phi = false }
allow = ["*"]
transform = "none"
[gateway.breaker]
failures = 0
[gateway.retries]
base_s = 0.001
"""


@dataclass
class Site:
    served: Served
    capture: SocketCapture
    faulty: FaultServer
    workspace: Path
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)

    def ask(self, case: phi_cases.Case, model: str, *, stream: bool) -> tuple[int, bytes, bytes]:
        """Status, answer, and the bytes that arrived at the other end meanwhile."""
        body: dict[str, Any] = {"model": model, "stream": stream, **case.body}
        if case.path == "/v1/embeddings":
            body = {"model": f"{model}-vectors", **case.body}
        headers = {"content-type": "application/json", **case.headers}
        before, failed = self.capture.sizes(), len(self.faulty.requests)
        place = urlsplit(self.served.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        try:
            connection.request("POST", case.path, json.dumps(body).encode(), headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        arrived = self.capture.since(before) + b"".join(self.faulty.requests[failed:])
        for server in (self.capture.url, self.faulty.url):
            arrived = arrived.replace(urlsplit(server).netloc.encode(), b"the server itself")
        self.statuses[model, answer.status] += 1
        return answer.status, said, arrived

    def hold(self, case: phi_cases.Case, model: str, *, stream: bool) -> None:
        """Ask, and hold what came of it against what must be."""
        status, said, arrived = self.ask(case, model, stream=stream)
        place = f"{case.name}, at {model}, {'stream' if stream else 'plain'}: status {status}"
        assert not phi_cases.standing(arrived), place
        assert status in (200, 400, 401, 403, 404), place
        if status != 200:
            error = json.loads(said)["error"]
            assert error["message"], place
            assert error["code"], place
            assert not phi_cases.standing(said), place
            assert not arrived, place


def destination(name: str, url: str, more: str, price: float = 0.0, model: str = "") -> str:
    served = model or name
    return f"""
        [destinations.{name}]
        url = "{url}"
        location = "public-cloud"
        region = "us-east"
        {more}
        models.{served} = {{ id = "m", images = true, price_in = {price} }}
        models.{served}-vectors = {{ id = "v", kind = "embedding" }}
    """


def accepting(standard: str) -> str:
    return f'accepts = {{ deidentified = "{standard}", determination = "d.pdf", owner = "o", until = 2099-01-31 }}'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("phi")
    (folder / "record.json").write_text(json.dumps(phi_cases.BUNDLE))
    workspace = folder / "ws"
    done = run_osler("kb", "add", str(folder / "record.json"), "--workspace", str(workspace), cwd=folder)
    assert done.returncode == 0, done.stderr
    with ExitStack() as stack:
        capture = stack.enter_context(SocketCapture())
        faulty = stack.enter_context(FaultServer(Trouble.ERROR_500))
        tables = [destination("outside", capture.url, "")]
        tables += [destination(name, capture.url, accepting(kind)) for name, kind in STANDARDS.items()]
        tables += [destination("covered", capture.url, BAA)]
        tables += [
            destination("first", faulty.url, accepting("surrogate"), model="pair"),
            destination("second", capture.url, accepting("surrogate"), price=1.0, model="pair"),
        ]
        (folder / "osler.toml").write_text("".join(tables) + RULES)
        served = stack.enter_context(serving(workspace, config=folder / "osler.toml"))
        yield Site(served=served, capture=capture, faulty=faulty, workspace=workspace)


def test_the_decoders_of_the_witness_see_through_every_way_of_writing() -> None:
    for name, way in phi_cases.WAYS.items():
        sent = json.dumps({"content": f"Please see {way(phi_cases.INTRODUCED)} today."})
        assert "vexworthy" in phi_cases.standing(sent), name
    assert not phi_cases.standing(json.dumps({"content": "The dose of lisinopril is 20 mg, as in 2021."}))


def test_there_are_cases_enough() -> None:
    names = [case.name for case in phi_cases.cases()]
    assert len(names) == len(set(names)) > 300


@pytest.mark.parametrize("stream", [False, True])
def test_an_upstream_without_any_agreement_gets_no_identifier(site: Site, stream: bool) -> None:
    for case in phi_cases.cases():
        site.hold(case, "outside", stream=stream)
    assert site.statuses["outside", 403] > 200


def test_an_upstream_that_accepts_deidentified_text_gets_no_identifier(site: Site) -> None:
    for n, case in enumerate(phi_cases.cases()):
        site.hold(case, list(STANDARDS)[n % 3], stream=n % 2 == 1)
    for name in STANDARDS:
        assert site.statuses[name, 200] > 40, "hardly anything was answered"


def test_one_that_takes_over_gets_none_either_nor_the_one_that_failed(site: Site) -> None:
    for n, case in enumerate(list(phi_cases.cases())[::5]):
        site.hold(case, "pair", stream=n % 2 == 1)
    assert len(site.faulty.requests) > 20
    assert site.statuses["pair", 200] > 20


def test_under_a_baa_surrogates_leave_and_nothing_else_but_pictures(site: Site) -> None:
    for n, case in enumerate(list(phi_cases.cases())[::3]):
        if "picture" not in case.name:
            site.hold(case, "covered", stream=n % 2 == 1)
    assert site.statuses["covered", 200] > 40


def test_log_metrics_and_audit_hold_none_and_the_audit_is_whole(site: Site) -> None:
    show = ("audit", "show", "--last", "5000", "--json", "--workspace", str(site.workspace))
    audit = run_osler(*show, cwd=site.workspace.parent).stdout
    assert len(audit) > 10_000
    for name, text in (
        ("log", site.served.log.read_text()),
        ("metrics", site.served.get("/metrics")[1]),
        ("audit", audit),
    ):
        lowered = text.lower()
        assert not [word for word in phi_cases.WORDS if word in lowered], name
    verify = ("audit", "verify", "--json", "--workspace", str(site.workspace))
    verdict = json.loads(run_osler(*verify, cwd=site.workspace.parent).stdout)
    assert verdict["ok"], verdict
    assert verdict["open_streams"] == 0
