"""Does an answer have the shape that was asked for: JSON that meets a task's output schema?

It judges shape, not content, and warns only: by the time an answer is whole, much of a stream has been shown. JSON
Schema up to draft 7; keywords of later drafts are not looked at. A schema refers to nothing outside of itself.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from osler.core.errors import ConfigError
from osler.core.findings import Finding, Severity
from osler.core.ports.check import Statement

_DEEPEST = 8
"""Steps of a place in the answer that a finding tells."""


class OutputCheck:
    """Finds `output_schema`. The finding tells where and which keyword of the schema, never what stood there.

    ConfigError, at the latest when it is first used, where `schema` is no JSON Schema or refers outside of itself.
    """

    name = "output"
    waits = False
    parts: tuple[str, ...] = ("answer",)

    def __init__(self, schema: Mapping[str, object], *, task: str) -> None:
        self._schema = schema
        self._source = f"task: {task}"

    def require_sound(self) -> None:
        """Raise ConfigError unless the schema can be used."""
        self._validate  # noqa: B018  # made here, kept for later

    def check(self, statement: Statement) -> Iterator[Finding]:
        """One finding at most. An answer without text, as one that calls tools, has no shape to judge."""
        if not statement.text.strip():
            return
        try:
            value = json.loads(statement.text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            yield self._finding("is not JSON")
            return
        fault = self._fault(value)
        if fault:
            yield self._finding(f"does not meet its output schema: {fault}")

    def _finding(self, what: str) -> Finding:
        return Finding(
            kind="output_schema", severity=Severity.WARN, reason=f"The answer {what}.", source=self._source
        )

    def _fault(self, value: object) -> str:
        """What is wrong and where; "" when nothing is."""
        import fastjsonschema  # noqa: PLC0415  # only tasks with a schema need it

        try:
            self._validate(value)
        except fastjsonschema.JsonSchemaValueException as error:
            steps = [self._step(step) for step in error.path[1:][:_DEEPEST]]
            return f"'{error.rule}' is not kept at {''.join(steps) or 'the top'}".replace("at .", "at ")
        except RecursionError:
            return "it is nested too deeply"
        return ""

    def _step(self, step: object) -> str:
        """A step of a place. A key that the schema does not name is the model's own, and may be anything."""
        if isinstance(step, str) and not step.isdigit():
            return f".{step}" if step in self._names else ".*"
        return f"[{step}]"

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(_property_names(self._schema))

    @cached_property
    def _validate(self) -> Callable[[object], Any]:
        import fastjsonschema  # noqa: PLC0415  # only tasks with a schema need it

        if not all(ref.startswith("#") for ref in _references(self._schema)):
            raise ConfigError(
                "It refers outside of itself.", remedy="Put what `$ref` names under `definitions`."
            )
        try:
            made: Callable[[object], Any] = fastjsonschema.compile(dict(self._schema), use_default=False)
        except Exception as error:  # its kinds differ: of the schema, of a pattern, of a reference
            raise ConfigError(
                f"It is not a JSON Schema that can be used ({type(error).__name__}).",
                remedy="Mend it; draft 7 and earlier are read.",
            ) from None
        return made


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _references(schema: object) -> Iterator[str]:
    for key, value in _pairs(schema):
        if key == "$ref" and isinstance(value, str):
            yield value


def _property_names(schema: object) -> Iterator[str]:
    for key, value in _pairs(schema):
        if key == "properties" and isinstance(value, Mapping):
            yield from value


def _pairs(schema: object) -> Iterator[tuple[str, object]]:
    """All keys with their values, however deep."""
    pending = [schema]
    while pending:
        inner = pending.pop()
        if isinstance(inner, Mapping):
            yield from inner.items()
            pending.extend(inner.values())
        elif isinstance(inner, list):
            pending.extend(inner)
