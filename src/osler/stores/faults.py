"""What the operating system's faults on the workspace's files become: one sentence, one remedy, no value."""

import errno

from osler.core.errors import StoreError

WRITABLE = "Make the workspace folder and all files in it writable for the user who runs Osler."

_FAULTS: dict[int, tuple[str, str]] = {
    errno.EACCES: ("The workspace's files cannot be written.", WRITABLE),
    errno.ENOSPC: (
        "The disk that holds the workspace is full.",
        "Free some space and try again; nothing of this write was kept.",
    ),
    errno.EIO: (
        "The operating system failed to read or write the workspace's files.",
        "Check the disk that holds the workspace, and its free space.",
    ),
}
_FAULTS[errno.EPERM] = _FAULTS[errno.EROFS] = _FAULTS[errno.EACCES]
_FAULTS[errno.EDQUOT] = _FAULTS[errno.ENOSPC]


def of_system(error: OSError) -> StoreError:
    """`error` as a StoreError that names no file."""
    if error.errno in _FAULTS:
        message, remedy = _FAULTS[error.errno]
        return StoreError(message, remedy=remedy)
    reason = errno.errorcode.get(error.errno or 0, "unknown error")
    return StoreError(
        f"The workspace folder cannot be used ({reason}).",
        remedy="Name a folder that the user who runs Osler can create or write (--workspace).",
    )
