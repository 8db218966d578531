"""The whole `osler.toml` as one frozen value, its digest, and errors that name the place.

Each room owns its table (`gateway/config.py`, `deid/config.py`, ...); here they are only collected.
"""

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from osler.core.errors import ConfigError
from osler.deid.config import DeidConfig
from osler.gateway.config import (
    DEFAULT_DESTINATIONS,
    DEFAULT_RULES,
    DestinationConfig,
    Name,
    RuleConfig,
    RuleTest,
    ServerConfig,
)
from osler.guardrails.config import GuardrailsConfig
from osler.knowledge.config import KnowledgeConfig
from osler.stores.config import StoresConfig

FILE_NAME = "osler.toml"


class Config(BaseModel):
    """Everything that can be configured. Without a file, every default below serves."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    server: ServerConfig = ServerConfig()
    destinations: dict[Name, DestinationConfig] = Field(default_factory=lambda: dict(DEFAULT_DESTINATIONS))
    rules: tuple[RuleConfig, ...] = DEFAULT_RULES
    tests: tuple[RuleTest, ...] = ()
    deid: DeidConfig = DeidConfig()
    knowledge: KnowledgeConfig = KnowledgeConfig()
    guardrails: GuardrailsConfig = GuardrailsConfig()
    stores: StoresConfig = StoresConfig()

    @model_validator(mode="after")
    def _known_destinations(self) -> "Config":
        for rule in self.rules:
            for name in (*rule.allow, *rule.fallback):
                if name != "*" and name not in self.destinations:
                    near = difflib.get_close_matches(name, self.destinations, n=1)
                    hint = f"; did you mean '{near[0]}'?" if near else ""
                    raise ValueError(
                        f"rule '{rule.name}' names the destination '{name}', which is not configured "
                        f"(known: {', '.join(self.destinations)}){hint}"
                    )
        for test in self.tests:
            for name in test.expect.destination or ():
                if name not in self.destinations:
                    raise ValueError(
                        f"a rule test expects the destination '{name}', which is not configured "
                        f"(known: {', '.join(self.destinations)})"
                    )
        return self

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
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read ({type(error).__name__}).", remedy="Check that it is UTF-8 and readable."
        ) from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path} is not valid TOML {_where(str(error))}.", remedy="Mend that line; strings need quotes."
        ) from None
    return parse(table, text, str(path))


def parse(table: Mapping[str, Any], text: str = "", name: str = FILE_NAME) -> Config:
    """A parsed table as a Config; `text` serves to name lines in errors."""
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        faults = [
            _describe(fault, text, name) for fault in error.errors(include_input=False, include_url=False)
        ]
        shown = "; ".join(faults[:5]) + (f"; and {len(faults) - 5} more" if len(faults) > 5 else "")
        raise ConfigError(
            shown if shown.endswith("?") else f"{shown}.",
            remedy="`osler config schema` prints every key; docs/reference/configuration.md explains them.",
        ) from None


def _where(message: str) -> str:
    found = re.search(r"\(at (line \d+, column \d+|end of document)\)", message)
    return f"({found[1]})" if found else ""


def _describe(fault: Any, text: str, name: str) -> str:
    keys = [str(part) for part in fault["loc"]]
    place = ".".join(keys) or "the file as a whole"
    line = _line(text, keys)
    at = f"{name}, line {line}: {place}" if line else f"{name}: {place}"
    if fault["type"] == "extra_forbidden":
        return f"{at} is not a known key{_nearest(keys)}"
    if fault["type"] == "missing":
        return f"{at} is missing"
    # Pydantic's sentences name what was expected; with hide_input they never hold what was given.
    return f"{at}: {fault['msg'].removeprefix('Value error, ')}"


def _nearest(keys: list[str]) -> str:
    fields = _fields_at(keys[:-1])
    near = difflib.get_close_matches(keys[-1], fields, n=1, cutoff=0.5)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f" (known here: {', '.join(fields)})" if fields else ""


def _fields_at(keys: list[str]) -> list[str]:
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
    if key.isdigit():
        return schema.get("items")
    for pattern in schema.get("patternProperties", {}).values():
        return pattern
    extra = schema.get("additionalProperties")
    return extra if isinstance(extra, dict) else None


def _line(text: str, keys: list[str]) -> int | None:
    """The line that most likely holds the key: its last name, after the table header that leads to it."""
    if not keys:
        return None
    lines = text.splitlines()
    begin = 0
    for depth in range(len(keys) - 1, 0, -1):
        header = re.compile(
            r"\s*\[\[?\s*" + re.escape(".".join(k for k in keys[:depth] if not k.isdigit())) + r"\s*\]"
        )
        found = [i for i, line in enumerate(lines) if header.match(line)]
        if found:
            index = next((int(k) for k in keys[:depth] if k.isdigit()), 0)
            begin = found[min(index, len(found) - 1)]
            break
    last = next((k for k in reversed(keys) if not k.isdigit()), "")
    wanted = re.compile(r"(^|[\s{,.\[])[\"']?" + re.escape(last) + r"[\"']?\s*(=|\.|\])")
    for number, line in enumerate(lines[begin:], begin + 1):
        if wanted.search(line):
            return number
    return begin + 1 if begin else None
