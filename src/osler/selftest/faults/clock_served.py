"""The gateway under a clock that is told what to show: `python -m osler.selftest.faults.clock_served WORKSPACE URL`.

It prints `{"port", "key"}`, then answers each JSON line on standard input: `{"forward": SECONDS}` and
`{"back": SECONDS}` turn the clock; `{"keep": NAME, "hours"}` keeps a surrogate map; `{"find": NAME}` says whether one
is found; `{"expire": true}` destroys those that are over. It ends when standard input does.
"""

import asyncio
import hashlib
import json
import os
import socket
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from osler.api import logs
from osler.api.app import application
from osler.api.metrics import Metrics
from osler.app.build import Platform, build
from osler.app.config import Config, parse
from osler.core.clock import SystemClock
from osler.core.ports.vault import RecordMap
from osler.knowledge.ingest import sample_sources
from osler.testing import FixedClock

PROTOCOL = "osler.api.protocol:LimitedHttp"
AHEAD = timedelta(days=400)
"""The scenario's time is the real one and this: `osler doctor`, which has the real one, sees a clock that went back."""


def main(workspace: str, url: str) -> None:
    """Serve until standard input ends."""
    logs.configure()
    clock = FixedClock(SystemClock().now() + AHEAD)
    metrics = Metrics()
    platform = build(_config(url, clock.now()), Path(workspace), observer=metrics, clock=clock)
    for source in sample_sources():
        platform.library.add(source)
    _, key = platform.stores.access.create("selftest", "clinician")
    served = application(platform, metrics, require_keys=True)
    settings = uvicorn.Config(
        served, http=PROTOCOL, ws="none", access_log=False, lifespan="on", log_level="error"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hello = {"port": listener.getsockname()[1], "key": key}
        asyncio.run(_serve(uvicorn.Server(settings), listener, hello, (platform, clock)))


async def _serve(
    server: uvicorn.Server,
    listener: socket.socket,
    hello: dict[str, object],
    control: tuple[Platform, FixedClock],
) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    print(json.dumps(hello), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await asyncio.to_thread(_obeyed, json.loads(line), *control)), flush=True)
    server.should_exit = True
    await serving
    os._exit(0)  # the thread that reads standard input needs no farewell


def _obeyed(order: dict[str, Any], platform: Platform, clock: FixedClock) -> object:
    maps = platform.stores.maps
    if "forward" in order:
        clock.advance(order["forward"])
    elif "back" in order:
        clock.set(clock.now() - timedelta(seconds=order["back"]))
    elif "keep" in order:
        one = RecordMap(record=order["keep"], patient=None, digest=_digest(order["keep"]), entries=())
        maps.store([one], run="selftest", ttl=timedelta(hours=order["hours"]))
    elif "find" in order:
        return bool(maps.by_digest(_digest(order["find"])))
    elif "expire" in order:
        return platform.stores.keeper.expire(clock.now())
    return None


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _config(url: str, begun: datetime) -> Config:
    """One cloud, under a BAA that ends tomorrow by the scenario's time."""
    day = begun.date()
    baa = {
        "party": "Osler self-test",
        "signed": day - timedelta(days=365),
        "expires": day + timedelta(days=1),
        "services": ["chat"],
        "regions": ["eu-west"],
    }
    cloud = {"url": url, "location": "public-cloud", "region": "eu-west", "models": {"m": {"id": "stand-in"}}}
    return parse({"destinations": {"cloud": {**cloud, "baa": baa}}})


if __name__ == "__main__":
    main(*sys.argv[1:])
