"""Finds the benchmarks: modules in the benchmarks folder, or one folder down, with a function `benchmark`.

A module that is itself called `benchmark` has the name of its folder.
"""

import ast
import difflib
import importlib.util
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from runner.contenders import Benchmark, BenchmarkError, Settings

_NOT = {"runner", "servers", "results"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A benchmark's name, its file, and the first line of its docstring."""

    name: str
    path: Path
    says: str


def entries(folder: Path) -> dict[str, Entry]:
    """All benchmarks by name (`audit`, `deid/speed`), without running any of their code."""
    found = {}
    for path in sorted([*folder.glob("*.py"), *folder.glob("*/*.py")]):
        if path.parent.name in _NOT:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "benchmark" for node in tree.body):
            place = (
                path.parent if path.stem == "benchmark" and path.parent != folder else path.with_suffix("")
            )
            name = place.relative_to(folder).as_posix()
            says = (ast.get_docstring(tree) or "").partition("\n")[0]
            found[name] = Entry(name=name, path=path, says=says)
    return found


def find(folder: Path, name: str) -> Entry:
    """The benchmark of that name. Raises ValueError, with the nearest name."""
    known = entries(folder)
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, 1)
    hint = f" Did you mean '{near[0]}'?" if near else f" There are: {', '.join(known) or 'none'}."
    raise ValueError(f"there is no benchmark '{name}'.{hint}")


def load(entry: Entry) -> Callable[[Settings], AbstractContextManager[Benchmark]]:
    """The benchmark's function. Its folder joins the import path, for modules beside it. Raises BenchmarkError."""
    folder = str(entry.path.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(f"benchmark_{entry.name.replace('/', '_')}", entry.path)
    if spec is None or spec.loader is None:
        raise BenchmarkError(f"{entry.path.name} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        raise BenchmarkError(f"'{entry.name}' cannot be loaded: {error}") from error
    function: Callable[[Settings], AbstractContextManager[Benchmark]] = module.benchmark
    return function
