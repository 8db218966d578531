"""The command line within this process, for tests that need many calls of it: a new process takes a second each."""

import sys
from dataclasses import dataclass

import pytest

from osler.cli import root
from osler.core.errors import OslerError


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


def osler(capsys: pytest.CaptureFixture[str], *arguments: str) -> Done:
    """Run a command as `osler` would; its output and exit code."""
    capsys.readouterr()
    code = 0
    try:
        root.app(list(arguments), standalone_mode=False)
    except OslerError as error:
        print(f"osler: {error}", file=sys.stderr)
        code = error.exit_code
    except Exception as error:
        # Typer's own copy of Click or the installed one: both call a command line that cannot be parsed 2
        if getattr(error, "exit_code", None) != 2:
            raise
        print(error, file=sys.stderr)
        code = 2
    out, err = capsys.readouterr()
    return Done(returncode=code, stdout=out, stderr=err)
