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


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Patient: 王小明, MRN 55820417", "王小明"),
        ("Mr. 王小明 asks", "王小明"),
        ("Mrs. 김민준 asks", "김민준"),
        ("Ms. शर्मा called", "शर्मा"),
        ("Patient: สมชาย ใจดี, MRN 1", "สมชาย ใจดี"),
        ("Mr. أحمد حسن asks", "أحمد حسن"),
        ("Name: 山田・太郎", "山田・太郎"),
    ],
)
def test_names_in_scripts_without_capitals_are_announced_too(text: str, name: str) -> None:
    assert name in {text[s.start : s.end] for s in TitledNames().find(text)}
