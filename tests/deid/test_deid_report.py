"""The report: what it must say of each kind of run, that it is whole in each form, and that nothing leaks into it."""

import json
import re
from datetime import date
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from osler.core.errors import InputError
from osler.core.spans import SAFE_HARBOR, Label
from osler.deid.anonymity import Anonymity, Sensitive
from osler.deid.config import DeidConfig
from osler.deid.leak_rate import LeakRate, Reviewed, estimate
from osler.deid.report import Output, Protocol, Report, Run, as_json, html, markdown
from osler.deid.report.facts import categories, duties, uncovered
from osler.deid.report.pictures import bars, intervals

DAY = date(2026, 3, 9)
SITE = DeidConfig.model_validate(
    {
        "keep": ["PHONE"],
        "allow": ["Quartermain Protocol"],
        "deny": [{"label": "LOCATION", "values": ["Unit Quartermain", "Unit Oak"]}],
        "patterns": [{"name": "trial", "label": "OTHER_ID", "expression": "OSL-[0-9]{4}"}],
    }
)


def identity(**changed: str) -> dict[str, str]:
    return {
        "mode": "redact", "format": "jsonl", "version": "9.8.7", "detectors": "patterns,tagger", "engine": "e" * 64,
        "weights": "w" * 64, "configuration": "c" * 64, "input": "i" * 64, "roster": "", "fast": "False", "keep_names": "False",
        "protocol": Protocol.of(DeidConfig()).recorded(), "replacing": "", **changed,
    }  # fmt: skip


def leaks() -> LeakRate:
    read = [
        Reviewed(id=f'"doc-{n}"', stratum="all", found=9, missed=(Label.NAME,) if n < 3 else ())
        for n in range(60)
    ]
    return estimate(read, {"all": 900}, unreviewed=2)


TABLE = Anonymity(
    rows=100, quasi=("age", "st|ate<b>"), classes=20, k=2, small=((2, 0), (5, 30), (11, 80)), average_risk=0.2,
    greatest_risk=0.5, library="pycanon 1",
    sensitive=(Sensitive(column="dx", values=4, l=2, t=None, distance="equal"),),
)  # fmt: skip


def report(run: Run | None = None, **more: Any) -> Report:
    given = {"records": 12, "failed": 0, "found": {"NAME": 1234, "DATE": 5}, "sha256": "f" * 64}
    output = Output(**{**given, **more.pop("output", {})})
    return Report(made=DAY, version="9.8.7", run=run or Run.of(identity(), DAY), output=output, **more)


FORMS = [html, markdown, lambda r: json.dumps(as_json(r), ensure_ascii=False)]


@pytest.mark.parametrize(
    ("changed", "output", "says"),
    [
        ({"mode": "spans"}, {}, "Nothing was removed"),
        ({}, {}, "removes written dates whole"),
        ({"mode": "surrogate"}, {}, "not Safe Harbor"),
        ({"mode": "safe-harbor"}, {}, "census of 2000"),
        ({"format": "fhir"}, {}, "allow-list"),
        ({"fast": "True"}, {}, "quick engine (fast)"),
        ({}, {}, "no roster"),
        ({"keep_names": "True"}, {}, "kept the names of files"),
        ({"protocol": Protocol.of(SITE).recorded()}, {}, "whole categories stay"),
        ({}, {"failed": 2}, "Nothing in them was de-identified"),
    ],
)
def test_each_kind_of_run_says_what_it_does_not_cover(
    changed: dict[str, str], output: dict[str, Any], says: str
) -> None:
    plain = report(Run.of(identity(mode="found", roster="r" * 64), DAY))
    for form in FORMS:
        assert says in form(report(Run.of(identity(**changed), DAY), output=output))
        assert says not in form(plain)


@pytest.mark.parametrize(
    "always",
    [
        "lets a reader infer", "Rare diseases", "Quasi-identifiers", "Images", "handwriting", "not recognised",
        "(b)(1)", "(b)(2)(ii)", "164.514(c)", "business associate agreement", "data use agreement",
    ],
)  # fmt: skip
def test_what_stands_in_every_report(always: str) -> None:
    for mode in ("spans", "redact", "surrogate", "safe-harbor"):
        for form in FORMS:
            assert always in form(report(Run.of(identity(mode=mode), DAY)))


def test_all_eighteen_letters_and_their_labels() -> None:
    assert [c.letter for c in categories()] == [chr(n) for n in range(ord("A"), ord("S"))]
    body = as_json(report())["categories"]
    assert isinstance(body, list)
    found = {label: (row["letter"], count) for row in body for label, count in row["found"].items()}
    assert found.keys() == {label.value for label in Label}
    assert all(found[label.value][0] == letter for label, letter in SAFE_HARBOR.items())
    assert (found["NAME"][1], found["DATE"][1], found["AGE"][1]) == (1234, 5, 0)
    assert re.search(r"\| A \| Names \|.*\| NAME \| 1,234 \|", markdown(report()))


