"""Port: what callers have used up, kept over restarts and shared by all processes of a site."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Tokens in and out, and millionths of a US dollar."""

    tokens: int = 0
    micro_usd: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(tokens=self.tokens + other.tokens, micro_usd=self.micro_usd + other.micro_usd)


class Spending(Protocol):
    """Sums by account and period. An account names a budget and a key or a tenant by their ids, never a person.

    Errors: StoreError.
    """

    def add(self, amounts: Mapping[tuple[str, str], Spent]) -> None:
        """Add to the sums of (account, period), all in one transaction."""
        ...

    def read(self, wanted: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Spent]:
        """The sums of these; those that nothing was added to are left out."""
        ...

    def forget(self, *, before: str) -> None:
        """Remove sums of periods before this one, as text: `2026-11` is before `2026-11-20`."""
        ...
