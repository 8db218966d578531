"""What stands in a text must not give orders to the terminal that shows it."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from osler.cli.work import show
from osler.cli.work.terminal import plain

CASES = [
    ("plain text\n\tand Zoë – 日本 🧑", "plain text\n\tand Zoë – 日本 🧑"),
    ("\x1b[2J\x1b]0;title\x07", "␛[2J␛]0;title␇"),
    ("a\rb", "a␍b"),
    ("a\r\nb", "a\r\nb"),
    ("\x9b31m\x7f\x00", "\ufffd31m␡␀"),
    ("\u202egpj.exe\u2066", "\ufffdgpj.exe\ufffd"),
]


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_orders_are_shown_as_signs(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text())
def test_nothing_is_left_to_obey_and_lengths_stay(text: str) -> None:
    shown = plain(text)
    assert len(shown) == len(text)
    assert not {c for c in shown.replace("\r\n", "") if c in "\x1b\x07\x08\r\x7f\x9b\u202e"}
    assert plain(shown) == shown


def test_an_answer_a_quote_and_a_finding_are_shown_so() -> None:
    out = io.StringIO()
    osler = {
        "answer": "a\x1b[2Jb",
        "citations": [
            {"n": 1, "doc": "d\x1b]0;x\x07", "start": 0, "end": 1, "quote": "q\x1b[1m", "basis": "record"}
        ],
        "findings": [
            {"severity": "warn", "kind": "k", "where": "w", "reason": "r\x9b1m", "source": "s\u202e"}
        ],
        "decision": {},
        "sent": [{"role": "user", "content": "c\x1b[0m"}],
        "audit": {"number": 1, "hash": "h"},
    }
    show.answer(Console(file=out, width=120), osler)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", out.getvalue())
    assert out.getvalue().count("␛[") == 3
