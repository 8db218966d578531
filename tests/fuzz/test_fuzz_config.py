"""Configuration: whatever stands in the file, a Config or a ConfigError that names the place and holds no value."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from fuzz_oracle import in_time, value_or_refusal
from fuzz_profile import examples
from fuzz_strategies import changed, names, nested, spliced
from hypothesis import given
from hypothesis import strategies as st
from run_atheris import load as target

from osler.app.config import Config, load, parse
from osler.core.errors import ConfigError

TARGET = target("config")
WHOLE: Any = tomllib.loads(TARGET.WHOLE)
SEEDS = tuple(TARGET.seeds())


def parsed(table: Any) -> Config | None:
    with in_time(10_000):
        return value_or_refusal(lambda: parse(table), ConfigError)


@examples(60)
@given(changed([WHOLE], names))
def test_a_configuration_with_something_changed(table: Any) -> None:
    if isinstance(table, dict):
        config = parsed(table)
        assert config is None or len(config.digest()) == 64


@examples(30)
@given(st.dictionaries(st.sampled_from((*WHOLE, "sever")), nested(names), max_size=4))
def test_any_table(table: dict[str, Any]) -> None:
    value_or_refusal(lambda: parse(table), ConfigError)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("toml") / "osler.toml"


@examples(50)
@given(spliced(SEEDS, TARGET.TOKENS))
def test_any_file(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with in_time(len(data)):
        value_or_refusal(lambda: load(file), ConfigError)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 20_000,
        "[" + ".".join("a" * 20_000) + "]",
        ".".join("a" * 20_000) + " = 1",
        "x = " + "9" * 50_000,
        "x = 0." + "9" * 50_000,
        'x = "' + "a" * 500_000,
        "\n".join(f"[t{n}]\nx = {n}" for n in range(5_000)),
        "[destinations]\n" + "\n".join(f"d{n} = {{}}" for n in range(2_000)),
        "deid.allow = [" + "7," * 20_000 + "]",
        "# " + "é" * 300_000,
    ],
    ids=lambda text: text[:12],
)
def test_large_files_are_told_of_in_time(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    with in_time(len(text)):
        value_or_refusal(lambda: load(file), ConfigError)


def test_the_seed_is_a_configuration() -> None:
    assert parsed(WHOLE) is not None, "else nothing beyond its first fault would be tried"
