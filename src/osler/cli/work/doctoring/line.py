"""One line of `osler doctor`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from osler.core.errors import OslerError

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing looked at. `found` and `remedy` hold no secret and no PHI."""

    what: str
    state: State
    found: str
    remedy: str = ""


def ok(what: str, found: str) -> Line:
    """Nothing to do."""
    return Line(what=what, state="ok", found=found)


def warn(what: str, found: str, remedy: str) -> Line:
    """Osler works, but not for long or not as it should."""
    return Line(what=what, state="warn", found=found, remedy=remedy)


def fail(what: str, found: str, remedy: str) -> Line:
    """Something does not work."""
    return Line(what=what, state="fail", found=found, remedy=remedy)


def fault(what: str, error: OslerError) -> Line:
    """Osler's own error as a line."""
    return fail(what, error.message, error.remedy)


def attempt(what: str, act: Callable[[], Line]) -> Line:
    """What `act` says, or the error that it raised; of one that is not Osler's, only its type."""
    try:
        return act()
    except OslerError as error:
        return fault(what, error)
    except Exception as error:
        return fail(what, f"could not be looked at ({type(error).__name__})", "Please report this line.")
