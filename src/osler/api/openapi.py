"""The OpenAPI 3.1 document of `/v1`, with the pages beside it, made from the types that parse and answer.

Request bodies are the types of `bodies/`, answers those of `answers.py`; here stand only the routes, and
which status each may have. It holds nothing of a site, and is the same for each.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, get_args

import msgspec

from osler import __version__
from osler.api import answers, bodies
from osler.api.readiness import Need

VERSION = "3.1.0"
KEY = "key"
"""The name of the one security scheme."""

ANYWHERE = (400, 408, 431, 500, 503)
"""Statuses that any route may have: no HTTP, too slow, too long a head, something unforeseen, overload."""
KEYED = (*ANYWHERE, 401, 403, 429)
"""And those of a route that wants a key."""
PIPELINE = (*KEYED, 404, 413, 415, 502, 504)
"""And those of a request with a body that goes through the pipeline."""

_MEANING = {
    400: "The request cannot be used as it is.",
    401: "The API key is unknown, revoked or expired; or, where none is needed, the request comes from elsewhere.",
    403: "Refused: by policy, or because the key's role, scopes or tenant do not suffice.",
    404: "There is no such patient, model or object.",
    408: "The request did not arrive in time.",
    409: "The request contradicts what is stored.",
    413: "The request body is too large.",
    415: "The request body is compressed, or of another type.",
    429: "Too many requests; `retry-after` says when to try again.",
    431: "The head of the request is too long.",
    500: "Something unforeseen.",
    502: "A model server failed.",
    503: "A guard or the database is down, or the server is overloaded: nothing leaves.",
    504: "A model server took too long.",
}

_ANSWERS = (
    answers.ChatCompletion,
    answers.ChatChunk,
    answers.TextCompletion,
    answers.Response,
    answers.ResponseEvent,
    answers.EmbeddingList,
    answers.ModelList,
    answers.ModelName,
    answers.ErrorBody,
    answers.Readiness,
)
_READY_FOR = [
    {
        "name": "need",
        "in": "query",
        "description": "For which requests: any kind, those with PHI, those without, or both.",
        "schema": {"enum": list(get_args(Need)), "default": "any"},
    },
    {
        "name": "verbose",
        "in": "query",
        "description": "Answer with JSON, as with `accept: application/json`.",
        "schema": {"type": "string"},
    },
]
_MEDIA = "application/json"


def document() -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": VERSION,
        "info": {
            "title": "Osler",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "OpenAI's wire in front of the nine steps. Where `server.keys` is off, no key is needed.",
        },
        "paths": _paths(),
        "components": {"schemas": _schemas(), "securitySchemes": security_scheme()},
        "security": [{KEY: []}, {}],
    }


def security_scheme() -> dict[str, Any]:
    """How a key is sent."""
    description = "`osler keys create` makes a key."
    return {KEY: {"type": "http", "scheme": "bearer", "description": description}}


def refusals(statuses: tuple[int, ...]) -> dict[str, Any]:
    """The errors that a route may answer with, by status."""
    return {str(status): _refusal(status) for status in sorted(statuses)}


def error_schemas() -> dict[str, Any]:
    """The schema of an error and all that it refers to."""
    return _components([answers.ErrorBody])


def asked_as_chat() -> tuple[dict[str, Any], dict[str, Any]]:
    """For a route that takes what a chat completion takes: that part of its operation, and the schemas in it."""
    asked = {
        "parameters": [_header(note, schema) for note, schema in bodies.NOTES.items()],
        "requestBody": _body("ChatBody"),
    }
    known, needed, left = _schemas(), dict[str, Any](), ["ChatBody"]
    while left:
        name = left.pop()
        if name not in needed:
            needed[name] = known[name]
            left += re.findall(r"#/components/schemas/(\w+)", str(known[name]))
    return asked, needed


def _schemas() -> dict[str, Any]:
    asked = [bodies.ChatBody, bodies.CompletionBody, bodies.ResponsesBody, bodies.EmbeddingsBody]
    schemas = _components([*_ANSWERS, *asked, *bodies.ITEM_TYPES])
    for name, dropped, refused in (
        ("ChatBody", bodies.DROPPED, bodies.CHAT_REFUSED),
        ("CompletionBody", bodies.DROPPED, bodies.COMPLETION_REFUSED),
        ("ResponsesBody", bodies.RESPONSES_DROPPED, bodies.RESPONSES_REFUSED),
    ):
        fields = schemas[name]["properties"]
        for field in dropped:
            fields[field] = {"description": "Taken and dropped: it would name or profile the caller."}
        for field, reason in refused.items():
            # What the parser lets pass of a field that is not served.
            fields[field] = {"enum": list(bodies.NOTHING), "description": f"Not served: {reason}."}
        schemas[name]["additionalProperties"] = True
    schemas["EmbeddingsBody"]["additionalProperties"] = {"type": "null"}
    return schemas


def _components(types: list[Any]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schemas["ErrorDetail"]["properties"]["code"] = {"enum": sorted(set(answers.error_codes()))}
    return schemas


def _paths() -> dict[str, Any]:
    listed = _json("ModelList", "The names that may be asked for.")
    metrics = {"description": "Prometheus metrics.", "content": _text()}
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    one = [name | {"description": "A model's name; a `/` in it may stand as it is.", "example": "auto"}]
    return {
        "/v1/chat/completions": {"post": _chat()},
        "/v1/responses": {"post": _responses()},
        "/v1/completions": {"post": _completions()},
        "/v1/embeddings": {"post": _embeddings()},
        "/v1/models": {"get": _operation("models", "Models", {"200": listed} | refusals(KEYED))},
        "/v1/models/{name}": {
            "get": _operation(
                "model",
                "One model",
                {"200": _json("ModelName", "It may be asked for.")} | refusals((*KEYED, 404)),
                parameters=one,
            )
        },
        "/v1/openapi.json": {"get": _operation("document", "This document", _itself() | refusals(KEYED))},
        "/healthz": {"get": _operation("healthz", "Whether the process lives", _page("ok"), security=[])},
        "/readyz": {
            "get": _operation(
                "readyz",
                "Whether requests can be answered",
                _ready(),
                parameters=_READY_FOR,
                security=[{KEY: []}, {}],
            )
        },
        "/metrics": {"get": _operation("metrics", "Metrics", {"200": metrics} | refusals(KEYED))},
    }


def _chat() -> dict[str, Any]:
    answer = _json("ChatCompletion", "The answer; with `stream`, server-sent events that end with `[DONE]`.")
    return _answering("chat", "An answer, plain or streamed", answer, "ChatChunk", "ChatBody")


def _completions() -> dict[str, Any]:
    answer = _json(
        "TextCompletion", "The completion; with `stream`, server-sent events that end with `[DONE]`."
    )
    return _answering(
        "completions", "A text gone on with, plain or streamed", answer, "TextCompletion", "CompletionBody"
    )


def _responses() -> dict[str, Any]:
    answer = _json(
        "Response", "The response; with `stream`, server-sent events that end with `response.completed`."
    )
    return _answering("responses", "A response, plain or streamed", answer, "ResponseEvent", "ResponsesBody")


def _answering(name: str, summary: str, answer: dict[str, Any], event: str, body: str) -> dict[str, Any]:
    """A route that goes through the pipeline."""
    answer["content"]["text/event-stream"] = {"schema": _event(event)}
    return _operation(
        name,
        summary,
        {"200": _traced(answer)} | refusals(PIPELINE),
        parameters=[_header(note, schema) for note, schema in bodies.NOTES.items()],
        requestBody=_body(body),
    )


def _event(kind: str) -> dict[str, Any]:
    """One event of a stream: what its data holds. An ErrorBody stands where the answer broke off."""
    held = {"anyOf": [_reference(kind), _reference("ErrorBody")]}
    data = {"type": "string", "contentMediaType": _MEDIA, "contentSchema": held}
    return {
        "type": "object",
        "description": "One server-sent event.",
        "properties": {"data": {"anyOf": [{"const": "[DONE]"}, data]}},
        "required": ["data"],
    }


def _embeddings() -> dict[str, Any]:
    answer = _traced(_json("EmbeddingList", "The vectors."))
    responses = {"200": answer} | refusals(PIPELINE)
    return _operation("embeddings", "Vectors", responses, requestBody=_body("EmbeddingsBody"))


def _operation(name: str, summary: str, responses: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, **more, "responses": dict(responses)}


def _header(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    bare = {key: value for key, value in schema.items() if key != "description"}
    text = f"{schema['description']} `metadata` wins where both are given."
    return {"name": bodies.header(name), "in": "header", "description": text, "schema": bare}


def _body(name: str) -> dict[str, Any]:
    return {"required": True, "content": {_MEDIA: {"schema": _reference(name)}}}


def _json(name: str, description: str) -> dict[str, Any]:
    return {"description": description, "content": {_MEDIA: {"schema": _reference(name)}}}


def _traced(answer: dict[str, Any]) -> dict[str, Any]:
    header = {"schema": {"type": "string"}, "description": "The audit record carries the same id."}
    return {**answer, "headers": {"x-request-id": header}}


def _page(text: str) -> dict[str, Any]:
    return {"200": {"description": text, "content": _text()}} | refusals(ANYWHERE)


def _ready() -> dict[str, Any]:
    """Text, or JSON for whoever asks for that."""
    shown = _reference("Readiness")
    ready = {"description": "Ready.", "content": {**_text(), _MEDIA: {"schema": shown}}}
    down = {
        "description": "Not ready, and why.",
        "content": {**_text(), _MEDIA: {"schema": {"anyOf": [shown, _reference("ErrorBody")]}}},
    }
    return {**_page("ready"), "200": ready, "503": down}


def _itself() -> dict[str, Any]:
    return {"200": {"description": "OpenAPI 3.1.", "content": {_MEDIA: {"schema": {"type": "object"}}}}}


def _text() -> dict[str, Any]:
    return {"text/plain": {"schema": {"type": "string"}}}


def _refusal(status: int) -> dict[str, Any]:
    said = _MEANING.get(status, HTTPStatus(status).phrase)
    return {"description": said, "content": {_MEDIA: {"schema": _reference("ErrorBody")}}}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
