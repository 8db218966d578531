"""The format of results and what is made of it: schema, tables, plot, comparison."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema_rs
import pytest
import run
from runner import compare, plot, render, result
from runner.result import Absent, Commit, Figure, Machine, Metric, Ratio, Result

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCHEMA = json.loads((BENCHMARKS / "result.schema.json").read_text())
SHIPPED = sorted((BENCHMARKS / "results").glob("*.json"))


def figure(
    contender: str, values: tuple[float | None, ...], *, case: str = "small", noisy: bool = False
) -> Figure:
    kept = sorted(v for v in values if v is not None)
    return Figure(
        contender=contender,
        case=case,
        metric="CPU",
        unit="µs",
        better="lower",
        values=values,
        median=kept[len(kept) // 2],
        min=kept[0],
        max=kept[-1],
        ci=(kept[0], kept[-1]) if len(kept) >= 5 else None,
        noisy=noisy,
    )


def made(*, ours: float = 20.0, name: str = "toy", kernel: str = "6") -> Result:
    return Result(
        name=name,
        title="a toy",
        when="2026-03-01T12:00:00Z",
        seconds=3.5,
        machine=Machine(
            cpu="Chip | 9000",
            cores=2,
            memory_gib=8,
            virtual=True,
            system="Linux",
            kernel=kernel,
            python="CPython 3.11",
            load_before=0.5,
            load_after=1,
        ),
        versions={"osler": "0.1.0"},
        commit=Commit(id="0123456789abcdef", dirty=True),
        settings={"rounds": 6, "quick": False},
        contenders=("floor", "ours", "peer"),
        cases=("small", "large"),
        metrics=(Metric(name="CPU", unit="µs", better="lower", says="Of all.", headline=True),),
        figures=(
            figure("floor", (10, 10.5, 11, 10.2, 10.4, 9.9)),
            figure("ours", tuple(ours + n / 10 for n in range(6))),
            figure("ours", (3000, None, 9000), case="large", noisy=True),
        ),
        ratios=(
            Ratio(contender="ours", to="floor", case="small", metric="CPU", kind="floor", value=1.96, ci=(1.9, 2.1), rounds=6),
            Ratio(contender="ours", to="peer", case="small", metric="CPU", kind="peer", value=1.01, ci=(0.9, 1.1), rounds=6),
        ),
        absent=(Absent(contender="peer", kind="missing", case=None, round=None, reason="not installed"),),
        notes=("A note.",),
    )  # fmt: skip


def test_a_result_survives_its_file_and_holds_to_the_schema(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(made().to_json(), encoding="utf-8")
    assert result.read(tmp_path / "r.json") == made()
    jsonschema_rs.validate(SCHEMA, json.loads(made().to_json()))


def test_the_schema_in_the_folder_is_the_one_of_the_format() -> None:
    assert (BENCHMARKS / "result.schema.json").read_text() == result.json_schema()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"more": 1}, "more"),
        ({"schema": "osler-benchmark/2"}, "schema"),
        ({"figures": [{"contender": "x"}]}, "figures"),
        ({"seconds": "3"}, None),
        ({"commit": {"id": 5, "dirty": None}}, "commit.id"),
    ],
)
def test_other_files_are_refused_by_reader_and_schema(
    change: dict[str, object], says: str | None, tmp_path: Path
) -> None:
    wrong = {**json.loads(made().to_json()), **change}
    assert not jsonschema_rs.is_valid(SCHEMA, wrong)
    if says:
        (tmp_path / "r.json").write_text(json.dumps(wrong), encoding="utf-8")
        with pytest.raises(ValueError, match=says):
            result.read(tmp_path / "r.json")


def test_the_table_shows_figures_noise_ratios_and_who_is_absent() -> None:
    text = render.markdown([made()])
    assert "| ours | 20.3 [20, 20.5] | ~9,000 (3,000 to 9,000) |" in text
    assert "| floor | 10.4 [9.9, 11] | – |" in text
    assert "| ours | CPU | small | 1.96 [1.9, 2.1] | floor (floor) |" in text
    assert "1.01 [0.9, 1.1], no difference shown" in text
    assert "| peer | missing | at the start | not installed |" in text
    assert "commit `0123456789ab`, with changes" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.01234, "0.0123"), (9.999, "10"), (99.96, "100"), (123.4, "123"), (1234.5, "1,230"), (98765, "98,800"),
     (-3.21, "-3.21"), (-1234, "-1,230")],
)  # fmt: skip
def test_numbers_have_three_digits(value: float, shown: str) -> None:
    assert render.number(value) == shown


def test_a_comparison_reads_each_change_and_names_what_else_differs() -> None:
    better = compare.markdown(made(), made(ours=10.0, kernel="7"))
    assert "| ours | small | CPU |" in better
    row = next(line for line in better.splitlines() if line.startswith("| ours | small"))
    assert row.endswith("| better |")
    assert "- kernel: 6 before, 7 now" in better
    worse = compare.markdown(made(), made(ours=30.0))
    assert "| worse |" in worse
    assert "differ as well" not in worse
    assert "| no difference shown |" in compare.markdown(made(), made())
    with pytest.raises(ValueError, match="different benchmarks"):
        compare.markdown(made(), made(name="other"))


def test_the_plot_is_made_of_the_result_alone_and_names_everyone() -> None:
    pytest.importorskip("matplotlib")
    text = plot.svg([made()])
    assert ElementTree.fromstring(text).tag.endswith("svg")
    for name in ("floor, small", "ours, small", "ours, large ~", "toy: CPU, µs (lower is better)"):
        assert name in text
    assert plot.svg([made()]) == text


def test_a_report_is_written_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.json").write_text(made().to_json(), encoding="utf-8")
    page = tmp_path / "report.md"
    assert run.main(["report", str(tmp_path / "r.json"), "--markdown", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == render.markdown([made()])
    assert run.main(["compare", str(tmp_path / "r.json"), str(tmp_path / "r.json")]) == 0
    assert "no difference shown" in capsys.readouterr().out
    assert run.main(["report", str(tmp_path / "none.json")]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_the_shipped_results_hold_to_the_format_and_are_honest(path: Path) -> None:
    shipped = result.read(path)
    jsonschema_rs.validate(SCHEMA, json.loads(path.read_text()))
    assert shipped.settings["quick"] is False
    assert not [a for a in shipped.absent if a.kind == "failed"]
    assert all(len(f.values) >= 5 for f in shipped.figures)


def test_the_shipped_page_is_made_of_the_shipped_results() -> None:
    results = [result.read(path) for path in SHIPPED]
    assert results
    page = (BENCHMARKS / "results" / "README.md").read_text(encoding="utf-8")
    assert page == render.markdown(results, plot="results.svg")
