"""The command line. Groups are declared in light files; the work behind a command is loaded by name.

This is the one file that imports Osler's own modules dynamically, so that `--help` stays fast: a
declaration needs Typer only, its work needs the whole platform. `main()` turns errors into one
sentence on standard error and an exit code (docs/reference/cli.md lists them).
"""

import importlib
import os
import sys
import traceback
from typing import Any

WORK = {
    "ask": "osler.cli.work.ask",
    "audit": "osler.cli.work.audit",
    "config": "osler.cli.work.config",
    "deid": "osler.cli.work.deid",
    "deid_evaluate": "osler.cli.work.deid_evaluate",
    "deid_report": "osler.cli.work.deid_report",
    "deid_restore": "osler.cli.work.deid_restore",
    "deid_run": "osler.cli.work.deid_run",
    "deid_start": "osler.cli.work.deid_start",
    "deid_sample": "osler.cli.work.deid_sample",
    "demo": "osler.cli.work.demo",
    "doctor": "osler.cli.work.doctor",
    "keys": "osler.cli.work.keys",
    "kb": "osler.cli.work.kb",
    "plugins": "osler.cli.work.plugins",
    "openapi": "osler.api.published",
    "route": "osler.api.explained",
    "selftest": "osler.selftest.command",
    "serve": "osler.cli.work.serve",
    "store": "osler.cli.work.store",
    "tasks": "osler.cli.work.tasks",
    "vault": "osler.cli.work.vault",
}
"""Command group to the module that does its work."""


def work(group: str, action: str, **arguments: Any) -> None:
    """Call the function `action` of a group's work module."""
    getattr(importlib.import_module(WORK[group]), action)(**arguments)


def main() -> None:
    """The `osler` command."""
    errors = importlib.import_module("osler.core.errors")
    root = importlib.import_module("osler.cli.root")
    try:
        try:
            root.app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except errors.OslerError as error:
        print(f"osler: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("osler: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        _give_up_output()
        sys.exit(141)
    except UnicodeEncodeError as error:
        if error.encoding.lower() in ("utf-8", "utf8"):
            _unforeseen(error)
        else:
            print(
                "osler: Standard output cannot take a character of this text: its encoding is not UTF-8. "
                "Set PYTHONIOENCODING=utf-8, or a UTF-8 locale, then try again.",
                file=sys.stderr,
            )
        sys.exit(1)
    except OSError as error:
        _unforeseen(error) if _debugging() else print(
            f"osler: The operating system failed to read or write ({error.strerror or type(error).__name__}). "
            "Check the disk, and where the output goes.",
            file=sys.stderr,
        )
        _give_up_output()
        sys.exit(1)
    except Exception as error:
        _unforeseen(error)
        sys.exit(1)


def _give_up_output() -> None:
    """What could not be written is dropped, or Python would complain of it once more at its end."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _debugging() -> bool:
    return os.environ.get("OSLER_DEBUG") == "1"


def _unforeseen(error: Exception) -> None:
    """Type and place only: the message and the traceback's values could hold a patient's data."""
    if _debugging():
        traceback.print_exception(error)
        return
    frame = traceback.extract_tb(error.__traceback__)[-1]
    print(
        f"osler: unforeseen {type(error).__name__} at {os.path.basename(frame.filename)}:{frame.lineno}. "
        "Please report this line. OSLER_DEBUG=1 shows the whole traceback, which may hold patient data.",
        file=sys.stderr,
    )
