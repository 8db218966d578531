"""kill -9 in the middle of many requests: what was acknowledged is recorded, and the chain holds."""

import asyncio
import json
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from osler_process import run_osler, serving

QUESTION = "What medications is this patient on?"


@dataclass
class Seen:
    """What clients were told before the server died."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    finished: list[dict[str, Any]] = field(default_factory=list)


async def plain(session: aiohttp.ClientSession, url: str, seen: Seen) -> None:
    body = {"messages": [{"role": "user", "content": QUESTION}], "metadata": {"patient": "sample-ckd"}}
    async with session.post(f"{url}/v1/chat/completions", json=body) as response:
        answer = await response.json()
        assert response.status == 200, answer
        seen.answers.append(answer["osler"]["audit"])


async def streamed(session: aiohttp.ClientSession, url: str, seen: Seen) -> None:
    body = {
        "messages": [{"role": "user", "content": QUESTION}],
        "metadata": {"patient": "sample-ckd"},
        "stream": True,
    }
    async with session.post(f"{url}/v1/chat/completions", json=body) as response:
        request_id = response.headers["x-request-id"]
        last: dict[str, Any] = {}
        async for line in response.content:
            seen.begun.add(request_id)
            if line.startswith(b"data: [DONE]"):
                seen.finished.append(last["osler"]["audit"])
            elif line.startswith(b"data: "):
                event = json.loads(line[6:])
                last = event if "osler" in event else last


async def storm(url: str, process: Any, seen: Seen, *, after: int) -> None:
    """200 requests at once, half of them streams; the server is killed once `after` have been answered."""

    async def guarded(one: Any) -> None:
        try:
            await one
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError):
            return

    async def kill() -> None:
        while len(seen.answers) + len(seen.finished) < after:
            await asyncio.sleep(0)
        os.kill(process.pid, signal.SIGKILL)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        jobs = [guarded((plain if n % 2 else streamed)(session, url, seen)) for n in range(200)]
        await asyncio.gather(*jobs, kill())


@pytest.mark.ci
@pytest.mark.slow
@pytest.mark.parametrize("after", [5, 60, 140])
def test_kill_9_loses_nothing_that_was_acknowledged(workspace: Path, samples: Path, after: int) -> None:
    added = run_osler(
        "kb", "add", str(samples / "ckd-knee-pain.json"), "--workspace", str(workspace), cwd=workspace.parent
    )
    assert added.returncode == 0, added.stderr
    seen = Seen()
    with serving(workspace) as served:
        asyncio.run(storm(served.url, served.process, seen, after=after))
        assert served.process.wait(timeout=10) == -signal.SIGKILL
    assert len(seen.answers) + len(seen.finished) >= after
    verify(workspace)
    records = shown(workspace)
    hashes = {r["number"]: r["hash"] for r in records}
    for audit in (*seen.answers, *seen.finished):
        assert hashes[audit["number"]] == audit["hash"]
    opened = {r["request_id"] for r in records if r["kind"] == "opened"}
    assert seen.begun <= opened

    # The next start closes what the crash left open, once, and serves on.
    with serving(workspace) as served:
        assert served.chat(QUESTION, patient="sample-ckd")[0] == 200
        time.sleep(0.1)
    records = shown(workspace)
    ended = [r["request_id"] for r in records if r["kind"] in ("closed", "interrupted")]
    assert sorted(ended) == sorted({r["request_id"] for r in records if r["kind"] == "opened"})
    verdict = verify(workspace)
    assert verdict["open_streams"] == 0


def verify(workspace: Path) -> dict[str, Any]:
    done = run_osler("audit", "verify", "--json", "--workspace", str(workspace), cwd=workspace.parent)
    assert done.returncode == 0, done.stderr
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict


def shown(workspace: Path) -> list[dict[str, Any]]:
    done = run_osler(
        "audit", "show", "--last", "10000", "--json", "--workspace", str(workspace), cwd=workspace.parent
    )
    records: list[dict[str, Any]] = json.loads(done.stdout)
    return records
