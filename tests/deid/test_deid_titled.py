"""Names after a title or a label."""

import pytest

from osler.deid.titled import TitledNames

CASES = [
    ("Call Mrs. Quill at noon.", ["Quill"]),
    ("Dr. Alan van der Berg and Mr Long came.", ["Alan van der Berg", "Long"]),
    ("d/w dr patel, mrs okafor's son", ["patel", "okafor"]),
    ("Patient Name: Tamsin Okoro MRN", ["Tamsin Okoro"]),
    ("Patient: LOPEZ, MARIA T", ["LOPEZ, MARIA T"]),
    ("Sister Agnes; Nurse Adeyemi", ["Agnes", "Adeyemi"]),
    ("Ms. Park's dose", ["Park"]),
    ("MS Contin 15 mg, MR angiography, nurse practitioner, dr office, Dr. said so", []),
    ("Patient: Denies pain. Name: Unknown", []),
    ("Nurse Manager, Nurse Practitioner, Father died", []),
    ("Patient: Well, I think. Patient: Um, Friday. Doctor X said", []),
    ("the doctor will see you, mister nobody", []),
]


@pytest.mark.parametrize(("text", "names"), CASES)
def test_titled(text: str, names: list[str]) -> None:
    assert [text[s.start : s.end] for s in TitledNames().find(text)] == names
