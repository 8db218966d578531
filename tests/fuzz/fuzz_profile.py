"""How many examples: few in `make test`, many with OSLER_FUZZ=long (`.ci/run`), or a factor: OSLER_FUZZ=200."""

import os

from hypothesis import HealthCheck, settings

_GIVEN = os.environ.get("OSLER_FUZZ", "")
FACTOR = 10 if _GIVEN == "long" else int(_GIVEN) if _GIVEN.isdigit() else 1


def examples(few: int) -> settings:
    """The settings of a property that looks at `few` examples in `make test`. Time is held by the oracle, not here."""
    return settings(
        max_examples=few * FACTOR,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
