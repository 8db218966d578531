"""What was sent beside what is shown: every line of both stands in the table, evidence beside its sentence."""

import io

import pytest
from rich.console import Console

from osler.cli.work.side_by_side import evidence, side_by_side

SENT = (
    "Rules for citing.\n\nEvidence:\n"
    "[1]* (Allergy) Penicillin. Recorded 2150-01-02.\n"
    "[2] (Topic: Part) A sentence that nobody cites.\n"
    "[3] (Topic: Part) Another sentence.\n"
    "Notices:\n- The record lists no medication."
)
LINES = {"system": SENT, "user": "What of Ottoline Merrivale?"}
ASKED = "What of Ann Lee?"


def shown(answer: str, *, width: int = 120) -> list[tuple[str, str]]:
    """The table's lines, left and right."""
    out = io.StringIO()
    osler = {
        "sent": [{"role": role, "content": content} for role, content in LINES.items()],
        "answer": answer,
        "decision": {"transform": "surrogate"},
    }
    side_by_side(Console(file=out, width=width), ASKED, osler)
    lines = [line.strip("│").split("│") for line in out.getvalue().splitlines() if line.startswith("│")]
    return [(left.strip(), right.strip()) for left, right in lines]


def test_the_question_and_each_piece_stand_beside_their_counterparts() -> None:
    assert shown("Penicillin. Recorded 2020-01-02. [1]\nAnother sentence. [3]\n\nA remark.") == [
        ("user: What of Ottoline Merrivale?", ASKED),
        ("[1]* (Allergy) Penicillin. Recorded 2150-01-02.", "Penicillin. Recorded 2020-01-02. [1]"),
        ("[2] (Topic: Part) A sentence that nobody cites.", ""),
        ("[3] (Topic: Part) Another sentence.", "Another sentence. [3]"),
        ("Notices:", ""),
        ("- The record lists no medication.", ""),
        ("", "A remark."),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "No evidence found.",
        "One [3]\nTwo [1]\nThree",
        "A heading\n[1] one\nand on\n[3] two\n\n[2] three",
        "Named out of range [99]\n[1]",
        "One [1][3]\nTwo [1]\nThree [2]",
    ],
)
def test_nothing_of_the_answer_is_lost_and_its_order_stays(answer: str) -> None:
    right = [line for _, line in shown(answer)[1:] if line]
    assert right == [line for line in answer.splitlines() if line]


@pytest.mark.parametrize("width", [40, 80])
def test_what_was_sent_stands_whole_on_the_left(width: int) -> None:
    left = "".join(line for line, _ in shown("One [1]", width=width)).replace(" ", "")
    after = LINES["user"] + SENT.partition("Evidence:\n")[2]
    assert after.replace(" ", "").replace("\n", "") in left.removeprefix("user:")


def test_evidence_is_counted_from_what_was_sent_and_cited() -> None:
    out = io.StringIO()
    osler = {
        "sent": [{"role": "system", "content": SENT}],
        "citations": [{"doc": "Condition/a"}, {"doc": "Condition/b"}, {"doc": "guideline/c"}],
    }
    evidence(Console(file=out, width=100), osler)
    assert "3 numbered pieces were sent; cited are 3: 2 Condition, 1 guideline" in out.getvalue()
