"""Every answer of every route carries the security headers: good ones, bad ones, streams, and what is no HTTP."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_served import exchange, head_of, listening
from starlette.routing import Route

from osler.api.app import application
from osler.api.metrics import Metrics
from osler.app.build import build
from osler.app.config import parse
from osler.gateway.limits import RateLimiter

WANTED = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
NEVER = ("server", "x-powered-by", "strict-transport-security", "access-control-allow-origin", "set-cookie")
KEPT: dict[str, Any] = {}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    table = {"server": {"max_body_mb": 1}, "knowledge": {"starter": False}, "deid": {"engine": "fast"}}
    platform = build(parse(table), tmp_path_factory.mktemp("headers") / "ws")
    app = application(platform, Metrics(), require_keys=False)
    KEPT["app"], KEPT["admin"] = app, platform.stores.access.create("root", "admin")[1]
    KEPT["ward"] = platform.stores.access.create("ward", "clinician")[1]
    with listening(app) as found:
        yield found


def ask(
    port: int, method: str, path: str, body: bytes = b"", *, host: str = "localhost", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"content-length: {len(body)}")
    answer = exchange(port, "\r\n".join([*lines, "", ""]).encode() + body, seconds=20)
    status, found = head_of(answer)
    names = [line.split(b":")[0].lower() for line in answer.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]]
    assert len(names) == len(set(names)), names
    return status, found, answer


def secure(headers: dict[str, str]) -> None:
    assert {name: headers.get(name) for name in WANTED} == WANTED
    assert not set(NEVER) & set(headers)


def chat(**more: Any) -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": "hello"}], **more}).encode()


CASES: list[tuple[int, str, str, bytes, dict[str, str]]] = [
    (200, "POST", "/v1/chat/completions", chat(), {}),
    (200, "POST", "/v1/chat/completions", chat(stream=True), {}),
    (400, "POST", "/v1/chat/completions", chat(n=17), {}),
    (200, "POST", "/v1/completions", b'{"prompt": "hello"}', {}),
    (200, "POST", "/v1/responses", b'{"input": "hello"}', {}),
    (200, "POST", "/v1/responses", b'{"input": "hello", "stream": true}', {}),
    (400, "POST", "/v1/responses", b'{"input": "hello", "background": true}', {}),
    (400, "POST", "/v1/chat/completions", b"[" * 70, {}),
    (400, "POST", "/v1/chat/completions", b"[" * 70 + b"]" * 70, {}),
    (404, "POST", "/v1/chat/completions", chat(model="nobody"), {}),
    (413, "POST", "/v1/chat/completions", b"x" * (1 << 20) + b"x", {}),
    (415, "POST", "/v1/chat/completions", chat(), {"content_encoding": "gzip"}),
    (401, "POST", "/v1/chat/completions", chat(), {"host": "evil.example"}),
    (401, "GET", "/v1/models", b"", {"origin": "https://evil.example"}),
    (401, "GET", "/admin/status", b"", {}),
    (404, "GET", "/nowhere", b"", {}),
    (404, "GET", "/v1/models/nobody", b"", {}),
    (405, "DELETE", "/v1/models", b"", {}),
    (405, "OPTIONS", "/v1/chat/completions", b"", {"origin": "http://localhost"}),
    (431, "GET", "/healthz", b"", {"x_long": "x" * (800 << 10)}),
    (400, "G=T", "/healthz", b"", {}),
]


@pytest.mark.parametrize(
    ("status", "method", "path", "body", "headers"), CASES, ids=[f"{c[0]} {c[1]} {c[2]}" for c in CASES]
)
def test_each_kind_of_answer(
    port: int, status: int, method: str, path: str, body: bytes, headers: dict[str, str]
) -> None:
    got, found, answer = ask(port, method, path, body, **headers)
    assert got == status, answer[:600]
    secure(found)
    if status >= 400:
        error = json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]
        assert set(error) == {"message", "type", "param", "code"}
    if b"stream" in body:
        assert answer.rstrip().endswith(b"0") or b"data: [DONE]" in answer
        assert found["content-type"].startswith("text/event-stream")


def test_every_route_of_the_application(port: int) -> None:
    paths = {route.path for route in KEPT["app"].routes if isinstance(route, Route)}
    assert len(paths) > 6
    bearer = {"authorization": f"Bearer {KEPT['admin']}"}
    document = json.loads(ask(port, "GET", "/admin/openapi.json", **bearer)[2].split(b"\r\n\r\n", 1)[1])
    asked = 0
    for path in sorted(paths | set(document["paths"])):
        for method in ("GET", "POST", "PATCH"):
            status, headers, _ = ask(port, method, re.sub(r"\{[^}]*\}", "x", path), b"{}", **bearer)
            assert status < 500 or status == 503, (method, path, status)
            secure(headers)
            assert headers["x-request-id"].startswith("req_")
            asked += 1
    assert asked > 40


def test_a_clinicians_key_opens_no_route_of_the_admin_surface(port: int) -> None:
    bearer = {"authorization": f"Bearer {KEPT['admin']}"}
    document = json.loads(ask(port, "GET", "/admin/openapi.json", **bearer)[2].split(b"\r\n\r\n", 1)[1])
    operations = [
        (m, p) for p, item in document["paths"].items() for m in item if m in ("get", "post", "delete")
    ]
    assert len(operations) > 10
    for method, path in operations:
        where = re.sub(r"\{[^}]*\}", "x", path)
        assert ask(port, method.upper(), where, authorization=f"Bearer {KEPT['ward']}")[0] == 403, where


def test_the_share_is_told_as_openai_tells_it(port: int) -> None:
    headers = ask(port, "GET", "/v1/models")[1]
    assert int(headers["x-ratelimit-limit-requests"]) == 60_000
    assert 0 < int(headers["x-ratelimit-remaining-requests"]) < 60_000
    assert re.fullmatch(r"\d+ms|\ds", headers["x-ratelimit-reset-requests"])
    assert "x-ratelimit-limit-requests" not in ask(port, "GET", "/healthz")[1]


def test_who_asks_too_much_is_told_when_to_come_back(port: int) -> None:
    limits = KEPT["app"].routes[4].endpoint.__self__.admission
    generous, limits._keyless = limits._keyless, RateLimiter(1, lambda: 0.0)
    try:
        assert ask(port, "GET", "/v1/models")[0] == 200
        status, headers, answer = ask(port, "POST", "/v1/chat/completions", chat(stream=True))
    finally:
        limits._keyless = generous
    assert status == 429
    secure(headers)
    assert headers["retry-after"] == "60"
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert "x-should-retry" not in headers
    error = json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limited")


def test_the_headers_that_uvicorn_adds_are_few(port: int) -> None:
    found = ask(port, "GET", "/healthz")[1]
    assert set(found) - set(WANTED) == {
        "date",
        "content-type",
        "content-length",
        "connection",
        "x-request-id",
    }


def test_a_file_of_the_house_holds_them_in_one_place() -> None:
    source = Path(__file__).parents[2] / "src" / "osler"
    holders = [p.name for p in source.rglob("*.py") if "frame-ancestors" in p.read_text(encoding="utf-8")]
    assert holders == ["headers.py"]
