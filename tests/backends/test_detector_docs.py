"""The page on plug-in detectors: what it shows can be copied, and each option stands in it with its default."""

import re
import tomllib
from pathlib import Path

import pytest

from osler.app import config as configuration
from osler.backends.detectors.gliner import GlinerOptions
from osler.backends.detectors.onnx_tokens import OnnxTokensOptions
from osler.backends.detectors.options import Options, checked
from osler.backends.detectors.presidio import PresidioOptions
from osler.backends.detectors.remote import RemoteOptions
from osler.backends.detectors.transformers_tokens import TransformersTokensOptions
from osler.core import registry

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "detector-plugins.md").read_text(encoding="utf-8")
KINDS: dict[str, type[Options]] = {
    "gliner": GlinerOptions,
    "onnx_tokens": OnnxTokensOptions,
    "presidio": PresidioOptions,
    "remote": RemoteOptions,
    "transformers_tokens": TransformersTokensOptions,
}


@pytest.mark.parametrize("name", KINDS)
def test_its_example_is_a_configuration(name: str) -> None:
    (example,) = [b for b in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if f'["{name}"]' in b]
    config = configuration.parse(tomllib.loads(example))
    assert config.deid.extra_detectors == (name,)
    assert name in registry.known("detectors")
    checked(KINDS[name], name, config.deid.options[name])


@pytest.mark.parametrize("name", KINDS)
def test_each_option_stands_in_its_section(name: str) -> None:
    section = PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]
    shared = PAGE.split("\n## onnx_tokens\n")[1].split("\n## ")[0] if name == "transformers_tokens" else ""
    for option, field in KINDS[name].model_fields.items():
        rows = [
            r
            for r in (section + shared).splitlines()
            if r.startswith("| ") and f"`{option}`" in r.split("|")[1]
        ]
        assert rows, option
        if isinstance(field.default, int | float) and rows[0].count("`") > 2 and "As above" not in rows[0]:
            default = field.default
            shown = str(default).lower() if isinstance(default, bool) else f"{default:g}"
            assert f"| `{shown}` |" in rows[0], option
