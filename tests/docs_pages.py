"""The pages of the documentation, taken apart: code blocks with their markers, headings, links.

A marker is an HTML comment directly before a code block. It is seen in the source only:

    <!-- not run: REASON -->      the block is not run here; REASON is one of NOT_RUN
    <!-- exit: N -->              the block's last command ends with this code
    <!-- file: NAME -->           the block is written to this file instead of being run
    <!-- output -->               the block is what the last block that ran printed
    <!-- fragment -->             a toml block that is no whole configuration
    <!-- setup                    shell commands that a reader does not see: what the page takes for granted
    ... -->
    <!-- in a clone -->           the page's commands run at the root of a clone
    <!-- model server: 127.0.0.1:11434 llama3.1:8b -->  a stand-in serves this model at this address
    <!-- postgresql: NAME -->     from here on, the variable NAME holds the address of an empty PostgreSQL database

`CONTRIBUTING.md` explains them to authors.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

NOT_RUN = (
    "is the test suite itself",
    "needs a GPU",
    "needs a Kubernetes cluster",
    "needs a TLS proxy",
    "needs a cloud account",
    "needs a container engine",
    "needs a login of its own",
    "needs a model server",
    "needs a service of yours",
    "needs an extra that is not installed",
    "needs root",
    "needs systemd",
    "needs the network",
    "part of a program",
    "run by a test of its own",
    "takes too long",
)
"""The reasons for which a block may go without being run."""

_MARKER = re.compile(r"<!--\s*(.*?)\s*-->", re.DOTALL)
MARKERS = re.compile(
    r"(not run: .+|exit: \d+|file: \S+|output|fragment|setup\n.*|in a clone|model server: \S+ \S+|postgresql: \w+)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A code block: where it begins (line of its fence, from 1), its language, text and markers."""

    page: Path
    line: int
    language: str
    text: str
    markers: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def marker(self, name: str) -> str | None:
        """The value of the marker `NAME: value`, "" for one without a value, None where it is not there."""
        for marker in self.markers:
            if marker == name:
                return ""
            if marker.startswith(f"{name}: "):
                return marker.removeprefix(f"{name}: ")
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link or a picture."""

    line: int
    target: str
    picture: bool = False
    alt: str = ""


@dataclass(slots=True, kw_only=True)
class Page:
    """What stands in one file. `blocks` holds setup comments too, as blocks of the language `setup`.

    `lost` are markers that stand before no block, and code without a fence, which nothing runs.
    """

    path: Path
    blocks: list[Block] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    lists: int = 0
    rows: int = 0

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))


def pages() -> list[Path]:
    """Every file of the documentation, those at the root and beside examples and benchmarks included."""
    top = [ROOT / n for n in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    beside = [*(ROOT / "examples").glob("*/README.md"), *(ROOT / "benchmarks").rglob("README.md")]
    return [*top, *sorted(DOCS.rglob("*.md")), *sorted(beside)]


@cache
def read(path: Path) -> Page:
    """Take one file apart."""
    page = Page(path=path)
    pending: list[str] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
    for number, token in enumerate(tokens):
        if token.type == "html_block":
            pending += list(_comments(page, token))
        elif token.type == "fence":
            markers, pending = tuple(pending), []
            line = (token.map or [0])[0] + 1
            page.blocks.append(
                Block(page=path, line=line, language=token.info.strip(), text=token.content, markers=markers)
            )
        elif token.type == "code_block":
            page.lost.append("an indented code block")
        elif token.type == "heading_open":
            _heading(page, tokens[number + 1])
        elif token.type == "inline":
            page.links += _links(token)
            page.lost, pending = page.lost + pending, []
        page.lists += token.type == "list_item_open"
        page.rows += token.type == "tr_open"
    return page


def _comments(page: Page, token: Token) -> Iterator[str]:
    """The markers of an HTML block; a setup comment becomes a block of its own at once."""
    for text in _MARKER.findall(token.content):
        page.comments.append(text)
        if not MARKERS.fullmatch(text) or text == "in a clone":
            continue
        line = (token.map or [0])[0] + 1
        if text.startswith("setup"):
            body = text.removeprefix("setup") + "\n"
            page.blocks.append(Block(page=page.path, line=line, language="setup", text=body))
        else:
            yield text


def _heading(page: Page, inline: Token) -> None:
    title = "".join(t.content for t in inline.children or () if t.type in ("text", "code_inline"))
    page.headings.append(title)
    slug = github_slug(title)
    seen = sum(1 for a in page.anchors if re.fullmatch(re.escape(slug) + r"(-\d+)?", a))
    page.anchors.append(f"{slug}-{seen}" if slug in page.anchors else slug)


def _links(inline: Token) -> Iterator[Link]:
    line = (inline.map or [0])[0] + 1
    for token in inline.children or ():
        if token.type == "link_open":
            yield Link(line=line, target=str(token.attrs["href"]))
        elif token.type == "image":
            yield Link(line=line, target=str(token.attrs["src"]), picture=True, alt=token.content)


def github_slug(title: str) -> str:
    """The anchor that code hosts give a heading: small letters, no punctuation, hyphens for spaces."""
    kept = "".join(c for c in title.lower() if c in " -_" or unicodedata.category(c)[0] in "LN")
    return kept.replace(" ", "-")


def not_run() -> list[tuple[Block, str]]:
    """Every block that is not run, with the reason."""
    blocks = [b for path in pages() for b in read(path).blocks]
    return [(b, reason) for b in blocks if (reason := b.marker("not run")) is not None]
