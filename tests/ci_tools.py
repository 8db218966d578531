"""Tools of the extra `ci`: where their programs are."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def tool(name: str) -> str:
    """A program beside this Python, or on the path. Without it the test fails: a check that did not run is no check."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is not installed: pip install -e '.[ci]'"
    return found


def ran(*command: str, cwd: Path = ROOT, timeout: float = 300, **environment: str) -> str:
    """The output of a program that has to succeed."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=timeout, env=environment or None
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout
