"""The house's rules on size and form. There is no allow-list: what does not fit is redesigned."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = sorted((ROOT / "src" / "osler").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCE) > 60
    assert len(TESTS) > 20


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_file_is_short_enough(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 500


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_functions_are_short_and_take_few_parameters(path: Path) -> None:
    for node in functions(path):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        assert lines <= 60, f"{node.name} has {lines} lines"
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = len([a for a in given if a.arg not in ("self", "cls")])
        assert count <= 7, f"{node.name} takes {count} parameters"


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_no_global_and_no_own_import_inside_a_function(path: Path) -> None:
    for function in functions(path):
        for node in ast.walk(function):
            assert not isinstance(node, ast.Global), f"global in {function.name}"
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("osler"), f"own import inside {function.name}"
            if isinstance(node, ast.Import):
                assert not any(a.name.startswith("osler") for a in node.names), (
                    f"own import in {function.name}"
                )


def test_only_the_command_line_imports_our_own_modules_by_name() -> None:
    offenders = []
    for path in SOURCE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func)):
                continue
            argument = node.args[0] if node.args else None
            foreign = isinstance(argument, ast.Constant) and not str(argument.value).startswith("osler")
            if not foreign:
                offenders.append(name(path))
    assert set(offenders) == {"src/osler/cli/__init__.py"}


def test_core_is_small() -> None:
    lines = sum(p.read_text(encoding="utf-8").count("\n") for p in SOURCE if "core" in p.parts)
    assert lines < 2500


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_everything_public_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module has no docstring"
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


@pytest.mark.parametrize("path", [*SOURCE, *TESTS], ids=name)
def test_no_mocks_and_no_patching(path: Path) -> None:
    if path == Path(__file__):
        return
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"unittest\.mock|from unittest import mock|monkeypatch\.setattr|mocker\b", text)


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_no_leftovers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"TODO|FIXME|XXX|NotImplementedError|not implemented", text)


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_no_vague_module_names(path: Path) -> None:
    assert not {"utils", "helpers", "manager", "common", "util", "misc"} & {*path.parts, path.stem}
