"""How a run was made, from what it recorded of itself.

`osler deid run` keeps its identity beside the output: the options, and digests of all that its output depends on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from osler.core.errors import InputError
from osler.core.spans import Label
from osler.deid.config import DeidConfig

STRUCTURED = ("fhir", "hl7")

# not those of input and roster: an unkeyed digest of few identifiers can be guessed
_DIGESTS = {
    "engine": "engine (code and data)",
    "weights": "weights of the model",
    "configuration": "configuration of the engine",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What the site decided beyond the engine: labels that stay, how many texts it allows and denies, its patterns."""

    keep: tuple[Label, ...] = ()
    allowed: int = 0
    denied: Mapping[Label, int] = field(default_factory=dict)
    patterns: Mapping[str, Label] = field(default_factory=dict)

    @classmethod
    def of(cls, config: DeidConfig) -> Self:
        """The protocol of a configuration, without its texts and expressions."""
        denied: dict[Label, int] = {}
        for row in config.deny:
            denied[row.label] = denied.get(row.label, 0) + len(row.values)
        return cls(
            keep=tuple(sorted(config.keep)),
            allowed=len(config.allow),
            denied=denied,
            patterns={pattern.name: pattern.label for pattern in config.patterns},
        )

    def recorded(self) -> str:
        """As a run records it."""
        body = {
            "keep": list(self.keep), "allowed": self.allowed,
            "denied": dict(self.denied), "patterns": dict(self.patterns),
        }  # fmt: skip
        return json.dumps(body, sort_keys=True)

    @classmethod
    def parsed(cls, text: str) -> Self:
        """From what a run recorded. Raises ValueError, KeyError, TypeError where that is something else."""
        body = json.loads(text)
        return cls(
            keep=tuple(Label(name) for name in body["keep"]),
            allowed=int(body["allowed"]),
            denied={Label(name): int(count) for name, count in body["denied"].items()},
            patterns={str(name): Label(label) for name, label in body["patterns"].items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The method of a run. `recorded` is False where nothing is known of it; then all else is empty."""

    recorded: bool = False
    mode: str = ""
    format: str = ""
    day: date | None = None
    version: str = ""
    engine: str = ""
    detectors: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    roster: bool = False
    keep_names: bool = False
    replacing: Mapping[str, object] = field(default_factory=dict)
    review: str = ""
    protocol: Protocol = field(default_factory=Protocol)

    @classmethod
    def of(cls, identity: Mapping[str, str], day: date) -> Self:
        """From the identity that a run recorded. Raises InputError where it was made by a version before this one."""
        try:
            return cls(
                recorded=True,
                mode=identity["mode"],
                format=identity["format"],
                day=day,
                version=identity["version"],
                engine="fast" if identity["fast"] == "True" else "full",
                detectors=tuple(identity["detectors"].split(",")),
                digests={_DIGESTS[key]: identity[key] for key in _DIGESTS if identity.get(key)},
                roster=bool(identity["roster"]),
                keep_names=identity["keep_names"] == "True",
                replacing=json.loads(identity.get("replacing") or "{}"),
                review=identity.get("review", ""),
                protocol=Protocol.parsed(identity["protocol"]),
            )
        except (KeyError, ValueError, TypeError, AttributeError):
            raise InputError(
                "The state beside the output does not say how it was made.",
                remedy="It was made by another version of Osler: run it anew with --overwrite.",
            ) from None

    def flags(self) -> frozenset[str]:
        """What is true of the run, as `data/report.toml` names it."""
        if not self.recorded:
            return frozenset({"no_record", "texts"})
        structured = self.format in STRUCTURED and self.mode != "spans"
        given = {
            "found_only": self.mode == "spans",
            self.mode.replace("-", "_"): self.mode != "spans",
            "structured": structured,
            "texts": not structured,
            "fast": self.engine == "fast",
            "no_roster": not self.roster,
            "keeps": bool(self.protocol.keep),
            "allows": bool(self.protocol.allowed),
            "names_kept": self.keep_names,
        }
        return frozenset(name for name, holds in given.items() if holds)
