"""The documentation: what it takes from the code is up to date, what it shows is well formed, its links lead somewhere."""

import inspect
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import typer.main
from pydantic import BaseModel

from docs_pages import DOCS, MARKERS, NOT_RUN, ROOT, Block, github_slug, not_run, pages, read
from osler.app import config as configuration
from osler.cli.root import app
from osler.core import errors

PAGES = pages()
LANGUAGES = {
    "bash",
    "caddy",
    "console",
    "dockerfile",
    "http",
    "ini",
    "json",
    "jsonl",
    "nginx",
    "python",
    "setup",
    "sh",
    "text",
    "toml",
    "yaml",
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tables() -> set[str]:
    """What the reference takes from the code."""
    return set(
        re.findall(r"<!-- generated: ([^>]+?) -->", "".join(p.read_text(encoding="utf-8") for p in PAGES))
    )


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models of the tables of `osler.toml`."""
    for field in model.model_fields.values():
        for part in re.findall(r"osler\.(\w+)\.config\.(?:\w+\.)?(\w+)", str(field.annotation)):
            found = getattr(sys.modules[f"osler.{part[0]}.config"], part[1])
            if inspect.isclass(found) and issubclass(found, BaseModel):
                yield found
                yield from models(found)


def commands(group: Any, path: str = "osler") -> Iterator[str]:
    for key, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {key}")
        else:
            yield f"{path} {key}"


@pytest.mark.parametrize("script", ["docs/generate.py", "docs/pictures/draw.py"])
def test_what_comes_from_the_code_is_up_to_date(script: str) -> None:
    command = [sys.executable, str(ROOT / script), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_table_of_the_configuration_is_in_the_reference() -> None:
    wanted = {f"keys {m.__module__.split('.')[1]}.{m.__name__}" for m in models(configuration.Config)}
    wanted = {w for w in wanted if "SecretReference" not in w}  # the same as gateway.Secret
    assert len(wanted) > 12
    assert wanted <= tables()


def test_each_command_has_its_section_and_its_table() -> None:
    wanted = set(commands(typer.main.get_command(app)))
    assert len(wanted) > 20
    assert {f"options {path}" for path in wanted} <= tables()
    headings = read(DOCS / "reference" / "cli.md").headings
    assert wanted <= set(headings)


def test_exit_codes_are_in_the_table_of_exit_codes() -> None:
    section = (
        (DOCS / "reference" / "cli.md")
        .read_text(encoding="utf-8")
        .split("## Exit codes")[1]
        .split("\n## ")[0]
    )
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.OslerError)]
    assert len(kinds) > 12
    for kind in kinds:
        assert f"\n| {kind.exit_code} | " in section, kind.code


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_blocks_are_well_formed(path: Path) -> None:
    for block in read(path).blocks:
        assert block.language in LANGUAGES, f"{block.place}: the language '{block.language}'"
        reason = block.marker("not run")
        assert reason is None or reason in NOT_RUN, f"{block.place}: '{reason}' is no reason"
        _well_formed(block)


def _well_formed(block: Block) -> None:
    """A block that is not run can at least be read."""
    if block.language == "toml":
        table = tomllib.loads(block.text)
        if "project" not in table and block.marker("fragment") is None:
            configuration.parse(table)
    elif block.language in ("json", "jsonl") and block.marker("output") is None:
        try:
            json.loads(block.text)
        except json.JSONDecodeError:
            for line in block.text.splitlines():
                json.loads(line)
    elif block.language == "python":
        compile(block.text, block.place, "exec")


def test_a_reason_that_nobody_gives_is_no_reason() -> None:
    assert {reason for _, reason in not_run()} <= set(NOT_RUN)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_comment_is_a_misspelt_marker(path: Path) -> None:
    page = read(path)
    assert not page.lost, f"{page.name}: before no block, or without a fence: {page.lost}"
    for comment in page.comments:
        assert MARKERS.fullmatch(comment) or re.match(r"generated: |end$", comment), (
            f"{page.name}: <!-- {comment.splitlines()[0]} -->"
        )


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    for link in read(path).links:
        where = f"{name(path)}:{link.line} links to {link.target}"
        parts = urlsplit(link.target)
        if parts.scheme in ("http", "https"):
            assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}|127\.0\.0\.1:\d+", parts.netloc), where
            continue
        assert parts.scheme in ("", "mailto"), where
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        assert target.exists(), where
        assert target.is_relative_to(ROOT), where
        if parts.fragment:
            assert target.suffix == ".md", where
            assert parts.fragment in read(target).anchors, where
        if link.picture:
            assert len(link.alt) > 20, f"{where} without words for those who do not see it"


@pytest.mark.parametrize(
    "title", ["`osler kb add`", "Workers, Ray, memory", "1. See it work", "rate_limit", "A (b) – c?"]
)
def test_anchors_are_those_of_the_code_host(title: str) -> None:
    plain = title.replace("`", "")
    expected = {"osler kb add": "osler-kb-add", "Workers, Ray, memory": "workers-ray-memory"}
    expected |= {"1. See it work": "1-see-it-work", "rate_limit": "rate_limit", "A (b) – c?": "a-b--c"}
    assert github_slug(plain) == expected[plain]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_page_claims_compliance(path: Path) -> None:
    assert not re.search(r"HIPAA[- ]compliant", path.read_text(encoding="utf-8"), re.IGNORECASE)
