"""The de-identification report of a run: method, what was removed, what is not covered, estimates, duties. No PHI.

    report = Report(run=Run.of(identity, day), output=Output(…), leaks=estimate(…), anonymity=assess(…))
    page = html(report)          # or markdown(report), as_json(report)

Everything in a report is counts, names of detectors and columns, digests and fixed sentences (`data/report.toml`); no
text, and no id of a document unless it is asked for. It is material for a determination under 45 CFR 164.514(b), and
none itself.
"""

from collections.abc import Iterable

from osler.core.spans import SAFE_HARBOR, Label, Span, counts
from osler.deid.report.contents import Output, Report
from osler.deid.report.export import as_json
from osler.deid.report.markdown import markdown
from osler.deid.report.page import html
from osler.deid.report.run import Protocol, Run

__all__ = ["Output", "Protocol", "Report", "Run", "as_json", "html", "markdown", "summary"]


def summary(spans: Iterable[Span]) -> dict[str, dict[str, int | str]]:
    """Label name to `{"count", "rule"}`, the rule being its paragraph in 45 CFR 164.514(b)(2)(i)."""
    return {
        name: {"count": count, "rule": f"164.514(b)(2)(i)({SAFE_HARBOR[Label(name)]})"}
        for name, count in counts(spans).items()
    }
