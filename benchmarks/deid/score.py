"""Score predicted spans against gold spans, token by token, with bootstrap intervals.

    python benchmarks/deid/score.py --gold public.jsonl --pred predicted.jsonl [--json scores.json] [--misses 30]

Gold lines are `{"id", "text", "spans": [{"start", "end", "label"}][, "style"][, "ignore": [{"start", "end"}]]}`,
predicted lines `{"id", "spans"}`; offsets in Unicode code points. A token is a maximal run of letters or digits, cut
where a gold span begins or ends. A gold token is covered if predicted spans cover all of it, whatever their label; any
other token is redacted if a predicted span touches it. Tokens under `ignore` (doubtful ones) count neither way.
Intervals are 95 % percentile intervals of a bootstrap over sources: a document and its copies (ids alike up to the
first ".") stay together.
"""

import argparse
import bisect
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

TOKEN = re.compile(r"[^\W_]+")
_CODES = ("MRN", "ACCOUNT", "HEALTH_PLAN", "LICENSE", "VEHICLE", "DEVICE", "OTHER_ID", "PHOTO", "BIOMETRIC")
GROUPS = {
    "NAME, AGE": ("NAME", "AGE"),
    "LOCATION": ("LOCATION",),
    "numbers and codes": _CODES,
    "contacts and dates": ("PHONE", "FAX", "EMAIL", "SSN", "URL", "IP", "DATE"),
}
LOWER_STYLES = ("dictated",)
RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """One row of the table: a ratio of two counts summed over documents, and what issue 4 holds it to."""

    name: str
    over: Callable[["Tally"], float]
    under: Callable[["Tally"], float]
    required: str
    reach: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """The counts of one document. `found` and `gold` are tokens by label."""

    source: str
    style: str
    gold: dict[str, int]
    found: dict[str, int]
    other: int
    redacted: int
    whole_missed: int
    spans: int


Spans = Sequence[dict[str, Any]]


