"""Work of `osler deid evaluate`."""

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from osler.cli.work.session import print_json
from osler.core.errors import InputError
from osler.core.spans import Label, Span
from osler.deid.evaluate import Document, Evaluation, Miss, Result
from osler.deid.intervals import Rate

_CONTEXT = 40


@dataclass(slots=True)
class _Predictions:
    """Predictions by id; where an id stands several times, in the order of the file."""

    spans: dict[str, deque[tuple[Span, ...]]] = field(default_factory=dict)
    count: int = 0
    failed: int = 0


def evaluate(*, gold: str, pred: str, worst: int, show_text: bool, json: bool) -> None:
    """Print how predictions compare to the gold standard."""
    predictions = _predictions(Path(pred))
    evaluation = Evaluation(worst=worst, context=_CONTEXT if show_text else 0)
    unanswered = taken = 0
    for number, key, line in _lines(Path(gold), "gold"):
        text = line.get("text")
        if not isinstance(text, str):
            raise _refused(number, "gold", "has no text")
        spans = _spans(line, number, "gold", len(text))
        waiting = predictions.spans.get(key)
        found: tuple[Span, ...] = ()
        if waiting:
            found = waiting.popleft()
            taken += 1
        else:
            unanswered += 1
        if found and max(s.end for s in found) > len(text):
            raise InputError(
                f"The prediction for line {number} of the gold file has a span beyond its text.",
                remedy="Give predictions that were made on these very texts; offsets are code points.",
            )
        evaluation.add(Document(id=key, text=text, gold=spans, found=found))
    notes = {
        "without_prediction": unanswered,
        "failed_predictions": predictions.failed,
        "predictions_not_in_gold": predictions.count - taken,
    }
    result = evaluation.result()
    if not result.documents:
        raise InputError("The gold file holds no document.", remedy='Give lines of {"id", "text", "spans"}.')
    if json:
        print_json(_json(result, notes, show_text=show_text))
    else:
        _show(result, notes)


# -- reading


def _predictions(path: Path) -> _Predictions:
    out = _Predictions()
    for number, key, line in _lines(path, "prediction"):
        out.count += 1
        out.failed += bool(line.get("error"))
        out.spans.setdefault(key, deque()).append(_spans(line, number, "prediction", None))
    return out


def _lines(path: Path, what: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Each line's number, its id (or its number where it has none, as `deid run` writes it) as JSON, and itself."""
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                data = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
                if not data.strip():
                    continue
                try:
                    line = msgspec.json.decode(data)
                except (ValueError, RecursionError):
                    raise _refused(number, what, "is not JSON") from None
                if not isinstance(line, dict):
                    raise _refused(number, what, "is no JSON object")
                identifier = line.get("id")
                key = number if identifier is None else identifier
                yield number, msgspec.json.encode(key).decode(), line
    except OSError as error:
        raise InputError(
            f"The {what} file cannot be read ({type(error).__name__}).", remedy="Check its path."
        ) from None


def _spans(line: dict[str, Any], number: int, what: str, length: int | None) -> tuple[Span, ...]:
    listed = line.get("spans")
    if not isinstance(listed, list):
        raise _refused(number, what, "has no list of spans")
    spans = []
    for item in listed:
        if not isinstance(item, dict):
            raise _refused(number, what, "has a span that is no object")
        start, end, label = item.get("start"), item.get("end"), item.get("label")
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
            raise _refused(number, what, "has a span without a start before its end")
        if length is not None and end > length:
            raise _refused(number, what, "has a span beyond its text")
        if not isinstance(label, str) or label not in Label.__members__:
            raise _refused(number, what, f"has a span of an unknown label; known are {', '.join(Label)}")
        spans.append(Span(start=start, end=end, label=Label[label]))
    return tuple(spans)


def _refused(number: int, what: str, why: str) -> InputError:
    return InputError(
        f"Line {number} of the {what} file {why}.",
        remedy='Gold lines are {"id", "text", "spans": [{"start", "end", "label"}]}, predictions the same '
        "without the text.",
    )


# -- showing


def _json(result: Result, notes: dict[str, int], *, show_text: bool) -> dict[str, object]:
    return {
        "documents": {
            "count": result.documents,
            **notes,
            "leaking": asdict(result.leaking),
            "missing_a_whole_identifier": asdict(result.missing_whole),
            "phi_free_touched": asdict(result.free_touched),
        },
        "tokens": {**asdict(result.tokens), "over_redaction": asdict(result.over_redaction)},
        "entities": {
            "whole": asdict(result.entities_whole),
            "partly": result.entities_partly,
            "missed": result.entities_missed,
            "exact": asdict(result.exact),
        },
        "labels": {label.value: asdict(of_it) for label, of_it in result.labels.items()},
        "misses": [_miss(miss, show_text=show_text) for miss in result.misses],
        "leakiest": [{"id": msgspec.json.decode(key), "misses": count} for key, count in result.leakiest],
    }


def _miss(miss: Miss, *, show_text: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": msgspec.json.decode(miss.id), "start": miss.start, "end": miss.end,
        "label": miss.label.value, "uncovered": miss.uncovered,
    }  # fmt: skip
    if show_text:
        shown["context"] = miss.context
    return shown


def _show(result: Result, notes: dict[str, int]) -> None:
    print(f"{result.documents} documents. Rates with their 95% intervals; documents are the clusters.\n")
    for name, value in (
        ("token recall", result.tokens.recall),
        ("token precision", result.tokens.precision),
        ("token F1", result.tokens.f1),
        ("identifiers found whole", result.entities_whole),
        ("documents with any leak", result.leaking),
        ("documents with a whole identifier missed", result.missing_whole),
        ("other tokens redacted", result.over_redaction),
        ("documents without identifiers touched", result.free_touched),
    ):
        print(f"{name:<42}{_rate(value)}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    columns = (
        "label",
        "tokens",
        "covered",
        "recall",
        "precision",
        "F1",
        "identifiers",
        "whole",
        "partly",
        "missed",
    )
    for column in columns:
        table.add_column(column, justify="left" if column == "label" else "right", no_wrap=True)
    for label, of_it in result.labels.items():
        scores = of_it.labelled
        table.add_row(
            label.value, str(of_it.covered.of), _short(of_it.covered), _short(scores.recall),
            _short(scores.precision), _short(scores.f1), str(of_it.whole.of), _short(of_it.whole),
            str(of_it.partly), str(of_it.missed),
        )  # fmt: skip
    print()
    Console(file=sys.stdout, width=120, highlight=False).print(table)
    if result.misses:
        print("\nWorst misses (id, offsets, label, characters uncovered):")
    for miss in result.misses:
        shown = f"  {' '.join(miss.context.split())}" if miss.context else ""
        print(f"  {miss.id}  {miss.start}-{miss.end}  {miss.label.value}  {miss.uncovered}{shown}")
    for name, count in notes.items():
        if count:
            print(f"{count} {name.replace('_', ' ')}", file=sys.stderr)


def _rate(value: Rate) -> str:
    if value.value is None or value.low is None or value.high is None:
        return "no case"
    return f"{value.value:.4f}  ({value.low:.4f} to {value.high:.4f}; {value.hits} of {value.of})"


def _short(value: Rate) -> str:
    return "-" if value.value is None else f"{value.value:.3f}"
