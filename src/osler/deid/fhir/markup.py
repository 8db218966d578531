"""XHTML with its identifiers replaced: tags stay, text goes through the text engine, the output is well-formed.

The text of the whole fragment is seen as one, so that a name across two tags (`<b>Jo</b>hn`) is found. Attributes,
comments, scripts, pictures and links go, but for the few attributes that lay out a table. Whatever stands there is
read in time that grows with its length only.
"""

import html
import re
from abc import ABC, abstractmethod
from collections import Counter

from osler.deid.accounting import Ledger
from osler.deid.fhir.rules import Markup
from osler.deid.pieces import Pieces
from osler.deid.session import Person, Session

XMLNS = "http://www.w3.org/1999/xhtml"

_CONTROL = dict.fromkeys(
    (*(c for c in range(0x20) if c not in (0x9, 0xA, 0xD)), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
)
"""What no XML document may hold."""

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,15})((?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)>")
_NAME = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,15})")
_START = re.compile(r"</?[A-Za-z!?]")
_ATTRIBUTE = re.compile(r"([A-Za-z]{1,16})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_WINDOW = 1024
"""How far the end of a tag is looked for with regard to quotes; a longer one ends at the next `>`."""

_EMPTY = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_DEEPEST = 100
"""Tags nested deeper are left out, their text stays."""


class _Scanner(ABC):
    """Tells apart text and tags; `text` and `tag` are called in order."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._gone: set[str] = set()

    @abstractmethod
    def text(self, data: str) -> None:
        """Some text, its entities read."""

    @abstractmethod
    def tag(self, name: str, *, closing: bool, empty: bool, attributes: str) -> None:
        """A tag, its name in small letters."""

    def scan(self) -> None:
        source, at = self._source, 0
        while at < len(source):
            start = source.find("<", at)
            if start < 0:
                break
            if start > at:
                self.text(html.unescape(source[at:start]))
            at = self._markup(start)
        if at < len(source):
            self.text(html.unescape(source[at:]))

    def _markup(self, start: int) -> int:
        """Reads what begins with `<` and says where it ends."""
        source = self._source
        if source.startswith("<!--", start):
            return self._after("-->", start, len(source))
        if source.startswith("<![CDATA[", start):
            end = self._after("]]>", start, len(source) + 3)
            self.text(source[start + 9 : end - 3])
            return min(end, len(source))
        if not _START.match(source, start):
            self.text("<")
            return start + 1
        match = _TAG.match(source, start, start + _WINDOW)
        if match is None:
            name = _NAME.match(source, start)
            end = self._after(">", start, -1)
            if end < 0:
                self.text("<")
                return start + 1
            if name is not None:
                self.tag(name[2].lower(), closing=bool(name[1]), empty=source[end - 2] == "/", attributes="")
            return end
        self.tag(match[2].lower(), closing=bool(match[1]), empty=match[3].endswith("/"), attributes=match[3])
        return match.end()

    def _after(self, mark: str, start: int, missing: int) -> int:
        """The place behind the next `mark`; `missing` where there is none, which is not looked for again."""
        end = -1 if mark in self._gone else self._source.find(mark, start)
        if end < 0:
            self._gone.add(mark)
            return missing
        return end + len(mark)


class _Reader(_Scanner):
    """Collects what is to be written: literal markup and numbers of text pieces."""

    def __init__(self, source: str, rules: Markup) -> None:
        super().__init__(source)
        self.out: list[str | int] = []
        self.pieces = Pieces()
        self._rules = rules
        self._open: list[str] = []
        self._counts: Counter[str] = Counter()
        self._skipped = ""
        self._depth = 0

    def text(self, data: str) -> None:
        """Text goes to the pieces."""
        if not self._skipped:
            self.out.append(self.pieces.add(data.translate(_CONTROL)))

    def tag(self, name: str, *, closing: bool, empty: bool, attributes: str) -> None:
        """Tags of the list are written; what is in dropped ones is skipped."""
        empty = empty or name in _EMPTY
        if self._skipped:
            if name == self._skipped and not empty:
                self._depth += -1 if closing else 1
                self._skipped = self._skipped if self._depth else ""
            return
        self._apart(name)
        if name in self._rules.dropped:
            if not closing and not empty:
                self._skipped, self._depth = name, 1
        elif name in self._rules.tags:
            if closing:
                self._close(name)
            else:
                self._begin(name, attributes, empty=empty)

    def _begin(self, name: str, attributes: str, *, empty: bool) -> None:
        shown = ""
        for match in _ATTRIBUTE.finditer(attributes):
            key, value = match[1].lower(), next((v for v in match.groups()[1:] if v is not None), "")
            plain = value.rstrip("%").isalnum() and value.isascii() and len(value) < 8
            if key in self._rules.attributes and plain and f" {key}=" not in shown:
                shown += f' {key}="{value}"'
        if name in self._rules.void:
            self.out.append(f"<{name}{shown}/>")
        elif empty:
            self.out.append(f"<{name}{shown}></{name}>")
        elif len(self._open) < _DEEPEST:
            self._open.append(name)
            self._counts[name] += 1
            self.out.append(f"<{name}{shown}>")

    def _close(self, name: str) -> None:
        while self._counts[name]:
            inner = self._open.pop()
            self._counts[inner] -= 1
            self.out.append(f"</{inner}>")
            if inner == name:
                return

    def finish(self) -> None:
        """Closes what was left open."""
        while self._open:
            self._close(self._open[-1])

    def _apart(self, tag: str) -> None:
        if tag in self._rules.blocks:
            self.pieces.gap("\n")
        elif tag in self._rules.cells:
            self.pieces.gap("\t")


def narrative(source: str, rules: Markup, session: Session, person: Person, ledger: Ledger) -> str:
    """The `div` of a Narrative; "" when nothing of it is left to say."""
    body, said = _edited(source, rules, session, person, ledger)
    if not said:
        return ""
    inner = body.strip()
    if inner.startswith("<div") and inner.endswith("</div>") and _one_root(inner):
        inner = inner[inner.index(">") + 1 : -len("</div>")]
    return f'<div xmlns="{XMLNS}">{inner}</div>'


def page(source: str, rules: Markup, session: Session, person: Person, ledger: Ledger) -> str:
    """An HTML attachment, as a well-formed page."""
    body, _ = _edited(source, rules, session, person, ledger)
    return f'<html xmlns="{XMLNS}"><body>{body}</body></html>'


def _edited(source: str, rules: Markup, session: Session, person: Person, ledger: Ledger) -> tuple[str, bool]:
    reader = _Reader(source, rules)
    reader.scan()
    reader.finish()
    texts = reader.pieces.edited(session, person, ledger)
    out = [part if isinstance(part, str) else html.escape(texts[part], quote=False) for part in reader.out]
    return "".join(out), any(text.strip() for text in texts)


def _one_root(body: str) -> bool:
    """Whether the first `div` of a well-formed fragment closes at its very end."""
    depth = at = 0
    while (at := body.find("<", at)) >= 0:
        end = body.index(">", at)
        if body[at + 1] == "/":
            depth -= 1
        elif body[end - 1] != "/":
            depth += 1
        if depth == 0:
            return end == len(body) - 1
        at = end
    return False


class _Words(_Scanner):
    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.parts: list[str] = []

    def text(self, data: str) -> None:
        self.parts.append(data)

    def tag(self, name: str, *, closing: bool, empty: bool, attributes: str) -> None:
        return


def words(source: str) -> str:
    """The bare text of markup, for the second look."""
    reader = _Words(source)
    reader.scan()
    return "".join(reader.parts)
