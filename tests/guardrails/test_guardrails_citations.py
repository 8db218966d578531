"""Citation markers: their forms, those that name nothing, and evidence that was written from memory."""

import pytest

from osler.core.citations import Evidence
from osler.core.findings import Finding, Severity
from osler.core.ports.check import Statement
from osler.guardrails.checks.citations import CitationCheck, markers
from osler.testing import check_check


def evidence(*numbers: int, basis: str = "record") -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            n=n,
            doc=f"Observation/{n}",
            title="Potassium",
            quote="K 4.1",
            start=0,
            end=5,
            sha256="0" * 64,
            collection="records",
            basis=basis,
        )
        for n in numbers
    )


def find(text: str, given: tuple[Evidence, ...]) -> list[Finding]:
    return list(CitationCheck().check(Statement(part="answer", text=text, evidence=given)))


def test_it_keeps_the_ports_contract():
    check_check(CitationCheck())


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("K is 4.1 [3].", [(3,)]),
        ("[1, 2]", [(1, 2)]),
        ("[2-4]", [(2, 3, 4)]),
        ("[2–4, 7; 9]", [(2, 3, 4, 7, 9)]),
        ("[1][4]", [(1,), (4,)]),
        ("[ 1 ]", [(1,)]),
        ("[NAME] was seen [DATE-1]", []),
        ("[1](https://example.org)", []),
        ("[see 1](#a) and [1]: https://example.org", []),
        ("[2024]", []),
        ("[12/3]", []),
        ("[]", []),
        ("[[1]]", []),
        ("[1-900]", [(1, 900)]),
        ("[4-2]", [(4, 2)]),
        ("m [1]:\nnext", [(1,)]),
    ],
)
def test_marker_forms(text, numbers):
    found = list(markers(text))
    assert [n for _, _, n in found] == numbers
    assert all(text[start] == "[" and text[end - 1] == "]" for start, end, _ in found)


def test_a_marker_that_names_nothing_is_found_where_it_stands():
    text = "K is 4.1 [1], rising [2, 5]."
    [finding] = find(text, evidence(1, 2))
    assert (finding.kind, finding.severity) == ("citation_unresolved", Severity.WARN)
    assert text[finding.start : finding.end] == "[2, 5]" == finding.claim
    assert "cites 5," in finding.reason


def test_an_answer_without_a_marker_is_found_only_when_evidence_was_given():
    assert [f.kind for f in find("K is 4.1.", evidence(1))] == ["uncited_answer"]
    assert [f.kind for f in find("K is 4.1 [9].", evidence(1))] == ["citation_unresolved", "uncited_answer"]
    assert find("K is 4.1.", ()) == []
    assert find("  ", evidence(1)) == []
    assert find("K is 4.1 [1].", evidence(1)) == []


def test_recalled_evidence_is_named_once_when_it_is_cited():
    given = evidence(1) + evidence(2, basis="recalled") + evidence(3, basis="recalled")
    [finding] = find("A [1]. B [2]. C [2].", given)
    assert (finding.kind, finding.severity, finding.source) == (
        "basis_recalled",
        Severity.INFO,
        "Observation/2",
    )
    assert "written from memory, no source was opened; verify before use" in finding.reason
