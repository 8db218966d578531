"""The whole fail-closed matrix, as `osler selftest` runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from osler.selftest.matrix.outages import COLUMNS
from osler_process import ENVIRONMENT


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_whole_matrix_holds(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "osler",
        "selftest",
        "--only",
        "matrix",
        "--json",
        "--scratch",
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=380)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["ok"]
    assert found["matrix"]["failures"] == []
    assert set(found["matrix"]["breaches_seen"].values()) == {True}
    columns = {cell["column"] for cell in found["matrix"]["cells"]}
    assert columns == set(COLUMNS)
    held = [cell for cell in found["matrix"]["cells"] if cell["state"] == "ok"]
    assert sum(cell["tried"] for cell in held) > 900
    assert list(tmp_path.iterdir()) == []
