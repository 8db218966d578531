"""What libraries log may quote a text: none of it reaches the log, which stays JSON line by line."""

import json
import subprocess
import sys

CANARY = "Zythar Quillon"
SCRIPT = f"""
import asyncio, logging
from osler.api import logs

logs.configure()
try:
    raise ValueError("cannot read {CANARY}")
except ValueError:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\\n", exc_info=True)
logging.getLogger("uvicorn.error").warning("Cancel %s running task(s)", "{CANARY}")
logging.getLogger("aiohttp.client").error("Unclosed: {CANARY}")
logging.getLogger("uvicorn.error").info("not worth a line")

async def forgotten():
    raise ValueError("{CANARY}")

async def main():
    asyncio.ensure_future(forgotten())
    await asyncio.sleep(0.01)

asyncio.run(main())
"""


def test_library_lines_are_json_without_values() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert CANARY not in done.stderr + done.stdout
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["logger"] for line in lines] == ["uvicorn", "uvicorn", "aiohttp", "asyncio"]
    assert lines[0]["event"] == "Exception in ASGI application"
    assert lines[0]["error"] == "ValueError"
    assert lines[0]["at"].startswith("<string>:")
    assert lines[1]["event"] == "Cancel %s running task(s)"
    assert {line["level"] for line in lines} <= {"error", "warning"}
