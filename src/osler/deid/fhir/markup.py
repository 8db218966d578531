"""XHTML with its identifiers replaced: tags stay, text goes through the text engine, the output is well-formed.

The text of the whole fragment is seen as one, so that a name across two tags (`<b>Jo</b>hn`) is found. Attributes,
comments, scripts, pictures and links go, but for the few attributes that lay out a table.
"""

import html
from html.parser import HTMLParser

from osler.deid.accounting import Ledger
from osler.deid.fhir.rules import Markup
from osler.deid.pieces import Pieces
from osler.deid.session import Person, Session

XMLNS = "http://www.w3.org/1999/xhtml"
_CONTROL = dict.fromkeys(
    (*(c for c in range(0x20) if c not in (0x9, 0xA, 0xD)), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
)
"""What no XML document may hold."""


class _Reader(HTMLParser):
    """Collects what is to be written: literal markup and numbers of text pieces."""

    def __init__(self, rules: Markup) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str | int] = []
        self.pieces = Pieces()
        self._rules = rules
        self._open: list[str] = []
        self._skipping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipping or tag in self._rules.dropped:
            if tag not in self._rules.void and tag not in ("img", "input", "embed"):
                self._skipping.append(tag)
            return
        self._apart(tag)
        if tag not in self._rules.tags:
            return
        shown = "".join(
            f' {name}="{html.escape(value)}"'
            for name, value in dict(attrs).items()
            if name in self._rules.attributes and value and value.rstrip("%").isalnum() and len(value) < 8
        )
        if tag in self._rules.void:
            self.out.append(f"<{tag}{shown}/>")
            return
        self._open.append(tag)
        self.out.append(f"<{tag}{shown}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipping or tag in self._rules.dropped:
            return
        self.handle_starttag(tag, attrs)
        if tag not in self._rules.void:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            if tag in self._skipping:
                while self._skipping.pop() != tag:
                    pass
            return
        self._apart(tag)
        if tag in self._open:
            while True:
                inner = self._open.pop()
                self.out.append(f"</{inner}>")
                if inner == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.out.append(self.pieces.add(data.translate(_CONTROL)))

    def unknown_decl(self, data: str) -> None:
        """A CDATA section, whose content is text."""
        if data.startswith("CDATA["):
            self.handle_data(data.removeprefix("CDATA["))

    def finish(self) -> None:
        """Closes what was left open."""
        self.close()
        while self._open:
            self.out.append(f"</{self._open.pop()}>")

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
    reader = _Reader(rules)
    reader.feed(source)
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


def words(source: str) -> str:
    """The bare text of markup, for the second look."""
    reader = _Words()
    reader.feed(source)
    reader.close()
    return "".join(reader.parts)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
