"""`[deid]` of `osler.toml`."""

from pydantic import BaseModel, ConfigDict

BUILT_IN_DETECTORS = (
    "accounts",
    "ages",
    "biometrics",
    "dates",
    "devices",
    "emails",
    "health_plan",
    "ips",
    "licenses",
    "locations",
    "mrn",
    "names",
    "other_ids",
    "phones",
    "photos",
    "ssn",
    "urls",
    "vehicles",
)
"""The detectors that always run; a configuration can add to them, not take away."""


class DeidConfig(BaseModel):
    """Which detectors look for identifiers. `extra_detectors` join the built-in ones, which always run."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    extra_detectors: tuple[str, ...] = ()
    options: dict[str, dict[str, object]] = {}
