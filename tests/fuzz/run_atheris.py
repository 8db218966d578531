"""Coverage-guided fuzzing of the parsers, for a bounded time each, with atheris (`pip install 'osler[fuzz]'`).

    python tests/fuzz/run_atheris.py --seconds 20            every target
    python tests/fuzz/run_atheris.py --seconds 300 fhir hl7  some

A target is a file in `tests/fuzz/atheris/`. Each runs in a process of its own, with a limit on memory and on the time
of one input, from its seeds and what earlier runs left in the scratch folder. An input on which a promise breaks is
saved there, made as small as it gets, and with `--keep` put into `tests/fuzz/regressions/`, which `make test` replays.
Exit code 1 when any target found something, 2 when atheris is not installed. Linux on x86-64 only, as atheris is.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
SHIPPED = HERE / "atheris"
TARGETS = {path.stem: path for path in sorted(SHIPPED.glob("*.py"))}
REGRESSIONS = HERE / "regressions"
MEMORY_MB, INPUT_S, LONGEST = 2048, 10, 20_000
"""Memory of a process, seconds and bytes of one input."""
SHRINK_S = 20
PATIENCE_S = 240
"""Beyond its time: to load and instrument Osler on a machine that has other things to do."""


def load(name: str) -> ModuleType:
    """A target's module."""
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))
    spec = importlib.util.spec_from_file_location(f"fuzz_target_{name}", TARGETS[name])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Fuzz the parsers with atheris.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TARGETS)}; all without one")
    parser.add_argument("--seconds", type=int, default=20, help="for each target (default 20)")
    parser.add_argument("--scratch", type=Path, help="folder for corpus and crashes; a new one without it")
    parser.add_argument("--keep", action="store_true", help="put what is found into tests/fuzz/regressions")
    parser.add_argument(
        "--targets", type=Path, default=SHIPPED, help="folder of targets, other than the shipped"
    )
    parser.add_argument("--child", choices=("fuzz", "shrink"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    TARGETS.clear()
    TARGETS.update({path.stem: path for path in sorted(given.targets.glob("*.py"))})
    unknown = sorted(set(given.names) - set(TARGETS)) if given.child is None else []
    if unknown:
        parser.error(f"no target {unknown[0]}; there are {', '.join(TARGETS)}")
    if given.child == "fuzz":
        return _child(given.names[0], given.scratch, given.seconds)
    if given.child == "shrink":
        return _shrink(given.names[0], Path(given.names[1]))
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: pip install 'osler[fuzz]' (Linux on x86-64).", file=sys.stderr)
        return 2
    scratch = given.scratch or Path(tempfile.mkdtemp(prefix="osler-fuzz-"))
    broken = [name for name in given.names or list(TARGETS) if not _fuzzed(name, scratch.resolve(), given)]
    print(f"corpus and logs: {scratch}" + (f"; broken: {', '.join(broken)}" if broken else "; nothing found"))
    return 1 if broken else 0


def _fuzzed(name: str, scratch: Path, given: argparse.Namespace) -> bool:
    """Run one target in a process of its own; whether it held."""
    folder = scratch / name
    corpus, found = folder / "corpus", folder / "found"
    for made in (corpus, found):
        made.mkdir(parents=True, exist_ok=True)
    target = load(name)
    for data in [*target.seeds(), *(p.read_bytes() for p in sorted((REGRESSIONS / name).glob("*")))]:
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    quoted = (token.encode("utf-8", "backslashreplace") for token in target.TOKENS)
    words = ("".join(f"\\x{byte:02x}" for byte in word) for word in quoted)
    (folder / "dictionary").write_text("".join(f'"{word}"\n' for word in words))
    before = set(found.iterdir())
    child = [sys.executable, __file__, "--targets", str(given.targets), "--child"]
    command = [*child, "fuzz", "--scratch", str(folder), "--seconds", str(given.seconds), name]
    with (folder / "log").open("wb") as log:
        try:
            done = subprocess.run(
                command, stdout=log, stderr=log, timeout=given.seconds + PATIENCE_S
            ).returncode
        except subprocess.TimeoutExpired:
            done = -1
    crashes = sorted(set(found.iterdir()) - before)
    print(f"{name}: {_summary(folder / 'log')}" if done == 0 else f"{name}: BROKEN (see {folder / 'log'})")
    for crash in crashes:
        small = _smaller(name, crash, given.targets)
        print(f"  {len(small)} bytes: {small[:200]!r}")
        if given.keep:
            (REGRESSIONS / name).mkdir(parents=True, exist_ok=True)
            (REGRESSIONS / name / hashlib.sha256(small).hexdigest()[:12]).write_bytes(small)
    return done == 0


def _summary(log: Path) -> str:
    """libFuzzer's last line, with the coverage that it reached."""
    lines = log.read_text(errors="replace").splitlines()
    runs = next((line for line in reversed(lines) if line.startswith("Done ")), "")
    covered = next((line.split("cov: ")[1].split()[0] for line in reversed(lines) if "cov: " in line), "?")
    return f"{runs.removeprefix('Done ') or 'ended'}, coverage {covered}"


def _smaller(name: str, crash: Path, targets: Path) -> bytes:
    command = [sys.executable, __file__, "--targets", str(targets), "--child", "shrink", name, str(crash)]
    with contextlib.suppress(subprocess.TimeoutExpired):  # an input that hangs stays as it is
        subprocess.run(command, timeout=2 * SHRINK_S + INPUT_S, capture_output=True)
    return crash.read_bytes()


def _child(name: str, folder: Path, seconds: int) -> int:
    import atheris  # noqa: PLC0415 - it is there on some machines only

    with atheris.instrument_imports(include=["osler", "tomllib", "json"]):
        target = load(name)
    options = [
        f"-max_total_time={seconds}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-timeout={INPUT_S}",
        f"-max_len={LONGEST}",
        f"-dict={folder / 'dictionary'}",
        f"-artifact_prefix={folder / 'found'}/",
        "-print_final_stats=1",
        str(folder / "corpus"),
    ]
    atheris.Setup([sys.argv[0], *options], target.one)
    atheris.Fuzz()
    return 0


def _shrink(name: str, crash: Path) -> int:
    """Cut pieces out of the input as long as it breaks the same promise at the same place."""
    one: Callable[[bytes], None] = load(name).one
    data = crash.read_bytes()
    wanted, end = _failure(one, data), time.monotonic() + SHRINK_S
    size = len(data) // 2
    while wanted and size and time.monotonic() < end:
        at, cut = 0, False
        while at < len(data) and time.monotonic() < end:
            shorter = data[:at] + data[at + size :]
            if _failure(one, shorter) == wanted:
                data, cut = shorter, True
            else:
                at += size
        size = size if cut and size > 1 else size // 2
    crash.write_bytes(data)
    return 0


def _failure(one: Callable[[bytes], None], data: bytes) -> tuple[str, str, int] | None:
    try:
        one(data)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return type(error).__name__, frame.filename, frame.lineno or 0
    return None


if __name__ == "__main__":
    sys.exit(main())
