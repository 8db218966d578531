"""Whether the clouds can be reached. While they cannot, only what is on-premises is asked.

Connections to clouds that fail make Osler ask every cloud whether it is there; when none is, the WAN counts as down,
and the clouds are looked for again, beside the requests that come. One dead server is no dead WAN.
"""

import asyncio
from collections import deque
from collections.abc import Mapping

from osler.core.clock import Clock
from osler.core.errors import UpstreamError
from osler.core.models import Place
from osler.core.ports.completer import Completer
from osler.gateway.config import WanConfig
from osler.gateway.observe import Observer

PROBE_LIMIT_S = 5.0
"""A cloud that says nothing for so long is not there."""


class Wan:
    """The state of the way to the clouds. `clouds` are the backends of all destinations that are not on-premises."""

    def __init__(
        self, config: WanConfig, clouds: Mapping[str, Completer], clock: Clock, observer: Observer
    ) -> None:
        self._config = config
        self._clouds = dict(clouds)
        self._clock = clock
        self._observer = observer
        self._missed: deque[float] = deque(maxlen=config.failures)
        self._probed_at = float("-inf")
        self._probe: asyncio.Task[None] | None = None
        self.down = config.mode == "down"
        self._observer.wan(not self.down)

    @property
    def retry_s(self) -> float:
        """When to try again what only a cloud may do, in seconds."""
        return self._config.probe_s

    def allows(self, place: Place) -> bool:
        """Whether a destination of this place is asked now."""
        return not self.down or place is Place.ON_PREMISES

    def reached(self, name: str) -> None:
        """A cloud answered, if only with an error."""
        if name in self._clouds:
            self._missed.clear()
            if self.down and self._config.mode == "auto":
                self._become(down=False)

    def missed(self, name: str) -> None:
        """A connection to this destination failed."""
        if name not in self._clouds or self._config.mode != "auto" or self.down:
            return
        now = self._clock.monotonic()
        self._missed.append(now)
        if len(self._missed) == self._config.failures and now - self._missed[0] <= self._config.window_s:
            self._look(now)

    def tick(self) -> None:
        """A request came: while the WAN is down, look for it now and then."""
        if self.down and self._config.mode == "auto":
            now = self._clock.monotonic()
            if now - self._probed_at >= self._config.probe_s:
                self._look(now)

    async def aclose(self) -> None:
        """Stop looking."""
        task, self._probe = self._probe, None
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _look(self, now: float) -> None:
        if self._probe is not None and not self._probe.done() and not self._probe.get_loop().is_closed():
            return
        self._probed_at = now
        self._probe = asyncio.get_running_loop().create_task(self._ask_all())

    async def _ask_all(self) -> None:
        answers = await asyncio.gather(*(_is_there(c) for c in self._clouds.values()))
        self._missed.clear()
        self._become(down=not any(answers))

    def _become(self, *, down: bool) -> None:
        if down != self.down:
            self.down = down
            self._observer.wan(not down)


async def _is_there(cloud: Completer) -> bool:
    """Whether anything answers there, if only with an error."""
    try:
        async with asyncio.timeout(PROBE_LIMIT_S):
            await cloud.probe()
    except UpstreamError as error:
        return error.fault != "unreachable"
    except TimeoutError:
        return False
    except Exception:
        return True
    return True
