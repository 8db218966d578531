"""TLS, client certificates and proxies against real sockets, with both HTTP clients."""

import asyncio
import base64
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from certificates import Authority
from osler.backends.openai_wire import OpenAIWire
from osler.core.errors import ConfigError, UpstreamError
from osler.core.messages import Message
from osler.core.ports.completer import ModelCall

CALL = ModelCall(model_id="m", messages=(Message(role="user", content="Zythar Quillon"),))
ANSWER = b'{"choices": [{"index": 0, "message": {"content": "yes"}, "finish_reason": "stop"}]}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
CLIENTS = ["lean", "aiohttp"]


class Log:
    """What came in the clear at a server."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []


@asynccontextmanager
async def tls_server(context: ssl.SSLContext, log: Log) -> AsyncIterator[str]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                log.requests.append(head + await reader.readexactly(length))
                writer.write(HEAD + ANSWER)
                await writer.drain()
        writer.close()

    running = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{running.sockets[0].getsockname()[1]}/v1"
    finally:
        running.close()


def server_context(cert: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def asked(context: ssl.SSLContext, client: str, **options: Any) -> tuple[str, Log]:
    """The answer, or the error, and what the server got to see."""
    log = Log()

    async def main() -> str:
        async with tls_server(context, log) as url:
            wire = OpenAIWire(url, timeout_s=5.0, client=client, **options)
            try:
                return "".join([d.text async for d in wire.complete(CALL, stream=False)])
            except UpstreamError as error:
                return f"{error.fault}: {error}"
            finally:
                await wire.aclose()

    return asyncio.run(main()), log


@pytest.mark.parametrize("client", CLIENTS)
def test_an_own_authority_is_trusted_and_no_other(tmp_path: Path, client: str) -> None:
    own, other = Authority(tmp_path), Authority(tmp_path, "other")
    context = server_context(*own.issue("server"))
    assert asked(context, client, tls={"ca": str(own.file)})[0] == "yes"
    for options in ({"tls": {"ca": str(other.file)}}, {}):
        said, log = asked(context, client, **options)
        assert said.startswith("access: ")
        assert "TLS handshake failed" in said
        assert log.requests == []


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("what", ["expired", "another host", "TLS 1.1"])
def test_what_is_not_safe_ends_before_a_text_leaves(tmp_path: Path, client: str, what: str) -> None:
    own = Authority(tmp_path)
    address = "127.0.0.2" if what == "another host" else "127.0.0.1"
    context = server_context(*own.issue("server", address=address, days=-1 if what == "expired" else 30))
    if what == "TLS 1.1":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    said, log = asked(context, client, tls={"ca": str(own.file)})
    assert said.startswith("access: ")
    assert "TLS handshake failed" in said
    assert "Quillon" not in said
    assert log.requests == []


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_asks_for_a_certificate_gets_the_right_one(
    tmp_path: Path, client: str, version: ssl.TLSVersion
) -> None:
    own, other = Authority(tmp_path), Authority(tmp_path, "other")
    context = server_context(*own.issue("server"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(own.file)
    context.minimum_version = context.maximum_version = version
    cert, key = own.issue("osler")
    assert asked(context, client, tls={"ca": str(own.file), "cert": str(cert), "key": str(key)})[0] == "yes"
    stranger, secret = other.issue("stranger")
    for files in ({}, {"cert": str(stranger), "key": str(secret)}):
        log = Log()

        async def main(files: dict[str, str] = files, log: Log = log) -> str:
            async with tls_server(context, log) as url:
                wire = OpenAIWire(url, timeout_s=5.0, client=client, tls={"ca": str(own.file), **files})
                with pytest.raises(UpstreamError) as caught:
                    [d async for d in wire.complete(CALL, stream=False)]
                await wire.aclose()
                return str(caught.value)

        assert "Quillon" not in asyncio.run(main())
        assert log.requests == []


def test_files_that_cannot_serve_are_refused_at_once_and_named(tmp_path: Path) -> None:
    own = Authority(tmp_path)
    cert, key = own.issue("osler")
    _, other = own.issue("other")
    (tmp_path / "empty.pem").touch()
    cases: list[tuple[dict[str, str], str]] = [
        ({"ca": str(tmp_path / "none.pem")}, "none.pem cannot be read"),
        ({"ca": str(tmp_path / "empty.pem")}, "empty.pem"),
        ({"ca": str(key)}, "osler.key"),
        ({"cert": str(cert)}, "without its `key`"),
        ({"cert": str(cert), "key": str(other)}, "are not a certificate and its key"),
        ({"cret": str(cert)}, "'cret'"),
    ]
    for files, said in cases:
        with pytest.raises(ConfigError, match=said.replace(".", r"\.")):
            OpenAIWire("https://127.0.0.1:1/v1", tls=files)
    with pytest.raises(ConfigError, match="not https"):
        OpenAIWire("http://127.0.0.1:1/v1", tls={"ca": str(own.file)})


@asynccontextmanager
async def proxy(lines: list[bytes], *, secret: str | None = None) -> AsyncIterator[str]:
    """A proxy that knows CONNECT, and plain requests with a whole address; it wants `secret`, if any."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines.append(head)
        wanted = f"Proxy-Authorization: Basic {base64.b64encode((secret or '').encode()).decode()}"
        if secret is not None and wanted.encode() not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        method, target, _ = head.split(b"\r\n")[0].split(b" ")
        if method == b"CONNECT":
            host, _, port = target.decode().rpartition(":")
            up_reader, up_writer = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            host, _, port = target.decode().split("/")[2].rpartition(":")
            up_reader, up_writer = await asyncio.open_connection(host, int(port))
            up_writer.write(head)
        await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer), return_exceptions=True)

    running = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    finally:
        running.close()


