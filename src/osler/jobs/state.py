"""How far a run has come, kept beside its output so that it can go on after a kill.

The state file is replaced as a whole (written aside, synced, renamed), and only after the output that it speaks of has
been synced: whatever moment a run is killed at, the output holds at least what the state says, and what it holds
beyond is cut off on resuming. While a run of `--mode surrogate` is unfinished its state holds the secret that the
surrogates depend on; the finished state does not.
"""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from osler.core.errors import InputError
from osler.jobs.batch import Position, Seed, Tally

VERSION = 1
_REMEDY = "Name another --output, or give --overwrite to start anew."


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A run's identity (input and options: the same ones give the same output) and how far it has come.

    `written` are the bytes of each output stream that are done. `seed` is what the run was begun with.
    """

    identity: Mapping[str, str]
    stamp: str
    seed: Seed
    at: Position = field(default_factory=Position)
    written: tuple[int, ...] = ()
    tally: Tally = field(default_factory=Tally)
    finished: bool = False

    def require_same(self, identity: Mapping[str, str]) -> None:
        """Raises InputError, naming what differs, unless this is a run of the same input and options."""
        differing = sorted(
            key for key in {*self.identity, *identity} if self.identity.get(key) != identity.get(key)
        )
        if differing:
            raise InputError(
                f"The output belongs to a run with other {', '.join(differing)}.", remedy=_REMEDY
            )

    def finish(self) -> "State":
        """The state of a finished run, without its secret."""
        return replace(self, finished=True, seed=replace(self.seed, key=b""))


def load(path: Path) -> State | None:
    """The state kept there, None if there is none. Raises InputError when it cannot be used."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(
            f"The state beside the output cannot be read ({type(error).__name__}).", remedy=_REMEDY
        ) from None
    try:
        return _parsed(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error):
        raise InputError("The state beside the output is no state of a run.", remedy=_REMEDY) from None


def save(path: Path, state: State) -> None:
    """Replace the state kept there, for good: it is on the disk when this returns. Raises OSError."""
    body = {
        "version": VERSION,
        "identity": dict(state.identity),
        "stamp": state.stamp,
        "key": base64.b64encode(state.seed.key).decode(),
        "day": state.seed.day.isoformat(),
        "at": {"offset": state.at.offset, "number": state.at.number},
        "written": list(state.written),
        "tally": {
            "records": state.tally.records,
            "failed": state.tally.failed,
            "found": dict(state.tally.found),
            "let_through": dict(state.tally.let_through),
        },
        "finished": state.finished,
    }
    aside = path.with_name(path.name + ".new")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(json.dumps(body, indent=1).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make renames within a folder last."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _parsed(body: object) -> State:
    if not isinstance(body, dict) or body["version"] != VERSION:
        raise ValueError
    tally = body["tally"]
    return State(
        identity={str(k): str(v) for k, v in body["identity"].items()},
        stamp=str(body["stamp"]),
        seed=Seed(key=base64.b64decode(body["key"], validate=True), day=date.fromisoformat(body["day"])),
        at=Position(offset=int(body["at"]["offset"]), number=int(body["at"]["number"])),
        written=tuple(int(count) for count in body["written"]),
        tally=Tally(
            records=int(tally["records"]),
            failed=int(tally["failed"]),
            found={str(k): int(v) for k, v in tally["found"].items()},
            let_through={str(k): int(v) for k, v in tally.get("let_through", {}).items()},
        ),
        finished=bool(body["finished"]),
    )
