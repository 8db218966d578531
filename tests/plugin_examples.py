"""The example packages of third parties, for the tests that install them: where they are, and how they are used together."""

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLES = tuple(sorted((ROOT / "examples").glob("osler-*-example")))
TOML = """
[destinations.ward]
use = "json_lines"
url = "{url}"
location = "on-premises"
models.tiny = {{ id = "tiny" }}

[deid]
engine = "fast"
extra_detectors = ["study_codes"]
options.study_codes = {{ prefix = "ABC" }}

[knowledge]
readers = ["lab_table", "fhir", "guideline", "text"]

[guardrails]
checks = ["allergy", "citations", "potassium"]
options.potassium = {{ high = 10.0 }}

[gateway.estimators]
task = "prefixes"
options.prefixes = {{ words = {{ DS = "discharge-summary" }} }}
"""
"""A configuration that uses all five; `url` is where the stand-in of the backend's example serves."""

LABS = """patient;name;born;taken;loinc;test;value;unit
4711;"Quillon, Zythar";1931-02-28;2026-03-01;2823-3;Potassium;5.9;mmol/L
"""


def pip_install(target: Path, python: str = sys.executable) -> list[str]:
    """The command that installs all examples into a folder, with what is installed here and nothing from anywhere."""
    quiet = ["--quiet", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation"]
    return [python, "-m", "pip", "install", *quiet, *offline, "--target", str(target), *map(str, EXAMPLES)]


def own_tests(
    environment: Mapping[str, str], python: str = sys.executable
) -> tuple[list[str], dict[str, str]]:
    """The command that runs the examples' own tests, and its environment."""
    folders = [str(example / "tests") for example in EXAMPLES]
    return [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *folders], {
        **environment,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
