"""Before the work of `osler deid run`: its worker processes begin to load while the command still does."""

from osler.jobs.local import prepare


def start() -> None:
    """Start what the workers are made from."""
    prepare("osler.cli.work.deid_run")
