"""The documentation site: it builds without warnings, is whole, and neither links nor loads what is not in it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from docs_pages import ROOT, pages, read

pytest.importorskip("mkdocs", reason="mkdocs is not installed; `make docs` installs it")
pytestmark = pytest.mark.xdist_group("site")
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}


@dataclass
class Html(HTMLParser):
    """A page of the site: what it loads, links and names, and how often it has which element."""

    path: Path
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    text: str = ""
    _article: int = 0
    _code: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        self.ids |= {given[k] for k in ("id", "name") if k in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if LOADED.get(tag, "") in given and given.get("rel") not in ("canonical", "prev", "next", "edit"):
            self.loads.append(given[LOADED[tag]])
        self._article += tag == "article"
        if self._article:
            self.counts[tag] = self.counts.get(tag, 0) + 1
            self._code += tag in ("code", "pre")

    def handle_endtag(self, tag: str) -> None:
        self._article -= tag == "article"
        self._code -= bool(self._article) and tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        if self._article and not self._code:
            self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. No network is used: a proxy that is not there would fail every request."""
    target = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)],
        cwd=ROOT,
        env={
            **os.environ,
            "NO_MKDOCS_2_WARNING": "1",
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
        },
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="module")
def built(site: Path) -> dict[Path, Html]:
    """Every page of the site."""
    return {path: Html(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}


def source_of(path: Path, site: Path) -> Path:
    """The Markdown file behind a page."""
    sys.path.insert(0, str(ROOT / "docs" / "tools"))
    try:
        import hooks  # noqa: PLC0415 - not a package of ours: a file that mkdocs loads
    finally:
        sys.path.pop(0)
    return ROOT / str(hooks.source_of(path.relative_to(site).with_suffix(".md").as_posix()))


def test_every_page_of_the_documentation_is_in_the_site(site: Path, built: dict[Path, Html]) -> None:
    assert {source_of(path, site) for path in built} == set(pages())


def test_nothing_is_loaded_from_elsewhere(site: Path, built: dict[Path, Html]) -> None:
    loads = [(path, target) for path, page in built.items() for target in page.loads]
    assert len(loads) > 100
    assert not [
        f"{path.name}: {t}"
        for path, t in loads
        if urlsplit(t).scheme not in ("", "data") or t.startswith("//")
    ]
    for path in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//|@import", path.read_text(encoding="utf-8")), path.name
    assert not [p for p in site.rglob("*") if p.suffix in (".woff", ".woff2", ".ttf")]


def test_links_and_anchors_are_in_the_site(site: Path, built: dict[Path, Html]) -> None:
    faults = []
    for path, page in built.items():
        for target in [*page.links, *page.loads]:
            parts = urlsplit(target)
            if parts.scheme in ("http", "https", "data", "mailto"):
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = there / "index.html" if there.is_dir() else there
            whole = there.is_file() and site in there.parents
            named = built[there].ids | {""} if whole and there in built else {parts.fragment}
            if not whole or parts.fragment not in named:
                faults.append(f"{path.relative_to(site)} → {target}")
    assert not faults


def test_pages_read_as_they_do_on_a_code_host(site: Path, built: dict[Path, Html]) -> None:
    """Python-Markdown and CommonMark differ on lists and indented code; here they may not."""
    faults = []
    for path, page in built.items():
        source = read(source_of(path, site))
        shown = [b for b in source.blocks if b.language != "setup"]
        wanted = {
            "li": source.lists,
            "tr": source.rows,
            "pre": len(shown),
            "img": sum(x.picture for x in source.links),
        }
        got = {tag: page.counts.get(tag, 0) for tag in wanted}
        if got != wanted:
            faults.append(f"{source.name}: {got} in the site, {wanted} in the source")
        if "```" in page.text or "](" in page.text or "<!--" in page.text:
            faults.append(f"{source.name}: Markdown shows through")
    assert not faults


def test_the_search_knows_the_pages(site: Path, built: dict[Path, Html]) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    found = {entry["location"].split("#")[0] for entry in index["docs"]}
    assert {path.relative_to(site).as_posix() for path in built} <= found | {"index.html"}
    assert any("metformin" in entry["text"].lower() for entry in index["docs"])


def addresses() -> Iterator[str]:
    for path in pages():
        for link in read(path).links:
            if link.target.startswith(("http:", "https:")):
                yield link.target


def test_addresses_elsewhere_are_well_formed() -> None:
    """They are not opened: there may be no network here."""
    found = sorted(set(addresses()))
    assert len(found) > 5
    for address in found:
        parts = urlsplit(address)
        assert parts.hostname, address
        assert not re.search(r"[\s<>\"]", address), address
