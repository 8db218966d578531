"""What a model was sent beside what the user sees, piece by piece, from the `osler` object of a response.

The evidence stands in lines of their own in what was sent (see osler.knowledge.prompt), so that each can
stand beside the lines of the answer that cite it. Nothing that was sent is left out but the fixed
instructions before the evidence.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from osler.cli.work.show import heading
from osler.knowledge.prompt import EVIDENCE_LINE

_NUMBER = re.compile(r"^\[(\d+)\]")
_CITED = re.compile(r"\[(\d+)\]")
_LEGEND = {
    "surrogate": "On the left identifiers are surrogates and dates are shifted (in yellow where there is colour).",
    "none": "Nothing was replaced.",
}


def evidence(console: Console, osler: Mapping[str, Any]) -> None:
    """How many pieces of evidence were sent, how many are cited, and what they are."""
    heading(console, "Evidence used")
    sent = sum(1 for line in _sent(osler) if _NUMBER.match(line))
    kinds = Counter(str(c["doc"]).split("/")[0] for c in osler["citations"])
    told = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    told = f"{sent} numbered pieces were sent; cited are {kinds.total()}: {told or 'none'}"
    console.print(Padding(Text(told), (0, 0, 0, 2)))


def side_by_side(console: Console, question: str, osler: Mapping[str, Any]) -> None:
    """A table: left what was sent, right what is shown, evidence beside the lines that cite it."""
    table = Table(expand=True, show_lines=True, padding=(0, 1))
    table.add_column("the model was sent", ratio=1)
    table.add_column("you see", ratio=1)
    for message in osler.get("sent", []):
        if message["role"] != "system":
            table.add_row(_marked(f"{message['role']}: {message['content']}", question), Text(question))
    for left, right in _rows(list(_sent(osler)), str(osler["answer"]).strip()):
        table.add_row(_marked(left, right), Text(right))
    console.print()
    console.print(table)
    legend = _LEGEND.get(osler["decision"].get("transform", ""), "Identifiers on the left are replaced.")
    console.print(Text(f"{legend} Before the evidence stand the rules for citing it.", style="dim"))


def _sent(osler: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the system text from its evidence on."""
    for message in osler.get("sent", []):
        if message["role"] == "system":
            before, found, after = str(message["content"]).rpartition(f"\n{EVIDENCE_LINE}\n")
            yield from (after if found else before or after).strip().splitlines()


def _rows(sent: list[str], answer: str) -> Iterator[tuple[str, str]]:
    """Each line that was sent with the lines of the answer that cite it first; the rest of the answer last.

    The answer keeps its order: from the first line on that cites an earlier piece, all of it is rest.
    """
    beside, rest = _placed(answer.splitlines(), {m[1] for line in sent if (m := _NUMBER.match(line))})
    for line in sent:
        number = _NUMBER.match(line)
        yield line, "\n".join(beside.pop(number[1], ())) if number else ""
    if rest:
        yield "", rest


def _placed(lines: list[str], known: set[str]) -> tuple[dict[str, list[str]], str]:
    """Lines by the number that each cites first, lines without one with those before them; and the rest."""
    beside: dict[str, list[str]] = {}
    waiting: list[str] = []
    last, end = "0", 0
    for place, line in enumerate(lines, 1):
        waiting.append(line)
        cited = _CITED.search(line)
        if cited is None:
            continue
        if cited[1] not in known or int(cited[1]) < int(last):
            break
        last, end = cited[1], place
        beside.setdefault(last, []).extend(waiting)
        waiting = []
    return beside, "\n".join(lines[end:]).strip()


def _marked(left: str, right: str) -> Text:
    """`left`, with the words coloured that `right` does not have and that look like a name, number or date."""
    text = Text(left)
    known = set(re.findall(r"[\w/-]+", right))
    if known:
        start = m.end() if (m := re.match(r"^\[\d+\]\*? \([^()]*\)|^\w+:", left)) else 0
        for word in re.finditer(r"[\w/-]+", left[start:]):
            if word[0] not in known:
                text.stylize("yellow", start + word.start(), start + word.end())
    return text
