"""The vault in `osler deid run --vault`: the way back of each text is kept before the text is written."""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from osler.app.build import Stores
from osler.cli.deid import Run
from osler.cli.work.session import opened
from osler.cli.work.vault import lifetime
from osler.core.errors import InputError
from osler.core.ports.vault import RecordMap
from osler.deid.keyed import store_maps
from osler.jobs import Job, Seed

KINDS = ("jsonl", "text")
"""Formats whose replaced texts have a way back."""


def require_way_back(options: Run) -> None:
    """Refuse what has no way back that the vault could keep. Raises InputError."""
    if not options.vault:
        if options.ttl is not None:
            raise InputError("--ttl goes with --vault.", remedy="Say --vault too, or leave --ttl out.")
        return
    if options.mode != "surrogate":
        raise InputError(
            f"--vault does not go with --mode {options.mode}.", remedy="Only --mode surrogate has a way back."
        )
    if options.format not in KINDS:
        raise InputError(
            f"--vault does not go with --format {options.format}.",
            remedy=f"Only {' and '.join(KINDS)} have a way back.",
        )


@contextmanager
def kept(job: Job, options: Run) -> Iterator[Job]:
    """The job, with the workspace's vault open for it where that was asked for.

    Which vault it is, and for how long it keeps, is part of the run's identity: a resumed run must not leave some of
    its texts without the way back that the others have.
    """
    if not options.vault:
        yield job
        return
    with opened(options.config, options.workspace) as (config, stores):
        ttl = lifetime(options.ttl, config)
        told = {"vault": _named(stores), "ttl": "" if ttl is None else str(ttl)}
        keep = _Keeper(stores=stores, ttl=ttl).keep
        yield replace(job, identity={**job.identity, **told}, keep=keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keeper:
    """Puts ways back into the vault."""

    stores: Stores
    ttl: timedelta | None

    def keep(self, seed: Seed, maps: Sequence[RecordMap]) -> None:
        """Keep those of a batch. Raises StoreError."""
        store_maps(self.stores.maps, maps, run=_run_of(seed), ttl=self.ttl)


def _run_of(seed: Seed) -> str:
    """A run's name for its texts without a patient key: the same when it is resumed, and no other run's."""
    return hmac.digest(seed.key, b"osler deid run name 1", hashlib.sha256).hex()


def _named(stores: Stores) -> str:
    """Tells one workspace's vault from any other, and tells nothing of its keys."""
    return hmac.digest(stores.vault.subject(None).key, b"osler deid run vault 1", hashlib.sha256).hex()[:16]
