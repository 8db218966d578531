"""A stand-in for the server, on 127.0.0.1: lines of JSON, and faults on request. No model is behind it."""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from aiohttp import web


class LineServer:
    """Says the same words to everybody. `fault` is "" or what goes wrong; `asked` keeps what was sent."""

    def __init__(self, words: Sequence[str], fault: str = "") -> None:
        self.words, self.fault, self.asked, self.url = tuple(words), fault, list[str](), ""
        self.started = threading.Event()
        self.gone = threading.Event()

    async def tags(self, request: web.Request) -> web.Response:
        """The models that it lists."""
        return web.json_response({"models": [{"name": "tiny"}]})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """One answer."""
        self.asked.append(await request.text())
        if self.fault == "status":
            return web.Response(status=500, text=self.asked[-1])
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            await self._answer(response)
        except (ConnectionError, asyncio.CancelledError):
            self.gone.set()
            raise
        return response

    async def _answer(self, response: web.StreamResponse) -> None:
        for word in self.words:
            await response.write(json.dumps({"message": {"content": word}, "done": False}).encode() + b"\n")
            await asyncio.sleep(0)
        if self.fault == "error":
            await response.write(json.dumps({"error": self.asked[-1]}).encode() + b"\n")
        elif self.fault == "garbage":
            await response.write(self.asked[-1].encode() + b"}\n")
        elif self.fault == "long":
            await response.write(b" " * (5 << 20))
        elif self.fault == "silence":
            await asyncio.sleep(60)
        elif self.fault != "cut":
            end = {"done": True, "done_reason": "stop", "prompt_eval_count": 9, "eval_count": len(self.words)}
            await response.write(json.dumps(end).encode() + b"\n")


@contextmanager
def serving(
    words: Sequence[str] = ("Potassium ", "5.9 ", "mmol/L."), fault: str = ""
) -> Iterator[LineServer]:
    """The server in a thread of its own, while the block lasts."""
    server = LineServer(words, fault)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(_run(server, stop := asyncio.Event()),))
    thread.start()
    try:
        server.started.wait(10)
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


async def _run(server: LineServer, stop: asyncio.Event) -> None:
    app = web.Application()
    app.router.add_get("/api/tags", server.tags)
    app.router.add_post("/api/chat", server.chat)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    server.started.set()
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    with serving(["Potassium is 59 mmol/L."]) as started:
        print(started.url, flush=True)
        threading.Event().wait()
