"""TensorZero's gateway, embedded in its Python client: what `servers/load.py` does, within one process.

    python tensorzero_child.py CONFIG

Run with the Python of TensorZero's environment. Reads a command a line, as `servers/load.py` ({"bodies", "connections",
"requests"}), and answers in the same form, without the first byte. Gateway and caller are one process, so that its CPU
holds the client's share too, and no HTTP between the two.
"""

import asyncio
import json
import sys
import time
from collections import deque
from typing import Any

import tensorzero  # type: ignore[import-not-found]  # of its own environment


async def run(gateway: Any, command: dict[str, Any]) -> dict[str, object]:
    """One command, done."""
    inputs = [json.loads(body)["messages"] for body in command["bodies"]]
    model = json.loads(command["bodies"][0])["model"]
    waiting = deque(inputs[i % len(inputs)] for i in range(command["requests"]))
    latency_us: list[float] = []

    async def caller() -> None:
        while waiting:
            messages = waiting.popleft()
            begun = time.perf_counter_ns()
            await gateway.inference(model_name=model, input={"messages": messages})
            latency_us.append((time.perf_counter_ns() - begun) / 1e3)

    begun = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(command["connections"])))
    return {"latency_us": latency_us, "first_us": latency_us, "seconds": time.perf_counter() - begun}


async def main() -> None:
    """Commands from standard input until it ends."""
    gateway = await tensorzero.AsyncTensorZeroGateway.build_embedded(config_file=sys.argv[1])
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        try:
            answer = await run(gateway, json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), flush=True)


asyncio.run(main())
