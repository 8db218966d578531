"""Every route of the application, and what is asked of it.

The routes come from the application itself. One that `ASKS` does not know makes the matrix fail: nobody has said
yet what must hold for it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from osler.api.admin import app as admin
from osler.api.admin.gate import Gate
from osler.api.admin.routes import Admin
from osler.core.ports.access import ADMIN
from osler.selftest.matrix.site import OUTSIDE

PATIENT = "sample-ckd"
CANARIES = ("Quartermain", "900-27-6614", "zebulon.q@mailbox.example", "(617) 555-0144")
"""Identifiers that every question holds, besides those on the patient's record."""
QUESTION = (
    "Mrs. Zebulon Quartermain, SSN 900-27-6614, e-mail zebulon.q@mailbox.example, phone (617) 555-0144, "
    "has knee pain. Is it safe to start ibuprofen?"
)
FRESH = "fresh"
"""An administrator's key made for the one request: of a known one, a reading is signed once a minute only."""
Kind = Literal["chat", "stream", "embeddings", "other"]
Needs = frozenset[str]
NOTHING: Needs = frozenset()
GUARDS: Needs = frozenset(
    {
        "detector", "estimator", "vault", "policy", "retrieval", "roster", "patient", "outbound", "audit", "upstream",
        "guardrail",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to a route. `needs` are the guards without which there must be no answer.

    `refused`: policy has to refuse it even when all is well. `body` is sent as JSON; `key` names the role
    whose API key is sent.
    """

    what: str
    kind: Kind = "other"
    needs: Needs = NOTHING
    body: Any = field(default=None, repr=False)
    path: str = ""
    key: str = ADMIN
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A route in one of its ways, and the requests that are tried on it."""

    method: str
    path: str
    way: str = ""
    asks: tuple[Ask, ...]

    @property
    def name(self) -> str:
        """As the table shows it."""
        return f"{self.method} {self.path}{f' ({self.way})' if self.way else ''}"


def _answering(
    asked: dict[str, Any], *, stream: bool, needs: Needs = GUARDS, beside: dict[str, Any] | None = None
) -> tuple[Ask, ...]:
    """What is asked of a route that answers. One that looks for no evidence is not asked about a patient's record.

    `beside`: the same identifiers in everything but what is said.
    """

    def ask(what: str, *, refused: bool = False, **body: Any) -> Ask:
        kind: Kind = "stream" if stream else "chat"
        whole = {"model": "auto", "stream": stream} | asked | body
        return Ask(what=what, kind=kind, needs=needs, body=whole, key="clinician", refused=refused)

    return (
        *((ask("about a patient", metadata={"patient": PATIENT}),) if "retrieval" in needs else ()),
        ask("identifiers in the text"),
        ask("for a place that may see no PHI", model=OUTSIDE, metadata={"patient": PATIENT}, refused=True),
        *(
            (
                ask("identifiers in a tool", **beside),
                ask(
                    "identifiers in a tool, for a place that may see no PHI",
                    refused=True,
                    model=OUTSIDE,
                    **beside,
                ),
            )
            if beside
            else ()
        ),
    )


def _rows(
    path: str, asked: dict[str, Any], needs: Needs = GUARDS, beside: dict[str, Any] | None = None
) -> Iterator[Row]:
    for way, stream in (("plain", False), ("stream", True)):
        asks = _answering(asked, stream=stream, needs=needs, beside=beside)
        yield Row(method="POST", path=path, way=way, asks=asks)


def _embeddings() -> tuple[Ask, ...]:
    def ask(what: str, model: str, *, refused: bool = False) -> Ask:
        body = {"model": model, "input": [QUESTION, "What is metformin for?"]}
        needs = GUARDS - {"estimator", "retrieval", "patient", "guardrail"}
        return Ask(what=what, kind="embeddings", needs=needs, body=body, key="clinician", refused=refused)

    return (
        ask("identifiers in a text", "auto"),
        ask("for a place that may see no PHI", f"{OUTSIDE}-vectors", refused=True),
    )


def _row(
    method: str, path: str, *, at: str = "", body: Any = None, needs: tuple[str, ...] = (), key: str = ADMIN
) -> Row:
    ask = Ask(what="asked", needs=frozenset(needs), body=body, path=at, key=key)
    return Row(method=method, path=path, asks=(ask,))


_FUNCTION = {
    "name": "look_up",
    "description": QUESTION,
    "parameters": {"type": "object", "properties": {"q": {"enum": [QUESTION]}, QUESTION: {"type": "string"}}},
}
_ARGUMENTS = json.dumps({"of": [QUESTION], QUESTION: 1})
_CLEAR = "What is known of ibuprofen?"
_CHAT_TOOLS: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": _CLEAR},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": _ARGUMENTS}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": QUESTION},
    ],
    "tools": [{"type": "function", "function": _FUNCTION}],
}
_RESPONSES_TOOLS: dict[str, Any] = {
    "input": [
        {"role": "user", "content": _CLEAR},
        {"type": "function_call", "call_id": "call_1", "name": "look_up", "arguments": _ARGUMENTS},
        {"type": "function_call_output", "call_id": "call_1", "output": QUESTION},
    ],
    "tools": [{"type": "function", **_FUNCTION}],
}
ROWS: tuple[Row, ...] = (
    *_rows("/v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}]}, beside=_CHAT_TOOLS),
    *_rows("/v1/responses", {"input": QUESTION}, beside=_RESPONSES_TOOLS),
    *_rows("/v1/completions", {"prompt": QUESTION}, GUARDS - {"retrieval"}),
    Row(method="POST", path="/v1/embeddings", asks=_embeddings()),
    _row("GET", "/v1/models", key="clinician"),
    _row("GET", "/v1/models/{name:path}", at="/v1/models/auto", key="clinician"),
    _row("GET", "/v1/openapi.json", key="clinician"),
    _row("GET", "/healthz"),
    _row("GET", "/readyz", needs=("audit", "detector")),
    _row("GET", "/metrics"),
    _row("GET", "/admin/status", needs=("audit",)),
    _row("GET", "/admin/config"),
    _row("POST", "/admin/config/check", body={"toml": ""}),
    _row("POST", "/admin/reload", needs=("audit",)),
    _row(
        "POST",
        "/admin/route/explain",
        body={"messages": [{"role": "user", "content": QUESTION}]},
        needs=("audit", "detector", "estimator", "policy", "vault"),
        key=FRESH,
    ),
    _row("GET", "/admin/break-glass", needs=("audit",), key=FRESH),
    _row(
        "POST",
        "/admin/break-glass/{number}/reviewed",
        at="/admin/break-glass/{glass}/reviewed",
        needs=("audit",),
    ),
    _row("GET", "/admin/collections"),
    _row("GET", "/admin/plugins"),
    _row("GET", "/admin/keys"),
    _row("POST", "/admin/keys", body={"name": "selftest", "role": "clinician"}, needs=("audit",)),
    _row("POST", "/admin/keys/{id}/rotate", at="/admin/keys/{fresh}/rotate", needs=("audit",)),
    _row("DELETE", "/admin/keys/{id}", at="/admin/keys/{fresh}", needs=("audit",)),
    _row("GET", "/admin/audit", needs=("audit",), key=FRESH),
    _row("GET", "/admin/audit/head", needs=("audit",)),
    _row("POST", "/admin/audit/verify", needs=("audit",)),
    _row("GET", "/admin/vault", needs=("audit", "vault"), key=FRESH),
    _row("POST", "/admin/vault/expire", needs=("audit", "vault")),
    _row("GET", "/admin/openapi.json"),
)
"""What the matrix knows of. `{fresh}` in a path stands for an API key that is made for the request, `{glass}` for a
record that says that the glass was broken."""


def routes_of(app: Starlette) -> list[tuple[str, str]]:
    """Method and path of every route of the application, those of the admin surface included, each once."""
    return list(dict.fromkeys(_routes(app.routes)))


def _routes(routes: Any) -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from ((method, route.path + path) for method, path in _routes(route.routes))
        elif isinstance(getattr(route, "endpoint", None), Gate):
            yield from _routes(admin.make(object.__new__(Admin)).routes)
        elif isinstance(route, Route) or hasattr(route, "methods"):
            yield from (
                (method, route.path) for method in sorted(route.methods or {"ANY"}) if method != "HEAD"
            )
        else:
            yield "ANY", str(getattr(route, "path", route))


def unknown(routes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Routes of an application that the matrix has no row for."""
    known = {(row.method, row.path) for row in ROWS}
    return [route for route in routes if route not in known]
