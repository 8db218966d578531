"""A report as Markdown."""

import re

from osler.deid.report.blocks import Block, Facts, Paragraph, Picture, Table, Terms
from osler.deid.report.contents import TITLE, Report, sections

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def markdown(report: Report) -> str:
    """The report as one Markdown text."""
    parts = [f"# {TITLE}"]
    for section in sections(report):
        parts.append(f"## {section.title}")
        parts += [written for block in section.blocks if (written := _block(block))]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            text = _plain(block.text)
            return f"**{text}**" if block.strong else text
        case Facts():
            return _table(("", ""), block.rows, 2)
        case Table():
            return _table(block.columns, block.rows, block.numbers)
        case Terms():
            return "\n".join(f"- **{_plain(title)}.** {_plain(text)}" for title, text in block.rows)
        case Picture():
            return ""


def _table(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], numbers: int) -> str:
    rule = ["---" if at < numbers else "---:" for at in range(len(columns))]
    lines = [columns, tuple(rule), *rows]
    return "\n".join(
        "| " + " | ".join(cell if row is lines[1] else _plain(cell) for cell in row) + " |" for row in lines
    )


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
