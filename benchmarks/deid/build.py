"""Make public.jsonl from documents/*.txt: each source as written, and copies of it with fresh values.

    python benchmarks/deid/build.py [--check]

Deterministic: every copy has a random generator of its own, seeded by its id. A line is
`{"id", "style", "variant": "written" | "fresh-1" | "fresh-2", "text", "spans": [{"start", "end", "label"}]}`,
offsets in Unicode code points. `--check` writes nothing and fails if the file is not what would be written.
"""

import json
import random
import re
import sys
from pathlib import Path

from fresh_dates import Dates
from fresh_ids import Identifiers
from fresh_people import People, fold
from fresh_places import Places
from markup import Piece, parse, render
from values import Values, load

HERE = Path(__file__).parent
COPIES = 2


class Refill:
    """Fresh values for one copy of one document."""

    def __init__(self, pieces: list[Piece], values: Values, rng: random.Random) -> None:
        self._pieces = pieces
        self._values = values
        self._rng = rng
        self._people = People(values, rng)
        self._dates = Dates(values.holidays, rng)
        self._ids = Identifiers(rng)
        self._places = Places(values, rng)

    def run(self) -> list[Piece]:
        """The pieces with every identifier exchanged."""
        before = ""
        for piece in self._pieces:
            if piece.label == "NAME":
                self._people.learn(piece.text, before)
            before = piece.text if not piece.label else ""
        return [Piece(label=p.label, text=self._fresh(p) if p.label else p.text) for p in self._pieces]

    def _fresh(self, piece: Piece) -> str:
        text, label = piece.text, piece.label
        if label == "NAME":
            return self._people.replace(text)
        if label == "LOCATION":
            return self._places.replace(text)
        if label == "DATE":
            return self._dates.replace(text)
        if label == "AGE":
            return self._dates.age(text)
        if label in ("PHONE", "FAX"):
            return self._ids.phone(text)
        if label == "EMAIL":
            return self._email(text)
        if label == "URL":
            return self._url(text)
        if label == "IP":
            return self._ip(text)
        if label == "PHOTO":
            new = self._ids.shuffle(self._people.in_address(text)[0], letters=False)
            return new if new != text else re.sub(r"[^\W_]+", fold(self._people.anyone()[1]), text, count=1)
        return self._code(text, label)

    def _code(self, text: str, label: str) -> str:
        if re.fullmatch(r"@?[a-z][a-z._]*\d{0,3}|[A-Z]{5,}\d{0,2}", text):
            named, found = self._people.in_address(text)
            if not found:
                named = self._people.user_name()
            return named.upper() if text.isupper() else named
        return self._ids.replace(text, label)

    def _email(self, text: str) -> str:
        given, family = (fold(name) for name in self._people.anyone())
        if " at " in text:
            host = self._rng.choice(["gmail", "hotmail", "icloud", "aol"])
            return f"{given[0]} {family} {self._ids.shuffle('one two')} at {host} dot com"
        local, domain = text.split("@")
        named, found = self._people.in_address(local)
        if not found:
            named = self._rng.choice(
                [f"{given}.{family}", f"{given[0]}{family}", f"{family}_{given[0]}", f"{given}77"]
            )
        if domain in ("gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "fastmail.net"):
            return f"{named}@{self._rng.choice(self._values.free_mail)}"
        return f"{named}@{self._host(domain)}"

    def _host(self, old: str) -> str:
        stem = self._rng.choice(self._values.stems).lower()
        ending = re.sub(r"^.*?((?:\.[a-z]{2,8})?\.[a-z]{2,7})$", r"\1", old)
        return stem + self._rng.choice(["", "-health", "care", "-clinic"]) + ending[ending.rfind(".") :]

    def _url(self, text: str) -> str:
        found = re.match(r"(https?://)?(www\.)?([^/]+)(.*)$", text, re.DOTALL)
        if found is None:
            raise ValueError("a URL without a host")
        path, _ = self._people.in_address(found[4])
        return (
            (found[1] or "")
            + (found[2] or "")
            + self._host(found[3])
            + self._ids.shuffle(path, letters=False)
        )

    def _ip(self, text: str) -> str:
        if re.fullmatch(r"[\d.]+", text):
            return ".".join(str(self._rng.randint(1, 254)) for _ in range(4))
        return self._ids.hexadecimal(text)


def documents(values: Values) -> list[dict[str, object]]:
    """All lines of the benchmark, by source name, written text before its copies."""
    lines: list[dict[str, object]] = []
    for path in sorted((HERE / "documents").glob("*.txt")):
        try:
            pieces = parse(path.read_text(encoding="utf-8"))
        except ValueError as fault:
            raise SystemExit(f"{path.name}: {fault}") from None
        style = path.stem.rsplit("_", 1)[0]
        copies = COPIES if any(piece.label for piece in pieces) else 0
        for number in range(copies + 1):
            variant = f"fresh-{number}" if number else "written"
            name = f"{path.stem}.{variant}"
            chosen = Refill(pieces, values, random.Random(name)).run() if number else pieces
            text, spans = render(chosen)
            lines.append({"id": name, "style": style, "variant": variant, "text": text, "spans": spans})
    return lines


def main() -> None:
    """Write public.jsonl, or with `--check` compare it."""
    body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in documents(load()))
    out = HERE / "public.jsonl"
    if "--check" in sys.argv[1:]:
        if not out.exists() or out.read_text(encoding="utf-8") != body:
            raise SystemExit("public.jsonl is not what documents/ and build.py make; run build.py")
        return
    out.write_text(body, encoding="utf-8")
    lines = [json.loads(line) for line in body.splitlines()]
    marked = [line for line in lines if line["spans"]]
    spans = sum(len(line["spans"]) for line in marked)
    print(
        f"{len(lines)} documents, {len(marked)} with identifiers ({spans / len(marked):.1f} each), {len(body)} bytes"
    )


if __name__ == "__main__":
    main()
