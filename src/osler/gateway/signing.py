"""What is signed: the bodies of audit records. Names patients by handle, texts by keyed digest; holds no PHI."""

import hmac
from collections.abc import Mapping

import msgspec

from osler import __version__
from osler.core.errors import OslerError, PolicyRefused
from osler.core.messages import Caller, ChatRequest, Message
from osler.core.ports.access import DEFAULT_TENANT, ApiKey, KeyTerms
from osler.core.ports.vault import Subject
from osler.gateway import break_glass
from osler.gateway.answer import ChoiceAnswer
from osler.gateway.exchange import Exchange

PUBLISHED = frozenset({"opened", "recalled"})
"""Bases of sources whose names and digests tell nothing about a patient. All others are named by keyed digest."""


def digest(subject: Subject, text: str) -> str:
    """HMAC-SHA-256 of a text under the patient's key, hex. Without the key it can be matched by no one."""
    return hmac.digest(subject.key, text.encode("utf-8", "surrogatepass"), "sha256").hex()


def caller_body(caller: Caller) -> dict[str, str]:
    """Who asks; with the tenant where that is not the default one."""
    body = {"key": caller.key, "role": caller.role}
    return body if caller.tenant == DEFAULT_TENANT else {**body, "tenant": caller.tenant}


def request_body(
    request: ChatRequest, subject: Subject | None, config: str, *, question: object = None
) -> dict[str, object]:
    """Who asked for what, under which configuration. `question` is its digest where that was made before."""
    body: dict[str, object] = {
        "caller": caller_body(request.caller),
        "purpose": request.purpose,
        "stream": request.stream,
        "ground": request.ground,
        "patient": subject.handle if subject and request.patient else None,
        "config": config,
        "osler": __version__,
    }
    if subject is not None:
        body["question"] = question or digest(subject, _conversation(request.messages))
    if request.break_glass is not None:
        body |= break_glass.record_body(request.break_glass, subject)
    return body


def exchange_body(x: Exchange, config: str, *, outcome: str, ms: int) -> dict[str, object]:
    """Everything that is known of an exchange by now."""
    # What was said when it was opened has not changed since, and its digests are long in the making.
    said: Mapping[str, object] = x.opened.body if x.opened is not None else {}
    body = request_body(x.request, x.subject, config, question=said.get("question"))
    body |= {"outcome": outcome, "ms": ms}
    if x.decision is not None:
        body["decision"] = x.decision_json()
    elif x.facts is not None:
        body["phi"] = dict(x.facts.phi)
    subject = x.subject
    if subject is None:
        return body
    if x.task is not None:
        body["task"] = dict(x.task)
    if len(x.trail) > 1 or any(a.outcome != "answered" for a in x.trail):
        body["attempts"] = [a.to_json() for a in x.trail]
    body["evidence"] = [
        {"n": e.n, "doc": e.doc, "sha256": e.sha256}
        if e.basis in PUBLISHED and not e.from_record
        else {"n": e.n, "doc": digest(subject, e.doc), "sha256": digest(subject, e.sha256)}
        for e in x.evidence
    ]
    if x.outbound and not x.reuses:
        body["sent"] = said.get("sent") or digest(subject, _conversation(x.outbound))
        if x.params:
            body["params"] = said.get("params") or digest(subject, _json(x.params))
    if x.answer:
        body["answer"] = digest(subject, x.answer)
    if len(x.choices) > 1 or any(c.tools or c.refusal for c in x.choices):
        body["choices"] = [digest(subject, _json(_choice(c))) for c in x.choices]
    if x.redacted:
        body["redacted"] = dict(x.redacted)
    body["cited"] = [c.n for c in x.citations]
    body["findings"] = [{"kind": f.kind, "severity": f.severity.value, "where": f.where} for f in x.findings]
    body["usage"] = {"prompt": x.usage.prompt, "completion": x.usage.completion}
    body["finish"] = x.finish
    if x.opened is not None:
        body["opened"] = x.opened.number
    return body


def error_body(error: OslerError) -> dict[str, object]:
    """How a refusal or a fault is recorded: by its code, and the decision trace where there is one."""
    body: dict[str, object] = {"error": error.code}
    if isinstance(error, PolicyRefused) and error.decision:
        body["decision"] = dict(error.decision)
    return body


def key_body(action: str, key: ApiKey) -> Mapping[str, object]:
    """An act on API keys: which key and what it is held to, never its text or its name."""
    return {"action": action, "key": key.id, "role": key.role, **terms_body(key.terms), "osler": __version__}


def terms_body(terms: KeyTerms) -> dict[str, object]:
    """What a key is held to, as far as it says anything."""
    body: dict[str, object] = {}
    if terms.tenant != DEFAULT_TENANT:
        body["tenant"] = terms.tenant
    if terms.words():
        body["scopes"] = list(terms.words())
    if terms.expires is not None:
        body["expires"] = terms.expires.isoformat()
    if terms.per_minute is not None:
        body["per_minute"] = terms.per_minute
    return body


def _conversation(messages: tuple[Message, ...]) -> str:
    return "\x1e".join(f"{m.role}\x1f{m.content if m.wire is None else _json(m.wire)}" for m in messages)


def _choice(choice: ChoiceAnswer) -> dict[str, object]:
    calls = [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in choice.tools]
    return {"text": choice.text, "refusal": choice.refusal, "tool_calls": calls, "finish": choice.finish}


def _json(value: object) -> str:
    """JSON with sorted keys, UTF-8 unescaped: what a digest of a structure is over."""
    return msgspec.json.encode(value, order="sorted").decode()
