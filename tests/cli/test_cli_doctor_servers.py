"""What `osler doctor` says of model servers that tell how long their contexts are."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from osler.app import config as configuration
from osler.cli.work.doctoring.servers import reachable
from osler.testing.engines import Engine, EngineServer, LlamaCppEngine, OllamaEngine, VllmEngine


@contextmanager
def served(*engines: Engine) -> Iterator[list[str]]:
    """The engines in a thread of their own; their addresses."""
    ready, urls, stop = (
        threading.Event(),
        list[str](),
        list[tuple[asyncio.AbstractEventLoop, asyncio.Event]](),
    )

    async def main() -> None:
        servers = [EngineServer(engine) for engine in engines]
        for server in servers:
            await server.__aenter__()
            urls.append(server.url)
        stopped = asyncio.Event()
        stop.append((asyncio.get_running_loop(), stopped))
        ready.set()
        await stopped.wait()
        for server in servers:
            await server.__aexit__(None, None, None)

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield urls
    finally:
        loop, stopped = stop[0]
        loop.call_soon_threadsafe(stopped.set)
        thread.join(10)


def test_a_context_that_is_longer_than_the_server_takes_is_warned_of(tmp_path: Path) -> None:
    tables = (
        ("v", "vllm", VllmEngine().model, 65),
        ("o", "ollama", "medgemma", 200_000),
        ("l", "llama_cpp", "any", 64),
    )
    with served(VllmEngine(), OllamaEngine(), LlamaCppEngine()) as urls:
        text = "".join(
            f'[destinations.{name}]\nuse = "{use}"\nurl = "{url}/v1"\nlocation = "on-premises"\n'
            f'models.m = {{ id = "{model}", context = {context} }}\n'
            for (name, use, model, context), url in zip(tables, urls, strict=True)
        )
        (tmp_path / "osler.toml").write_text(text)
        lines = list(reachable(configuration.load(tmp_path / "osler.toml")))
    warned = {line.what: line for line in lines if "context" in line.what}
    assert set(warned) == {"v: context of m", "o: context of m"}
    assert "the server takes 64" in warned["v: context of m"].found
    assert "context = 131072" in warned["o: context of m"].remedy