def merged(spans: Spans) -> list[tuple[int, int]]:
    """The union of `spans` as sorted, disjoint (start, end) pairs; touching ones are joined."""
    out: list[tuple[int, int]] = []
    for start, end in sorted((int(s["start"]), int(s["end"])) for s in spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        elif end > start:
            out.append((start, end))
    return out


def tokens(text: str, cuts: Spans) -> list[tuple[int, int]]:
    """(start, end) of the tokens of `text`, cut at the edges of `cuts`."""
    edges = sorted({int(s[side]) for s in cuts for side in ("start", "end")})
    out: list[tuple[int, int]] = []
    for run in TOKEN.finditer(text):
        inner = edges[bisect.bisect_right(edges, run.start()) : bisect.bisect_left(edges, run.end())]
        points = [run.start(), *inner, run.end()]
        out.extend(pairwise(points))
    return out


def _holder(pairs: list[tuple[int, int]], start: int, end: int, *, whole: bool) -> bool:
    at = bisect.bisect_left(pairs, (end, -1)) - 1
    if at < 0:
        return False
    return pairs[at][0] <= start and end <= pairs[at][1] if whole else start < pairs[at][1]


def tally(gold: dict[str, Any], predicted: Spans) -> Tally:
    """Count one document."""
    spans = sorted(gold["spans"], key=lambda s: int(s["start"]))
    starts = [int(s["start"]) for s in spans]
    cover, skip = merged(predicted), merged(gold.get("ignore", []))
    all_gold: dict[str, int] = {}
    found: dict[str, int] = {}
    hit = [False] * len(spans)
    other = redacted = 0
    for start, end in tokens(gold["text"], [*spans, *gold.get("ignore", [])]):
        at = bisect.bisect_right(starts, start) - 1
        if at >= 0 and end <= int(spans[at]["end"]):
            label = str(spans[at]["label"])
            all_gold[label] = all_gold.get(label, 0) + 1
            if _holder(cover, start, end, whole=True):
                found[label] = found.get(label, 0) + 1
                hit[at] = True
        elif not _holder(skip, start, end, whole=False):
            other += 1
            redacted += _holder(cover, start, end, whole=False)
    return Tally(
        source=str(gold["id"]).split(".")[0],
        style=str(gold.get("style", "")),
        gold=all_gold,
        found=found,
        other=other,
        redacted=redacted,
        whole_missed=hit.count(False),
        spans=len(spans),
    )


def _total(counts: dict[str, int], labels: Sequence[str] | None = None) -> int:
    return sum(n for label, n in counts.items() if labels is None or label in labels)


def _recall(name: str, labels: Sequence[str] | None, required: str, reach: str = "") -> Measure:
    return Measure(
        name=name,
        over=lambda t: _total(t.found, labels),
        under=lambda t: _total(t.gold, labels),
        required=required,
        reach=reach,
    )


def measures(labels: Sequence[str]) -> list[Measure]:
    """The rows of issue 4's table, then the recall of each label in `labels`."""
    held = dict(
        zip(
            GROUPS,
            [("≥ 0.97", "0.99"), ("≥ 0.93", "0.97"), ("≥ 0.96", "0.98"), ("≥ 0.98", "0.995")],
            strict=True,
        )
    )
    return [
        _recall("token recall, all labels", None, "≥ 0.97", "0.985"),
        Measure(
            name="token precision",
            over=lambda t: _total(t.found),
            under=lambda t: _total(t.found) + t.redacted,
            required="≥ 0.90",
            reach="0.95",
        ),
        *(_recall(f"recall: {name}", group, *held[name]) for name, group in GROUPS.items()),
        Measure(
            name="recall: lower-case dictation",
            over=lambda t: _total(t.found) if t.style in LOWER_STYLES else 0,
            under=lambda t: _total(t.gold) if t.style in LOWER_STYLES else 0,
            required="≥ 0.92",
            reach="0.96",
        ),
        Measure(
            name="documents with a whole identifier missed",
            over=lambda t: float(t.whole_missed > 0),
            under=lambda t: float(t.spans > 0),
            required="≤ 0.30",
            reach="0.12",
        ),
        Measure(
            name="documents with any token missed",
            over=lambda t: float(_total(t.found) < _total(t.gold)),
            under=lambda t: float(t.spans > 0),
            required="",
        ),
        Measure(
            name="non-PHI tokens redacted",
            over=lambda t: t.redacted,
            under=lambda t: t.other,
            required="≤ 0.015",
            reach="0.007",
        ),
        Measure(
            name="PHI-free documents touched",
            over=lambda t: float(t.redacted > 0 and not t.spans),
            under=lambda t: float(not t.spans),
            required="≤ 0.15",
            reach="0.05",
        ),
        *(_recall(f"recall: {label}", (label,), "") for label in labels),
    ]


def evaluate(tallies: Sequence[Tally], seed: int = 4) -> list[dict[str, Any]]:
    """Each measure with `value`, `low`, `high` (None where it has no denominator) and its denominator `n`."""
    labels = sorted({label for t in tallies for label in t.gold})
    sources = sorted({t.source for t in tallies})
    index = {source: at for at, source in enumerate(sources)}
    draws = np.random.default_rng(seed).multinomial(
        len(sources), [1 / len(sources)] * len(sources), size=RESAMPLES
    )
    rows: list[dict[str, Any]] = []
    for measure in measures(labels):
        over, under = np.zeros(len(sources)), np.zeros(len(sources))
        for t in tallies:
            over[index[t.source]] += measure.over(t)
            under[index[t.source]] += measure.under(t)
        row: dict[str, Any] = {
            "measure": measure.name,
            "value": None,
            "low": None,
            "high": None,
            "n": int(under.sum()),
        }
        if under.sum():
            bottom = draws @ under
            ratios = (draws @ over)[bottom > 0] / bottom[bottom > 0]
            low, high = np.quantile(ratios, [0.025, 0.975])
            row |= {"value": float(over.sum() / under.sum()), "low": float(low), "high": float(high)}
        rows.append(row | {"required": measure.required, "reach": measure.reach})
    return rows


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| | value | 95 % interval | n | required | reach for |", "|---|---|---|---|---|---|"]
    for row in rows:
        figures = (
            ("", "")
            if row["value"] is None
            else (f"{row['value']:.3f}", f"{row['low']:.3f} to {row['high']:.3f}")
        )
        lines.append(
            f"| {row['measure']} | {figures[0]} | {figures[1]} | {row['n']} | {row['required']} | {row['reach']} |"
        )
    return "\n".join(lines)


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Lines of a JSONL file by id. Raises ValueError for a doubled id."""
    lines: dict[str, dict[str, Any]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["id"] in lines:
            raise ValueError(f"an id comes twice in {path}")
        lines[entry["id"]] = entry
    return lines


def misses(gold: dict[str, dict[str, Any]], predicted: dict[str, dict[str, Any]], most: int) -> list[str]:
    """Gold spans of which nothing was found, in context. For public text only: it prints the identifiers."""
    out: list[str] = []
    for name, document in gold.items():
        cover = merged(predicted[name]["spans"])
        for span in document["spans"]:
            start, end = int(span["start"]), int(span["end"])
            if not any(
                _holder(cover, *token, whole=True) for token in tokens_in(document["text"], start, end)
            ):
                around = document["text"][max(0, start - 30) : start], document["text"][end : end + 20]
                marked = f"{around[0]}⟦{document['text'][start:end]}⟧{around[1]}".replace("\n", " / ")
                out.append(f"{name} {span['label']}: {marked}")
    return out[:most]


def tokens_in(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The tokens of `text[start:end]`, with offsets in `text`."""
    return [(start + a, start + b) for a, b in tokens(text[start:end], [])]


def main() -> None:
    """Score one file of predictions."""
    parser = argparse.ArgumentParser(description="Score predicted spans against gold spans.")
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--pred", type=Path, required=True)
    parser.add_argument("--json", type=Path, default=None, help="also write the rows here")
    parser.add_argument(
        "--misses", type=int, default=0, help="print so many identifiers missed whole (public text only)"
    )
    options = parser.parse_args()
    gold, predicted = read(options.gold), read(options.pred)
    absent = [name for name in gold if name not in predicted]
    if absent:
        raise SystemExit(f"{len(absent)} gold documents have no line of predictions; predict all of them")
    rows = evaluate([tally(document, predicted[name]["spans"]) for name, document in gold.items()])
    print(markdown(rows))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for line in misses(gold, predicted, options.misses):
        print(line)


if __name__ == "__main__":
    main()
