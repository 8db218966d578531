"""The chart's values against its own schema. Helm itself renders it in tests/ci/test_ci_chart.py."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

import osler

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "osler"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
WRONG: dict[str, tuple[str, object]] = {
    "a misspelt key": ("replica", 2),
    "no replica": ("replicas", 0),
    "replicas as text": ("replicas", "2"),
    "a misspelt key deeper down": ("vaultKey.existingsecret", "x"),
    "a port that is none": ("service.port", 99999),
    "root": ("podSecurityContext.runAsNonRoot", False),
    "root by number": ("podSecurityContext.runAsUser", 0),
    "a digest that is none": ("image.digest", "sha256:12"),
    "a Secret's name that is none": ("database.existingSecret", "My Secret"),
    "a volume that several nodes may write": ("persistence.accessMode", "ReadWriteMany"),
    "a secret that would hide the vault's": ("secrets", [{"name": "vault", "existingSecret": "x"}]),
}


def changed(path: str, value: object) -> dict[str, Any]:
    values = deepcopy(VALUES)
    *parents, last = path.split(".")
    table = values
    for parent in parents:
        table = table[parent]
    table[last] = value
    return values


def test_the_shipped_values_fit_and_all_are_described() -> None:
    jsonschema_rs.validate(SCHEMA, VALUES)
    assert set(VALUES) == set(SCHEMA["properties"]) - {"global"}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_refused(name: str) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(SCHEMA, changed(*WRONG[name]))


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == osler.__version__
