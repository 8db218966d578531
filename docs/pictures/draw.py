"""Draws the architecture pictures: each `NAME.toml` in this folder becomes `NAME.svg`.

    python docs/pictures/draw.py            draw all
    python docs/pictures/draw.py --check    say which are stale, and end with 1 if any is

A description is a grid with boxes, frames and lines; nothing but Python's standard library draws it, and the same
description gives the same picture on every machine. Text that does not fit into its box is an error. `floors.svg` is
drawn from the import-linter table of `pyproject.toml` and the packages in the tree (`floors.py`).

    title, alt          what the picture is; `alt` says it in words
    columns, rows       widths of columns and heights of rows, in pixels; `gap` between them
    [[frames]]          at = [column, row], size = [columns, rows], title: a background behind boxes
    [[boxes]]           id, at, size (1 by 1), kind, title, text: lines below the title
    [[lines]]           from, to: ids, with a side where it matters ("a.bottom"); kind, label, both = true for two
                        heads; via = "h", "v": bend half-way, first along or first down; shift = pixels to the side;
                        label_at = [right, down]: pixels by which the label moves

Kinds of boxes: step, guard, store, outside, barred, plain. Kinds of lines: flow, data, no.
"""

import sys
import tomllib
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from floors import description as floors  # noqa: E402 - a neighbour, wherever this is started from

EDGE, PAD, TITLE, LINE = 14, 10, 20, 16
STYLE = """
.card { fill: #ffffff; stroke: #d0d7de; } .frame { fill: #f3f6f9; stroke: #8c959f; }
.step { fill: #dceafd; stroke: #1f5fa8; } .guard { fill: #d9f2e1; stroke: #1a7f45; }
.store { fill: #fff4d6; stroke: #9a6b00; } .outside, .plain { fill: #ffffff; stroke: #57606a; }
.barred { fill: #fde8e7; stroke: #b3261e; } text { fill: #1f2328; } .small { font-size: 11.5px; fill: #424a53; }
.bold { font-weight: 600; } .flow { stroke: #424a53; } .data { stroke: #9a6b00; stroke-dasharray: 4 3; }
.no { stroke: #b3261e; stroke-dasharray: 5 4; } path.flow, path.data, path.no { fill: none; stroke-width: 1.6; }
.flowhead { fill: #424a53; } .datahead { fill: #9a6b00; } .nohead { fill: #b3261e; }
@media (prefers-color-scheme: dark) {
.card { fill: #0d1117; stroke: #30363d; } .frame { fill: #161b22; stroke: #6e7681; }
.step { fill: #14304f; stroke: #6cb0ff; } .guard { fill: #12351f; stroke: #4ac26b; }
.store { fill: #3a2c07; stroke: #d9a520; } .outside, .plain { fill: #0d1117; stroke: #8b949e; }
.barred { fill: #3d1513; stroke: #ff7b72; } text { fill: #e6edf3; } .small { fill: #b7c0ca; }
.flow { stroke: #b7c0ca; } .data { stroke: #d9a520; } .no { stroke: #ff7b72; }
.flowhead { fill: #b7c0ca; } .datahead { fill: #d9a520; } .nohead { fill: #ff7b72; } }
"""


class PictureFault(Exception):
    """A description cannot be drawn."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is at most, in pixels: by kinds of letters, since fonts differ."""
    units = sum(
        0.33 if c in " .,:;'|!ijlt()[]/" else 0.9 if c in "MWmw@—…" else 0.7 if c.isupper() else 0.6
        for c in text
    )
    return units * size * (1.06 if bold else 1.0)


