"""The sections of a report that hold estimates: what was missed, and how quasi-identifiers hide people."""

from collections.abc import Iterator

from osler.core.spans import SAFE_HARBOR
from osler.deid.anonymity import Anonymity
from osler.deid.leak_rate import Estimate, LeakRate
from osler.deid.report.blocks import Block, Facts, Paragraph, Picture, Table, Terms, between, number, percent
from osler.deid.report.pictures import intervals

_NO_SAMPLE = (
    "Not estimated: no reviewed sample was given. Without one nothing is known of how much this run missed; figures "
    "measured on other text do not carry over. `osler deid sample` draws one."
)
_LIMITS = (
    "Readers pass over identifiers too: what all of them missed is not in the estimate. It speaks of this run only. "
    "No correction is made for a sample that is a large part of the run; the intervals are then wider than need be."
)


def leaks(rate: LeakRate | None, *, ids: bool) -> Iterator[Block]:
    """The estimate from a reviewed sample, or that there is none."""
    if rate is None:
        yield Paragraph(text=_NO_SAMPLE.replace("`", ""), strong=True)
        return
    yield Paragraph(
        text=f"{number(rate.reviewed)} documents were read, of {number(rate.documents)} in the run. Rates are those "
        "of the whole run, with 95 % intervals."
    )
    if rate.unreviewed:
        yield Paragraph(
            text=f"{number(rate.unreviewed)} documents of the sample were not reviewed and do not count. If they "
            "differ from the others the estimate is off.",
            strong=True,
        )
    if rate.unseen_strata:
        yield Paragraph(
            text=f"{number(rate.unseen_strata)} strata have no reviewed document: the estimate is silent on them.",
            strong=True,
        )
    yield _rates(rate)
    rows = [("documents", rate.leaking), *([("identifiers", rate.identifiers)] if rate.identifiers else [])]
    yield Picture(
        svg=intervals(
            [(name, e.value, *e.exact) for name, e in rows], "Share missed, with exact 95 % interval"
        ),
        caption="Share of documents with a miss, and of identifiers missed: estimate (dot) and exact 95 % interval.",
    )
    low, high = (share * rate.documents for share in rate.leaking.exact)
    yield Paragraph(
        text=f"In the {number(rate.documents)} documents of the run that makes about "
        f"{number(round(rate.leaking.value * rate.documents))} with an identifier that was missed (95 %: "
        f"{number(int(low))} to {number(-int(-high // 1))})."
    )
    yield from _details(rate, ids=ids)
    yield Paragraph(text=_LIMITS)


def _rates(rate: LeakRate) -> Table:
    named = [
        ("documents with at least one miss", rate.leaking),
        ("identifiers missed, of all", rate.identifiers),
        ("found spans that are none, of those found", rate.wrong if rate.wrong and rate.wrong.hits else None),
    ]
    return Table(
        columns=("", "in the sample", "estimate", "exact (Clopper-Pearson)", "Wilson", "independent cases"),
        rows=tuple(_row(name, estimate) for name, estimate in named if estimate),
    )


def _row(name: str, e: Estimate) -> tuple[str, ...]:
    counted = f"{number(e.hits)} of {number(e.of)}"
    return name, counted, percent(e.value), between(e.exact), between(e.wilson), f"{e.effective:,.1f}"


def _details(rate: LeakRate, *, ids: bool) -> Iterator[Block]:
    if len(rate.strata) > 1:
        yield Paragraph(text="The sample was drawn by strata; each document weighs as many as it stands for.")
        yield Table(
            columns=("stratum", "documents", "read", "with a miss"),
            rows=tuple(
                (s.name, number(s.documents), number(s.reviewed), number(s.leaking)) for s in rate.strata
            ),
        )
    if rate.missed:
        yield Table(
            columns=("missed in the sample", "letter", "identifiers"),
            rows=tuple(
                (label.value, f"({SAFE_HARBOR[label]})", number(count))
                for label, count in sorted(rate.missed.items())
            ),
            numbers=2,
        )
    if ids and rate.ids:
        yield Terms(rows=(("Documents with a miss", ", ".join(rate.ids)),))


def quasi_identifiers(figures: Anonymity | None) -> Iterator[Block]:
    """k, l and t of a table, or that there is none."""
    if figures is None:
        yield Paragraph(text="Not assessed: no table of quasi-identifiers was given.")
        return
    yield Facts(
        rows=(
            ("Rows", number(figures.rows)),
            ("Quasi-identifiers", ", ".join(figures.quasi)),
            ("Classes of rows that agree in all of them", number(figures.classes)),
            ("k-anonymity: rows of the smallest class", number(figures.k)),
            *((_smaller(limit), _part(count, figures.rows)) for limit, count in figures.small),
            ("Greatest risk of a row, 1 / k", percent(figures.greatest_risk)),
            ("Average risk of a row", percent(figures.average_risk)),
        )
    )
    if figures.sensitive:
        yield Table(
            columns=("sensitive column", "values", "l-diversity", "t-closeness", "distance"),
            rows=tuple(
                (
                    s.column, number(s.values), number(s.l),
                    "too large to compute" if s.t is None else f"{s.t:.4f}", s.distance,
                )
                for s in figures.sensitive
            ),
        )  # fmt: skip
    yield Paragraph(
        text=f"Computed by {figures.library} from the table that was given. l is the fewest different values of a "
        "column in a class; t the greatest distance between a class and the whole table, ordered for numbers, else "
        "equal. The risks are those of being singled out by one who knows that a person is in the table. They say "
        "nothing of columns that were not named, nor of what the texts say."
    )


def _smaller(limit: int) -> str:
    return "Rows that are unique" if limit == 2 else f"Rows in classes of fewer than {limit}"


def _part(count: int, whole: int) -> str:
    return f"{number(count)} ({percent(count / whole)})"
