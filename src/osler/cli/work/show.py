"""How an exchange looks in a terminal. Everything shown comes from the `osler` object of a response."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_COLOURS = {"block": "bold red", "warn": "yellow", "info": "cyan"}


def answer(console: Console, osler: Mapping[str, Any]) -> None:
    """Answer, citations, findings, where it went, and the audit record."""
    console.print(Text(str(osler["answer"]).strip()))
    citations(console, osler["citations"])
    findings(console, osler["findings"])
    decision(console, osler["decision"])
    if osler.get("sent"):
        heading(console, "What the model was sent")
        for message in osler["sent"]:
            console.print(Padding(Text(f"{message['role']}: {message['content']}"), (0, 0, 0, 2)))
    audit(console, osler["audit"])


def heading(console: Console, text: str) -> None:
    """A small heading."""
    console.print(f"\n[bold]{escape(text)}[/bold]")


def citations(console: Console, cited: list[Mapping[str, Any]]) -> None:
    """Numbered citations: what is quoted from where."""
    if not cited:
        return
    heading(console, "Citations")
    for c in cited:
        basis = f" ({c['basis']})" if c["basis"] in ("recalled", "supplied") else ""
        console.print(Text(f"  [{c['n']}] {c['doc']}{basis}, characters {c['start']}-{c['end']}"))
        console.print(Padding(Text(" ".join(str(c["quote"]).split()), style="dim"), (0, 0, 0, 6)))


def findings(console: Console, found: list[Mapping[str, Any]]) -> None:
    """Guardrail findings, gravest first."""
    heading(console, "Guardrail findings")
    if not found:
        console.print("  none")
    order = {"block": 0, "warn": 1, "info": 2}
    for f in sorted(found, key=lambda f: order.get(f["severity"], 3)):
        line = Text(f"  {f['severity']:<5} ", style=_COLOURS.get(f["severity"], ""))
        line.append(f"{f['kind']} ({f['where']}): {f['reason']}", style="default")
        line.append(f"  source: {f['source']}", style="dim")
        console.print(line)


def decision(console: Console, trace: Mapping[str, Any]) -> None:
    """PHI found, and where the request might and might not go."""
    if not trace:
        return
    heading(console, "Privacy and routing")
    kinds = ", ".join(f"{n} {kind}" for kind, n in trace.get("phi", {}).items()) or "none in the question"
    console.print(
        Text(f"  identifiers found: {kinds}; may draw on: {', '.join(trace.get('sources', [])) or 'nothing'}")
    )
    console.print(
        Text(f"  treated as: {trace.get('sensitivity', '?')}; rule: {trace.get('rule') or 'none matches'}")
    )
    table = Table(box=None, padding=(0, 2), show_header=False)
    used = trace.get("destination")
    for a in trace.get("allowed", []):
        mark = "went to" if a["destination"] == used else "might go"
        table.add_row(
            f"  [green]{mark}[/green]",
            escape(a["destination"]),
            escape(f"{a['reason']}; text: {a['transform']}"),
        )
    for r in trace.get("refused", []):
        table.add_row("  [red]may not[/red]", escape(r["destination"]), escape(r["reason"]))
    console.print(table)


def audit(console: Console, record: Mapping[str, Any] | None) -> None:
    """The audit record's number and hash."""
    if record is None:
        console.print("\nNo audit record could be written.")
        return
    console.print(Text(f"\nAudit record {record['number']}, {record['hash']}"))
