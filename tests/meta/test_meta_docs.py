"""Each configuration field, command, error and exit code is documented; links lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from osler.app.config import Config
from osler.cli.root import app
from osler.core import errors

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def config_keys() -> Iterator[str]:
    schema = Config.model_json_schema()
    for definition in [schema, *schema["$defs"].values()]:
        yield from definition.get("properties", {})


def commands(group: Any, path: str = "osler") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


@pytest.mark.parametrize("key", sorted(set(config_keys())))
def test_each_configuration_key_is_documented(key: str) -> None:
    assert f"`{key}`" in (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8")


def test_each_command_and_option_is_documented() -> None:
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    missing = []
    for path, command in commands(typer.main.get_command(app)):
        if f"`{path}" not in text:
            missing.append(path)
        for parameter in command.params:
            missing += [f"{path} {o}" for o in parameter.opts if o.startswith("--") and o not in text]
    assert not missing


def test_each_error_is_documented_with_its_status_and_exit_code() -> None:
    text = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.OslerError)]
    assert len(kinds) > 12
    for kind in kinds:
        row = next((line for line in text.splitlines() if f"`{kind.code}`" in line and "|" in line), "")
        assert row, f"{kind.code} is not in the table"
        assert f"| {kind.status} |" in row
        assert f"| {kind.exit_code} |" in row


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_page_claims_compliance(page: Path) -> None:
    assert not re.search(r"HIPAA[- ]compliant", page.read_text(encoding="utf-8"), re.IGNORECASE)
