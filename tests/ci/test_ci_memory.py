"""Memory stays flat over some thousand requests; `.ci/nightly` asks 100,000."""

import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[2] / "benchmarks/gateway/soak.py"


def test_memory_is_flat_over_three_thousand_requests() -> None:
    done = subprocess.run(
        [sys.executable, SOAK, "--requests", "3000"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3,000 requests" in done.stdout
