"""`osler doctor`."""

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace


def doctor(json: Json = False, config: ConfigFile = None, workspace: Workspace = HERE) -> None:
    """Say what is installed, reachable and misconfigured, with remedies."""
    work("doctor", "doctor", json=json, config=config, workspace=workspace)
