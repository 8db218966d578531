"""Port: something that turns texts into vectors. A backend may offer it beside Completer."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Embedder(Protocol):
    """Embeds texts. Errors as for Completer."""

    async def embed(
        self, model_id: str, texts: tuple[str, ...], *, dimensions: int | None = None
    ) -> tuple[tuple[float, ...], ...]:
        """One vector a text, in order, all of one length: `dimensions`, where that is asked for."""
        ...
