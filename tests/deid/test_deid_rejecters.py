"""Marks of the network that the contract or the way of writing numbers speaks against."""

import pytest

from osler.core.spans import Label
from osler.deid.sequence.rejecters import rejected

NO = [
    ("between <1996> and", Label.DATE), ("in <2009-2010> and", Label.DATE), ("the <1970s>", Label.DATE),
    ("since <two thousand and seven>", Label.DATE), ("in <nineteen seventy five>", Label.DATE),
    ("P = .<036>)", Label.PHONE), ("CI 10.84-14.<07>", Label.DATE), ("n = <327> of", Label.DEVICE),
    ("P<0.<001>)", Label.PHONE), ("dose <700> mg/d", Label.PHONE), ("<40> weeks", Label.MRN), ("aged <88>", Label.AGE),
    ("turned <fifty eight>", Label.AGE), ("from <Arizona> for", Label.LOCATION), ("in the <UK>", Label.LOCATION),
    ("(n=<23,767>)", Label.DEVICE), ("x <50> %", Label.ACCOUNT),
]  # fmt: skip
YES = [
    ("on <March 2009>", Label.DATE), ("<3/14/2009>", Label.DATE), ("since <march two thousand and seven>", Label.DATE),
    ("MRN <327119>", Label.MRN), ("ext <4471>.", Label.PHONE), ("aged <93>", Label.AGE), ("is <ninety three>", Label.AGE),
    ("in <Springfield>", Label.LOCATION), ("in <New York>", Label.LOCATION), ("acct <44.12.9>", Label.ACCOUNT),
    ("seen <14.03.2021>", Label.DATE), ("by <May>", Label.NAME),
]  # fmt: skip


@pytest.mark.parametrize(("marked", "label", "wrong"), [(*c, True) for c in NO] + [(*c, False) for c in YES])
def test_rejecters(marked: str, label: Label, wrong: bool) -> None:
    start = marked.rindex("<")
    end = marked.index(">", start) - 1
    text = marked[:start] + marked[start + 1 : end + 1] + marked[end + 2 :]
    assert rejected(text, start, end, label) is wrong
