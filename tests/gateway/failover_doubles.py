"""Model servers that do as they are told, and a Failover over them. No sockets."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from random import Random

from osler.core.errors import UpstreamError
from osler.core.messages import Delta
from osler.core.models import Destination, Model, Place
from osler.core.ports.completer import ModelCall
from osler.gateway.config import GatewayConfig
from osler.gateway.failover import Failover
from osler.gateway.observe import NullObserver
from osler.gateway.router import Target
from osler.testing import FixedClock

Step = Delta | Exception | float
"""What a server does next: give a piece, fail, or be silent for so many seconds."""


def said(text: str) -> list[Step]:
    """A whole answer in two pieces."""
    return [Delta(text=text), Delta(finish="stop")]


def fault(kind: str, after: float | None = None) -> UpstreamError:
    """A fault of that kind."""
    return UpstreamError(f"fault {kind}", fault=kind, retry_after_s=after)  # type: ignore[arg-type]


class Server:
    """Plays its scripts, one a call; the last one again and again."""

    def __init__(self, *scripts: Sequence[Step], there: Callable[[], bool] = lambda: True) -> None:
        self._scripts = list(scripts)
        self._there = there
        self.calls: list[ModelCall] = []
        self.open = 0
        self.most = 0
        self.probed = 0

    async def complete(self, call: ModelCall, *, stream: bool) -> AsyncGenerator[Delta, None]:
        script = self._scripts[min(len(self.calls), len(self._scripts) - 1)]
        self.calls.append(call)
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            for step in script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, float):
                    await asyncio.sleep(step)
                else:
                    yield step
        finally:
            self.open -= 1

    async def probe(self) -> tuple[str, ...]:
        self.probed += 1
        if not self._there():
            raise fault("unreachable")
        return ("m",)

    async def aclose(self) -> None:
        return None


class Notes(NullObserver):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def upstream_fault(self, destination: str) -> None:
        self.told.append(("fault", destination))

    def breaker(self, target: str, state: str) -> None:
        self.told.append(("breaker", target, state))

    def retried(self, target: str) -> None:
        self.told.append(("retried", target))

    def hedged(self, target: str, *, won: bool) -> None:
        self.told.append(("hedged", target, won))

    def shed(self, why: str) -> None:
        self.told.append(("shed", why))

    def wan(self, up: bool) -> None:
        self.told.append(("wan", up))


class Ward:
    """A Failover over named servers; a name that begins with `cloud` is in a public cloud."""

    def __init__(
        self,
        servers: dict[str, Server],
        *,
        ranks: Sequence[int] = (),
        weights: Sequence[float] = (),
        places: int | None = None,
        **options: dict[str, object],
    ) -> None:
        self.servers = servers
        self.clock = FixedClock()
        self.notes = Notes()
        quick = {"retries": {"base_s": 0.001, "longest_s": 0.01} | options.pop("retries", {})}
        self.targets = tuple(
            Target(
                destination=Destination(
                    name=name,
                    place=Place.PUBLIC_CLOUD if name.startswith("cloud") else Place.ON_PREMISES,
                    models=(Model(name="m", id="m-1"),),
                    weight=weights[at] if weights else 1.0,
                    max_concurrent=places,
                ),
                model=Model(name="m", id="m-1"),
                transform="none",
                rank=ranks[at] if ranks else at,
            )
            for at, name in enumerate(servers)
        )
        self.failover = Failover(
            servers,
            [t.destination for t in self.targets],
            GatewayConfig.model_validate(quick | options),
            self.notes,
            self.clock,
            Random(7),
        )

    async def ask(self, *, stream: bool = True, **more: object) -> tuple[str, str]:
        """Who answered, and what."""
        names, texts = set(), []
        async for target, delta in self.failover.calls(
            self.targets,
            _call,
            stream=stream,
            **more,  # type: ignore[arg-type]
        ):
            names.add(target.destination.name)
            texts.append(delta.text)
        assert len(names) == 1
        return names.pop(), "".join(texts)


def _call(target: Target) -> ModelCall:
    return ModelCall(model_id=target.model.id, messages=())
