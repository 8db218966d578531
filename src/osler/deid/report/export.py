"""A report as a value for JSON: the same figures, for programs."""

from collections.abc import Mapping
from typing import Any

from osler.core.spans import SAFE_HARBOR, Label
from osler.deid.anonymity import Anonymity
from osler.deid.leak_rate import Estimate, LeakRate
from osler.deid.report.contents import Report
from osler.deid.report.facts import Statement, categories, duties
from osler.deid.report.run import Run


def as_json(report: Report) -> dict[str, object]:
    """An object of the report's parts; `method`, `leaks` and `anonymity` are null where nothing is known of them."""
    output = report.output
    return {
        "made": report.made.isoformat(),
        "version": report.version,
        "determination": "none: 45 CFR 164.514(b) leaves it to the covered entity",
        "method": _method(report.run, output.let_through),
        "output": {
            "records": output.records, "failed": output.failed, "nothing_found": output.empty,
            "uncertain": output.uncertain, "sha256": output.sha256, "removed": report.removed,
            "detectors": dict(output.detectors), "values": dict(output.values),
        },
        "categories": [
            {
                "letter": c.letter,
                "title": c.title,
                "found": {
                    label.value: output.found.get(label.value, 0)
                    for label in Label
                    if SAFE_HARBOR[label] == c.letter
                },
            }
            for c in categories()
        ],
        "uncovered": [_statement(s) for s in report.uncovered()],
        "leaks": None if report.leaks is None else _leaks(report.leaks, ids=report.ids),
        "anonymity": None if report.anonymity is None else _anonymity(report.anonymity),
        "duties": [_statement(s) for s in duties()],
    }  # fmt: skip


def _statement(statement: Statement) -> dict[str, str]:
    return {"title": statement.title, "text": statement.text}


def _method(run: Run, let_through: Mapping[str, int] | None) -> dict[str, Any] | None:
    if not run.recorded:
        return None
    return {
        "begun": None if run.day is None else run.day.isoformat(),
        "version": run.version, "mode": run.mode, "format": run.format, "engine": run.engine,
        "detectors": list(run.detectors), "roster": run.roster, "keep_names": run.keep_names,
        "replacing": dict(run.replacing), "review": run.review or None,
        "protocol": {
            "keep": list(run.protocol.keep), "allowed": run.protocol.allowed,
            "denied": dict(run.protocol.denied), "patterns": dict(run.protocol.patterns),
            "let_through": None if let_through is None else dict(let_through),
        },
        "sha256": dict(run.digests),
    }  # fmt: skip


def _leaks(rate: LeakRate, *, ids: bool) -> dict[str, object]:
    body: dict[str, object] = {
        "documents": rate.documents, "reviewed": rate.reviewed, "unreviewed": rate.unreviewed,
        "strata": [
            {"stratum": s.name, "documents": s.documents, "reviewed": s.reviewed, "leaking": s.leaking}
            for s in rate.strata
        ],
        "documents_with_a_miss": _estimate(rate.leaking),
        "identifiers_missed": _estimate(rate.identifiers),
        "found_that_are_none": _estimate(rate.wrong),
        "missed": {label.value: count for label, count in sorted(rate.missed.items())},
    }  # fmt: skip
    return {**body, "ids": list(rate.ids)} if ids else body


def _estimate(estimate: Estimate | None) -> dict[str, object] | None:
    if estimate is None:
        return None
    return {
        "hits": estimate.hits, "of": estimate.of, "value": estimate.value, "effective": estimate.effective,
        "clopper_pearson": list(estimate.exact), "wilson": list(estimate.wilson),
    }  # fmt: skip


def _anonymity(figures: Anonymity) -> dict[str, object]:
    return {
        "library": figures.library, "rows": figures.rows, "quasi_identifiers": list(figures.quasi),
        "classes": figures.classes, "k": figures.k,
        "rows_in_classes_smaller_than": {str(limit): count for limit, count in figures.small},
        "greatest_risk": figures.greatest_risk, "average_risk": figures.average_risk,
        "sensitive": [
            {"column": s.column, "values": s.values, "l": s.l, "t": s.t, "distance": s.distance}
            for s in figures.sensitive
        ],
    }  # fmt: skip
