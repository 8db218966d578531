"""The one format of results. `benchmarks/result.schema.json` is its JSON Schema, made from here.

One file holds one run of one benchmark. Everything that the tables, plots and comparisons show is in
it: they are made from results and from nothing else.
"""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FORMAT: Literal["osler-benchmark/1"] = "osler-benchmark/1"
Interval = tuple[float, float]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Machine(_Strict):
    """What it ran on. `load` is the load average over one minute, before and after."""

    cpu: str
    cores: int
    memory_gib: float
    virtual: bool
    system: str
    kernel: str
    python: str
    load_before: float
    load_after: float


class Commit(_Strict):
    """The state of the source. `dirty`: files differed from it. None where git does not tell."""

    id: str | None
    dirty: bool | None


class Metric(_Strict):
    """What a figure counts; the headline metrics are plotted."""

    name: str
    unit: str
    better: Literal["lower", "higher"]
    says: str
    headline: bool


class Figure(_Strict):
    """One contender, one case, one metric: a value for each round, null where the round did not end well.

    `ci` is the 95 % interval of the median. `noisy`: the middle half of the rounds spans more than
    15 % of the median.
    """

    contender: str
    case: str
    metric: str
    unit: str
    better: Literal["lower", "higher"]
    values: tuple[float | None, ...]
    median: float
    min: float
    max: float
    ci: Interval | None
    noisy: bool


class Ratio(_Strict):
    """`contender` divided by `to`: the median of the rounds' ratios, with its 95 % interval.

    `floor`: `to` is the least that the work costs; `peer`: another way to do it.
    """

    contender: str
    to: str
    case: str
    metric: str
    kind: Literal["peer", "floor"]
    value: float
    ci: Interval | None
    rounds: int


class Absent(_Strict):
    """A contender that was not measured, or not to the end, and why.

    `missing`: it is not to be had here; `failed`: it should have worked. `round` is null when it did
    not start.
    """

    contender: str
    kind: Literal["missing", "failed"]
    case: str | None
    round: int | None
    reason: str


class Result(_Strict):
    """One run of one benchmark. `when` is the start, UTC, ISO 8601; `versions` by package."""

    format: Literal["osler-benchmark/1"] = Field(FORMAT, alias="schema")
    name: str
    title: str
    when: str
    seconds: float
    machine: Machine
    versions: dict[str, str]
    commit: Commit
    settings: dict[str, str | int | float | bool]
    contenders: tuple[str, ...]
    cases: tuple[str, ...]
    metrics: tuple[Metric, ...]
    figures: tuple[Figure, ...]
    ratios: tuple[Ratio, ...]
    absent: tuple[Absent, ...]
    notes: tuple[str, ...]

    def to_json(self) -> str:
        """The file's text."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False) + "\n"


def read(path: Path) -> Result:
    """The result in a file. Raises ValueError, with the first fault, for anything else."""
    try:
        return Result.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from None
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the whole"
        raise ValueError(f"{path} is no benchmark result: {place}: {fault['msg']}") from None


def json_schema() -> str:
    """The JSON Schema of the format, as `result.schema.json` holds it."""
    schema = Result.model_json_schema(by_alias=True, mode="serialization")
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": FORMAT, **schema}
    return json.dumps(whole, indent=1, sort_keys=True) + "\n"
