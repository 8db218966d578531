"""File systems that only the processes of a scenario see: a small disk, a read-only folder.

`unshare` makes a mount namespace, as root or in a user namespace of one's own; it is gone when its holder ends, so
that nothing stays mounted however the self-test ends.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from osler.selftest.scenario import NotHere

_KINDS = (("-m",), ("-r", "-m"))
"""As root; as any user, who is root in a user namespace."""


@contextlib.contextmanager
def small_disk(place: Path, *, megabytes: int) -> Iterator[tuple[str, ...]]:
    """What stands in front of a command so that it finds an empty disk of that size at `place`. Raises NotHere."""
    mount = f'mount -t tmpfs -o size={megabytes}m,mode=0700 tmpfs "$0"'
    with _namespace(mount, place) as before:
        yield before


@contextlib.contextmanager
def read_only(place: Path) -> Iterator[tuple[str, ...]]:
    """What stands in front of a command so that it finds `place` read-only. Raises NotHere."""
    mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"'
    with _namespace(mount, place) as before:
        yield before


@contextlib.contextmanager
def _namespace(mount: str, place: Path) -> Iterator[tuple[str, ...]]:
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        raise NotHere("the commands unshare and nsenter (util-linux) are not there")
    for kind in _KINDS[0 if os.geteuid() == 0 else 1 :]:
        holder = subprocess.Popen(
            ["unshare", *kind, "--propagation", "private", "sh", "-c", f"{mount} && echo ready && exec cat", place],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            if holder.stdout is not None and holder.stdout.readline() == b"ready\n":
                yield _entering(holder.pid, kind, place.parent)
                return
        finally:
            holder.communicate()  # the end of its input ends it
    raise NotHere("this user may not mount a file system, not even in a namespace of its own")


def _entering(pid: int, kind: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    users = ("-U", "--preserve-credentials") if "-r" in kind else ()
    return ("nsenter", "-t", str(pid), "-m", *users, "--", "sh", "-c", 'cd "$0" && exec "$@"', str(folder))
