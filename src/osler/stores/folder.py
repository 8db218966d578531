"""The workspace folder itself."""

from pathlib import Path


def create(workspace: Path) -> None:
    """Make the workspace folder (0700) unless there is one. Raises OSError.

    A folder that existed is closed to others only when it was empty: a folder with other things in
    it may be shared on purpose.
    """
    if not workspace.exists():
        workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not any(workspace.iterdir()):
        workspace.chmod(0o700)
