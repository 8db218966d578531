"""Identifiers that only what stands around them gives away, and what stands in the same places and is none."""

import pytest

from osler.deid import Deidentifier

ENGINE = Deidentifier.standard()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Will Long, MRN 4471902, is here.", ["Will Long", "4471902"]),
        ("Joy Day (DOB 3/4/1960)", ["Joy Day", "3/4/1960"]),
        ("Chest Pain, MRN 4471902", ["4471902"]),
        ("Seen by PCP B. Strand today.", ["B. Strand"]),
        ("FOB Andre involved.", ["Andre"]),
        ("She lives in Assisted Living.", []),
        ("Moved to Low Risk group.", []),
        ("Came from Portland, OR 97210 by car.", ["Portland", "97210"]),
        ("Surgery at UCLA; may return to Costco.", ["UCLA", "Costco"]),
        ("Case manager ext 4471; magnified x40, x1000 mg", ["4471"]),
        ("member # W2281 99031, group 0733421", ["W2281 99031", "0733421"]),
        ("Camry, plate 7KXR442.", ["7KXR442"]),
        ("plate fixation, plate 12", []),
        ("Dr. Ade Bello met with the Okonjo family; the Family Medicine clinic", ["Ade Bello", "Okonjo"]),
        ("IPG SN NKM701223H, SN ratio", ["NKM701223H"]),
        ("In her chart B-10442", ["B-10442"]),
        ("username on portal: raymond_k77", ["raymond_k77"]),
        ("UNOS ID ABCD123; ID 0.1 mL", ["ABCD123"]),
        ("VA file C-28811920; UMLS concept", ["C-28811920"]),
        ("Cath 3/3: LAD 70%. EGD 4/5.", ["3/3", "4/5"]),
        ("card ending, last 4 9876; last 4 readings", ["9876"]),
    ],
)
def test_contexts(text: str, values: list[str]) -> None:
    assert [text[s.start : s.end] for s in ENGINE.find(text)] == values
