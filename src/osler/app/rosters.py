"""The roster of a workspace, kept fresh: who else is known here, for the guards that must not miss them."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from osler.core.errors import StoreError
from osler.core.ports.records import Identities
from osler.deid.roster import Roster

FRESH_S = 2.0
"""How old what is known of the patients may be before it is looked at again."""
_PATIENCE = 50
"""How many times longer it waits than the look itself took: counting a million rows takes a while."""


class FreshRoster:
    """Gives the roster of the patients in the workspace; safe to call from several threads.

    `begin` makes it beside whoever calls; the first call waits until it is there (5 s for 100,000 patients), or makes
    it. A later change is seen after `FRESH_S`; the new roster is made beside the requests, which go on with the one
    before until it is there. Raises StoreError when the patients cannot be read: a guard without a roster is no guard.
    """

    def __init__(self, source: Identities, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._roster: Roster | None = None
        self._extent = (-1, -1)
        self._look_at = float("-inf")
        self._making: threading.Thread | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there is one: then no call waits for it."""
        return self._roster is not None

    def begin(self) -> None:
        """Start to make it in a thread, where there is none. What fails there is tried again by the first call."""
        if not self.is_ready and self._making is None:
            self._making = threading.Thread(target=self._first, name="osler-roster", daemon=True)
            self._making.start()

    def __call__(self) -> Roster:
        """The roster as it is known now."""
        roster = self._roster
        if roster is not None and self._monotonic() < self._look_at:
            return roster
        with self._lock:
            if self._roster is None:
                self._roster = self._made()
                return self._roster
            busy = self._making is not None and self._making.is_alive()
            if not busy and self._monotonic() >= self._look_at and self._looked() != self._extent:
                self._making = threading.Thread(target=self._renew, name="osler-roster", daemon=True)
                self._making.start()
            return self._roster

    def settle(self) -> None:
        """Wait until a roster that is being made is there."""
        making = self._making
        if making is not None:
            making.join()

    def _looked(self) -> tuple[int, int]:
        begun = self._monotonic()
        extent = self._source.extent()
        now = self._monotonic()
        self._look_at = now + max(FRESH_S, _PATIENCE * (now - begun))
        return extent

    def _made(self) -> Roster:
        # counted before it is read: what comes in between is seen at the next look
        extent = self._looked()
        roster = Roster.of(self._source.identities())
        self._extent = extent
        return roster

    def _first(self) -> None:
        with suppress(StoreError), self._lock:
            if self._roster is None:
                self._roster = self._made()

    def _renew(self) -> None:
        with suppress(StoreError):  # it is tried again at the next look, which raises while the store is down
            self._roster = self._made()
