"""The picture of floors and rooms, from the import-linter table in `pyproject.toml` and the packages in the tree.

A room's words are the first sentence of its package's docstring; a room that is in the table and not in the tree, or
the other way round, is an error.
"""

import ast
import textwrap
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FLOORS = {
    "selftest": "checks of the whole",
    "api": "edges",
    "app": "configuration and wiring",
    "gateway": "workflows",
    "deid": "engines and adapters",
    "lexicon": "ground",
    "core": "nouns, ports, errors",
}
"""What a floor is called, by its first room."""

WIDE, LETTERS = 1050, 17


def description() -> dict[str, Any]:
    """A description as draw.py takes it: a row for each floor, a box for each room."""
    floors = layers()
    _compare(floors)
    most = max(len(rooms) for rooms in floors)
    boxes: list[dict[str, Any]] = []
    columns = [118, *([(WIDE - 118 - 10 * most) // most] * most)]
    for row, rooms in enumerate(floors):
        label = FLOORS.get(rooms[0], "")
        boxes.append(
            {"id": f"floor-{row}", "at": [0, row], "kind": "plain", "title": f"{len(floors) - row - 1}"}
        )
        boxes[-1]["text"] = textwrap.wrap(label, 15)
        share = most // len(rooms)
        for number, room in enumerate(rooms):
            wide = share if number < len(rooms) - 1 else most - share * (len(rooms) - 1)
            letters = LETTERS * wide + 2 * (wide - 1)
            text = textwrap.wrap(purpose(room), letters, break_long_words=False, break_on_hyphens=False)
            kind = "store" if room in ("stores", "backends", "testing") else "guard" if row == 4 else "step"
            boxes.append({"id": room, "at": [1 + number * share, row], "size": [wide, 1], "kind": kind})
            boxes[-1] |= {"title": room, "text": text}
    rows = [30 + 17 * max(len(b["text"]) for b in boxes if b["at"][1] == row) for row in range(len(floors))]
    words = "; ".join(f"{len(floors) - n - 1} {', '.join(rooms)}" for n, rooms in enumerate(floors))
    return {
        "title": "Floors and rooms of Osler",
        "alt": f"Packages in floors; each imports only from floors below its own. From the top: {words}.",
        "columns": columns,
        "rows": rows,
        "gap": 10,
        "boxes": boxes,
    }


def layers() -> list[list[str]]:
    """The floors from the top, each with its rooms."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = next(c for c in table["contracts"] if c["type"] == "layers")
    return [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]


def purpose(room: str) -> str:
    """What a room is for: the first sentence of its docstring, without its mark."""
    tree = ast.parse((ROOT / "src" / "osler" / room / "__init__.py").read_text(encoding="utf-8"))
    text = " ".join((ast.get_docstring(tree) or "").split("\n\n")[0].split())
    if not text:
        raise ValueError(f"the room {room} has no docstring")
    return text.replace("`", "").split(". ")[0].split("; ")[0].split(": <")[0].rstrip(".:")


def _compare(floors: list[list[str]]) -> None:
    """The table and the tree hold the same rooms."""
    here = {p.parent.name for p in (ROOT / "src" / "osler").glob("*/__init__.py")}
    told = {room for rooms in floors for room in rooms}
    if here != told:
        raise ValueError(f"in the tree or in the table only: {', '.join(sorted(here ^ told))}")
