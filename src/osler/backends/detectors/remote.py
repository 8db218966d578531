"""Detector `remote`: a service of yours that is asked over HTTP what it finds in a text.

    POST <url>   {"text": "…"}
    200          {"spans": [{"start": 0, "end": 9, "label": "NAME", "score": 0.98}], "length": 120}

Offsets are Unicode code points, half open. `score` may be left out (1.0), and `length`, the number of code points that
the service counted, which tells a service that counts bytes or UTF-16 units. **The text leaves this process with all of
its identifiers in it**: the service must be inside of your walls or under a BAA. Plain HTTP goes to this machine only,
unless `allow_http` says otherwise. Whatever goes wrong, nothing is let through.
"""

import ipaddress
import json
import os
import ssl
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

import msgspec
from pydantic import Field, field_validator, model_validator

from osler.backends.detectors.http_service import HttpService, Service
from osler.backends.detectors.labels import mapped
from osler.backends.detectors.options import THRESHOLD, Options, Score, Target, Text, checked
from osler.backends.detectors.sections import encodable, sections
from osler.core.errors import ConfigError, GuardUnavailable
from osler.core.spans import Label, Span

NAME = "remote"
_OVERLAP = 500


class SecretReference(Options):
    """Where the bearer token is: exactly one of an environment variable and a file."""

    env: Text | None = None
    file: Text | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError('give { env = "NAME" } or { file = "path" }')
        return self


class RemoteOptions(Options):
    """`labels`: what the service calls its kinds, each with a label of Osler's; Osler's own names need no entry."""

    url: Text
    auth: SecretReference | None = None
    labels: dict[Text, Target] = Field(default_factory=dict)
    threshold: Score = THRESHOLD
    timeout_s: Annotated[float, Field(gt=0.0, le=600.0)] = 10.0
    max_chars: Annotated[int, Field(ge=1_000, le=10_000_000)] = 100_000
    allow_http: bool = False
    ca_file: Text | None = None

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
            raise ValueError("it must be an http or https address")
        if "@" in parts.netloc or "?" in url or "#" in url:
            raise ValueError("it must hold no credentials, query or fragment")
        return url

    @model_validator(mode="after")
    def _stays_private(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme == "http" and not self.allow_http and not _is_loopback(parts.hostname or ""):
            raise ValueError(
                "plain http would show the text to the network: use https, or set allow_http = true"
            )
        return self


class _Found(msgspec.Struct):
    start: int
    end: int
    label: str
    score: float = 1.0


class _Answer(msgspec.Struct):
    spans: list[_Found]
    length: int | None = None


def remote(**options: object) -> "RemoteDetector":
    """The detector; asks nobody yet. ConfigError names the option, the secret or the file at fault."""
    chosen = checked(RemoteOptions, NAME, options)
    token = _secret(chosen.auth) if chosen.auth is not None else None
    service = Service(url=chosen.url, timeout_s=chosen.timeout_s, token=token, ca_file=chosen.ca_file)
    try:
        asking = HttpService(f"The detector '{NAME}'", service)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"The detector '{NAME}' cannot use its `ca_file` ({type(error).__name__}).",
            remedy="Name a file with certificates in PEM form.",
        ) from None
    return RemoteDetector(asking, chosen)


class RemoteDetector:
    """Implements osler.core.ports.detector.Detector. Keeps no text; calls from several threads run side by side."""

    name = NAME

    def __init__(self, service: HttpService, options: RemoteOptions) -> None:
        self._service = service
        self._kinds = mapped(NAME, sorted({*options.labels, *(kind.value for kind in Label)}), options.labels)
        self._threshold = options.threshold
        self._most = options.max_chars

    def find(self, text: str) -> list[Span]:
        """Spans of `text`. GuardUnavailable, without any of the text, whatever goes wrong."""
        if not text.strip():
            return []
        found = {
            span
            for at, part in sections(encodable(text), self._most, _OVERLAP)
            for span in self._ask(at, part)
        }
        return sorted(found, key=lambda s: (s.start, s.end, s.label, s.score))

    def close(self) -> None:
        """Close idle connections."""
        self._service.close()

    def _ask(self, at: int, part: str) -> list[Span]:
        answer = self._service.post(json.dumps({"text": part}, ensure_ascii=False).encode())
        try:
            decoded = msgspec.json.decode(answer, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _not_the_contract('JSON of another shape than {"spans": […]}') from None
        if decoded.length is not None and decoded.length != len(part):
            raise _not_the_contract(
                "a `length` that is not the text's: it does not count Unicode code points"
            )
        spans = [self._span(at, found, len(part)) for found in decoded.spans]
        return [span for span in spans if span is not None]

    def _span(self, at: int, found: _Found, length: int) -> Span | None:
        if not 0 <= found.start < found.end <= length:
            raise _not_the_contract("a span that does not lie within the text")
        if not 0.0 <= found.score <= 1.0:
            raise _not_the_contract("a score that is not between 0 and 1")
        if found.label not in self._kinds and found.label != "O":
            raise _not_the_contract("a label that its option `labels` does not map")
        label = self._kinds.get(found.label)
        if label is None or found.score < self._threshold:
            return None
        return Span(start=at + found.start, end=at + found.end, label=label, score=found.score, detector=NAME)


def _not_the_contract(what: str) -> GuardUnavailable:
    return GuardUnavailable(
        f"The service of the detector '{NAME}' answered with {what}.",
        remedy="Nothing was let through. docs/reference/detector-plugins.md says what it has to answer.",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secret(reference: SecretReference) -> str:
    """The token. ConfigError names the variable or the file, never what it holds."""
    if reference.env is not None:
        where, value = f"the environment variable {reference.env}", os.environ.get(reference.env, "")
    else:
        where, value = f"the file {reference.file}", _content(Path(reference.file or ""))
    token = value.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(
            f"The detector '{NAME}': {where} holds no token that an HTTP header can carry, or is not there.",
            remedy="Put the token there, as its option `auth` says, and let this user read it.",
        )
    return token


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
