"""Just enough of HTTP/1.1 to take whole requests off the front of a byte buffer. Pure; no sockets."""

from dataclasses import dataclass, field

MAX_HEAD = 64 * 1024
"""Bytes that a request's head may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request: header names in lower case, the body with its transfer coding removed, and the
    bytes exactly as they came."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    raw: bytes = field(repr=False)


def take(buffer: bytearray) -> HttpRequest | None:
    """The request at the front of `buffer`, removed from it; None while it is incomplete.

    Raises ValueError when the bytes are not HTTP/1.x.
    """
    head_end = buffer.find(b"\r\n\r\n", 0, MAX_HEAD)
    if head_end < 0:
        if len(buffer) >= MAX_HEAD:
            raise ValueError("the request's head is too long")
        return None
    method, path, headers = _head(bytes(buffer[:head_end]))
    start = head_end + 4
    if headers.get("transfer-encoding", "").lower() == "chunked":
        found = _chunked(buffer, start)
        if found is None:
            return None
        body, end = found
    else:
        end = start + int(headers.get("content-length", "0"))
        if len(buffer) < end:
            return None
        body = bytes(buffer[start:end])
    raw = bytes(buffer[:end])
    del buffer[:end]
    return HttpRequest(method=method, path=path, headers=headers, body=body, raw=raw)


def _head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *rest = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise ValueError("not an HTTP/1.x request")
    headers = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError("a header line has no colon")
        headers[name.strip().lower()] = value.strip()
    return words[0], words[1], headers


def _chunked(buffer: bytearray, at: int) -> tuple[bytes, int] | None:
    body = bytearray()
    while True:
        line_end = buffer.find(b"\r\n", at)
        if line_end < 0:
            return None
        size = int(bytes(buffer[at:line_end]).split(b";")[0], 16)
        at = line_end + 2
        if len(buffer) < at + size + 2:
            return None
        body += buffer[at : at + size]
        at += size + 2
        if size == 0:
            return bytes(body), at
