"""Everything about a configuration that can be checked without opening a workspace or calling anyone.

`python -m osler.app.checking` does it in a process of its own, for a configuration that is not in force: TOML in on
standard input, one line of JSON out. Whatever the plug-ins do that it names, they do it there, and the process can
be killed. Secrets are looked up where this process runs, in its folder and environment.
"""

import json
import os
import sys
from dataclasses import dataclass

from osler.app import config as configuration
from osler.app import rule_tests, tls
from osler.app.config import Config
from osler.app.configured import build_deidentifier, check_parts
from osler.app.serving import require_keys, require_tls
from osler.app.tasks import load_tasks
from osler.core.clock import SystemClock
from osler.core.errors import ConfigError, OslerError


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A verdict. `fault` names file, line and key, never a secret; it is empty when the configuration is in order."""

    ok: bool
    tests: int = 0
    digest: str | None = None
    code: str | None = None
    fault: str = ""


def check(config: Config) -> int:
    """Make all that it names, and run its rule tests: how many there are. Raises ConfigError for the first fault."""
    require_keys(config)
    require_tls(config)
    if config.server.tls is not None:
        tls.read(config.server.tls, config.place("server", "tls"))
    check_parts(config)
    deidentifier = build_deidentifier(config)
    load_tasks(config, deidentifier)
    return rule_tests.run(config, deidentifier, SystemClock().now().date())


def checked(text: str) -> Checked:
    """The verdict on the text of an `osler.toml`."""
    try:
        config = configuration.parse_text(text)
        tests = check(config)
    except OslerError as error:
        return Checked(ok=False, code=error.code, fault=str(error))
    except Exception as error:
        fault = f"The check failed ({type(error).__name__}). Leave out what was added last, and try again."
        return Checked(ok=False, code=ConfigError.code, fault=fault)
    return Checked(ok=True, tests=tests, digest=config.digest())


def main() -> None:
    """Read TOML, write the verdict. What plug-ins print goes nowhere."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        try:
            text = sys.stdin.buffer.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            verdict = Checked(
                ok=False, code=ConfigError.code, fault="The text is not UTF-8. Convert it first."
            )
        else:
            verdict = checked(text)
        json.dump({name: getattr(verdict, name) for name in Checked.__slots__}, out)


if __name__ == "__main__":
    main()