def test_flags_of_the_data_are_flags_that_a_run_can_have() -> None:
    modes = ("spans", "redact", "surrogate", "safe-harbor")
    runs = [
        Run.of(identity(mode=mode, format=form, **more), DAY)
        for mode in modes
        for form in ("jsonl", "fhir")
        for more in (
            {},
            {"fast": "True", "keep_names": "True", "protocol": Protocol.of(SITE).recorded()},
        )
    ]
    every = frozenset().union(*(run.flags() for run in runs), Run().flags(), {"failed"})
    assert len(uncovered(every)) == len({s.title for s in uncovered(every)}) > 18
    assert not [s.title for s in uncovered(every) if not s.text]
    assert len(duties()) >= 5
    reachable = set().union(
        *({s.title for s in uncovered(run.flags() | {"failed"})} for run in [*runs, Run()])
    )
    assert reachable == {s.title for s in uncovered(every)}


def test_the_method_names_what_decides_the_result_and_no_digest_of_phi() -> None:
    run = Run.of(
        identity(detectors="patterns,tagger,site", protocol=Protocol.of(SITE).recorded(), roster="r" * 64),
        DAY,
    )
    text = markdown(report(run, output={"let_through": {"PHONE": 7}}))
    for word in ("9.8.7", "2026-03-09", "patterns, tagger, site", "e" * 64, "w" * 64, "c" * 64, "given"):
        assert word in text
    assert "labels that stay: PHONE (D); texts that stay: 1; texts always taken: 2 LOCATION (B)" in text
    assert "7 PHONE (D)" in text
    assert "i" * 64 not in text
    assert "r" * 64 not in text
    assert "Quartermain" not in text
    assert "OSL-" not in text


def test_what_an_allow_list_let_through_is_not_counted_in_structured_records() -> None:
    run = Run.of(identity(format="hl7", protocol=Protocol.of(SITE).recorded()), DAY)
    assert "not counted for this format" in markdown(report(run, output={"let_through": {}}))


def test_a_run_that_recorded_nothing_says_so_and_one_of_another_version_is_refused() -> None:
    text = markdown(report(Run()))
    assert "Nothing is known of the method" in text
    assert as_json(report(Run()))["method"] is None
    for broken in ({"protocol": "[]"}, {"protocol": "no"}):
        with pytest.raises(InputError, match="does not say how"):
            Run.of(identity(**broken), DAY)
    with pytest.raises(InputError):
        Run.of({"mode": "redact"}, DAY)


def test_estimates_stand_in_each_form() -> None:
    made = report(leaks=leaks(), anonymity=TABLE)
    for form in (html, markdown):
        text = form(made)
        for word in ("3 of 60", "5.00 %", "1.04 % to 13.92 %", "too large to compute", "k-anonymity"):
            assert word in text, word
        assert "2 documents of the sample were not reviewed" in text
    body = as_json(made)["leaks"]
    assert isinstance(body, dict)
    assert body["documents_with_a_miss"]["clopper_pearson"] == pytest.approx([0.0104, 0.1392], abs=1e-4)
    assert body["missed"] == {"NAME": 3}
    assert "Not estimated" in markdown(report())
    assert "Not assessed" in markdown(report())


def test_ids_are_named_only_when_asked_for() -> None:
    for form in FORMS:
        assert "doc-1" not in form(report(leaks=leaks()))
        assert "doc-1" in form(report(leaks=leaks(), ids=True)).replace("\\", "")


class Tags(HTMLParser):
    """Opening and closing tags, balanced or not."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)
        assert not {name for name, _ in attrs if name.startswith("on") or name in ("href", "src")}

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    text = html(report(leaks=leaks(), anonymity=TABLE))
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert not {"script", "link", "img", "iframe"} & tags.seen
    assert text.count("<svg") == 2
    assert "url(" not in text
    assert "@import" not in text
    assert "@media print" in text
    assert "st|ate&lt;b&gt;" in text
    assert "<b>" not in text


def test_markdown_takes_no_cell_for_two_nor_text_for_markup() -> None:
    text = markdown(report(anonymity=TABLE))
    assert r"st\|ate\<b\>" in text
    for line in text.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4, 6)


@pytest.mark.parametrize(
    "drawn",
    [
        bars([("NAME", 10), ("A<B", 0)], "Counts & more"),
        bars([], "Nothing"),
        intervals([("documents", 0.05, 0.01, 0.14), ("identifiers", 0.0, 0.0, 0.0003)], "Shares"),
        intervals([("documents", 1.0, 0.9, 1.0)], "Shares"),
        intervals([("documents", 0.0, 0.0, 0.0)], "Shares"),
    ],
)
def test_pictures_are_svg_and_stay_within_their_frame(drawn: str) -> None:
    root = ElementTree.fromstring(drawn)
    width = float(root.attrib["viewBox"].split()[2])
    spots = [
        float(value)
        for node in root
        for name, value in node.attrib.items()
        if name in ("x", "cx", "x1", "x2", "width")
    ]
    assert all(0 <= spot <= width for spot in spots)


def test_the_longest_bar_belongs_to_the_greatest_count() -> None:
    root = ElementTree.fromstring(bars([("a", 5), ("b", 20), ("c", 10)], "Counts"))
    wide = [float(node.attrib["width"]) for node in root if node.tag.endswith("rect")]
    assert wide[1] == 2 * wide[2] == 4 * wide[0]
