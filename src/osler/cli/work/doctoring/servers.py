"""The model servers: each is asked once for its list of models, all at the same time; no text is sent."""

import asyncio
from collections.abc import Iterator

from osler.app.build import build_completer
from osler.app.config import Config
from osler.cli.work.doctoring.line import Line, fail, fault, ok, warn
from osler.core.errors import ConfigError, OslerError, UpstreamTimeout

PROBE_S = 10
"""Seconds that a model server has to list its models, whatever its timeout for answers."""

_SHOWN = 8


def reachable(config: Config) -> Iterator[Line]:
    """One line per destination whose backend can be made."""
    yield from asyncio.run(_all(config))


async def _all(config: Config) -> list[Line]:
    lines = await asyncio.gather(*(_one(config, name) for name in config.destinations))
    return [line for line in lines if line is not None]


async def _one(config: Config, name: str) -> Line | None:
    try:
        served = await _probe(config, name)
    except ConfigError:
        return None  # said of the backend already
    except OslerError as error:
        return fault(f"{name}: server", error)
    except Exception as error:
        return fail(
            f"{name}: server",
            f"its backend failed when it was asked for its models ({type(error).__name__})",
            "Report this to whoever made the backend; `osler plugins check` holds it to its contract.",
        )
    missing = sorted({model.id for model in config.destinations[name].models.values()} - set(served))
    if missing:
        listed = ", ".join(served[:_SHOWN]) or "none"
        more = f" and {len(served) - _SHOWN} more" if len(served) > _SHOWN else ""
        return warn(f"{name}: models", f"does not list {', '.join(missing)}", f"It lists: {listed}{more}.")
    return ok(f"{name}: server", f"answers; {len(served)} models")


async def _probe(config: Config, name: str) -> tuple[str, ...]:
    completer = build_completer(config, name)
    try:
        async with asyncio.timeout(PROBE_S):
            return tuple(str(model) for model in await completer.probe())
    except TimeoutError:
        raise UpstreamTimeout(
            f"The model server of destination '{name}' did not list its models within {PROBE_S} seconds.",
            remedy="Look into the model server's own log.",
        ) from None
    finally:
        await completer.aclose()
