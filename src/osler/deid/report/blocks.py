"""What a report is made of, before it is Markdown or HTML: sections of paragraphs, facts, tables, terms, pictures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Prose; `strong` for what must not be passed over."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells; columns from `numbers` on are flush right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and values."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Titles, each with its text."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An SVG picture and what it says in words. Only pages show it: all that is in it stands in a table too."""

    svg: str
    caption: str


Block = Paragraph | Table | Facts | Terms | Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


def number(count: int) -> str:
    """A count with thousands apart."""
    return f"{count:,}"


def percent(share: float) -> str:
    """A share in per cent: two places, more where it is small."""
    value = share * 100
    if value == 0 or value >= 1:
        return f"{value:.2f} %"
    return f"{value:.2g} %" if value >= 1e-4 else "under 0.0001 %"


def between(interval: tuple[float, float]) -> str:
    """An interval of a share."""
    return f"{percent(interval[0])} to {percent(interval[1])}"
