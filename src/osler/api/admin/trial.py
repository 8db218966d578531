"""Checking a configuration that is not in force, in a process of its own.

What it names is loaded there: a plug-in that hangs, ends its process or eats memory does that to nobody's requests.
The process sees the server's environment and folder, so that secrets by `env` and `file` are found as at a start.
"""

import asyncio
import json
import sys
from contextlib import suppress

from osler.app.checking import Checked
from osler.core.errors import ConfigError

PATIENCE_S = 120.0
"""Seconds for one check; models of detectors take some to load."""
_COMMAND = (sys.executable, "-m", "osler.app.checking")


class Trials:
    """Runs checks, one at a time."""

    def __init__(self, command: tuple[str, ...] = _COMMAND, *, patience_s: float = PATIENCE_S) -> None:
        self._command = command
        self._patience_s = patience_s
        self._one = asyncio.Lock()

    async def run(self, toml: str) -> Checked:
        """The verdict on the text of an `osler.toml`. A check that fails to end is a verdict too."""
        async with self._one:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                async with asyncio.timeout(self._patience_s):
                    out, _ = await process.communicate(toml.encode())
            except TimeoutError:
                return _not_ended(f"The check did not end within {self._patience_s:g} s.")
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await asyncio.shield(process.wait())
        return _verdict(out)


def _verdict(out: bytes) -> Checked:
    try:
        return Checked(**json.loads(out))
    except (ValueError, TypeError):
        return _not_ended("The process that checks ended without a verdict.")


def _not_ended(what: str) -> Checked:
    remedy = "Leave out what was added last, or run `osler config check` on the server's machine to see more."
    return Checked(ok=False, code=ConfigError.code, fault=f"{what} {remedy}")
