"""Results as Markdown, made from results only."""

from collections.abc import Iterable, Sequence

from runner.result import Figure, Metric, Ratio, Result

_ARROW = {"lower": "lower is better", "higher": "higher is better"}


def markdown(results: Sequence[Result], *, plot: str | None = None) -> str:
    """The page of some results; `plot` is the address of their picture, relative to the page."""
    parts = [_section(result) for result in results]
    if plot:
        names = ", ".join(result.name for result in results)
        parts.insert(
            0, f"![Figures of {names}: points are rounds, marks medians, lines 95 % intervals]({plot})"
        )
    parts.append(_LEGEND)
    return "\n\n".join(parts) + "\n"


_LEGEND = """\
*Figures: the median over the rounds, in brackets its 95 % bootstrap interval; in parentheses, where there were
fewer than five rounds, the least and the greatest. `~`: noisy, the middle half of the rounds spans more than 15 %
of the median. Ratios: the median of the rounds' ratios with its 95 % interval; where that covers 1, no difference
is shown. `floor`: to the least that the work costs; `peer`: to another way of doing it. CPU times are user and
system time of whole process trees.*"""


def number(value: float) -> str:
    """Three significant digits, thousands apart."""
    size = abs(value)
    if size < 100:
        return f"{value:.3g}"
    digits = len(str(int(size)))
    return f"{round(value, 3 - digits):,.0f}"


def cell(figure: Figure | None) -> str:
    """A figure in a table."""
    if figure is None:
        return "–"
    mark = "~" if figure.noisy else ""
    if figure.ci is not None:
        return f"{mark}{number(figure.median)} [{number(figure.ci[0])}, {number(figure.ci[1])}]"
    if figure.min == figure.max:
        return f"{mark}{number(figure.median)}"
    return f"{mark}{number(figure.median)} ({number(figure.min)} to {number(figure.max)})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [_row(header), "|" + "---|" * len(header), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _section(result: Result) -> str:
    parts = [f"## {result.name}: {result.title}", _where(result)]
    parts += [_metric(result, metric) for metric in result.metrics if _of(result, metric)]
    if result.ratios:
        parts.append(_ratios(result))
    if result.absent:
        parts.append(_absent(result))
    if result.notes:
        parts.append("\n".join(f"- {note}" for note in result.notes))
    parts.append(_settings(result))
    return "\n\n".join(parts)


def _where(result: Result) -> str:
    m, commit = result.machine, result.commit
    source = "commit unknown" if commit.id is None else f"commit `{commit.id[:12]}`"
    if commit.dirty:
        source += ", with changes"
    plural = "" if m.cores == 1 else "s"
    virtual = ", virtual" if m.virtual else ""
    return (
        f"{result.when[:10]}, {source}; {m.cpu}{virtual}, {m.cores} core{plural}, {m.memory_gib:g} GiB; {m.system} "
        f"{m.kernel}, {m.python}; load {m.load_before:g} before and {m.load_after:g} after; {result.seconds:.0f} s."
    )


def _of(result: Result, metric: Metric) -> list[Figure]:
    return [f for f in result.figures if f.metric == metric.name]


def _metric(result: Result, metric: Metric) -> str:
    figures = {(f.contender, f.case): f for f in _of(result, metric)}
    cases = [case for case in result.cases if any((name, case) in figures for name in result.contenders)]
    names = [name for name in result.contenders if any((name, case) in figures for case in cases)]
    header = ["contender", *(cases if cases != ["all"] else [metric.unit])]
    rows = [[name, *(cell(figures.get((name, case))) for case in cases)] for name in names]
    says = f". {metric.says}" if metric.says else ""
    return f"**{metric.name}**, {metric.unit}, {_ARROW[metric.better]}{says}\n\n{table(header, rows)}"


def _ratios(result: Result) -> str:
    rows = [[r.contender, r.metric, r.case, ratio_text(r), f"{r.to} ({r.kind})"] for r in result.ratios]
    return "**Ratios**\n\n" + table(["contender", "metric", "case", "ratio", "to"], rows)


def ratio_text(ratio: Ratio) -> str:
    """`3.2 [2.9, 3.6]`, and a word where the interval covers 1."""
    if ratio.ci is None:
        return f"{number(ratio.value)} (too few rounds)"
    even = ", no difference shown" if ratio.ci[0] <= 1 <= ratio.ci[1] else ""
    return f"{number(ratio.value)} [{number(ratio.ci[0])}, {number(ratio.ci[1])}]{even}"


def _absent(result: Result) -> str:
    rows = []
    for a in result.absent:
        at = "at the start" if a.round is None else "in warm-up" if a.round < 0 else f"in round {a.round + 1}"
        rows.append([a.contender, a.kind, f"{at}{f', {a.case}' if a.case else ''}", a.reason])
    return "**Not measured, or not to the end**\n\n" + table(["contender", "", "when", "reason"], rows)


def _settings(result: Result) -> str:
    settings = "; ".join(f"{key}: {str(value).lower() if isinstance(value, bool) else value}"
                         for key, value in result.settings.items())  # fmt: skip
    versions = ", ".join(f"{name} {version}" for name, version in sorted(result.versions.items()))
    return f"Settings: {settings}. Versions: {versions}."
