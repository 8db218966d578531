"""Port: a backend that knows how many tokens its models take. It may be offered beside Completer."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class Limited(Protocol):
    """Asks the model server. Errors as for Completer; a model that it tells nothing of is left out."""

    async def limits(self, model_ids: tuple[str, ...]) -> Mapping[str, int]:
        """Tokens of prompt and answer together, by model id."""
        ...
