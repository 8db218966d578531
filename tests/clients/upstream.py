"""A model server for tests with real clients: it calls tools, answers by schemas, streams, and remembers what it got.

It speaks only of what it was sent. `Look up: X.` makes it call the first tool with X; a tool's result is repeated;
a schema is answered with the same X. So what comes back to the client in place of X has gone both ways.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


class Upstream(ThreadingHTTPServer):
    """`bodies` is what it was sent, parsed; `left` when a client went away in the middle of a slow stream."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.bodies: list[Json] = []
        self.left: list[float] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no error here."""


@contextmanager
def serving() -> Iterator[Upstream]:
    """The server, in a thread."""
    server = Upstream()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Upstream

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        self._json({"object": "list", "data": [{"id": "m", "object": "model"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.bodies.append(body)
        if self.path.endswith("/embeddings"):
            given = body["input"] if isinstance(body["input"], list) else [body["input"]]
            rows = [
                {"object": "embedding", "index": n, "embedding": [0.5, float(len(t))]}
                for n, t in enumerate(given)
            ]
            self._json({"object": "list", "data": rows, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
            return
        asked = said(body)
        if "overloaded" in asked:
            self._json({"error": {"message": asked}}, 429, ("Retry-After", "1"))
        elif "broken" in asked:
            self._json({"error": {"message": asked}}, 500)
        elif "slowly" in asked:
            self._slow(body)
        elif body.get("stream"):
            self._events(events(body))
        else:
            self._json(plain(body))

    def _json(self, value: Json, status: int = 200, *headers: tuple[str, str]) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in (
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(data))),
            *headers,
        ):
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def _events(self, values: list[Json]) -> None:
        self._begin()
        for value in values:
            self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        if values[-1].get("cut"):
            return
        self.wfile.write(b"data: [DONE]\n\n")

    def _slow(self, body: Json) -> None:
        """A word each 20 ms, for 10 seconds; when the reader goes away, the time of it is noted."""
        self.connection.settimeout(0.02)
        if body.get("stream"):
            self._begin()
        try:
            for _ in range(500):
                if body.get("stream"):
                    self.wfile.write(b"data: " + json.dumps(_chunk({"content": "well "})).encode() + b"\n\n")
                try:
                    if not self.connection.recv(1):
                        raise ConnectionResetError
                except TimeoutError:
                    continue
        except OSError:
            self.server.left.append(time.monotonic())
            self.close_connection = True


def texts(content: object) -> str:
    """The text of a content: a text, or its text parts."""
    if isinstance(content, list):
        return " ".join(p.get("text", "") for p in content)
    return content if isinstance(content, str) else ""


def said(body: Json) -> str:
    """The last user message, or the prompt."""
    if "prompt" in body:
        return str(body["prompt"])
    return next((texts(m.get("content")) for m in reversed(body["messages"]) if m["role"] == "user"), "")


def subject(body: Json) -> str:
    """What stands behind `Look up:`."""
    found = re.search(r"Look up: (.+?)\.(?:\s|$)", said(body))
    return found[1] if found else "nothing"


def pictures(body: Json) -> int:
    """How many pictures the messages hold."""
    parts = [p for m in body.get("messages", ()) if isinstance(m.get("content"), list) for p in m["content"]]
    return sum(p.get("type") == "image_url" for p in parts)


def answer(body: Json) -> Json:
    """The message."""
    messages = body.get("messages") or [{"role": "user"}]
    results = [texts(m["content"]) for m in messages if m["role"] == "tool"]
    form = (body.get("response_format") or {}).get("json_schema")
    if body.get("tools") and not results and body.get("tool_choice") != "none":
        many = 2 if body.get("parallel_tool_calls") else 1
        calls = [
            {
                "id": f"call_abcdef{n}",
                "type": "function",
                "function": {
                    "name": body["tools"][n % len(body["tools"])]["function"]["name"],
                    "arguments": json.dumps({"name": subject(body)}),
                },
            }
            for n in range(many)
        ]
        return {"role": "assistant", "content": None, "tool_calls": calls}
    if form:
        return {"role": "assistant", "content": json.dumps({"name": subject(body), "stable": True})}
    if results:
        return {"role": "assistant", "content": "The tool says " + " and ".join(results)}
    if pictures(body):
        return {"role": "assistant", "content": f"There are {pictures(body)} pictures."}
    return {"role": "assistant", "content": f"You asked about {subject(body)} and all is well."}


def logprobs(text: str) -> Json:
    """One entry a word."""
    return {
        "content": [
            {"token": w, "logprob": -0.25, "bytes": list(w.encode()), "top_logprobs": [{"token": w, "logprob": -0.25, "bytes": None}]}
            for w in re.findall(r"\s*\S+", text)
        ]
    }  # fmt: skip


def plain(body: Json) -> Json:
    """A whole answer."""
    message = answer(body)
    reason = "tool_calls" if message.get("tool_calls") else "stop"
    choices: list[Json] = []
    for n in range(body.get("n") or 1):
        choice: Json = {"index": n, "finish_reason": reason, "logprobs": None}
        if "prompt" in body:
            choice["text"] = message["content"]
        else:
            choice["message"] = message
            if body.get("logprobs"):
                choice["logprobs"] = logprobs(message["content"])
        choices.append(choice)
    kind = "text_completion" if "prompt" in body else "chat.completion"
    return {
        "id": "chatcmpl-up",
        "object": kind,
        "created": 1,
        "model": "m",
        "choices": choices,
        "usage": USAGE,
    }


def _chunk(delta: Json, finish: str | None = None, index: int = 0) -> Json:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def events(body: Json) -> list[Json]:
    """The same in pieces of three characters; `cut` in the question breaks off in the middle."""
    message, many = answer(body), range(body.get("n") or 1)
    calls = message.get("tool_calls") or []
    text = message["content"] or ""
    pieces = [text[at : at + 3] for at in range(0, len(text), 3)]
    if "prompt" in body:
        made = [{"choices": [{"index": n, "text": p, "finish_reason": None}]} for p in pieces for n in many]
        made += [{"choices": [{"index": n, "text": "", "finish_reason": "stop"}]} for n in many]
    else:
        made = [_chunk({"role": "assistant", "content": ""}, index=n) for n in many]
        made += [_chunk({"content": p}, index=n) for p in pieces for n in many]
        if "cut off" in said(body):
            return [*made[: len(made) // 2], {"choices": [], "cut": True}]
        for place, call in enumerate(calls):
            head = {
                "index": place,
                "id": call["id"],
                "type": "function",
                "function": {"name": call["function"]["name"], "arguments": ""},
            }
            made.append(_chunk({"tool_calls": [head]}))
            whole = call["function"]["arguments"]
            made += [
                _chunk({"tool_calls": [{"index": place, "function": {"arguments": whole[at : at + 4]}}]})
                for at in range(0, len(whole), 4)
            ]
        made += [_chunk({}, "tool_calls" if calls else "stop", n) for n in many]
    if (body.get("stream_options") or {}).get("include_usage"):
        made.append({"choices": [], "usage": USAGE})
    return made
