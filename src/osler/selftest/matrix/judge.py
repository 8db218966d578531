"""What came of one request, held to what must hold. Pure: values in, sentences out."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from osler.core.audit import AuditRecord
from osler.selftest.matrix.outages import Expected
from osler.selftest.matrix.routes import Ask
from osler.selftest.matrix.site import Sight

SENTENCES = (
    "The first remark is about verumontane. ",
    "The second remark is about calvadorine. ",
    "The third remark is about estrelmine. ",
    "That is all.",
)
"""What every capture server answers; each sentence has a word by which it is known again."""
MARKERS = ("verumontane", "calvadorine", "estrelmine")
_TWO_SENTENCES = re.compile(r"[.;:!?]\s+\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer as it came. `fault` says how the connection failed, if it did; `seconds` how long it took."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    fault: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that was to be seen of one request: the answer, the bytes that arrived at each destination, what
    the server logged, and what was added to the audit log."""

    answer: Answer
    arrived: Mapping[str, bytes] = field(repr=False)
    log: str = field(repr=False)
    records: tuple[AuditRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """What is the same for all requests: who may see what, the identifiers, the error codes that there are."""

    sights: Mapping[str, Mapping[str, Sight]]
    canaries: tuple[str, ...] = field(repr=False)
    codes: frozenset[str]

    def sight(self, destination: str, ask: Ask) -> Sight:
        """What the destination may see of the request."""
        return self.sights["embeddings" if ask.kind == "embeddings" else "chat"][destination]


def faults(ask: Ask, wanted: Expected, seen: Seen, standard: Standard) -> list[str]:
    """What does not hold, a sentence each; empty when all does."""
    answer = seen.answer
    if answer.fault:
        return [f"no answer: {answer.fault}", *_left(ask, wanted, seen, standard)]
    found = [*_left(ask, wanted, seen, standard), *_said(ask, wanted, seen, standard)]
    found += _answered(ask, seen) if wanted.answered else _refused(ask, wanted, seen, standard)
    if ask.kind != "other":
        found += _signed(ask, wanted, seen)
    return found


def _left(ask: Ask, wanted: Expected, seen: Seen, standard: Standard) -> Iterator[str]:
    """What reached whom."""
    reached = [name for name, raw in seen.arrived.items() if raw]
    for name in reached:
        sight = standard.sight(name, ask)
        if ask.kind == "other" or wanted.leaves == "nothing":
            yield f"something was sent to {name}, though nothing may leave"
        elif sight == "nothing":
            yield f"PHI was sent to {name}, which may see none"
        elif sight == "de-identified" and (kinds := _standing(seen.arrived[name], standard.canaries)):
            yield f"{kinds} identifiers stood in what was sent to {name}, which may see de-identified text only"
    if wanted.answered and ask.kind != "other" and not reached:
        yield "the control reached no model server, so that it shows nothing"


def _said(ask: Ask, wanted: Expected, seen: Seen, standard: Standard) -> Iterator[str]:
    """Identifiers where none may stand: headers, the log, errors, everything but answers to the question."""
    answer = seen.answer
    if _standing(repr(dict(answer.headers)).encode(), standard.canaries):
        yield "an identifier stood in the headers of the answer"
    if _standing(seen.log.encode(), standard.canaries):
        yield "an identifier stood in the server's log"
    may_hold = wanted.answered and ask.kind != "other" and answer.status < 400
    if not may_hold and _standing(answer.body, standard.canaries):
        yield "an identifier stood in the body of an answer that may hold none"


def _answered(ask: Ask, seen: Seen) -> Iterator[str]:
    answer = seen.answer
    if not 200 <= answer.status < 300:
        yield f"the request was not answered, but got {answer.status} {code(answer.body)}".rstrip()
    elif ask.kind == "chat" and not _text(answer.body).startswith("".join(SENTENCES).strip()):
        yield "the answer is not the one that the model server gave"
    elif ask.kind == "stream":
        pieces, events, done = stream(answer.body)
        if not done or not pieces.startswith("".join(SENTENCES).strip()):
            yield "the stream did not bring the whole answer"
        if not any("osler" in event for event in events):
            yield "the stream ended without its decision and audit record"


def _refused(ask: Ask, wanted: Expected, seen: Seen, standard: Standard) -> Iterator[str]:
    """One clear error, and nothing of an answer that was not checked and signed."""
    answer = seen.answer
    if answer.status < 400 and not (ask.kind == "stream" and wanted.shown):
        yield f"the request was answered ({answer.status}) though the guard is down"
        return
    shown = [marker for marker in MARKERS if marker.encode() in answer.body]
    allowed = MARKERS[: wanted.shown] if ask.kind == "stream" else ()
    if unchecked := [marker for marker in shown if marker not in allowed]:
        yield f"{len(unchecked)} sentences of an answer were shown that was not checked and signed"
    if answer.status < 400:
        _, events, done = stream(answer.body)
        if done:
            yield "the stream ended as if it were whole"
        body = events[-1] if events else {}
    else:
        body = _json(answer.body)
    yield from _unclear(body if isinstance(body, dict) else {}, answer, standard)


def _unclear(body: Mapping[str, Any], answer: Answer, standard: Standard) -> Iterator[str]:
    if answer.headers.get("content-type", "").startswith("text/plain"):
        if not _TWO_SENTENCES.search(answer.body.decode("utf-8", "replace")):
            yield "the answer does not say what to do"
        return
    error = body.get("error")
    if not isinstance(error, dict):
        yield "the answer holds no error object"
        return
    if error.get("code") not in standard.codes:
        yield "the error has a code that is not documented"
    if not _TWO_SENTENCES.search(str(error.get("message", ""))):
        yield "the error does not say what to do"


def _signed(ask: Ask, wanted: Expected, seen: Seen) -> Iterator[str]:
    """Whatever is acknowledged is in the log, and so is how every request ended."""
    for record in _acknowledged(ask, seen.answer):
        if not any((r.number, r.hash) == record for r in seen.records):
            yield "an audit record was acknowledged that is not in the log"
    if wanted.answered and not _acknowledged(ask, seen.answer):
        yield "the answer names no audit record"
    if not wanted.recorded:
        return
    request_id = seen.answer.headers.get("x-request-id", "")
    kinds = [r.kind for r in seen.records if r.request_id == request_id]
    if not kinds or kinds[-1] == "opened":
        yield "how the request ended is not in the audit log"


def transform(ask: Ask, answer: Answer) -> str:
    """What the answer says was done to the text that left; empty where it does not say."""
    for osler in _extensions(ask, answer):
        decision = osler.get("decision")
        if isinstance(decision, dict):
            return str(decision.get("transform", ""))
    return ""


def _acknowledged(ask: Ask, answer: Answer) -> list[tuple[int, str]]:
    found = []
    for osler in _extensions(ask, answer):
        record = osler.get("audit")
        if isinstance(record, dict):
            found.append((int(record.get("number", 0)), str(record.get("hash", ""))))
    return found


def _extensions(ask: Ask, answer: Answer) -> Iterator[Mapping[str, Any]]:
    """The `osler` objects of an answer."""
    bodies = stream(answer.body)[1] if ask.kind == "stream" and answer.status < 400 else [_json(answer.body)]
    for body in bodies:
        osler = body.get("osler") if isinstance(body, dict) else None
        if isinstance(osler, dict):
            yield osler


def stream(body: bytes) -> tuple[str, list[Any], bool]:
    """A stream's text, its events, and whether it said that it is whole."""
    text, events, done = "", [], False
    for line in body.decode("utf-8", "replace").split("\n"):
        data = line.removeprefix("data: ").strip()
        if not line.startswith("data: "):
            continue
        if data == "[DONE]":
            done = True
            continue
        event = _json(data.encode())
        whole = event.get("response") if isinstance(event, dict) else None
        if isinstance(whole, dict) and "osler" in whole:
            event = {"osler": whole["osler"]} | event
        events.append(event)
        text += _piece(event) if isinstance(event, dict) else ""
        done = done or (isinstance(event, dict) and event.get("type") == "response.completed")
    return text, events, done


def _piece(event: Mapping[str, Any]) -> str:
    """The text of one event, whatever the route."""
    if event.get("type") == "response.output_text.delta":
        return str(event.get("delta", ""))
    choices = event.get("choices") or []
    return "".join((c.get("delta") or {}).get("content") or c.get("text") or "" for c in choices)


def _standing(raw: bytes, canaries: Sequence[str]) -> int:
    """How many identifiers stand in raw bytes, in any case, as they are or as JSON escapes them."""
    text = raw.decode("utf-8", "replace").casefold()
    return sum(any(form.casefold() in text for form in (c, json.dumps(c)[1:-1])) for c in canaries)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return {}


def code(body: bytes) -> str:
    """The code of an error; empty when there is none."""
    error = _json(body)
    error = error.get("error") if isinstance(error, dict) else None
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def _text(body: bytes) -> str:
    answer = _json(body)
    try:
        if "output" in answer:
            return str(answer["output"][0]["content"][0]["text"])
        choice = answer["choices"][0]
        return str(choice["text"] if "text" in choice else choice["message"]["content"])
    except (KeyError, IndexError, TypeError):
        return ""
