"""Work of `osler keys`."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from osler.app.config import Config
from osler.cli.work.session import opened, print_json, sign
from osler.core.clock import SystemClock
from osler.core.ports.access import DEFAULT_TENANT, ApiKey, KeyTerms, parsed_day, parsed_scopes
from osler.gateway import signing

Held = tuple[str, Sequence[str], str | None, int | None]
"""Tenant, scopes, last day, requests a minute, as they were written."""


def create(*, name: str, role: str, held: Held, json: bool, config: Path | None, workspace: Path) -> None:
    """Make a key; its text is printed here and nowhere else."""
    terms = _terms(held)
    with opened(config, workspace) as (loaded, stores):
        key, secret = stores.access.create(name, role, terms)
        sign(stores, "key", dict(signing.key_body("created", key)))
    _show_new(key, secret, json=json)
    for warning in _warnings(terms, loaded):
        print(f"osler: {warning}", file=sys.stderr)


def rotate(*, key_id: str, keep: bool, json: bool, config: Path | None, workspace: Path) -> None:
    """Make another key for the same use."""
    with opened(config, workspace) as (_, stores):
        key, secret = stores.access.rotate(key_id, keep=keep)
        sign(stores, "key", {**signing.key_body("rotated", key), "old": key_id, "kept": keep})
    _show_new(key, secret, json=json)
    if not json:
        print(
            f"The old key {key_id} is still valid."
            if keep
            else f"The old key {key_id} is revoked. Running servers refuse it within two seconds."
        )


def list_(*, json: bool, config: Path | None, workspace: Path) -> None:
    """All keys."""
    with opened(config, workspace) as (_, stores):
        keys = stores.access.list()
    if json:
        print_json([k.to_json() for k in keys])
        return
    if not keys:
        print("No keys. Make one: osler keys create NAME")
    today = SystemClock().now().date()
    for key in keys:
        state = f"revoked {key.revoked}" if key.revoked else "active"
        if not key.revoked and key.terms.expires is not None and today > key.terms.expires:
            state = f"expired {key.terms.expires}"
        held = _held(key.terms)
        line = f"{key.id}  {key.role:<10} {state:<10} created {key.created}  {key.name}"
        print(f"{line}  ({held})" if held else line)


def revoke(*, key_id: str, json: bool, config: Path | None, workspace: Path) -> None:
    """Revoke a key."""
    with opened(config, workspace) as (_, stores):
        key = stores.access.revoke(key_id)
        sign(stores, "key", dict(signing.key_body("revoked", key)))
    if json:
        print_json(key.to_json())
        return
    print(f"Key {key.id} is revoked. Running servers refuse it within two seconds.")


def _show_new(key: ApiKey, secret: str, *, json: bool) -> None:
    if json:
        print_json({**key.to_json(), "key": secret})
        return
    held = _held(key.terms)
    print(secret)
    print(
        f"\nKey {key.id} for '{key.name}' ({key.role}{f'; {held}' if held else ''}). "
        "Osler keeps only its digest: store it now."
    )


def _held(terms: KeyTerms) -> str:
    """What a key is held to, in words."""
    parts = [f"tenant {terms.tenant}"] if terms.tenant != DEFAULT_TENANT else []
    parts += [" ".join(terms.words())] if terms.words() else []
    parts += [f"until {terms.expires}"] if terms.expires is not None else []
    parts += [f"{terms.per_minute} a minute"] if terms.per_minute is not None else []
    return "; ".join(parts)


def _terms(held: Held) -> KeyTerms:
    tenant, words, expires, per_minute = held
    last = parsed_day(expires) if expires is not None else None
    return replace(parsed_scopes(words), tenant=tenant, expires=last, per_minute=per_minute)


def _warnings(terms: KeyTerms, config: Config) -> Sequence[str]:
    """Names that the configuration does not know now: such a key can do nothing with them."""
    found = []
    tenants = config.gateway.tenants
    if tenants and terms.tenant not in (DEFAULT_TENANT, *tenants):
        found.append(
            f"no [gateway.tenants.{terms.tenant}] is configured: requests with this key are refused."
        )
    served = {
        name
        for at, d in config.destinations.items()
        for model in d.models
        for name in (model, f"{at}/{model}")
    }
    for name in terms.models:
        if name not in served:
            found.append(f"no destination serves the model '{name}'.")
    for name in terms.destinations:
        if name not in config.destinations:
            found.append(f"the destination '{name}' is not configured.")
    return found
