"""`[deid]` of `osler.toml`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from osler.core.spans import Label

Text = Annotated[str, StringConstraints(min_length=1)]

ENGINES: dict[str, tuple[str, ...]] = {
    "full": ("patterns", "titles", "tagger"),
    "fast": ("patterns", "titles", "tagger_small"),
}
"""The built-in detectors of each engine; they always run, a configuration adds to them."""

_STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class DenyConfig(BaseModel):
    """Texts that are always identifiers at this site."""

    model_config = _STRICT
    label: Label
    values: tuple[Text, ...]


class PatternConfig(BaseModel):
    """A pattern of this site's own identifiers, in RE2's syntax."""

    model_config = _STRICT
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
    label: Label
    expression: Text


class DeidConfig(BaseModel):
    """Which detectors look for identifiers, and what the site decided beyond them."""

    model_config = _STRICT
    engine: Literal["full", "fast"] = "full"
    extra_detectors: tuple[str, ...] = ()
    options: dict[str, dict[str, object]] = {}
    allow: tuple[Text, ...] = ()
    keep: tuple[Label, ...] = ()
    deny: tuple[DenyConfig, ...] = ()
    patterns: tuple[PatternConfig, ...] = ()
