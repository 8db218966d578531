"""Five minutes of atheris for each parser, and a hundred times the examples of `make test`; set OSLER_NIGHTLY=1."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[1] / "fuzz"
TARGETS = sorted(path.stem for path in (FUZZ / "atheris").glob("*.py"))
pytestmark = pytest.mark.skipif(
    os.environ.get("OSLER_NIGHTLY") != "1", reason="takes 40 minutes; OSLER_NIGHTLY=1 runs it"
)


@pytest.mark.timeout(1800)
def test_a_hundred_times_the_examples() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "1200", str(FUZZ)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OSLER_FUZZ": "100"})
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed (extra fuzz)"
)
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", TARGETS)
def test_atheris_finds_nothing(name: str, tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(FUZZ / "run_atheris.py"),
        "--scratch",
        str(tmp_path),
        "--seconds",
        "300",
        name,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
