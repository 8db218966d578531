"""The other gateways: fetched from PyPI and npm into a folder of their own, found there, started.

    python benchmarks/gateway/peers.py [--into FOLDER]

LiteLLM's proxy and TensorZero's Python client (which embeds its gateway) get a virtual environment each, Portkey's
gateway an npm folder: about 1 GB in all. FOLDER is `OSLER_BENCH_PEERS`, or `.cache/osler-bench-peers` in the home
folder. None of it is needed to run Osler or its tests; a peer that is not there is listed as missing.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

LITELLM, PORTKEY, TENSORZERO = "litellm[proxy]==1.106.2", "@portkey-ai/gateway@1.15.2", "tensorzero==2026.6.0"
_START_S = 90


def folder() -> Path:
    """Where the peers are."""
    given = os.environ.get("OSLER_BENCH_PEERS")
    return Path(given) if given else Path.home() / ".cache" / "osler-bench-peers"


def litellm() -> Path | None:
    """LiteLLM's command."""
    return _there(folder() / "litellm" / "bin" / "litellm")


def tensorzero() -> Path | None:
    """A Python that has TensorZero's client."""
    home = folder() / "tensorzero"
    return _there(home / "bin" / "python") if list(home.glob("lib/*/site-packages/tensorzero")) else None


def portkey() -> Path | None:
    """The script that starts Portkey's gateway."""
    return _there(folder() / "portkey/node_modules/@portkey-ai/gateway/build/start-server.js")


def node() -> Path | None:
    """The program that runs it."""
    found = shutil.which("node")
    return Path(found) if found else None


def free_port() -> int:
    """A port that nobody had a moment ago: these gateways cannot be told to choose one themselves."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def listening(port: int) -> Iterator[None]:
    """Wait until somebody takes connections there. Raises TimeoutError."""
    until = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            if time.monotonic() > until:
                raise TimeoutError(f"nothing listens after {_START_S} s") from None
            time.sleep(0.2)
    yield


def install(into: Path) -> int:
    """Fetch all three; how many could not be had."""
    failed = 0
    for name, package in (("litellm", LITELLM), ("tensorzero", TENSORZERO)):
        if not (into / name / "bin" / "python").exists():
            _run([sys.executable, "-m", "venv", into / name])
        failed += _run([into / name / "bin" / "python", "-m", "pip", "install", "--quiet", package])
    (into / "portkey").mkdir(parents=True, exist_ok=True)
    failed += _run(
        [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
            into / "portkey",
            PORTKEY,
        ]
    )
    return failed


def _there(path: Path) -> Path | None:
    return path if path.exists() else None


def _run(command: Sequence[str | Path]) -> int:
    print("$", *command, flush=True)
    try:
        return int(subprocess.run([str(part) for part in command], check=False).returncode != 0)
    except FileNotFoundError:
        print(f"  {command[0]} is not installed", file=sys.stderr)
        return 1


if __name__ == "__main__":
    _parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _parser.add_argument("--into", type=Path, default=folder())
    sys.exit(1 if install(_parser.parse_args().into) else 0)
