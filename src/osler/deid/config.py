"""`[deid]` of `osler.toml`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from osler.core.spans import Label

Text = Annotated[str, StringConstraints(min_length=1)]

ENGINES: dict[str, tuple[str, ...]] = {
    "full": ("patterns", "titles", "tagger"),
    "fast": ("patterns", "titles", "tagger_small"),
    "off": (),
}
"""The built-in detectors of each engine; they always run, a configuration adds to them. `off` takes none."""

_STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class DenyConfig(BaseModel):
    """Texts that are always identifiers at this site."""

    model_config = _STRICT
    label: Label = Field(description="What kind of identifier it is.")
    values: tuple[Text, ...] = Field(description="The texts, found whole and in any case.")


class PatternConfig(BaseModel):
    """A pattern of this site's own identifiers, in RE2's syntax."""

    model_config = _STRICT
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")] = Field(
        description="Small letters, digits, `-`, `_`; spans carry it as `site:NAME`."
    )
    label: Label = Field(description="What kind of identifier it is.")
    expression: Text = Field(
        description=("In RE2's syntax: no look-around, no back references. It may not match the empty text.")
    )


class DeidConfig(BaseModel):
    """Which detectors look for identifiers, and what the site decided beyond them."""

    model_config = _STRICT
    engine: Literal["full", "fast", "off"] = Field(
        "full",
        description=(
            "`full`: patterns and the sequence model. `fast`: patterns, name lists and cues; "
            "several times faster, and it misses more names in prose without titles. `off`: nobody looks; every "
            "request counts as PHI and leaves as it is, so that each rule's transform must be `none`, and no "
            "destination may have `accepts`."
        ),
    )
    extra_detectors: tuple[str, ...] = Field(
        (), description="Detector plug-ins that join the built-in ones. The built-in ones always run."
    )
    options: dict[str, dict[str, object]] = Field({}, description="Options of each: `options.NAME = { … }`.")
    allow: tuple[Text, ...] = Field(
        (),
        description=(
            "Texts, in any case, that are no identifiers at this site. A known identifier of the "
            "patient's record is replaced all the same."
        ),
    )
    keep: tuple[Label, ...] = Field(
        (),
        description=(
            "Labels that stay in the text. What stays is your decision; Safe Harbor needs all of "
            "them removed. Known identifiers of the record are replaced all the same."
        ),
    )
    wrong_patient: Literal["off", "flag", "block"] = Field(
        "flag",
        description=(
            "What happens when a request or an answer holds identifiers of a patient other than the one it is "
            "about. `flag`: a finding. `block`: what is certain is refused, the rest is a finding. `off`: nothing."
        ),
    )
    answers: Literal["redact", "off"] = Field(
        "redact",
        description=(
            "What happens to identifiers in an answer that nobody supplied: the model made them up, or remembers them. "
            "`redact`: a label takes their place. `off`: they are shown."
        ),
    )
    remember: int = Field(
        4096,
        ge=0,
        le=1_000_000,
        description=(
            "For how many texts a process remembers where identifiers were found: in a chat each turn sends all former "
            "ones again. Kept are places, kinds and scores under a keyed digest, in 8 MB at most; no text. 0: nothing."
        ),
    )
    deny: tuple[DenyConfig, ...] = Field((), description="Texts that always are identifiers, below.")
    patterns: tuple[PatternConfig, ...] = Field((), description="This site's own identifiers, below.")
