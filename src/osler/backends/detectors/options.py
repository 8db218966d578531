"""Options of the plug-in detectors: strict models, and errors that name the option and never its value."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from osler.core.errors import ConfigError, PluginError
from osler.core.spans import Label

THRESHOLD = 0.2
"""Below which score a find is not worth passing on, by default; what is unsure above it counts together with other
detectors' doubts (`osler.deid.evidence`)."""

Text = Annotated[str, StringConstraints(min_length=1)]
Target = Label | Literal["O"]
"""What a foreign label means here: one of Osler's labels, or `O` for "no identifier"."""
Score = Annotated[float, Field(ge=0.0, le=1.0)]

_DIGEST = r"^[0-9A-Fa-f]{64}$"
_FILE = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$"
_CLASS = r"^[A-Z][A-Za-z0-9]{0,99}$"
_DEVICE = r"^(cpu|mps|cuda(:[0-9]{1,3})?)$"
_FORMS = {
    _DIGEST: "must be 64 hexadecimal digits, as `sha256sum` prints them",
    _FILE: "must be a file's place inside of the model's folder",
    _CLASS: "must be the name of a class",
    _DEVICE: "must be cpu, mps, cuda or cuda:0",
}
Digest = Annotated[str, StringConstraints(pattern=_DIGEST)]
FileName = Annotated[str, StringConstraints(pattern=_FILE)]
"""A path inside of the model's folder; no part of it begins with a dot."""
ClassName = Annotated[str, StringConstraints(pattern=_CLASS)]
Device = Annotated[str, StringConstraints(pattern=_DEVICE)]

_EXPECTED = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "tuple_type": "must be a list",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}


class Options(BaseModel):
    """Base of every detector's options: nothing unknown, nothing converted, no value in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


AnyOptions = TypeVar("AnyOptions", bound=Options)


def checked(kind: type[AnyOptions], plugin: str, given: Mapping[str, object]) -> AnyOptions:
    """`given` as `kind`, checked as strictly as osler.toml is. PluginError names the option at fault."""
    try:
        text = json.dumps(given)
    except (TypeError, ValueError):
        raise PluginError(
            f"An option of the detectors plug-in '{plugin}' is of a kind that it does not take.",
            remedy="Use text, numbers, booleans, lists and tables.",
        ) from None
    try:
        return kind.model_validate_json(text, strict=True)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
    message, remedy = _described(kind, plugin, fault)
    raise PluginError(message, remedy=remedy)


def _described(kind: type[Options], plugin: str, fault: Any) -> tuple[str, str]:
    place = ".".join(str(part) for part in fault["loc"] if part != "[key]" and not _is_branch(str(part)))
    known = f"It takes: {', '.join(sorted(kind.model_fields))}."
    option = f"The option '{place}' of the detectors plug-in '{plugin}'"
    if fault["type"] == "extra_forbidden":
        return f"The detectors plug-in '{plugin}' has no option '{place}'.", known
    if fault["type"] == "missing":
        return (
            f"The detectors plug-in '{plugin}' needs the option '{place}'.",
            f"Set it in osler.toml. {known}",
        )
    if not place:
        return f"The options of the detectors plug-in '{plugin}': {_said(fault)}.", known
    if fault["type"] in ("enum", "literal_error"):
        labels = ", ".join(label.value for label in Label)
        return f"{option} is no label of Osler's.", f"Labels: {labels}; 'O' for what is no identifier."
    form = _FORMS.get(fault.get("ctx", {}).get("pattern", ""), f"cannot be used: {_said(fault)}")
    return f"{option} {_EXPECTED.get(fault['type'], form)}.", "Correct it in osler.toml."


def _is_branch(part: str) -> bool:
    """Whether a part of pydantic's place only names the branch of a union that was tried."""
    return bool(re.match(r"(str-)?enum\[|literal\[", part))


def _said(fault: Any) -> str:
    said = str(fault["msg"]).removeprefix("Value error, ")
    return said[:1].lower() + said[1:].rstrip(".")


def required(load: Callable[[], Any], *, plugin: str, extra: str) -> Any:
    """What `load` imports. ConfigError with the command that installs it, when a library is missing or broken."""
    try:
        return load()
    except Exception as error:
        raise ConfigError(
            f"The detector '{plugin}' needs a library that cannot be imported ({type(error).__name__}).",
            remedy=f"Install it with `pip install 'osler[{extra}]'`.",
        ) from None
