"""De-identification of HL7 v2 messages and batches: an allow-list as data, every value accounted for.

    out, account = deidentify(message, Session(engine, today=date.today(), mode="safe-harbor"))

See docs/reference/deid-fhir-hl7.md for what becomes of each segment and type. Output is not thereby de-identified
under 45 CFR 164.514(b): that is the site's determination.
"""

import re
from collections.abc import Iterator

from osler.core.errors import GuardUnavailable
from osler.deid.accounting import Accounting, Ledger, Outcome
from osler.deid.hl7 import identity as identities
from osler.deid.hl7 import rules as allowed
from osler.deid.hl7.rules import Rule, Rules
from osler.deid.hl7.syntax import HEADERS, Segment, decoded, segments
from osler.deid.hl7.treat import Parts, Treatment, leaves
from osler.deid.session import Session

__all__ = ["Rules", "deidentify"]


def deidentify(message: str, session: Session, *, rules: Rules | None = None) -> tuple[str, Accounting]:
    """A message, or a batch of them, with its identifiers replaced, and the account of every value in it.

    The delimiters and line ends are those of the input. `rules` replaces the allow-list, so that a site can name its
    own Z segments. Raises InputError when the text is no HL7 v2, GuardUnavailable when a detector fails or an
    identifier still stands in the output.
    """
    table = rules if rules is not None else allowed.load()
    ledger = Ledger()
    out = [_message(part, session, table, ledger) for part in _messages(message)]
    return "".join(out), ledger.closed()


def _messages(text: str) -> Iterator[list[Segment]]:
    """The segments of each message; headers and trailers of batches stand alone."""
    current: list[Segment] = []
    for segment in segments(text):
        if segment.name in (*HEADERS, "BTS", "FTS") and current:
            yield current
            current = []
        current.append(segment)
    if current:
        yield current


def _message(rows: list[Segment], session: Session, rules: Rules, ledger: Ledger) -> str:
    found = identities.read(rows, rules, session)
    session.begin(found.texts, tuple(found.known), found.tokens)
    session.foresee(lambda: _treated(rows, rules, Treatment(session, rules, Ledger(), found.person)))
    out = _treated(rows, rules, Treatment(session, rules, ledger, found.person))
    _check(out, session, rules)
    return "".join(line + segment.end for segment, line in out)


def _treated(rows: list[Segment], rules: Rules, treatment: Treatment) -> list[tuple[Segment, str]]:
    """The segments that stay, each as its new line."""
    lines: list[tuple[Segment, list[Parts]]] = []
    for segment in rows:
        fields = _segment(segment, treatment, rules)
        if fields is not None:
            lines.append((segment, fields))
    out = []
    for segment, fields in lines:
        written = [treatment.written(parts) for parts in fields]
        while written and not written[-1]:
            written.pop()
        sep = segment.delimiters.field
        head = segment.name + sep if segment.name in HEADERS else segment.name + (sep if written else "")
        out.append((segment, head + sep.join(written[1:] if segment.name in HEADERS else written)))
    return out


def _segment(segment: Segment, treatment: Treatment, rules: Rules) -> list[Parts] | None:
    """The fields of a segment; None when the table does not name it."""
    d, table = segment.delimiters, rules.segments.get(segment.name)
    if table is None:
        shown = segment.name if segment.name in _STANDARD else "?"
        for text in segment.fields:
            treatment.ledger.book(shown, Outcome.REMOVED, leaves(text, d))
        return None
    header = segment.name in HEADERS
    treatment.aged = segment.name == "OBX" and _is_age(segment, rules)
    out: list[Parts] = []
    for number, text in enumerate(segment.fields, 1):
        at = f"{segment.name}-{number}"
        if header and number <= 2:
            treatment.ledger.book(at, Outcome.KEPT)
            out.append([text] if text else [])
            continue
        rule = table.get(number)
        if segment.name == "OBX" and number == 5:
            rule = rules.values.get(segment.get(2).strip().upper())
        out.append(treatment.field(text, rule, at, d, _run(segment, number, rule)))
    return out


def _run(segment: Segment, number: int, rule: Rule | None) -> tuple[str, ...]:
    """The text that a field goes on with: lines of one report stand in OBX after OBX, those of a comment in NTE."""
    if rule is None or rule.kind != "text":
        return ()
    if segment.name == "OBX" and number == 5:
        return ("OBX", segment.get(3))
    return ("NTE",) if segment.name == "NTE" else ()


def _is_age(segment: Segment, rules: Rules) -> bool:
    parts = re.split(
        "[" + re.escape(segment.delimiters.component + segment.delimiters.subcomponent) + "]", segment.get(3)
    )
    return any(part.strip().upper() in rules.ages for part in parts)


def _check(lines: list[tuple[Segment, str]], session: Session, rules: Rules) -> None:
    """The second look: every field that goes out, escapes read; states and countries may be names too."""
    prose: dict[str, None] = {}
    codes: dict[str, None] = {}
    for segment, line in lines:
        d = segment.delimiters
        for number, text in enumerate(line.split(d.field)):
            rule = rules.segments[segment.name].get(number + (segment.name in HEADERS))
            coded = rule is not None and (rule.kind in ("code", "number", "XAD") or rule.kind == "MSG")
            said = "".join(t if isinstance(t, str) else " " for t in decoded(text, d))
            (codes if coded else prose)[said] = None
    found = session.leaks(prose)
    for label, count in session.leaks(codes, names=False).items():
        found[label] = found.get(label, 0) + count
    if found:
        kinds = ", ".join(f"{label} ({count})" for label, count in sorted(found.items()))
        raise GuardUnavailable(
            f"Identifiers of the message still stood in it after de-identification: {kinds}.",
            remedy="Nothing was let through. Use the mode 'redact', or take the free text out of this message.",
        )


_STANDARD = frozenset(
    {
        "ABS",
        "ADD",
        "AFF",
        "AIG",
        "APR",
        "ARQ",
        "BLC",
        "BLG",
        "CER",
        "CM0",
        "CNS",
        "CON",
        "CSP",
        "CSR",
        "CSS",
        "CTD",
    }
    | {
        "CTI",
        "DB1",
        "DRG",
        "DSC",
        "DSP",
        "EDU",
        "EQU",
        "ERR",
        "FAC",
        "GOL",
        "GP1",
        "GP2",
        "IN3",
        "INV",
        "LAN",
        "MFE",
    }
    | {
        "MFI",
        "NPU",
        "NST",
        "ODS",
        "ODT",
        "OM1",
        "ORG",
        "OVR",
        "PCR",
        "PDA",
        "PES",
        "PID",
        "PRA",
        "PRB",
        "PRD",
        "PSH",
    }
    | {
        "PTH",
        "QAK",
        "QPD",
        "QRD",
        "QRF",
        "RCP",
        "RDF",
        "RDT",
        "RF1",
        "RGV",
        "RXG",
        "RXV",
        "SAC",
        "SFT",
        "STF",
        "TCC",
    }
    | {"TQ2", "UAC", "UB1", "UB2", "URD", "URS", "VAR"}
)
"""Segments of the standard that are removed: named in the account; others are "?"."""
