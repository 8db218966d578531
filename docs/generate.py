"""Writes what the reference takes from the code into its pages: tables of keys, options, errors, routes, metrics.

    python docs/generate.py            rewrite the blocks
    python docs/generate.py --check    say which are stale, and end with 1 if any is

A block stands in a page between `<!-- generated: KIND ARGUMENT -->` and `<!-- end -->`. Everything else in a page is
prose and stays. Which kinds there are says `tools/tables.py`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.tables import TableFault, table

DOCS = Path(__file__).parent
_BLOCK = re.compile(
    r"(?P<open><!-- generated: (?P<what>[^>]+?) -->\n)(?P<body>.*?)(?P<close><!-- end -->)", re.DOTALL
)


def rewritten(text: str) -> str:
    """A page with every block as the code has it now."""

    def block(match: re.Match[str]) -> str:
        kind, _, argument = match["what"].partition(" ")
        return f"{match['open']}\n{table(kind, argument, match['body'])}\n\n{match['close']}"

    return _BLOCK.sub(block, text)


def stale(write: bool) -> Iterator[str]:
    """The pages with a block that the code has left behind; with `write` they are brought up to date."""
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        try:
            new = rewritten(text)
        except TableFault as fault:
            raise TableFault(f"{page.relative_to(DOCS)}: {fault}") from None
        if new != text:
            if write:
                page.write_text(new, encoding="utf-8")
            yield str(page.relative_to(DOCS.parent))


def main() -> int:
    """The command."""
    check = "--check" in sys.argv[1:]
    try:
        changed = list(stale(write=not check))
    except TableFault as fault:
        print(f"docs/generate.py: {fault}", file=sys.stderr)
        return 1
    for page in changed:
        print(f"{page}: {'stale; run python docs/generate.py' if check else 'rewritten'}")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
