"""A report as one HTML page: no script, nothing loaded from anywhere, pictures drawn in it, fit for printing."""

from html import escape

from osler.deid.report.blocks import Block, Facts, Paragraph, Picture, Table, Terms
from osler.deid.report.contents import TITLE, Report, sections

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1b1f24; background: #fff;
  max-width: 54rem; margin: 2rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid #c8cdd3; }
p { margin: .5rem 0; max-width: 46rem; }
p.strong { border-left: 4px solid #a33; padding: .3rem .8rem; background: #faf3f2; font-weight: 600; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #e3e6ea; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; }
table.facts th { width: 34%; font-weight: 600; }
table.facts td { overflow-wrap: anywhere; }
dt { font-weight: 600; margin-top: .6rem; }
dd { margin: .1rem 0 .4rem 1.2rem; max-width: 44rem; }
figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; display: block; }
figcaption { font-size: .85rem; color: #4a525b; margin-top: .3rem; }
@page { margin: 18mm 16mm; }
@media print {
  body { max-width: none; margin: 0; padding: 0; font-size: 10.5pt; }
  h2 { break-after: avoid; }
  tr, figure, dt, p { break-inside: avoid; }
  dt { break-after: avoid; }
  thead { display: table-header-group; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""


def html(report: Report) -> str:
    """The report as one page."""
    body = "\n".join(
        f"<section>\n<h2>{escape(section.title)}</h2>\n{''.join(_block(b) for b in section.blocks)}</section>"
        for section in sections(report)
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(TITLE)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(TITLE)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            mark = ' class="strong"' if block.strong else ""
            return f"<p{mark}>{escape(block.text)}</p>\n"
        case Facts():
            rows = "".join(
                f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>\n'
                for name, value in block.rows
            )
            return f'<table class="facts">\n<tbody>\n{rows}</tbody>\n</table>\n'
        case Table():
            return _table(block)
        case Terms():
            rows = "".join(f"<dt>{escape(t)}</dt>\n<dd>{escape(text)}</dd>\n" for t, text in block.rows)
            return f"<dl>\n{rows}</dl>\n"
        case Picture():
            return f"<figure>\n{block.svg}\n<figcaption>{escape(block.caption)}</figcaption>\n</figure>\n"


def _table(table: Table) -> str:
    def row(cells: tuple[str, ...], tag: str) -> str:
        marks = ["" if at < table.numbers else ' class="n"' for at in range(len(cells))]
        shown = (f"<{tag}{mark}>{escape(cell)}</{tag}>" for mark, cell in zip(marks, cells, strict=True))
        return f"<tr>{''.join(shown)}</tr>\n"

    body = "".join(row(cells, "td") for cells in table.rows)
    return f"<table>\n<thead>\n{row(table.columns, 'th')}</thead>\n<tbody>\n{body}</tbody>\n</table>\n"
