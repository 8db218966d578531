"""Hold-back: what is released and when, and that no chunking changes it; the guard; the verdict."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from osler.core.errors import GuardUnavailable, PluginError
from osler.core.findings import Finding, Severity
from osler.core.ports.check import Check, Statement
from osler.core.ports.records import RecordItem
from osler.guardrails import Guard, HoldBack, verdict
from osler.guardrails.checks.allergy import AllergyCheck
from osler.guardrails.holdback import MAX_HELD

Hold = Literal["risky", "all"]
RECORD = (
    RecordItem(doc="AllergyIntolerance/a1", patient="p1", type="AllergyIntolerance", display="Naproxen"),
)


@dataclass
class Banned:
    """Blocks a word; remembers each sentence that it was shown."""

    word: str = "bad"
    severity: Severity = Severity.BLOCK
    name: str = "banned"
    parts: tuple[str, ...] = ("sentence",)
    seen: list[str] = field(default_factory=list)

    def check(self, statement: Statement) -> Iterable[Finding]:
        self.seen.append(statement.text)
        at = statement.text.find(self.word)
        if at >= 0:
            yield Finding(
                kind="banned",
                severity=self.severity,
                reason=f"It says {self.word}.",
                source="rule: banned",
                start=at,
                end=at + len(self.word),
            )


@dataclass
class Flowing(Banned):
    """Says that what it blocks always holds something risky, whether that is true or not."""

    flows: bool = True


def hold(*checks: Check, withhold: bool = True, question: str = "", mode: Hold = "risky") -> HoldBack:
    return HoldBack(
        Guard(checks), question=question, evidence=(), record=RECORD, withhold=withhold, hold=mode
    )


def released(holdback: HoldBack, pieces: Iterable[str]) -> str:
    return "".join(holdback.feed(piece) for piece in pieces) + holdback.finish()


def cut(text: str, sizes: Sequence[int]) -> list[str]:
    pieces, at, turn = [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        pieces.append(text[at : at + size])
        at, turn = at + size, turn + 1
    return pieces


ANSWERS = [
    "Potassium is 5.9 mmol/L [1]. Avoid NSAIDs, e.g. ibuprofen. Yes, ibuprofen 400 mg is safe.\n\nThanks.",
    "Drugs to avoid:\n\n- ibuprofen\n- naproxen 250 mg\n\nSafe options:\r\n1. Ibuprofen 200 mg. It helps.\n2. Acetaminophen",
    "  \n\n Dr. Smith said 3.5 mg. bad. The dose is 1.5 mg.Next one is bad!  And?\tNo\n",
    "This line is rather long, longer than sixty characters in any case, and it\nruns on with ibuprofen 400 mg. Done.",
    "word " * 900 + "bad. End.",
    "x" * 4500 + " bad",
    "Give ibuprofen [1, 2] [3-5]. Give ibuprofen. [4, 5] Then stop.",
    "",
    "bad",
]


@pytest.mark.parametrize("withhold", [True, False])
@pytest.mark.parametrize("text", ANSWERS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_chunks_of_any_size_give_what_one_piece_gives(text, size, withhold):
    whole, chunked = (
        hold(AllergyCheck(), Banned(), withhold=withhold),
        hold(AllergyCheck(), Banned(), withhold=withhold),
    )
    assert released(chunked, cut(text, [size])) == released(whole, [text])
    assert chunked.findings == whole.findings


PARTS = ["Give ibuprofen 400 mg", "You can take ", "5", " to ", "start ", "not ", "Yes, that is fine", "iron ", "vitamin ", "D", "Avoid naproxen", "bad", "e.g.", "Dr", ". ", ".", "! ", ":\n- ", "\n", "\n\n", "\r\n", " ",
         "  ", "[1, 2]", " [3]", "3.5 mg", "and so on", "1. ", "x" * 70, "\u2028", "…", "No", "\t"]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=40).map("".join), st.lists(st.integers(1, 30), min_size=1))
@example("a" * (MAX_HELD + 5) + ". b c", [1999, 1, 3])
@example(("a" * 30 + " ") * 100, [MAX_HELD])
def test_any_chunking_gives_what_one_piece_gives(text, sizes):
    whole, chunked = hold(AllergyCheck(), Banned()), hold(AllergyCheck(), Banned())
    assert released(chunked, cut(text, sizes)) == released(whole, [text])
    assert chunked.findings == whole.findings


@pytest.mark.parametrize("question", ["", "Is ibuprofen safe?"])
@settings(max_examples=60, deadline=None)
@given(
    text=st.lists(st.sampled_from(PARTS), max_size=40).map("".join),
    sizes=st.lists(st.integers(1, 30), min_size=1),
)
@example(text="a" * (MAX_HELD + 5) + ". b c", sizes=[1999, 1, 3])
@example(text=("Take 5 to " * 300), sizes=[7])
@example(text="Potassium was 5.\nmg of iron\ndeficiency. Vitamin\nD 5 mg", sizes=[1])
def test_any_chunking_gives_the_same_where_the_harmless_flows(question, text, sizes):
    checks = (AllergyCheck(), Flowing())
    whole, chunked = hold(*checks, question=question), hold(*checks, question=question)
    assert released(chunked, cut(text, sizes)) == released(whole, [text])
    assert chunked.findings == whole.findings
    held = hold(*checks, question=question, mode="all")
    released(held, cut(text, sizes))
    assert [(f.kind, f.severity) for f in held.findings] == [(f.kind, f.severity) for f in whole.findings]


@given(st.text(max_size=300), st.lists(st.integers(1, 20), min_size=1))
def test_what_is_not_withheld_passes_byte_for_byte(text, sizes):
    assert released(hold(Banned(word="\U0010fffe")), cut(text, sizes)) == text
    passed = hold(Banned(), AllergyCheck(), withhold=False)
    assert released(passed, cut(text, sizes)) == text


def test_a_sentence_goes_out_when_the_next_has_begun():
    holdback = hold(Banned())
    assert holdback.feed("First one.") == ""
    assert holdback.feed(" Sec") == ""
    assert holdback.feed("ond ") == "First one. "
    assert holdback.feed("one\n") == "Second one\n"
    assert holdback.finish() == ""


def test_words_flow_until_a_dose_an_order_or_a_drug_begins():
    holdback = hold(AllergyCheck())
    assert holdback.feed("Her potassium was 5.9 mmol/L on Monday and the cre") == (
        "Her potassium was 5.9 mmol/L on Monday and the "
    )
    assert (
        holdback.feed("atinine is stable. You can take ibuprofen 4") == "creatinine is stable. You can take "
    )
    assert holdback.feed("00 mg twice daily with food. The") == ""
    assert holdback.feed(" rest ") == "[Withheld by Osler: " + NAPROXEN_REASON + "] The rest "
    assert holdback.finish() == ""
    [finding] = holdback.findings
    assert finding.severity is Severity.BLOCK


NAPROXEN_REASON = (
    "The answer advises ibuprofen; the record lists the allergy “Naproxen”: ibuprofen and naproxen both belong to "
    "nonsteroidal anti-inflammatory drugs"
)


def test_every_sentence_is_held_where_a_check_does_not_say_that_it_can_flow():
    assert hold(AllergyCheck(), Banned()).feed("The lungs are clear and ") == ""
    assert hold(AllergyCheck(), mode="all").feed("The lungs are clear and ") == ""
    assert hold(AllergyCheck()).feed("The lungs are clear and ") == "The lungs are clear and "


def test_a_check_that_blocks_what_had_flowed_is_still_told_in_the_answer():
    text = released(hold(Flowing()), cut("All good. This is bad. Fine.", [3]))
    assert text == "All good. This is bad. [Withheld by Osler: It says bad] Fine."


def test_a_yes_to_a_question_about_a_drug_is_advice():
    answer = "She has gout. Yes, that is fine. Come back soon."
    shown = released(hold(AllergyCheck(), question="Should I start ibuprofen?"), cut(answer, [4]))
    assert shown.startswith("She has gout. [Withheld by Osler: ")
    assert shown.endswith("] Come back soon.")


def test_nothing_unchecked_is_ever_released():
    check = Banned(word="\U0010fffe")
    holdback = hold(check)
    for piece in cut(ANSWERS[0] * 3, [5]):
        shown = holdback.feed(piece)
        assert all(word in "".join(check.seen) for word in shown.split())


def test_a_blocked_sentence_is_withheld_with_its_reason_and_its_list_marker_stays():
    holdback = hold(Banned())
    text = released(holdback, ["All good.  This is bad. Fine.\n- a bad item\n- a good one\n"])
    assert text == (
        "All good.  [Withheld by Osler: It says bad] Fine.\n- [Withheld by Osler: It says bad]\n- a good one\n"
    )
    assert [text[f.start : f.end] for f in holdback.findings] == ["[Withheld by Osler: It says bad]"] * 2


def test_without_withholding_the_finding_points_at_the_words():
    holdback = hold(Banned(), withhold=False)
    text = released(holdback, ["All good.  This is bad. Also\nbad"])
    assert text == "All good.  This is bad. Also\nbad"
    assert [(f.start, text[f.start : f.end]) for f in holdback.findings] == [(19, "bad"), (29, "bad")]


def test_warnings_pass():
    holdback = hold(Banned(severity=Severity.WARN))
    assert released(holdback, ["This is bad."]) == "This is bad."
    assert [f.severity for f in holdback.findings] == [Severity.WARN]


def test_a_text_without_an_end_is_held_up_to_the_limit_and_no_word_is_cut():
    holdback, text = hold(Banned(word="\U0010fffe")), "ward " * 1000
    shown = holdback.feed(text[: MAX_HELD - 1])
    assert shown == ""
    shown = holdback.feed(text[MAX_HELD - 1 : MAX_HELD + 1])
    assert 0 < len(shown) <= MAX_HELD
    assert shown.endswith("ward")
    assert shown + holdback.feed(text[MAX_HELD + 1 :]) + holdback.finish() == text


@pytest.mark.parametrize(
    ("answer", "severities"),
    [
        ("Drugs to avoid:\n- ibuprofen 400 mg\n- diclofenac\n", []),
        ("**Avoid:**\n\n- ibuprofen 400 mg\n\n- diclofenac 50 mg\n", []),
        ("Good options are:\n1. ibuprofen\n2. acetaminophen\n", ["block"]),
        ("Avoid:\n- ibuprofen\n\nFor pain start diclofenac 50 mg.\n", ["block"]),
        ("Avoid:\n- ibuprofen\n\nThat is all.\n\n- diclofenac 50 mg\n", ["block"]),
        ("## Contraindicated\n- ibuprofen 400 mg\n", []),
        ("Avoid ibuprofen. Start diclofenac.", ["block"]),
    ],
)
def test_a_line_that_leads_in_a_list_speaks_for_its_items(answer, severities):
    holdback = hold(AllergyCheck(), withhold=False)
    released(holdback, cut(answer, [3]))
    assert [f.severity.value for f in holdback.findings] == severities
    assert all(answer[f.start : f.end] == f.claim for f in holdback.findings)


@dataclass
class Odd:
    """A check that misbehaves."""

    returns: object = None
    name: str = "odd"
    parts: tuple[str, ...] = ("question", "sentence", "answer")

    def check(self, statement: Statement) -> Iterable[Finding]:
        if isinstance(self.returns, Exception):
            raise self.returns
        return self.returns  # type: ignore[return-value]


@pytest.mark.parametrize("part", ["question", "sentence", "answer"])
def test_a_check_that_raises_stops_everything_and_only_its_name_is_told(part):
    guard = Guard([Odd(ValueError("Zythar Quillon"))])
    statement = Statement(part=part, text="Zythar Quillon has gout.")
    with pytest.raises(GuardUnavailable, match="'odd'") as caught:
        getattr(guard, part)(statement)
    assert "Zythar" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None


def test_a_check_that_fails_while_it_is_read_is_down_too():
    class Late(Odd):
        def check(self, statement: Statement) -> Iterable[Finding]:
            yield from ()
            raise KeyError("x")

    with pytest.raises(GuardUnavailable):
        Guard([Late()]).answer(Statement(part="answer", text="x"))


GOOD = {"kind": "odd", "severity": Severity.WARN, "reason": "It is odd.", "source": "rule: odd"}


@pytest.mark.parametrize(
    "returned",
    [
        None,
        7,
        ["finding"],
        [None],
        *(
            [Finding(**{**GOOD, **wrong})]
            for wrong in (
                {"severity": "block"},  # a word that only looks like one
                {"kind": None},
                {"reason": 7},
                {"source": None},
                {"where": None},
                {"claim": b"x"},
                {"start": 1.5},
                {"end": None},
            )
        ),
    ],
)
def test_a_check_that_returns_something_else_broke_its_contract(returned):
    with pytest.raises(PluginError, match="'odd'"):
        Guard([Odd(returned)]).answer(Statement(part="answer", text="x"))


@pytest.mark.parametrize("check", [object(), Odd(parts=("paragraph",))])
def test_what_is_no_check_is_refused(check):
    with pytest.raises(PluginError, match="Check number 2"):
        Guard([Banned(), check])


def test_a_check_sees_only_the_parts_that_it_wants():
    check = Banned(parts=("answer",))
    guard = Guard([check])
    for part in ("question", "sentence", "answer"):
        getattr(guard, part)(Statement(part=part, text=part))
    assert check.seen == ["answer"]


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ([], "pass"),
        ([Severity.INFO], "pass"),
        ([Severity.INFO, Severity.WARN], "warn"),
        ([Severity.WARN, Severity.BLOCK, Severity.INFO], "block"),
    ],
)
def test_the_verdict_is_the_gravest_finding(severities, expected):
    found = [Finding(kind="k", severity=s, reason="r", source="s") for s in severities]
    assert verdict(found) == expected
