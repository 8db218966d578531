"""What mkdocs does beyond its own: pages of the repository's root and of examples join the site, links follow them.

The Markdown files are written for a code host: a link names a file of the repository. In the site, a link to a page
becomes a link to that page, and a link to any other file of the repository becomes a link to a copy of it as text,
under `repository/`. A link that leads nowhere fails the build.

Python-Markdown wants an empty line before a list, CommonMark does not: one is put in where it is missing.
"""

import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
DOCS = "docs"
FROM_ROOT = {
    "README.md": "index.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
}
"""Pages at the root of the repository, and where they stand in the site."""

_TARGET = re.compile(r"(?<=\]\()(<[^>]*>|[^)\s]+)(?=[)\s])")
_CODE = re.compile(r"(`+)(?:.+?)\1")


def beside() -> dict[str, str]:
    """READMEs beside examples and benchmarks, and where they stand in the site."""
    found = [*sorted(ROOT.glob("examples/*/README.md")), *sorted(ROOT.glob("benchmarks/**/README.md"))]
    names = [p.relative_to(ROOT).as_posix() for p in found]
    return {name: posixpath.dirname(name) + ".md" for name in names}


def placed() -> dict[str, str]:
    """Every page outside of docs/ by its path in the repository: its path in the site."""
    return {**FROM_ROOT, **beside()}


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that stand outside of docs/."""
    for source, target in placed().items():
        files.append(File.generated(config, target, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Turn links to files of the repository into links within the site, and give lists an empty line before them."""
    source = source_of(page.file.src_uri)
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    code = {n for t in tokens if t.type == "fence" and t.map for n in range(*t.map)}
    lists = {t.map[0] for t in tokens if t.type in ("bullet_list_open", "ordered_list_open") and t.map}
    lines: list[str] = []
    for number, line in enumerate(markdown.splitlines()):
        if number in lists and lines and lines[-1].strip():
            lines.append("")
        lines.append(line if number in code else _linked(line, source, page.file, config, files))
    return "\n".join(lines)


def source_of(uri: str) -> str:
    """The path in the repository of a page of the site."""
    back = {target: source for source, target in placed().items()}
    return back.get(uri, f"{DOCS}/{uri}")


def _linked(line: str, source: str, file: File, config: Any, files: Files) -> str:
    shielded = [m.span() for m in _CODE.finditer(line)]

    def turned(match: re.Match[str]) -> str:
        if any(a <= match.start() < b for a, b in shielded):
            return match[0]
        return _target(match[0].strip("<>"), source, file, config, files)

    return _TARGET.sub(turned, line)


def _target(target: str, source: str, file: File, config: Any, files: Files) -> str:
    """Where a link of the repository leads in the site."""
    path, mark, anchor = target.partition("#")
    if not path or re.match(r"[a-z]+:", path):
        return target
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), unquote(path)))
    there = ROOT / wanted
    if not there.exists():
        raise PluginError(f"{source} links to {target}, which is not there")
    if wanted in placed():
        uri = placed()[wanted]
    elif wanted.startswith(f"{DOCS}/") and files.get_file_from_path(wanted.removeprefix(f"{DOCS}/")):
        uri = wanted.removeprefix(f"{DOCS}/")
    else:
        uri = _copied(wanted, config, files)
    here = posixpath.dirname(file.src_uri) or "."
    return posixpath.relpath(uri, here) + mark + anchor


def _copied(wanted: str, config: Any, files: Files) -> str:
    """A file of the repository as a text of the site; of a folder, the names of what is in it."""
    there, uri = ROOT / wanted, f"repository/{wanted}.txt"
    if files.get_file_from_path(uri) is None:
        if there.is_dir():
            names = sorted(p.name for p in there.iterdir() if not p.name.startswith(("_", ".")))
            files.append(File.generated(config, uri, content="\n".join([wanted, *names, ""])))
        else:
            files.append(File.generated(config, uri, abs_src_path=str(there)))
    return uri
