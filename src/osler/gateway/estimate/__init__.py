"""What a request is taken for, where it does not say: its task and its complexity.

`Estimators` asks the configured estimators and holds what they answer to their port. `rules.py` is the built-in one.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from osler.core.errors import GuardUnavailable, PluginError
from osler.core.messages import ChatRequest
from osler.core.ports.estimator import COMPLEXITIES, Complexity, Estimator

T = TypeVar("T")
LONGEST_NAME = 64


class Estimators:
    """The estimators of a configuration; None where nothing is to be estimated."""

    def __init__(self, *, task: Estimator | None, complexity: Estimator | None) -> None:
        self._task = task
        self._complexity = complexity

    def facts(self, request: ChatRequest) -> tuple[str | None, Complexity]:
        """The task, as the request states it or else estimated, and the complexity; "low" where none is asked.

        GuardUnavailable when an estimator fails, PluginError when it answers something else than its port says.
        """
        task = request.task
        if task is None and self._task is not None:
            guessed: object = _asked(self._task, self._task.task, request)
            if guessed is not None and not (isinstance(guessed, str) and 0 < len(guessed) <= LONGEST_NAME):
                raise _broken(self._task)
            task = guessed
        if self._complexity is None:
            return task, "low"
        known = request if task == request.task else replace(request, task=task)
        complexity = _asked(self._complexity, self._complexity.complexity, known)
        if complexity not in COMPLEXITIES:
            raise _broken(self._complexity)
        return task, complexity


def _asked(estimator: Estimator, method: Callable[[ChatRequest], T], request: ChatRequest) -> T:
    try:
        return method(request)
    except Exception:
        # What it raised may quote the request: neither its text nor its traceback goes further.
        raise GuardUnavailable(
            f"The estimator '{estimator.name}' failed; nothing was sent.",
            remedy='To go on without it, set [gateway.estimators] to "rules" or "off".',
        ) from None


def _broken(estimator: Estimator) -> PluginError:
    return PluginError(
        f"The estimator '{estimator.name}' returned something that its port does not know.",
        remedy="Hold it to its contract with osler.testing.check_estimator.",
    )
