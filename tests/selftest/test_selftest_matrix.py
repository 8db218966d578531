"""The fail-closed matrix: a few of its cells, that no route is forgotten, and that it can fail."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from osler.api.app import application
from osler.api.metrics import Metrics
from osler.app.build import build
from osler.app.config import Config, parse
from osler.core.audit import AuditRecord
from osler.core.clock import SystemClock
from osler.selftest.matrix import routes
from osler.selftest.matrix.judge import SENTENCES, Answer, Seen, Standard, faults, transform
from osler.selftest.matrix.outages import BREACHES, COLUMNS, NONE, Expected, Outage, expected
from osler.selftest.matrix.routes import ROWS, Ask
from osler.selftest.matrix.run import Matrix, Wanted, run
from osler.selftest.matrix.site import OUTSIDE, sight, trial_config, with_outside
from osler.testing import Manner

CLOUD = """
[destinations.ward]
url = "http://10.0.0.1:1/v1"
location = "on-premises"
auth = { env = "NO_SUCH_SECRET" }
models.m = { id = "m" }
models.e = { id = "e", kind = "embedding" }

[stores]
vault_key = { env = "NO_SUCH_SECRET_EITHER" }

[server]
rate_limit.per_minute = 1
rate_limit.burst = 1
"""


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    """A slice of the real thing, over a site's configuration whose secrets and addresses are not there."""
    folder = tmp_path_factory.mktemp("matrix")
    file = folder / "osler.toml"
    file.write_text(CLOUD)
    rows = frozenset(
        {"POST /v1/chat/completions (stream)", "POST /v1/chat/completions (plain)", "GET /readyz"}
    )
    table = {"destinations": {"ward": {"location": "on-premises", "models": {"m": {"id": "m"}}}}}
    return run(
        Wanted(
            config=parse(table),
            file=file,
            folder=folder,
            rows=rows,
            columns=frozenset({"audit"}),
            hanging=False,
        )
    )


@pytest.mark.slow
def test_a_slice_of_the_matrix_holds(matrix: Matrix) -> None:
    assert matrix.failures == ()
    assert {(c.column, c.state) for c in matrix.cells} == {(NONE, "ok"), ("audit", "ok")}
    assert sum(c.tried for c in matrix.cells) > 15


@pytest.mark.slow
def test_the_matrix_sees_the_breaches_that_are_planted(matrix: Matrix) -> None:
    assert matrix.breaches == {breach.name: True for breach in BREACHES}
    assert len(BREACHES) == 4


def test_no_route_is_forgotten(workspace: Path) -> None:
    platform = build(Config(), workspace)
    try:
        served = routes.routes_of(application(platform, Metrics(), require_keys=True))
    finally:
        platform.stores.close()
    assert len(served) > 15
    assert routes.unknown(served) == []
    assert {(row.method, row.path) for row in ROWS} == set(served)
    assert routes.unknown([*served, ("GET", "/v1/new")]) == [("GET", "/v1/new")]


def test_nobody_real_is_called_and_no_secret_is_needed() -> None:
    config = parse(
        {
            "destinations": {
                "cloud": {
                    "url": "https://api.example.com/v1",
                    "location": "public-cloud",
                    "region": "us",
                    "auth": {"env": "SECRET"},
                    "models": {"m": {"id": "m"}},
                }
            },
            "stores": {"vault_key": {"env": "SECRET"}},
        }
    )
    trial = trial_config(config, {"cloud": "http://127.0.0.1:1", OUTSIDE: "http://127.0.0.1:2"}, guard_s=1)
    assert {d.url for d in trial.destinations.values()} == {"http://127.0.0.1:1", "http://127.0.0.1:2"}
    assert all(d.auth is None for d in trial.destinations.values())
    assert trial.stores == Config().stores
    assert trial.destinations["cloud"].location == config.destinations["cloud"].location


BAA = {"party": "p", "services": ["chat"], "regions": ["us"], "signed": "2020-01-01", "expires": "2099-01-01"}
ACCEPTS = {"deidentified": "surrogate", "determination": "d", "owner": "o", "until": "2099-01-01"}


