"""Port: what a request is taken for. Plug point `osler.estimators`.

An estimator guesses the task of a request that names none, and how hard a request is, before anything is called: rules
of `osler.toml` may look at both. It only computes: it is called for each request, on the event loop, and should take
less than a millisecond. It sees real identifiers and keeps nothing. It raises nothing on purpose: an exception means
that it is down, and then the request is refused. What it says gives no rights: it chooses among what is permitted.
"""

from typing import Literal, Protocol, get_args, runtime_checkable

from osler.core.messages import ChatRequest

Complexity = Literal["low", "medium", "high"]
COMPLEXITIES: tuple[Complexity, ...] = get_args(Complexity)


@runtime_checkable
class Estimator(Protocol):
    """One way to estimate. Safe for several threads."""

    name: str

    def task(self, request: ChatRequest) -> str | None:
        """The name of the task that the request seems to be; None when it seems to be none that is known."""
        ...

    def complexity(self, request: ChatRequest) -> Complexity:
        """How hard the request seems to be. `request.task` may be what `task` has estimated before."""
        ...
