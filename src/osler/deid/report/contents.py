"""What stands in a report, section by section, from the values that it is made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from osler.core.spans import SAFE_HARBOR, Label
from osler.deid.anonymity import Anonymity
from osler.deid.leak_rate import LeakRate
from osler.deid.report.blocks import (
    Block,
    Facts,
    Paragraph,
    Picture,
    Section,
    Table,
    Terms,
    between,
    number,
    percent,
)
from osler.deid.report.facts import Statement, categories, duties, uncovered
from osler.deid.report.figures import leaks, quasi_identifiers
from osler.deid.report.pictures import bars
from osler.deid.report.run import STRUCTURED, Run

TITLE = "De-identification report"

_PREFACE = (
    "This report says what a program did. It is not a determination: output of a program is not thereby "
    "de-identified under 45 CFR 164.514(b). That is for the covered entity to determine."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a run wrote. `found`: identifiers by label; `sha256`: of the lines that this report was made from.

    Counts that are not known are None: `empty`, records in which nothing was found; `uncertain`, spans below the
    score of a doubt; `values`, what became of the elements of structured records.
    """

    records: int
    failed: int
    found: Mapping[str, int]
    sha256: str
    let_through: Mapping[str, int] | None = None
    empty: int | None = None
    uncertain: int | None = None
    detectors: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a report is made of. `ids`: documents with a miss may be named."""

    made: date
    version: str
    run: Run
    output: Output
    leaks: LeakRate | None = None
    anonymity: Anonymity | None = None
    ids: bool = False

    def uncovered(self) -> tuple[Statement, ...]:
        """What this run does not cover."""
        flags = self.run.flags()
        return uncovered(flags | {"failed"} if self.output.failed else flags)

    @property
    def removed(self) -> bool:
        """Whether identifiers were replaced, as far as is known."""
        return self.run.mode != "spans"


def sections(report: Report) -> Iterator[Section]:
    """The sections in order."""
    yield Section(
        title="What this is", blocks=(Paragraph(text=_PREFACE, strong=True), Facts(rows=_summary(report)))
    )
    yield Section(title="Method", blocks=tuple(_method(report)))
    title = "What was removed, by category" if report.removed else "What was found, by category"
    yield Section(title=title, blocks=tuple(_categories(report)))
    yield Section(title="What is not covered", blocks=(_terms(report.uncovered()),))
    yield Section(title="How much was missed", blocks=tuple(leaks(report.leaks, ids=report.ids)))
    yield Section(
        title="Quasi-identifiers, for an expert's determination",
        blocks=tuple(quasi_identifiers(report.anonymity)),
    )
    yield Section(title="What stays your duty", blocks=(_terms(duties()),))


def _terms(statements: tuple[Statement, ...]) -> Terms:
    return Terms(rows=tuple((s.title, s.text) for s in statements))


def _summary(report: Report) -> tuple[tuple[str, str], ...]:
    output = report.output
    rows = [
        ("Report made", f"{report.made.isoformat()}, Osler {report.version}"),
        ("Records", number(output.records)),
        ("Records that failed, not de-identified", number(output.failed)),
    ]
    if output.empty is not None:
        rows.append(("Records in which nothing was found", number(output.empty)))
    rows.append(("Identifiers found", number(sum(output.found.values()))))
    if output.uncertain is not None:
        rows.append(("of these with a score below 0.7", number(output.uncertain)))
    if report.leaks is not None:
        share = report.leaks.leaking
        rows.append(("Documents with a miss, estimate", f"{percent(share.value)} ({between(share.exact)})"))
    if report.anonymity is not None:
        rows.append(("k-anonymity of the table", number(report.anonymity.k)))
    rows.append(("SHA-256 of the output's lines", output.sha256))
    return tuple(rows)


# -- method


def _method(report: Report) -> Iterator[Block]:
    run = report.run
    if not run.recorded:
        yield Paragraph(
            text="Nothing is known of the method: no state file stood beside the output.", strong=True
        )
        return
    rows = [
        ("Run begun", run.day.isoformat() if run.day else ""),
        ("Version of Osler", run.version),
        ("Mode", f"{run.mode}: {_MODES.get(run.mode, 'see the documentation')}"),
        *((_REPLACING[key], _yes(value)) for key, value in run.replacing.items() if key in _REPLACING),
        ("Format of the input", run.format),
        ("Engine", f"{run.engine}: {_ENGINES[run.engine]}"),
        ("Detectors", ", ".join(run.detectors)),
        ("Known identities (roster)", "given" if run.roster else "none given"),
        ("Review queue", run.review or "none written"),
        *_protocol(report),
        *((f"SHA-256, {name}", digest) for name, digest in run.digests.items()),
    ]
    yield Facts(rows=tuple(rows))


_MODES = {
    "spans": "identifiers were found, nothing was replaced",
    "redact": "identifiers gave way to labels",
    "surrogate": "identifiers gave way to made-up values, dates were shifted",
    "safe-harbor": "identifiers gave way to what the list of Safe Harbor leaves of them",
}
_REPLACING = {
    "vary": "Surrogates vary by",
    "date_shift_at_most_days": "Dates were shifted by at most (days)",
    "whole_weeks": "Shifted by whole weeks",
    "zip3_census": "Census of the ZIP areas",
}
_ENGINES = {
    "full": "patterns and the sequence model",
    "fast": "the quick one, which misses more",
}


def _protocol(report: Report) -> Iterator[tuple[str, str]]:
    """What the site decided, and what that let through."""
    protocol = report.run.protocol
    parts = []
    if protocol.keep:
        parts.append("labels that stay: " + ", ".join(_lettered(label) for label in protocol.keep))
    if protocol.allowed:
        parts.append(f"texts that stay: {number(protocol.allowed)}")
    if protocol.denied:
        rows = (f"{number(count)} {_lettered(label)}" for label, count in protocol.denied.items())
        parts.append("texts always taken: " + ", ".join(rows))
    if protocol.patterns:
        rows = (f"{name} ({label})" for name, label in protocol.patterns.items())
        parts.append("patterns: " + ", ".join(rows))
    yield "The site's own protocol", "; ".join(parts) or "none"
    if not (protocol.keep or protocol.allowed):
        return
    through = report.output.let_through
    if through is None or (report.run.format in STRUCTURED and report.removed):
        yield "Let through by it", "not counted for this format"
    else:
        counted = ", ".join(f"{number(count)} {_lettered(Label(name))}" for name, count in through.items())
        yield "Let through by it", counted or "nothing"


def _yes(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _lettered(label: Label) -> str:
    return f"{label.value} ({SAFE_HARBOR[label]})"


# -- categories


def _categories(report: Report) -> Iterator[Block]:
    output = report.output
    if not report.removed:
        yield Paragraph(text="Nothing was removed: this run only found.", strong=True)
    yield Paragraph(
        text="Letters are those of 45 CFR 164.514(b)(2)(i). A count of none does not say that there was none."
    )
    found = {label: output.found.get(label.value, 0) for label in Label}
    yield Table(
        columns=("", "category of the rule", "what counts here", "label", "found"),
        rows=tuple(
            (c.letter, c.title, c.covers, label.value, number(found[label]))
            for c in categories()
            for label in Label
            if SAFE_HARBOR[label] == c.letter
        ),
        numbers=4,
    )
    some = [(label.value, count) for label, count in found.items() if count]
    if some:
        yield Picture(svg=bars(some, "Identifiers found, by label"), caption="Identifiers found, by label.")
    if output.values:
        yield Paragraph(
            text="The records are structured. The counts above are of identifiers in their free text; this became of "
            "all values of their elements:"
        )
        yield Facts(rows=tuple((name, number(count)) for name, count in output.values.items()))
    if output.detectors:
        yield Table(
            columns=("detector", "spans"),
            rows=tuple((name, number(count)) for name, count in output.detectors.items()),
        )
