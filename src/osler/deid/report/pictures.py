"""Two pictures as SVG, drawn here: bars of counts, and intervals of shares. Each reads without colour."""

from collections.abc import Sequence
from html import escape
from math import floor, log10

_FONT = 'font-family="system-ui, Helvetica, Arial, sans-serif" font-size="13"'
_WIDTH, _LEFT, _RIGHT, _ROW = 760, 150, 80, 26
_INK, _BAR, _GRID = "#1b1f24", "#3d6b99", "#d5d9de"


def bars(rows: Sequence[tuple[str, int]], title: str) -> str:
    """A horizontal bar for each name, with its count behind it."""
    most = max((count for _, count in rows), default=0) or 1
    room = _WIDTH - _LEFT - _RIGHT
    drawn = []
    for at, (name, count) in enumerate(rows):
        y, width = at * _ROW, count / most * room
        drawn.append(
            f'<text x="{_LEFT - 10}" y="{y + 17}" text-anchor="end" fill="{_INK}">{escape(name)}</text>'
            f'<rect x="{_LEFT}" y="{y + 4}" width="{width:.1f}" height="{_ROW - 8}" fill="{_BAR}"/>'
            f'<text x="{_LEFT + width + 6:.1f}" y="{y + 17}" fill="{_INK}">{count:,}</text>'
        )
    return _svg(len(rows) * _ROW + 4, title, "".join(drawn))


def intervals(rows: Sequence[tuple[str, float, float, float]], title: str) -> str:
    """For each (name, value, low, high), shares, a line from low to high and a dot at the value, over one scale."""
    top = _rounded(max(high for *_, high in rows))
    room, bottom = _WIDTH - _LEFT - _RIGHT, len(rows) * 34 + 6
    drawn = [
        f'<line x1="{_LEFT + part / 4 * room:.1f}" y1="0" x2="{_LEFT + part / 4 * room:.1f}" y2="{bottom}" '
        f'stroke="{_GRID}"/><text x="{_LEFT + part / 4 * room:.1f}" y="{bottom + 16}" text-anchor="middle" '
        f'fill="{_INK}">{_share(top * part / 4)}</text>'
        for part in range(5)
    ]
    for at, (name, value, low, high) in enumerate(rows):
        y = at * 34 + 20
        x, x1, x2 = (_LEFT + share / top * room for share in (value, low, high))
        drawn.append(
            f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end" fill="{_INK}">{escape(name)}</text>'
            f'<path d="M{x1:.1f} {y - 6}V{y + 6}M{x1:.1f} {y}H{x2:.1f}M{x2:.1f} {y - 6}V{y + 6}" '
            f'stroke="{_BAR}" stroke-width="2.5" fill="none"/>'
            f'<circle cx="{x:.1f}" cy="{y}" r="5.5" fill="{_INK}"/>'
        )
    return _svg(bottom + 24, title, "".join(drawn))


def _svg(height: int, title: str, drawn: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" {_FONT}>'
        f"<title>{escape(title)}</title>{drawn}</svg>"
    )


def _rounded(share: float) -> float:
    """An end of the scale, at most 1, whose quarters are short numbers."""
    unit = 10.0 ** floor(log10(share)) if share > 0 else 1.0
    return min(1.0, next(step * unit for step in (1, 2, 3, 4, 6, 8, 10) if share <= step * unit * (1 + 1e-9)))


def _share(value: float) -> str:
    return f"{value * 100:.3g} %"
