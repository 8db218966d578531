"""The whole `osler.toml` as one frozen value, its digest, and errors that name the place.

Each room owns its table (`gateway/config.py`, `deid/config.py`, ...); here they are only collected.
"""

import difflib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from osler.app.places import Origin, is_position
from osler.core import toml
from osler.core.errors import ConfigError
from osler.core.ports.index import RECORDS
from osler.deid.config import DeidConfig
from osler.gateway.config import (
    DEFAULT_DESTINATIONS,
    DEFAULT_RULES,
    DestinationConfig,
    GatewayConfig,
    Name,
    RuleConfig,
    RuleTest,
    ServerConfig,
    TaskConfig,
)
from osler.guardrails.config import GuardrailsConfig
from osler.knowledge.config import KnowledgeConfig
from osler.stores.config import StoresConfig

FILE_NAME = "osler.toml"
_SHOWN = 5
"""Faults that one error tells."""

_WANTED = {
    "model_type": "a table",
    "dict_type": "a table",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "date_type": "a date, as 2026-01-31",
    "date_parsing": "a date, as 2026-01-31",
    "date_from_datetime_parsing": "a date, as 2026-01-31",
    "date_from_datetime_inexact": "a date, as 2026-01-31",
    "too_short": "one entry long or longer",
}
"""Pydantic's kinds of fault to what the file should hold, where its own words are those of Python."""


class Config(BaseModel):
    """Everything that can be configured. Without a file, every default below serves."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    server: ServerConfig = ServerConfig()
    destinations: dict[Name, DestinationConfig] = Field(default_factory=lambda: dict(DEFAULT_DESTINATIONS))
    rules: tuple[RuleConfig, ...] = DEFAULT_RULES
    tests: tuple[RuleTest, ...] = ()
    tasks: dict[Name, TaskConfig] = Field(default_factory=dict)
    gateway: GatewayConfig = GatewayConfig()
    deid: DeidConfig = DeidConfig()
    knowledge: KnowledgeConfig = KnowledgeConfig()
    guardrails: GuardrailsConfig = GuardrailsConfig()
    stores: StoresConfig = StoresConfig()

    _origin: Origin | None = PrivateAttr(None)

    def place(self, *keys: str) -> str:
        """Where a key stands, for an error message: with file and line when it was read from a file."""
        return self._origin.place(keys) if self._origin else ".".join(keys)

    @property
    def folder(self) -> Path:
        """The folder that relative paths count from: that of the file, else the current one."""
        return Path(self._origin.name).parent if self._origin else Path()

    def digest(self) -> str:
        """SHA-256 over the configuration as it is in force, defaults included; secrets are references."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def find(explicit: Path | None) -> Path | None:
    """The file to read: the one named, else `osler.toml` in the current folder, else none."""
    if explicit is not None:
        if not explicit.is_file():
            raise ConfigError(f"There is no file {explicit}.", remedy="Name an existing file with --config.")
        return explicit
    here = Path(FILE_NAME)
    return here if here.is_file() else None


def load(explicit: Path | None = None) -> Config:
    """The configuration in force. Raises ConfigError with file, line and key, never with a value."""
    path = find(explicit)
    if path is None:
        return Config()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read ({type(error).__name__}).", remedy="Check that it is UTF-8 and readable."
        ) from None
    return parse_text(text, str(path))


def parse_text(text: str, name: str = FILE_NAME) -> Config:
    """The text of an `osler.toml` as a Config; `name` is what errors call it. Raises ConfigError."""
    try:
        table = toml.loads(text)
    except toml.TomlFault as error:
        raise ConfigError(
            f"{name} is not valid TOML: {error}.", remedy="Mend that line; strings need quotes."
        ) from None
    return parse(table, Origin(name=name, text=text))


def parse(table: Mapping[str, Any], origin: Origin | None = None) -> Config:
    """A parsed table as a Config; `origin` serves to name file and line in errors.

    It is checked as strictly as JSON is: text is no number, 1 is not true.
    """
    origin = origin or Origin(name=FILE_NAME)
    try:
        config = Config.model_validate_json(json.dumps(table, default=_written), strict=True)
    except RecursionError:
        raise _refusal([f"{origin.name} is nested too deeply"]) from None
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        inner = _innermost(faults)
        raise _refusal([_described(fault, origin) for fault in inner[:_SHOWN]], len(inner)) from None
    config._origin = origin
    contradictions = list(_contradictions(config))
    if contradictions:
        shown = [f"{config.place(*keys)}: {what()}" for keys, what in contradictions[:_SHOWN]]
        raise _refusal(shown, len(contradictions))
    return config


def _refusal(shown: Sequence[str], count: int = 1) -> ConfigError:
    """An error that tells the faults `shown`, of `count` in all."""
    more = [f"and {count - len(shown)} more"] if count > len(shown) else []
    told = "; ".join([*shown, *more])
    return ConfigError(
        told if told.endswith("?") else f"{told}.",
        remedy="`osler config schema` prints every key; docs/reference/configuration.md explains them.",
    )


