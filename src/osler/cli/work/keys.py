"""Work of `osler keys`."""

from pathlib import Path

from osler.cli.work.session import opened, print_json, sign
from osler.core.ports.access import ApiKey
from osler.gateway import signing


def create(*, name: str, role: str, json: bool, config: Path | None, workspace: Path) -> None:
    """Make a key; its text is printed here and nowhere else."""
    with opened(config, workspace) as (_, stores):
        key, secret = stores.access.create(name, role)
        sign(stores, "key", dict(signing.key_body("created", key.id, key.role)))
    if json:
        print_json({**_shown(key), "key": secret})
        return
    print(secret)
    print(f"\nKey {key.id} for '{key.name}' ({key.role}). Osler keeps only its digest: store it now.")


def list_(*, json: bool, config: Path | None, workspace: Path) -> None:
    """All keys."""
    with opened(config, workspace) as (_, stores):
        keys = stores.access.list()
    if json:
        print_json([_shown(k) for k in keys])
        return
    if not keys:
        print("No keys. Make one: osler keys create NAME")
    for key in keys:
        state = f"revoked {key.revoked}" if key.revoked else "active"
        print(f"{key.id}  {key.role:<10} {state:<10} created {key.created}  {key.name}")


def revoke(*, key_id: str, json: bool, config: Path | None, workspace: Path) -> None:
    """Revoke a key."""
    with opened(config, workspace) as (_, stores):
        key = stores.access.revoke(key_id)
        sign(stores, "key", dict(signing.key_body("revoked", key.id, key.role)))
    if json:
        print_json(_shown(key))
        return
    print(f"Key {key.id} is revoked. Running servers refuse it within two seconds.")


def _shown(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id, "name": key.name, "role": key.role, "created": key.created, "revoked": key.revoked,
    }  # fmt: skip
