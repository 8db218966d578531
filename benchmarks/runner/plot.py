"""Results as one SVG picture, made from results only.

One panel for each headline metric. Points are rounds, the mark is the median, the line its 95 %
interval. Contenders differ by colour (Okabe and Ito's, told apart by colour-blind readers) and by the
shape of their mark.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runner.contenders import Unavailable
from runner.result import Figure, Metric, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
MARKS = ("o", "s", "D", "^", "v", "P", "X", "*")
_LOG_FROM = 20.0  # a range of this factor and more is shown on a logarithmic axis
_ROW, _GAP = 0.24, 0.6


def svg(results: Sequence[Result]) -> str:
    """The picture's text; the same results give the same text. Raises Unavailable without matplotlib."""
    try:
        import matplotlib  # noqa: PLC0415
        from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
        from matplotlib.figure import Figure as Canvas  # noqa: PLC0415
        from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415
    except ImportError:
        raise Unavailable("matplotlib is not installed: pip install 'osler[bench]'") from None
    panels = [(result, metric) for result in results for metric in _plotted(result)]
    if not panels:
        raise ValueError("there is nothing to plot in these results")
    heights = [_height(result, metric) for result, metric in panels]
    with matplotlib.rc_context({"svg.hashsalt": "osler", "svg.fonttype": "none", "font.size": 9}):
        canvas = Canvas(
            figsize=(9, sum(heights) + 0.75 * len(panels)), layout=ConstrainedLayoutEngine(h_pad=0.12)
        )
        FigureCanvasSVG(canvas)
        axes = canvas.subplots(len(panels), 1, squeeze=False, height_ratios=heights)
        for (result, metric), axis in zip(panels, axes[:, 0], strict=True):
            _panel(axis, result, metric)
        out = io.StringIO()
        canvas.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _plotted(result: Result) -> list[Metric]:
    return [m for m in result.metrics if m.headline and _figures(result, m)]


def _figures(result: Result, metric: Metric) -> list[Figure]:
    return [f for f in result.figures if f.metric == metric.name]


def _height(result: Result, metric: Metric) -> float:
    figures = _figures(result, metric)
    return _ROW * len(figures) + _ROW * _GAP * len({f.case for f in figures}) + 0.2


def _panel(axis: "Axes", result: Result, metric: Metric) -> None:
    figures = _figures(result, metric)
    at, ticks, labels = 0.0, [], []
    for case in dict.fromkeys(f.case for f in figures):
        for figure in (f for f in figures if f.case == case):
            _mark(axis, figure, at, result.contenders.index(figure.contender) % len(COLOURS))
            ticks.append(at)
            noisy = " ~" if figure.noisy else ""
            labels.append(f"{figure.contender}{f', {case}' if case != 'all' else ''}{noisy}")
            at += 1
        at += _GAP
    axis.set_yticks(ticks, labels)
    axis.set_ylim(at - _GAP - 0.4, -0.6)
    values = [v for f in figures for v in f.values if v is not None]
    if min(values) > 0 and max(values) / min(values) > _LOG_FROM:
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter("{x:,g}")
    elif min(values) >= 0:
        axis.set_xlim(left=0)
    axis.grid(axis="x", color="#dddddd", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_title(
        f"{result.name}: {metric.name}, {metric.unit} ({metric.better} is better)", loc="left", fontsize=10
    )


def _mark(axis: "Axes", figure: Figure, at: float, kind: int) -> None:
    colour, shape = COLOURS[kind], MARKS[kind]
    rounds = [v for v in figure.values if v is not None]
    axis.plot(rounds, [at] * len(rounds), "o", color=colour, markersize=3, alpha=0.35, markeredgewidth=0)
    if figure.ci is not None:
        axis.plot(figure.ci, [at, at], "-", color=colour, linewidth=2)
    axis.plot(
        [figure.median], [at], shape, color=colour, markersize=7, markeredgecolor="white", markeredgewidth=0.6
    )
