"""Another configuration while requests are answered: all of it or nothing.

The file is loaded anew, every part that it names is made, and its rule tests are run. Only then is it put into the
audit log and in force: requests that come from now on use it, those under way end with the one that they came to.
Whatever fails leaves the old one in force.

What a reload cannot change are `[server]`, `[stores]` and `[gateway.telemetry]`: addresses are bound, databases and
the way to a collector open. It says so.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from osler import __version__
from osler.app.build import Platform, rebuild
from osler.app.config import Config
from osler.app.live import Live
from osler.core.errors import ConfigError, OslerError
from osler.gateway.bounds import Bounds

KIND = "configuration"
FIXED = ("server", "stores")
"""Tables that take a restart."""
ACTIVATED, REFUSED = "activated", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """A configuration was put in force: its digest, that of the one before, the tables that differ."""

    old: str
    new: str
    changed: tuple[str, ...]


class Reloader:
    """Reloads one process. Reloads that come at once are done one after the other."""

    def __init__(self, live: Live, load: Callable[[], Config], counted: Callable[[str], None]) -> None:
        """`load` reads the configuration; `counted` is told how each reload ended: activated or refused."""
        self._live = live
        self._load = load
        self._counted = counted
        self._one = asyncio.Lock()

    async def reload(self, by: Mapping[str, str], request_id: str = "") -> Reloaded:
        """Put what the file says now in force. `by` says who wants it: a key's id and role, or a signal.

        Raises ConfigError where the file is not in order or changes what is fixed, and StoreError where the audit
        log cannot take it; the old configuration is then still in force.
        """
        async with self._one:
            try:
                done = await self._reload(by, request_id)
            except BaseException:
                self._counted(REFUSED)
                raise
        self._counted(ACTIVATED)
        return done

    async def _reload(self, by: Mapping[str, str], request_id: str) -> Reloaded:
        old = self._live.newest
        try:
            config = await asyncio.to_thread(self._load)
            require_same(old.config, config)
            made = await asyncio.to_thread(rebuild, old, config)
        except OslerError:
            raise
        except Exception as error:
            # A plug-in's own error; its text may quote anything.
            raise ConfigError(
                f"The configuration cannot be put in force ({type(error).__name__}).",
                remedy="Run `osler config check`; leave out what was added last.",
            ) from None
        done = Reloaded(old=old.digest, new=made.digest, changed=changed(old.config, config))
        try:
            await _sign(made, done, by, request_id)
        except BaseException:
            await made.release()
            raise
        await self._live.switch(made)
        return done


def require_same(old: Config, new: Config) -> None:
    """Raise ConfigError where a configuration changes what takes a restart; names the keys, no values."""
    keys = [
        f"{table}.{key}"
        for table in FIXED
        for key in type(getattr(new, table)).model_fields
        if getattr(getattr(old, table), key) != getattr(getattr(new, table), key)
    ]
    if old.gateway.telemetry != new.gateway.telemetry:
        keys.append("gateway.telemetry")
    if keys:
        raise ConfigError(
            f"A reload cannot change {', '.join(keys)}: nothing was changed.",
            remedy="Restart `osler serve` for that, or put the key back.",
        )


def changed(old: Config, new: Config) -> tuple[str, ...]:
    """The tables of `osler.toml` that differ."""
    return tuple(name for name in Config.model_fields if getattr(old, name) != getattr(new, name))


async def _sign(made: Platform, done: Reloaded, by: Mapping[str, str], request_id: str) -> None:
    """On record before it is in force."""
    parts = made.pipeline.parts
    body = {
        "old": done.old,
        "new": done.new,
        "changed": list(done.changed),
        "caller": dict(by),
        "osler": __version__,
    }
    bounds = Bounds(waits=True, patience_s=parts.patience_s)
    await bounds.signed(parts.audit, parts.clock, kind=KIND, request_id=request_id, body=body)
