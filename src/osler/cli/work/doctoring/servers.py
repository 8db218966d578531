"""The model servers: each is asked for its list of models and, where it tells them, for the lengths of their contexts,
all servers at the same time; no text is sent."""

import asyncio
from collections.abc import Iterator, Mapping

from osler.app.config import Config
from osler.app.configured import build_completer
from osler.cli.work.doctoring.line import Line, fail, fault, ok, warn
from osler.core.errors import ConfigError, OslerError, UpstreamError, UpstreamTimeout
from osler.core.ports.completer import Completer
from osler.core.ports.limits import Limited

PROBE_S = 10
"""Seconds that a model server has to list its models, whatever its timeout for answers."""

_SHOWN = 8


def reachable(config: Config) -> Iterator[Line]:
    """One line per destination whose backend can be made."""
    yield from asyncio.run(_all(config))


async def _all(config: Config) -> list[Line]:
    lines = await asyncio.gather(*(_one(config, name) for name in config.destinations))
    return [line for found in lines for line in found]


async def _one(config: Config, name: str) -> list[Line]:
    try:
        served, limits = await _probe(config, name)
    except ConfigError:
        return []  # said of the backend already
    except OslerError as error:
        return [fault(f"{name}: server", error)]
    except Exception as error:
        return [
            fail(
                f"{name}: server",
                f"its backend failed when it was asked for its models ({type(error).__name__})",
                "Report this to whoever made the backend; `osler plugins check` holds it to its contract.",
            )
        ]
    return [_served(config, name, served), *_contexts(config, name, limits)]


def _served(config: Config, name: str, served: tuple[str, ...]) -> Line:
    missing = sorted({model.id for model in config.destinations[name].models.values()} - set(served))
    if missing:
        listed = ", ".join(served[:_SHOWN]) or "none"
        more = f" and {len(served) - _SHOWN} more" if len(served) > _SHOWN else ""
        return warn(f"{name}: models", f"does not list {', '.join(missing)}", f"It lists: {listed}{more}.")
    return ok(f"{name}: server", f"answers; {len(served)} models")


def _contexts(config: Config, name: str, limits: Mapping[str, int]) -> Iterator[Line]:
    for key, model in config.destinations[name].models.items():
        limit = limits.get(model.id)
        if limit is not None and model.context > limit:
            yield warn(
                f"{name}: context of {key}",
                f"osler.toml says {model.context} tokens, the server takes {limit}",
                f"Set context = {limit}, or let the server take more.",
            )


async def _probe(config: Config, name: str) -> tuple[tuple[str, ...], Mapping[str, int]]:
    completer = build_completer(config, name)
    try:
        async with asyncio.timeout(PROBE_S):
            served = tuple(str(model) for model in await completer.probe())
            return served, await _limits(completer, config, name)
    except TimeoutError:
        raise UpstreamTimeout(
            f"The model server of destination '{name}' did not list its models within {PROBE_S} seconds.",
            remedy="Look into the model server's own log.",
        ) from None
    finally:
        await completer.aclose()


async def _limits(completer: Completer, config: Config, name: str) -> Mapping[str, int]:
    """What the server tells of the models that are configured; nothing where it tells nothing."""
    ids = {model.id for model in config.destinations[name].models.values()}
    if not isinstance(completer, Limited):
        return {}
    try:
        return await completer.limits(tuple(sorted(ids)))
    except UpstreamError:
        return {}
