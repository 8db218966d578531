"""The platform in force, and those that are still ending: what makes a reload atomic for every request.

A request is answered by one platform from its start to its end, the one that was in force when it came. A platform
that was replaced closes its connections to model servers after its last request.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from osler.app.build import Platform


class _Held:
    """One platform, how many requests it answers, and whether it was replaced."""

    __slots__ = ("owner", "platform", "replaced", "users")

    def __init__(self, owner: "Live", platform: Platform) -> None:
        self.owner = owner
        self.platform = platform
        self.users = 0
        self.replaced = False


_MINE: ContextVar[_Held | None] = ContextVar("osler_platform", default=None)
"""The platform of the request that is being answered."""


class Live:
    """The platform that requests use. One per process, within one event loop."""

    def __init__(self, platform: Platform) -> None:
        self._newest = _Held(self, platform)

    @property
    def platform(self) -> Platform:
        """That of the request that is being answered; outside of a request the one in force."""
        mine = _MINE.get()
        return (mine if mine is not None and mine.owner is self else self._newest).platform

    @property
    def newest(self) -> Platform:
        """The one in force, whatever request is being answered."""
        return self._newest.platform

    @asynccontextmanager
    async def request(self) -> AsyncIterator[Platform]:
        """A request that is answered by the platform now in force, until the block ends."""
        held = self._newest
        held.users += 1
        mark = _MINE.set(held)
        try:
            yield held.platform
        finally:
            _MINE.reset(mark)
            held.users -= 1
            await self._release(held)

    async def switch(self, platform: Platform) -> None:
        """From now on requests are answered by `platform`; those under way by the one that they came to."""
        platform.pipeline.parts.begin()
        old, self._newest = self._newest, _Held(self, platform)
        old.replaced = True
        await self._release(old)

    async def aclose(self) -> None:
        """Close the platform in force, and the stores."""
        await self._newest.platform.aclose()

    async def _release(self, held: _Held) -> None:
        if held.replaced and held.users == 0:
            held.replaced = False  # once
            await held.platform.release()