@pytest.mark.parametrize(
    ("entry", "service", "may_see"),
    [
        ({"location": "on-premises"}, "chat", "phi"),
        ({"location": "public-cloud"}, "chat", "nothing"),
        ({"location": "public-cloud", "region": "us", "baa": BAA}, "chat", "phi"),
        ({"location": "public-cloud", "region": "us", "baa": BAA}, "embeddings", "nothing"),
        ({"location": "public-cloud", "region": "eu", "baa": BAA}, "chat", "nothing"),
        (
            {"location": "public-cloud", "region": "us", "baa": BAA | {"expires": "2021-01-01"}},
            "chat",
            "nothing",
        ),
        ({"location": "public-cloud", "accepts": ACCEPTS}, "chat", "de-identified"),
        ({"location": "public-cloud", "accepts": ACCEPTS | {"until": "2021-01-01"}}, "chat", "nothing"),
    ],
)
def test_what_a_place_may_see(entry: dict[str, Any], service: str, may_see: str) -> None:
    config = parse({"destinations": {"d": {"models": {"m": {"id": "m"}}, **entry}}})
    today = SystemClock().now().date()
    assert sight(config.destinations["d"], service, today) == may_see
    assert sight(with_outside(config)[OUTSIDE], service, today) == "nothing"


RECORD = AuditRecord(
    number=7, kind="closed", time="t", request_id="req_1", instance="i", body={}, prev="0", hash="h7"
)
HEADERS = {"x-request-id": "req_1", "content-type": "application/json"}
STANDARD = Standard(
    sights={"chat": {"ward": "phi", "lab": "de-identified", "cloud": "nothing"}},
    canaries=("Quartermain",),
    codes=frozenset({"store_unavailable"}),
)
CHAT, STREAM = ROWS[0].asks[0], ROWS[1].asks[0]
EMBEDDINGS = next(row.asks[0] for row in ROWS if row.path == "/v1/embeddings")
OTHER = Ask(what="asked", needs=frozenset({"audit"}))
WHOLE = {
    "choices": [{"message": {"content": "".join(SENTENCES)}}],
    "osler": {"audit": {"number": 7, "hash": "h7"}},
}
DOWN = {"error": {"message": "The log is down. Mend it.", "code": "store_unavailable"}}


def seen(status: int, body: object, *, reached: str = "", raw: bytes = b"POST", **more: Any) -> Seen:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Answer(status=status, headers=HEADERS, body=data)
    arrived = {name: raw if name == reached else b"" for name in ("ward", "lab", "cloud")}
    return replace(Seen(answer=answer, arrived=arrived, log="", records=(RECORD,)), **more)


def events(*pieces: object) -> bytes:
    return b"".join(
        b"data: " + (p if isinstance(p, bytes) else json.dumps(p).encode()) + b"\n\n" for p in pieces
    )


def piece(text: str) -> object:
    return {"choices": [{"delta": {"content": text}}]}


