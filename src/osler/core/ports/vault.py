"""Port: the vault, which alone knows which patient an audit handle stands for, and holds their keys."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """How the audit names a patient: a random handle, and the key under which their digests are made.

    Shredding the key severs both: the handle resolves to nothing, the digests can be matched by no one.
    """

    handle: str
    key: bytes = field(repr=False)


class Vault(Protocol):
    """Random handles and keys per patient. Errors: StoreError."""

    def subject(self, patient: str | None) -> Subject:
        """The patient's handle and key, made at first use; the workspace's own for None."""
        ...

    def resolve(self, handle: str) -> str | None:
        """The patient behind a handle, or None."""
        ...
