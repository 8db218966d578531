"""Work of `osler route explain`, and what it shares with `POST /admin/route/explain`.

The request is read as the server reads it, by the same code. Where there is no workspace a passing one stands in: then
no record of a patient is known, and nothing is left behind.
"""

import json as jsonlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from osler.api import wire
from osler.app import config as configuration
from osler.app.build import Platform, build, require_stores
from osler.app.config import Config
from osler.core.errors import InputError
from osler.core.messages import Caller, ChatRequest
from osler.gateway.explain import Explainer, Explanation


def explained(platform: Platform, chat: ChatRequest) -> Explanation:
    """The trace of a request by a platform. Raises what step 1 raises."""
    if not platform.config.knowledge.ground:
        chat = replace(chat, ground="off")
    return Explainer(platform.pipeline.parts).explain(chat)


def explain(
    *,
    request: Path | None,
    caller: tuple[str, str],
    headers: Sequence[str],
    json: bool,
    config: Path | None,
    workspace: Path,
) -> None:
    """Print the trace of the request in a file, or of standard input where it is None. `caller`: role and tenant."""
    role, tenant = caller
    body = wire.parse(_bytes(request))
    given = wire.own_headers(_header(text) for text in headers)
    chat = wire.chat_request(body, given, Caller(role=role, tenant=tenant), "explain")
    loaded = configuration.load(config)
    with _workspace(loaded, workspace) as folder:
        platform = build(loaded, folder, offline=True)
        try:
            found = explained(platform, chat)
        finally:
            platform.stores.close()
    if json:
        sys.stdout.write(jsonlib.dumps(found.to_json(), ensure_ascii=False, indent=2) + "\n")
    else:
        _show(Console(soft_wrap=True), found)


def _bytes(path: Path | None) -> bytes:
    if path is None:
        if sys.stdin is None:
            raise InputError("Standard input is closed.", remedy="Name a file with --request.")
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"The request cannot be read ({error.strerror or type(error).__name__}).",
            remedy="Name a file that holds the JSON body of a chat completion.",
        ) from None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip().lower().startswith("x-osler-"):
        raise InputError(
            "--header is no x-osler- header.", remedy="Write it as x-osler-purpose:research, for instance."
        )
    return name.strip(), value.strip()


@contextmanager
def _workspace(config: Config, folder: Path) -> Iterator[Path]:
    try:
        require_stores(config, folder)
    except InputError:
        with tempfile.TemporaryDirectory(prefix="osler-") as passing:
            yield Path(passing) / "workspace"
    else:
        yield folder


def _show(console: Console, found: Explanation) -> None:
    """For people. Names from the configuration are shown as they are, not as markup."""
    shown = found.to_json()
    verdict = Text("permitted", style="green") if found.refusal is None else Text("refused", style="bold red")
    console.print(Text.assemble("verdict     ", verdict))
    if found.refusal is not None:
        console.print(Text(f"            {found.refusal}"))
    facts = found.facts.to_json()
    told = [f"{name} {_words(value)}" for name, value in facts.items() if value]
    console.print(Text(f"facts       {'; '.join(told)}"))
    if found.facts.tokens_in is not None:
        most = found.facts.tokens_out
        out = f"{most} out at most" if most is not None else "out not bounded by the request"
        console.print(Text(f"tokens      about {found.facts.tokens_in} in, {out}"))
    if found.choices:
        console.print(
            Text(f"transform   {shown['transform']}; replaced {_words(found.replaced) or 'nothing'}")
        )
    console.print(_rules(found), _destinations(found), sep="\n")
    if found.choices:
        console.print(_targets(found))
    console.print(Text(f"configuration {found.config}", style="dim"))


def _rules(found: Explanation) -> Table:
    table = Table(title="rules, in order", title_justify="left")
    for column in ("rule", "", "why"):
        table.add_column(column)
    for rule in found.rules:
        state = "decides" if rule.decided else ("no match" if rule.mismatch else "too late")
        why = rule.mismatch or ("" if rule.decided else "it matches, but an earlier rule does too")
        table.add_row(Text(rule.rule), state, Text(why))
    return table


def _destinations(found: Explanation) -> Table:
    table = Table(title="destinations", title_justify="left")
    for column in ("destination", "", "transform", "why"):
        table.add_column(column)
    decision = found.decision
    for permit in decision.permits if decision else ():
        state = "fallback" if permit.fallback else "permitted"
        table.add_row(Text(permit.destination.name), state, permit.transform, Text(permit.reason))
    refused = found.trace.get("refused", [])
    for row in refused if isinstance(refused, list) else ():
        table.add_row(Text(str(row["destination"])), "refused", "", Text(str(row["reason"])))
    return table


def _targets(found: Explanation) -> Table:
    order = f"models, in order of {found.decision.prefer}" if found.decision else "models"
    table = Table(title=order, title_justify="left")
    for column in ("", "model", "transform", "about, US dollars", ""):
        table.add_column(column)
    for number, choice in enumerate(found.choices, 1):
        note = "" if choice.used else "not used: needs another transform than the first"
        cost, name = f"{choice.cost:.6f}", Text(choice.target.name)
        table.add_row(str(number), name, choice.target.transform, cost, note)
    return table


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