class Picture:
    """One description, laid out. `svg()` is the drawing."""

    def __init__(self, name: str, source: dict[str, Any]) -> None:
        self.name, self.source = name, source
        self.gap = source.get("gap", 24)
        self.columns, self.rows = source["columns"], source["rows"]
        self.boxes = {box["id"]: box for box in source.get("boxes", ())}

    def area(self, item: dict[str, Any]) -> tuple[float, float, float, float]:
        """Left, top, width and height of a box or frame."""
        (column, row), (wide, high) = item["at"], item.get("size", [1, 1])
        left = EDGE + sum(self.columns[:column]) + self.gap * column
        top = EDGE + sum(self.rows[:row]) + self.gap * row
        w = sum(self.columns[column : column + wide]) + self.gap * (wide - 1)
        h = sum(self.rows[row : row + high]) + self.gap * (high - 1)
        return left, top, w, h

    def svg(self) -> str:
        """The picture as SVG, for light and dark pages."""
        w = 2 * EDGE + sum(self.columns) + self.gap * (len(self.columns) - 1)
        h = 2 * EDGE + sum(self.rows) + self.gap * (len(self.rows) - 1)
        heads = "".join(_head(kind) for kind in ("flow", "data", "no"))
        body = [*self._frames(), *self._lines(), *self._boxes(), *self._labels()]
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:g} {h:g}" role="img" '
                'aria-labelledby="title desc" '
                "font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\" font-size=\"13\">",
                f"<!-- drawn by docs/pictures/draw.py from {self.name}.toml; do not edit -->",
                f'<title id="title">{escape(self.source["title"])}</title>',
                f'<desc id="desc">{escape(self.source["alt"])}</desc>',
                f"<style>{STYLE}</style>",
                f"<defs>{heads}</defs>",
                f'<rect class="card" x="0.5" y="0.5" width="{w - 1:g}" height="{h - 1:g}" rx="12"/>',
                *body,
                "</svg>\n",
            ]
        )

    def _frames(self) -> Iterator[str]:
        for frame in self.source.get("frames", ()):
            x, y, w, h = self.area(frame)
            size = f'width="{w + 2 * PAD:g}" height="{h + 2 * PAD:g}"'
            yield f'<rect class="frame" x="{x - PAD:g}" y="{y - PAD:g}" {size} rx="10"/>'
            yield f'<text class="bold" x="{x:g}" y="{y + 8:g}">{escape(frame.get("title", ""))}</text>'

    def _boxes(self) -> Iterator[str]:
        for box in self.boxes.values():
            x, y, w, h = self.area(box)
            yield f'<rect class="{box.get("kind", "plain")}" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="6"/>'
            lines = [(box["title"], "bold", 13.0), *((t, "small", 11.5) for t in box.get("text", ()))]
            tall = TITLE + LINE * (len(lines) - 1)
            if tall > h:
                raise PictureFault(f"{self.name}: {len(lines)} lines do not fit into '{box['title']}'")
            for number, (text, style, size) in enumerate(lines):
                if width(text, size, bold=style == "bold") > w - 8:
                    raise PictureFault(f"{self.name}: '{text}' does not fit into its box")
                down = y + (h - tall) / 2 + 14 + (LINE * number + (2 if number else 0))
                yield (
                    f'<text class="{style}" x="{x + w / 2:g}" y="{down:g}" text-anchor="middle">{escape(text)}</text>'
                )

    def _end(self, name: str, other: str) -> tuple[float, float, str]:
        """Where a line begins or ends: the middle of a side; without one, the side that faces the other box."""
        identity, _, side = name.partition(".")
        if identity not in self.boxes:
            raise PictureFault(f"{self.name}: no box '{identity}'")
        x, y, w, h = self.area(self.boxes[identity])
        if not side:
            ox, oy, ow, oh = self.area(self.boxes[other.partition(".")[0]])
            dx, dy = ox + ow / 2 - x - w / 2, oy + oh / 2 - y - h / 2
            across = abs(dx) - (w + ow) / 2 > abs(dy) - (h + oh) / 2
            side = ("right" if dx > 0 else "left") if across else ("bottom" if dy > 0 else "top")
        places = {
            "left": (x, y + h / 2),
            "right": (x + w, y + h / 2),
            "top": (x + w / 2, y),
            "bottom": (x + w / 2, y + h),
        }
        return (*places[side], side)

    def _path(self, line: dict[str, Any]) -> list[tuple[float, float]]:
        x1, y1, side1 = self._end(line["from"], line["to"])
        x2, y2, side2 = self._end(line["to"], line["from"])
        shift, via = line.get("shift", 0), line.get("via")
        upright1, upright2 = side1 in ("top", "bottom"), side2 in ("top", "bottom")
        x1, y1 = (x1 + shift, y1) if upright1 else (x1, y1 + shift)
        x2, y2 = (x2 + shift, y2) if upright2 else (x2, y2 + shift)
        if upright1 != upright2:
            return [(x1, y1), (x1, y2) if upright1 else (x2, y1), (x2, y2)]
        if upright1:
            if via != "v" and (line.get("straight") or abs(x1 - x2) < 60):
                x = self._within(line, x1, x2)
                return [(x, y1), (x, y2)]
            middle = (y1 + y2) / 2
            return [(x1, y1), (x1, middle), (x2, middle), (x2, y2)]
        if via != "h" and (line.get("straight") or abs(y1 - y2) < 3):
            return [(x1, y1), (x2, y1)]
        middle = (x1 + x2) / 2
        return [(x1, y1), (middle, y1), (middle, y2), (x2, y2)]

    def _within(self, line: dict[str, Any], x1: float, x2: float) -> float:
        """Where an upright line runs: in the middle of the narrower of its two boxes."""
        widths = [self.area(self.boxes[line[end].partition(".")[0]])[2] for end in ("from", "to")]
        return x1 if widths[0] <= widths[1] else x2

    def _lines(self) -> Iterator[str]:
        for line in self.source.get("lines", ()):
            kind, points = line.get("kind", "flow"), self._path(line)
            path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
            start = f' marker-start="url(#{kind})"' if line.get("both") else ""
            yield f'<path class="{kind}" d="{path}"{start} marker-end="url(#{kind})"/>'

    def _labels(self) -> Iterator[str]:
        for line in self.source.get("lines", ()):
            if "label" in line:
                points = self._path(line)
                longest = max(
                    pairwise(points),
                    key=lambda p: abs(p[0][0] - p[1][0]) + abs(p[0][1] - p[1][1]),
                )
                (x1, y1), (x2, y2) = longest
                right, down = line.get("label_at", [0, 0])
                upright = abs(x1 - x2) < 1
                x, y = (
                    (x1 + x2) / 2 + (6 if upright else 0) + right,
                    (y1 + y2) / 2 + (4 if upright else -5) + down,
                )
                anchor = "start" if upright else "middle"
                yield f'<text class="small" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(line["label"])}</text>'


def _head(kind: str) -> str:
    return (
        f'<marker id="{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
        f'markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
        f'<path class="{kind}head" d="M0 0 10 5 0 10z"/></marker>'
    )


def drawn() -> Iterator[tuple[Path, str]]:
    """Every picture: its file, and what has to stand in it."""
    for path in sorted(HERE.glob("*.toml")):
        source = tomllib.loads(path.read_text(encoding="utf-8"))
        yield path.with_suffix(".svg"), Picture(path.stem, source).svg()
    yield HERE / "floors.svg", Picture("floors", floors()).svg().replace("floors.toml", "pyproject.toml")


def main() -> int:
    """The command."""
    check, stale = "--check" in sys.argv[1:], 0
    for path, text in drawn():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale += 1
            if not check:
                path.write_text(text, encoding="utf-8")
            print(f"{path.name}: {'stale; run python docs/pictures/draw.py' if check else 'drawn'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (PictureFault, ValueError) as fault:
        sys.exit(f"draw.py: {fault}")
