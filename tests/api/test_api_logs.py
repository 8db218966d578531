"""What libraries log may quote a text: none of it reaches the log, which stays JSON line by line."""

import json
import subprocess
import sys

CANARY = "Zythar Quillon"
SCRIPT = f"""
import asyncio, logging, os, sys, uvicorn
from osler.api import logs

logs.configure()
log = logging.getLogger("uvicorn.error")

def uvicorns(code):
    exec(compile(code, os.path.join(os.path.dirname(uvicorn.__file__), "server.py"), "exec"))

try:
    raise ValueError("cannot read {CANARY}")
except ValueError:
    uvicorns('log.error("Exception in ASGI application\\\\n", exc_info=True)')
uvicorns('log.warning("Cancel %s running task(s)", "{CANARY}")')
log.warning("not uvicorn's own words: {CANARY}")
logging.getLogger("aiohttp.client").error("Unclosed: {CANARY}")
uvicorns('log.info("not worth a line")')
own = logging.getLogger("own")
own.propagate = False
own.addHandler(logging.StreamHandler(sys.stderr))
own.error("{CANARY} %s", "{CANARY}", exc_info=ValueError("{CANARY}"), stack_info=True)
alone = logging.getLogger("alone")
alone.propagate = False
alone.error("{CANARY}")
logging.getLogger("{CANARY}").error("x")

async def forgotten():
    raise ValueError("{CANARY}")

async def main():
    asyncio.ensure_future(forgotten())
    await asyncio.sleep(0.01)

asyncio.run(main())
"""


def test_library_lines_are_json_without_values() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stderr + done.stdout
    assert "a library's message" in done.stderr.splitlines()  # by the handler that a library brought along
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert len(lines) == len(done.stderr.splitlines()) - 1
    loggers = ["uvicorn", "uvicorn", "uvicorn", "aiohttp", "alone", "other", "asyncio"]
    assert [line["logger"] for line in lines] == loggers
    assert lines[0]["event"] == "Exception in ASGI application"
    assert lines[0]["error"] == "ValueError"
    assert lines[0]["at"].startswith("<string>:")
    assert lines[1]["event"] == "Cancel %s running task(s)"
    assert {line["event"] for line in lines[2:]} == {"a library's message"}
    assert {line["level"] for line in lines} <= {"error", "warning"}


def test_a_line_that_cannot_be_written_breaks_nothing() -> None:
    script = "import sys\nfrom osler.api import logs\nlogs.configure()\nlogs.log.info('x')\nprint('went on')"
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=full, timeout=60)
    assert done.stdout == b"went on\n"
