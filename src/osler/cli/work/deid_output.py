"""The output of `osler deid run`, read again: its lines, and what the state beside it says of the run."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from osler.core.errors import InputError
from osler.jobs import state as states
from osler.jobs.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutput:
    """Lines of a finished run, in order. `state` is None where none stands beside them (standard input, a pipe)."""

    lines: Path
    state: State | None

    @classmethod
    def at(cls, out: str) -> "RunOutput":
        """What the run wrote whose --output was `out`. Raises InputError for what is none, unfinished or changed."""
        path = Path(out)
        if not out or not path.exists():
            raise InputError("There is no such output.", remedy="Name what the run was given as --output.")
        if path.is_dir():
            path = path / "log.jsonl"
            if not path.is_file():
                raise InputError("The folder is no output of a run.", remedy="It would hold log.jsonl.")
        beside = path.with_name(path.name + ".log.jsonl")
        lines = beside if beside.is_file() else path
        state = states.load(path.with_name(path.name + ".state.json"))
        if state is not None:
            _require_whole(state, lines)
        return cls(lines=lines, state=state)

    @property
    def run(self) -> str:
        """Tells this run from any other: a digest of its input and options; "" without a state."""
        if self.state is None:
            return ""
        return hashlib.sha256(json.dumps(dict(self.state.identity), sort_keys=True).encode()).hexdigest()

    def rows(self, digest: "hashlib._Hash | None" = None) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each line's number and object; `digest` takes the bytes. Raises InputError, without any of a line."""
        try:
            with self.lines.open("rb") as file:
                for number, raw in enumerate(file, 1):
                    if digest is not None:
                        digest.update(raw)
                    yield number, parsed(raw, number, "output")
        except OSError as error:
            raise InputError(
                f"The output cannot be read ({type(error).__name__}).", remedy="Check its path."
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a line says of its document: a fault, or spans by score, label and detector, or counts of them."""

    failed: bool
    spans: tuple[Mapping[str, Any], ...] | None = field(default=None, repr=False)
    found: Mapping[str, int] | None = None
    values: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Mapping[str, Any], number: int) -> "Line":
        """A line of any mode and format. Raises InputError for one that no run writes."""
        if "error" in row:
            return cls(failed=True)
        if "resourceType" in row:
            return cls(failed=False)
        spans, found, values = row.get("spans"), row.get("found"), row.get("values", {})
        if isinstance(spans, list) and all(isinstance(s, dict) and _is_span(s) for s in spans):
            return cls(failed=False, spans=tuple(spans))
        if isinstance(found, dict) and isinstance(values, dict):
            return cls(failed=False, found=found, values=values)
        raise InputError(
            f"Line {number} of the output is no line of a run.", remedy="Name what `osler deid run` wrote."
        )

    @property
    def count(self) -> int | None:
        """How many identifiers were found in its text; None where the line does not say."""
        if self.spans is not None:
            return len(self.spans)
        return None if self.found is None else sum(self.found.values())

    @property
    def scores(self) -> list[float]:
        """Scores of the spans."""
        return [float(s["score"]) for s in self.spans or ()]


def parsed(raw: bytes, number: int, what: str) -> dict[str, Any]:
    """A line as an object. Raises InputError, which names the line's number and nothing of it."""
    try:
        row = msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise InputError(
            f"Line {number} of the {what} is no JSON object.", remedy="One object a line, as Osler wrote it."
        )
    return row


def require_new(path: str, *, overwrite: bool, own: tuple[Path, ...]) -> Path:
    """Where a file may be written. Raises InputError; `own` are files that must not be written over."""
    out = Path(path)
    if not path or out.is_dir() or not out.parent.is_dir():
        raise InputError(
            "The --output is no place for a file.", remedy="Name a file in a folder that is there."
        )
    if out.resolve() in {o.resolve() for o in own}:
        raise InputError("The --output would replace an input.", remedy="Name another file.")
    if out.exists() and not overwrite:
        raise InputError("The --output is there already.", remedy="Name another, or give --overwrite.")
    return out


def write_whole(out: Path, data: bytes, *, private: bool = False) -> None:
    """All of it or nothing; what is `private` is for its owner only. Raises InputError."""
    aside = out.with_name(f".{out.name}.new")
    try:
        with os.fdopen(
            os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o666), "wb"
        ) as file:
            file.write(data)
        aside.replace(out)
    except OSError as error:
        raise InputError(
            f"The --output cannot be written ({type(error).__name__}).", remedy="Check path and permissions."
        ) from None


def _require_whole(state: State, lines: Path) -> None:
    if not state.finished:
        raise InputError(
            "The run is not finished.", remedy="Run the same command again: it goes on where it stopped."
        )
    if not lines.is_file() or (state.written and lines.stat().st_size != state.written[0]):
        raise InputError(
            "The output was changed since the run wrote it.", remedy="Run it anew, or restore the file."
        )


def _is_span(span: Mapping[str, Any]) -> bool:
    return (
        isinstance(span.get("label"), str)
        and isinstance(span.get("score"), int | float)
        and isinstance(span.get("detector"), str)
    )