ANSWERED = Expected(answered=True, leaves="permitted")
REFUSED = Expected(answered=False, leaves="nothing")
LATE = Expected(answered=False, leaves="permitted", shown=1)
UNSIGNED = Expected(answered=False, leaves="permitted", shown=3, recorded=False)
CASES: list[tuple[str, Ask, Expected, Seen, str]] = [
    ("a good answer", CHAT, ANSWERED, seen(200, WHOLE, reached="ward"), ""),
    ("a good refusal", CHAT, REFUSED, seen(503, DOWN), ""),
    ("nothing reached", CHAT, ANSWERED, seen(200, WHOLE), "reached no model server"),
    ("the cloud reached", CHAT, ANSWERED, seen(200, WHOLE, reached="cloud"), "sent to cloud"),
    (
        "raw text to the lab",
        CHAT,
        ANSWERED,
        seen(200, WHOLE, reached="lab", raw=b"quartermain"),
        "stood in what was sent",
    ),
    ("anything sent", CHAT, REFUSED, seen(503, DOWN, reached="ward"), "though nothing may leave"),
    ("answered all the same", CHAT, REFUSED, seen(200, WHOLE), "answered (200) though"),
    (
        "an answer in the error",
        CHAT,
        REFUSED,
        seen(503, {**DOWN, "x": SENTENCES[2]}),
        "not checked and signed",
    ),
    (
        "an identifier in the error",
        CHAT,
        REFUSED,
        seen(503, {**DOWN, "x": "Quartermain"}),
        "body of an answer",
    ),
    (
        "an identifier in the log",
        CHAT,
        ANSWERED,
        seen(200, WHOLE, reached="ward", log="QUARTERMAIN"),
        "server's log",
    ),
    (
        "no remedy",
        CHAT,
        REFUSED,
        seen(503, {"error": {"message": "Down.", "code": "store_unavailable"}}),
        "what to do",
    ),
    (
        "an odd code",
        CHAT,
        REFUSED,
        seen(503, {"error": {"message": "A. B.", "code": "oops"}}),
        "not documented",
    ),
    ("no error object", CHAT, REFUSED, seen(503, b"oops"), "no error object"),
    ("not signed", CHAT, ANSWERED, seen(200, WHOLE, reached="ward", records=()), "not in the log"),
    ("refusal not recorded", CHAT, REFUSED, seen(503, DOWN, records=()), "how the request ended"),
    (
        "left open",
        CHAT,
        REFUSED,
        seen(503, DOWN, records=(replace(RECORD, kind="opened"),)),
        "how the request ended",
    ),
    ("no audit", CHAT, ANSWERED, seen(200, {**WHOLE, "osler": {}}, reached="ward"), "names no audit record"),
    ("hung", CHAT, REFUSED, seen(0, b"", answer=Answer(fault="it had not ended after 45 s")), "no answer"),
    ("a broken stream", STREAM, LATE, seen(200, events(piece(SENTENCES[0]), DOWN)), ""),
    (
        "an unchecked sentence",
        STREAM,
        LATE,
        seen(200, events(piece(SENTENCES[1]), DOWN)),
        "not checked and signed",
    ),
    ("a false end", STREAM, UNSIGNED, seen(200, events(piece("x"), DOWN, b"[DONE]")), "as if it were whole"),
    ("a silent end", STREAM, UNSIGNED, seen(200, events(piece("x"))), "no error object"),
    (
        "half a stream",
        STREAM,
        ANSWERED,
        seen(200, events(piece(SENTENCES[0])), reached="ward"),
        "whole answer",
    ),
    ("an act without a record", OTHER, REFUSED, seen(200, {}), "though the guard is down"),
    (
        "PHI on another route",
        OTHER,
        Expected(answered=True, leaves="permitted"),
        seen(200, "Quartermain"),
        "may hold none",
    ),
]


@pytest.mark.parametrize(
    ("ask", "wanted", "looked_at", "said"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_the_judge(ask: Ask, wanted: Expected, looked_at: Seen, said: str) -> None:
    found = faults(ask, wanted, looked_at, STANDARD)
    if said:
        assert any(said in sentence for sentence in found), found
    else:
        assert found == []


def test_what_is_expected_of_a_route_depends_on_what_it_needs() -> None:
    audit = Outage(guard="audit", manner=Manner.REFUSES)
    assert expected(CHAT, None).answered
    assert expected(CHAT, audit) == Expected(answered=False, leaves="nothing", recorded=False)
    assert expected(CHAT, replace(audit, after=1)).leaves == "permitted"
    assert expected(EMBEDDINGS, Outage(guard="guardrail", manner=Manner.RAISES)).answered
    assert not expected(CHAT, Outage(guard="guardrail", manner=Manner.RAISES)).answered
    broken_off = Outage(guard="upstream", manner=Manner.REFUSES, after=2)
    assert expected(STREAM, broken_off) == Expected(answered=False, leaves="permitted", shown=1)
    late = Outage(guard="patient", manner=Manner.RAISES, after=1)
    assert expected(STREAM, late).leaves == "permitted"
    assert expected(STREAM, replace(late, after=0)) == Expected(answered=False, leaves="nothing")


def test_each_guard_is_needed_somewhere_and_known_to_the_process_under_trial() -> None:
    needed = {guard for row in ROWS for ask in row.asks for guard in ask.needs}
    assert needed == set(COLUMNS) - {NONE}


def test_what_was_done_to_the_text_is_read_from_the_answer() -> None:
    body = {"osler": {"decision": {"transform": "surrogate"}}}
    plain = Answer(status=200, headers=HEADERS, body=json.dumps(body).encode())
    streamed = Answer(status=200, headers=HEADERS, body=events(piece("x"), body, b"[DONE]"))
    assert (transform(CHAT, plain), transform(STREAM, streamed)) == ("surrogate", "surrogate")
    assert transform(CHAT, Answer(status=503, body=b"{}")) == ""
