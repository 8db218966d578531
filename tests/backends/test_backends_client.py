"""The lean HTTP client's connections: kept, given up, tried again once, and never read faster than they are used."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from osler.backends.client import AioClient, LeanClient, make
from osler.backends.client.port import ClientFault, HttpClient, Server

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Counted:
    """What came at the server."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests = 0


async def request(reader: asyncio.StreamReader, counted: Counted) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]))
    counted.requests += 1


def run(
    serve: Callable[..., Awaitable[None]], use: Callable[[HttpClient], Awaitable[object]]
) -> tuple[object, Counted]:
    counted = Counted()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counted.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await serve(reader, writer, counted)
        writer.close()

    async def main() -> object:
        running = await asyncio.start_server(connected, "127.0.0.1", 0)
        client = make(Server(url=f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/v1"))
        assert isinstance(client, LeanClient)
        try:
            return await use(client)
        finally:
            await client.aclose()
            running.close()

    return asyncio.run(main()), counted


async def post(client: HttpClient) -> bytes:
    until = asyncio.get_running_loop().time() + 5
    return (await client.post("/v1/x", b"{}", most=100, until=until)).body


async def answers_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: Counted) -> None:
    """Answers the first request of a connection, and closes upon the second: as if it had closed while it was idle."""
    await request(reader, counted)
    writer.write(ANSWER)
    await request(reader, counted)


def test_a_kept_connection_that_was_closed_meanwhile_is_no_fault() -> None:
    async def use(client: HttpClient) -> list[bytes]:
        return [await post(client) for _ in range(3)]

    bodies, counted = run(answers_once, use)
    assert bodies == [b"{}"] * 3
    assert (counted.connections, counted.requests) == (3, 5)


def test_a_new_connection_that_is_closed_is_not_tried_again() -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: Counted) -> None:
        await request(reader, counted)

    async def use(client: HttpClient) -> str:
        with pytest.raises(ClientFault) as caught:
            await post(client)
        return caught.value.kind

    kind, counted = run(never, use)
    assert (kind, counted.requests) == ("closed", 1)


def test_a_server_that_breaks_while_it_works_is_not_asked_again() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: Counted) -> None:
        await request(reader, counted)
        writer.write(ANSWER)
        await request(reader, counted)
        await asyncio.sleep(0.25)

    async def use(client: HttpClient) -> str:
        await post(client)
        with pytest.raises(ClientFault) as caught:
            await post(client)
        return caught.value.kind

    kind, counted = run(slow, use)
    assert (kind, counted.requests, counted.connections) == ("closed", 2, 1)


def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    async def talkative(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: Counted) -> None:
        await request(reader, counted)
        writer.write(ANSWER)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(ANSWER.replace(b"{}", b"66"))
        await request(reader, counted)

    async def use(client: HttpClient) -> list[bytes]:
        bodies = [await post(client)]
        await asyncio.sleep(0.06)
        return [*bodies, await post(client)]

    bodies, counted = run(talkative, use)
    assert bodies == [b"{}", b"{}"]
    assert counted.connections == 2


def test_a_connection_that_the_server_has_half_closed_is_not_used_again() -> None:
    async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: Counted) -> None:
        await request(reader, counted)
        writer.write(ANSWER)
        writer.write_eof()
        await reader.read()

    async def use(client: HttpClient) -> None:
        await post(client)
        await asyncio.sleep(0.02)
        await post(client)

    _, counted = run(closes, use)
    assert (counted.connections, counted.requests) == (2, 2)


def test_a_stream_that_nobody_reads_is_not_read_on() -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: Counted) -> None:
        nonlocal sent
        await request(reader, counted)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    async def use(client: HttpClient) -> int:
        until = asyncio.get_running_loop().time() + 5
        stream = await client.stream("/v1/x", b"{}", until=until)
        await asyncio.sleep(0.3)
        before = sent
        await asyncio.sleep(0.2)
        assert sent == before
        held = 0
        while held < 32 << 20:
            held += len(await stream.read(until))
        stream.close()
        return before

    before, _ = run(endless, use)
    assert isinstance(before, int)
    assert before < 16 << 20


def test_aiohttp_serves_where_a_proxy_is_named() -> None:
    server = Server(url="https://host/v1", proxy="http://proxy:3128")
    assert isinstance(make(server), AioClient)
    assert isinstance(make(Server(url="http://host/v1"), "aiohttp"), AioClient)
