"""How an exchange looks in a terminal. Everything shown comes from the `osler` object of a response."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from osler.cli.work.terminal import plain

_COLOURS = {"block": "bold red", "warn": "yellow", "info": "cyan"}
_TRANSFORMS = {
    "none": "text as it is",
    "surrogate": "identifiers replaced by surrogates",
    "redact": "identifiers replaced by labels",
    "safe-harbor": "identifiers replaced or cut as Safe Harbor lists them",
}


def answer(console: Console, osler: Mapping[str, Any]) -> None:
    """Answer, citations, findings, where it went, and the audit record."""
    console.print(Text(plain(str(osler["answer"]).strip())))
    citations(console, osler["citations"])
    findings(console, osler["findings"])
    decision(console, osler["decision"])
    if osler.get("sent"):
        heading(console, "What the model was sent")
        for message in osler["sent"]:
            console.print(Padding(Text(plain(f"{message['role']}: {message['content']}")), (0, 0, 0, 2)))
    audit(console, osler["audit"])


def heading(console: Console, text: str) -> None:
    """A small heading."""
    console.print(f"\n[bold]{escape(text)}[/bold]")


def citations(console: Console, cited: list[Mapping[str, Any]], *, whole: bool = True) -> None:
    """Numbered citations: what is quoted from where. Not `whole`: one line of each quote."""
    if not cited:
        return
    heading(console, "Citations")
    table = _columns()
    for c in cited:
        basis = f" ({c['basis']})" if c["basis"] in ("recalled", "supplied") else ""
        place = f"{c['doc']}{basis}, characters {c['start']}-{c['end']}"
        table.add_row(Text(f"[{c['n']}]"), Text(plain(place)))
        quote = Text(plain(" ".join(str(c["quote"]).split())), style="dim")
        if not whole:
            quote.truncate(max(console.width - 8, 20), overflow="ellipsis")
        table.add_row("", quote)
    console.print(Padding(table, (0, 0, 0, 2)))


def findings(console: Console, found: list[Mapping[str, Any]]) -> None:
    """Guardrail findings, gravest first."""
    heading(console, "Guardrail findings")
    if not found:
        console.print("  none")
        return
    order = {"block": 0, "warn": 1, "info": 2}
    table = _columns()
    for f in sorted(found, key=lambda f: order.get(f["severity"], 3)):
        line = Text(plain(f"{f['kind']} ({f['where']}): {f['reason']}"))
        line.append(plain(f"\nsource: {f['source']}"), style="dim")
        table.add_row(Text(f["severity"], style=_COLOURS.get(f["severity"], "")), line)
    console.print(Padding(table, (0, 0, 0, 2)))


def decision(console: Console, trace: Mapping[str, Any], *, answered: bool = True) -> None:
    """PHI found, and where the request might and might not go. Unless `answered`, it went nowhere for certain."""
    if not trace:
        return
    heading(console, "Privacy and routing")
    kinds = ", ".join(f"{n} {kind}" for kind, n in trace.get("phi", {}).items())
    level = trace.get("sensitivity", "?")
    table = _columns()
    replaced = ", ".join(f"{n} {kind}" for kind, n in trace.get("replaced", {}).items())
    table.add_row("identifiers found", Text(kinds or "none in the question"))
    if "replaced" in trace:
        table.add_row("replaced", Text(f"{replaced or 'nothing'} in what was sent, evidence included"))
    table.add_row("may draw on", Text(", ".join(trace.get("sources", [])) or "nothing"))
    table.add_row("counts as", Text({"phi": "PHI", "clear": "no PHI"}.get(level, level)))
    table.add_row("rule", Text(trace.get("rule") or "none matches"))
    used = trace.get("destination")
    for a in trace.get("allowed", []):
        mark = ("went to" if answered else "chosen") if a["destination"] == used else "might go to"
        how = _TRANSFORMS.get(a["transform"], a["transform"])
        table.add_row(Text(mark, style="green"), Text(f"{a['destination']}: {a['reason']}; {how}"))
    for r in trace.get("refused", []):
        table.add_row(Text("may not go to", style="red"), Text(f"{r['destination']}: {r['reason']}"))
    console.print(Padding(table, (0, 0, 0, 2)))


def audit(console: Console, record: Mapping[str, Any] | None) -> None:
    """The audit record's number and hash."""
    if record is None:
        console.print("\nNo audit record could be written.")
        return
    heading(console, f"Audit record {record['number']}")
    console.print(Text(f"  {record['hash']}"))


def _columns() -> Table:
    """A label and what it says: what is too long for a line goes on under itself."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(overflow="fold")
    return table
