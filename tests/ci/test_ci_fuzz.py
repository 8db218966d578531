"""The fuzzing that is too long for `make test`: ten times the examples, and atheris for a few seconds a parser."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[1] / "fuzz"
TARGETS = sorted(path.stem for path in (FUZZ / "atheris").glob("*.py"))


@pytest.mark.timeout(300)
def test_ten_times_the_examples(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "240", str(FUZZ)]
    around = {**os.environ, "OSLER_FUZZ": "long", "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=290, env=around)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed (extra fuzz)"
)
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", TARGETS)
def test_atheris_finds_nothing(name: str, tmp_path: Path) -> None:
    done = fuzzed(tmp_path, "--seconds", "3", name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{name}: " in done.stdout
    runs = int(done.stdout.split(": ")[1].split()[0])
    assert runs > len(list((tmp_path / name / "corpus").iterdir())) // 2, done.stdout


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed (extra fuzz)"
)
@pytest.mark.timeout(300)
def test_atheris_would_find_something(tmp_path: Path) -> None:
    """A parser with a fault: it is found, saved, and made small."""
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "faulty.py").write_text(
        'TOKENS = ("abc",)\n\ndef seeds():\n    yield b"hello there " * 20\n\n'
        'def one(data):\n    assert b"abc" not in data\n'
    )
    done = fuzzed(tmp_path, "--targets", str(tmp_path / "targets"), "--seconds", "60", "faulty")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "3 bytes: b'abc'" in done.stdout


def fuzzed(scratch: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(FUZZ / "run_atheris.py"), "--scratch", str(scratch), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=290)
