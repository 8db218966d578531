"""Work of `osler vault`."""

import re
import sys
from datetime import timedelta
from pathlib import Path

from osler import __version__
from osler.app.config import Config
from osler.cli.work.session import argument, opened, print_json, sign
from osler.core.clock import SystemClock
from osler.core.errors import InputError
from osler.deid import Deidentifier

MAX_REASON = 500
"""Characters in a reason, at most."""

_HOURS = {"h": 1, "d": 24, "w": 168}


def list_(*, json: bool, config: Path | None, workspace: Path) -> None:
    """What the vault holds."""
    with opened(config, workspace, new=False) as (_, stores):
        holdings, behind = stores.keeper.holdings(), stores.keeper.behind()
    if json:
        rows = [
            {"handle": h.handle, "created": h.created, "key": h.key_id, "maps": h.maps, "expires": h.expires}
            for h in holdings
        ]
        print_json({"subjects": rows, "behind": behind})
        return
    for h in holdings:
        ends = f"  first expires {h.expires}" if h.expires else ""
        print(f"{h.handle:<20} key {h.key_id}  made {h.created}  {h.maps} maps{ends}")
    if behind:
        print(f"{behind} of them are sealed under an older master key: run `osler vault rotate`.")


def shred(*, patient: str, reason: str, yes: bool, json: bool, config: Path | None, workspace: Path) -> None:
    """Destroy a patient's key; recorded before and after."""
    patient = argument(patient, "The patient")
    if not yes:
        _ask()
    with opened(config, workspace, new=False) as (_, stores):
        why = fit_reason(reason) if reason else ""
        sign(stores, "vault", {"action": "shred", "stage": "begun", "reason": why, "osler": __version__})
        done = stores.keeper.shred(patient)
        body = {"action": "shred", "stage": "done", "patient": done.handle, "maps": done.maps}
        sign(stores, "vault", {**body, "osler": __version__})
    if json:
        print_json({"handle": done.handle, "maps": done.maps})
        return
    print(
        f"The key of {done.handle} is destroyed, and {done.maps} surrogate maps with it. Backups still hold it."
    )


def expire(*, json: bool, config: Path | None, workspace: Path) -> None:
    """Destroy what has expired."""
    with opened(config, workspace, new=False) as (_, stores):
        gone = stores.keeper.expire(SystemClock().now())
        sign(stores, "vault", {"action": "expire", "maps": gone, "osler": __version__})
    if json:
        print_json({"maps": gone})
        return
    print(f"{gone} surrogate maps had expired and are destroyed.")


def rotate(*, destroy_old: bool, json: bool, config: Path | None, workspace: Path) -> None:
    """Go over to a new master key; recorded before and after."""
    with opened(config, workspace, new=False) as (loaded, stores):
        sign(stores, "vault", {"action": "rotate", "stage": "begun", "osler": __version__})
        done = stores.keeper.rotate(destroy_old=destroy_old)
        body = {"action": "rotate", "stage": "done", "key": done.key_id, "rows": done.rows}
        sign(stores, "vault", {**body, "osler": __version__})
        own = loaded.stores.vault_key is None
    if json:
        print_json({"key": done.key_id, "rows": done.rows})
        return
    print(f"{done.rows} keys are sealed under the master key {done.key_id} now.")
    if own:
        print("Back up vault.key: without it nothing in the vault can be opened.")
    else:
        print("Remove stores.vault_key_previous, and the workspace's own vault.key if there is one.")


def fit_reason(reason: str) -> str:
    """A reason as it may stand in the audit log: what looks like an identifier gives way to its label.

    Raises InputError for one that says nothing or too much.
    """
    text = " ".join(argument(reason, "--reason").split())
    if not text or len(text) > MAX_REASON or not any(c.isalpha() for c in text):
        raise InputError(
            f"--reason must say why, in 1 to {MAX_REASON} characters.",
            remedy="Give the reason that the audit log is to keep.",
        )
    engine = Deidentifier.load(fast=True)
    kept = engine.replace(text, mode="redact")
    if kept != text:
        print("Identifiers in --reason give way to their labels in the audit log.", file=sys.stderr)
    return kept


def lifetime(ttl: str | None, config: Config) -> timedelta | None:
    """How long surrogate maps are to be kept: `--ttl`, else as configured, else without end. Raises InputError."""
    text = ttl if ttl is not None else config.stores.vault_ttl
    if text is None:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,5})([hdw])", text)
    if match is None:
        raise InputError(
            "--ttl is no length of time.", remedy="Give hours, days or weeks, for instance 12h, 30d or 8w."
        )
    return timedelta(hours=int(match[1]) * _HOURS[match[2]])


def _ask() -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise InputError("Shredding cannot be undone.", remedy="Say --yes to do it without being asked.")
    answer = input("This destroys the patient's key for good. Type 'shred' to go on: ")
    if answer.strip() != "shred":
        raise InputError("Nothing was shredded.", remedy="Type 'shred' when asked, or say --yes.")