def through_proxy(
    folder: Path, use: Callable[[str, str, dict[str, str]], Any], **how: Any
) -> tuple[Any, list[bytes], Log]:
    own, lines, log = Authority(folder), list[bytes](), Log()
    context = server_context(*own.issue("server"))

    async def main() -> Any:
        async with tls_server(context, log) as url, proxy(lines, **how) as address:
            return await use(url, address, {"ca": str(own.file)})

    return asyncio.run(main()), lines, log


def test_https_goes_through_the_proxy_by_connect_and_is_not_read_there(tmp_path: Path) -> None:
    async def use(url: str, address: str, files: dict[str, str]) -> str:
        wire = OpenAIWire(url, "sk-zythar", proxy=address, proxy_auth="ward:pass", tls=files)
        text = "".join([d.text async for d in wire.complete(CALL, stream=False)])
        await wire.aclose()
        return text

    text, lines, log = through_proxy(tmp_path, use, secret="ward:pass")
    assert text == "yes"
    assert lines[0].startswith(b"CONNECT 127.0.0.1:")
    assert b"zythar" not in b"".join(lines)
    assert b"Proxy-Authorization" not in log.requests[0]


def test_a_proxy_that_refuses_or_is_not_there_is_named(tmp_path: Path) -> None:
    async def use(url: str, address: str, files: dict[str, str]) -> list[str]:
        said = []
        for options in ({"proxy": address, "proxy_auth": "ward:wrong"}, {"proxy": "http://127.0.0.1:9"}):
            wire = OpenAIWire(url, tls=files, **options)
            with pytest.raises(UpstreamError) as caught:
                [d async for d in wire.complete(CALL, stream=False)]
            said.append(str(caught.value))
            await wire.aclose()
        return said

    said, _, log = through_proxy(tmp_path, use, secret="ward:pass")
    assert all("proxy" in one and "wrong" not in one for one in said)
    assert log.requests == []


def test_proxies_of_the_environment_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    own = Authority(tmp_path)
    context = server_context(*own.issue("server"))
    for client in CLIENTS:
        assert asked(context, client, tls={"ca": str(own.file)})[0] == "yes"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"proxy": "http://name:pw@proxy:3128"}, "must not hold credentials"),
        ({"proxy": "socks5://proxy:3128"}, "must be an http address"),
        ({"proxy": "http://proxy:3128/path"}, "must be an http address"),
        ({"proxy_auth": "name:pw"}, "stands without a `proxy`"),
        ({"proxy": "http://proxy:3128", "proxy_auth": "name"}, "is not NAME:PASSWORD"),
        ({"proxy": "http://proxy:3128", "client": "lean"}, "goes through no proxy"),
    ],
)
def test_proxies_that_cannot_serve_are_refused_without_their_secrets(
    options: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        OpenAIWire("https://127.0.0.1:1/v1", **options)
    assert "pw" not in str(caught.value)