def _contradictions(config: Config) -> Iterator[tuple[tuple[str, ...], Callable[[], str]]]:
    """What no table can know by itself: the keys that lead there, and what is wrong, to be worded when it is shown."""
    known = tuple(config.destinations)
    for number, rule in enumerate(config.rules):
        for key, names in (("allow", rule.allow), ("fallback", rule.fallback)):
            for name in names:
                if name != "*" and name not in known:
                    yield ("rules", str(number), key), partial(_unknown_destination, name, known)
    for role, limits in config.gateway.roles.items():
        for name in limits.destinations or ():
            if name not in known:
                yield (
                    ("gateway", "roles", role, "destinations"),
                    partial(_unknown_destination, name, known),
                )
    for tenant, held in config.gateway.tenants.items():
        for name in held.destinations or ():
            if name not in known:
                yield (
                    ("gateway", "tenants", tenant, "destinations"),
                    partial(_unknown_destination, name, known),
                )
    yield from _unknown_models(config)
    if config.deid.engine == "off":
        yield from _nobody_looks(config)
    for number, test in enumerate(config.tests):
        for name in test.expect.destination or ():
            if name not in known:
                yield (
                    ("tests", str(number), "expect", "destination"),
                    partial(_unknown_destination, name, known),
                )
    if RECORDS in config.knowledge.public_collections:
        yield (
            ("knowledge", "public_collections"),
            lambda: f"'{RECORDS}' holds patients' records and is never public",
        )


def _nobody_looks(config: Config) -> Iterator[tuple[tuple[str, ...], Callable[[], str]]]:
    """What cannot be where no detector runs: nothing may leave, or be told apart, by what one would have found."""
    off = "where deid.engine is 'off'"
    for number, rule in enumerate(config.rules):
        if rule.transform != "none":
            yield (
                ("rules", str(number), "transform"),
                lambda: f"must be 'none' {off}: nothing can be replaced",
            )
    for name, destination in config.destinations.items():
        if destination.accepts is not None:
            yield ("destinations", name, "accepts"), lambda: f"cannot be {off}: no text is de-identified"
    for key in ("extra_detectors", "options", "deny", "patterns", "allow", "keep"):
        if getattr(config.deid, key):
            yield ("deid", key), lambda: f"has no effect {off}"


def _unknown_models(config: Config) -> Iterator[tuple[tuple[str, ...], Callable[[], str]]]:
    """Models that something names and no destination serves."""
    served = {model: None for d in config.destinations.values() for model in d.models}
    known = {*served, *(f"{name}/{model}" for name, d in config.destinations.items() for model in d.models)}
    naming: list[tuple[tuple[str, ...], tuple[str, ...] | None]] = [
        (("rules", str(i), "models"), rule.models) for i, rule in enumerate(config.rules)
    ]
    naming += [(("tasks", name, "allow"), task.allow) for name, task in config.tasks.items()]
    naming += [(("tests", str(i), "expect", "model"), t.expect.model) for i, t in enumerate(config.tests)]
    for keys, names in naming:
        for name in names or ():
            if name not in known:
                yield keys, partial(_unknown_model, name, tuple(served))


def _unknown_model(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"no destination serves the model '{name}' (known: {', '.join(known)}){hint}"


def _unknown_destination(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"the destination '{name}' is not configured (known: {', '.join(known)}){hint}"


def _written(value: object) -> str:
    """TOML's dates and times, as JSON can hold them."""
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _innermost(faults: Sequence[Any]) -> list[Any]:
    """Without what only follows from a fault further inside: a list whose one entry is wrong is "too short" too."""
    places = [tuple(fault["loc"]) for fault in faults]
    around = {place[:length] for place in places for length in range(len(place))}
    return [fault for fault, place in zip(faults, places, strict=True) if place not in around]


def _described(fault: Any, origin: Origin) -> str:
    keys = tuple(str(part) for part in fault["loc"] if part != "[key]")
    at = origin.place(keys)
    kind = str(fault["type"])
    if kind == "extra_forbidden":
        return f"{at} is not a known key{_nearest(keys)}"
    if kind == "missing":
        return f"{at} is missing"
    if fault["loc"] and fault["loc"][-1] == "[key]":
        return f"{at}: a name has letters, digits, '.', '_' and '-', 64 at most, and begins with a letter or digit"
    if kind in _WANTED:
        return f"{at} must be {_WANTED[kind]}"
    # Pydantic's sentences name what was expected; with hide_input they never hold what was given.
    return f"{at}: {fault['msg'].removeprefix('Value error, ')}"


def _nearest(keys: Sequence[str]) -> str:
    fields = _fields_at(keys[:-1])
    near = difflib.get_close_matches(keys[-1], fields, n=1, cutoff=0.5)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f" (known here: {', '.join(fields)})" if fields else ""


def _fields_at(keys: Sequence[str]) -> list[str]:
    """The keys that the table at this path knows."""
    schema: Any = Config.model_json_schema()
    definitions = schema.get("$defs", {})
    for key in keys:
        schema = _inside(_follow(schema, definitions), key)
        if schema is None:
            return []
    return sorted(_follow(schema, definitions).get("properties", {}))


def _follow(schema: Any, definitions: Any) -> Any:
    if "anyOf" in schema:
        schema = next((s for s in schema["anyOf"] if s.get("type") != "null"), {})
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _inside(schema: Any, key: str) -> Any:
    if key in schema.get("properties", {}):
        return schema["properties"][key]
    if is_position(key):
        return schema.get("items")
    for pattern in schema.get("patternProperties", {}).values():
        return pattern
    extra = schema.get("additionalProperties")
    return extra if isinstance(extra, dict) else None
