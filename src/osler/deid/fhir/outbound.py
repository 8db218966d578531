"""The second look at an outgoing resource: does an identifier of its own structure still stand in it?

It knows nothing of how the resource was treated: it looks at every string that goes out, markup and attachments
as their text. Strings that are codes by the name of their element are looked through for numbers only, for a
patient's name may well be the name of a state.
"""

import base64
import binascii
from typing import Any

from osler.core.errors import GuardUnavailable
from osler.deid.fhir import markup
from osler.deid.fhir.identity import children
from osler.deid.fhir.rules import Rules
from osler.deid.session import Session


def check(resource: dict[str, Any], rules: Rules, session: Session) -> None:
    """Raises GuardUnavailable, naming kinds and counts only, when something known still stands in `resource`."""
    prose: dict[str, None] = {}
    codes: dict[str, None] = {}
    stack: list[tuple[str, Any, bool]] = [("", resource, False)]
    while stack:
        key, value, published = stack.pop()
        if isinstance(value, dict):
            published = rules.is_published(value.get("system"))
        elif isinstance(value, str) and not (published and key == "code"):
            _sort(key, value, rules, prose, codes)
        for name, member in children(value):
            stack.append((name or key, member, published))
    found = session.leaks(prose)
    for label, count in session.leaks(codes, names=False).items():
        found[label] = found.get(label, 0) + count
    if found:
        kinds = ", ".join(f"{label} ({count})" for label, count in sorted(found.items()))
        raise GuardUnavailable(
            f"Identifiers of the resource still stood in it after de-identification: {kinds}.",
            remedy="Nothing was let through. Use the mode 'redact', or take the free text out of this resource.",
        )


def _sort(key: str, value: str, rules: Rules, prose: dict[str, None], codes: dict[str, None]) -> None:
    if key in rules.code_names:
        codes[value] = None
        return
    prose[value] = None
    if key == "div":
        prose[markup.words(value)] = None
    elif key == "data":
        try:
            text = base64.b64decode(value, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return
        prose[text] = None
        prose[markup.words(text)] = None
