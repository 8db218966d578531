"""Writes into the current folder the made-up notes that pages on de-identification take for granted.

`notes.jsonl` and `note.txt`; `gold.jsonl` and `annotated.jsonl`, the same notes with their identifiers marked;
`roster.jsonl`; `released.csv`, a row a person. `python docs_notes.py review SAMPLE` does what reviewers do.
"""

import json
import re
import sys
from pathlib import Path

NOTES = (
    "Seen today: [[NAME|Maria Alvarez]], MRN [[MRN|10384472]], on [[DATE|03/14/2026]]. Knee pain, no fever.",
    "[[NAME|Tom Oyelaran]] called from [[PHONE|555-201-3344]] about his refill of metformin 500 mg.",
    "Follow-up of [[NAME|Maria Alvarez]] on [[DATE|04/02/2026]]: eGFR 38, potassium 4.9. No NSAIDs.",
    "Discharged to [[LOCATION|14 Birch Lane, Elmford]]. Daughter [[NAME|Ana Alvarez]], [[EMAIL|ana.alvarez@example.org]].",
    "Chest clear. Blood pressure 128/76. Continue lisinopril 20 mg once daily.",
    "Dr. [[NAME|Okafor]] saw the patient on [[DATE|May 3, 2026]]; SSN [[SSN|219-09-9999]] on the form.",
)
_MARK = re.compile(r"\[\[([A-Z_]+)\|([^\]]+)\]\]")


def plain(marked: str) -> tuple[str, list[dict[str, object]]]:
    """The text without its marks, and what was marked."""
    text, spans, end = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[end : match.start()]
        spans.append({"start": len(text), "end": len(text) + len(match[2]), "label": match[1]})
        text, end = text + match[2], match.end()
    return text + marked[end:], spans


def write() -> None:
    """All files."""
    notes, gold = [], []
    for number, marked in enumerate(NOTES, 1):
        text, spans = plain(marked)
        line = {"id": f"note-{number}", "text": text, "patient_key": f"p{number % 3}"}
        notes.append({**line, "note_type": "visit" if number % 2 else "call"})
        gold.append({"id": line["id"], "text": text, "spans": spans})
    for name, rows in (("notes.jsonl", notes), ("gold.jsonl", gold), ("annotated.jsonl", gold)):
        Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    Path("note.txt").write_text(plain(NOTES[0])[0] + "\n", encoding="utf-8")
    roster = {"patient_key": "p1", "names": ["Maria Alvarez"], "mrns": ["10384472"]}
    Path("roster.jsonl").write_text(json.dumps(roster) + "\n", encoding="utf-8")
    people = [f"{50 + n % 3},{'FM'[n % 2]},123,{'asthma' if n % 2 else 'CKD'}" for n in range(12)]
    Path("released.csv").write_text("age,sex,zip3,diagnosis\n" + "\n".join(people) + "\n", encoding="utf-8")


def review(path: str) -> None:
    """Every line of a sample as read, with nothing missed."""
    lines = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    Path(path).write_text(
        "".join(json.dumps({**line, "missed": []}) + "\n" for line in lines), encoding="utf-8"
    )


if __name__ == "__main__":
    review(sys.argv[2]) if sys.argv[1:2] == ["review"] else write()
