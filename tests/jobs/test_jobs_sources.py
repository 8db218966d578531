"""Lines, messages and files as records: each once, in order, from any position on."""

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.core.errors import InputError, UnsupportedFormat
from osler.jobs import Position, Record, Source
from osler.jobs.sources import FileSource, FolderLines, LineSource, MessageSource, holds_lines

START = Position()


def records(source: Source, start: Position = START, size: int = 1) -> list[Record]:
    return [record for batch in source.batches(start, size) for record in batch.records]


LINES: list[tuple[str, bytes, list[bytes]]] = [
    ("nothing", b"", []),
    ("one", b"a\n", [b"a"]),
    ("no final newline", b"a\nb", [b"a", b"b"]),
    ("empty lines", b"\na\n\n", [b"", b"a", b""]),
    ("CRLF", b"a\r\nb\r\n", [b"a", b"b"]),
    ("a carriage return inside", b"a\rb\n", [b"a\rb"]),
    ("byte order mark", b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", [b"a", b"\xef\xbb\xbfb"]),
    ("null bytes", b"a\0b\n\0\n", [b"a\0b", b"\0"]),
    ("line separators of Unicode", "a\u2028b\x85c\x0bd\n".encode(), ["a\u2028b\x85c\x0bd".encode()]),
]


@pytest.mark.parametrize(("data", "lines"), [c[1:] for c in LINES], ids=[c[0] for c in LINES])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_lines(tmp_path: Path, data: bytes, lines: list[bytes], packed: bool) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(gzip.compress(data, mtime=0) if packed else data)
    found = records(LineSource.at(path))
    assert [r.data for r in found] == lines
    assert [r.number for r in found] == list(range(1, len(lines) + 1))


def test_a_line_that_is_too_long_fails_alone(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"a\n" + b"x" * 5000 + b"\nb\n" + b"y" * 5000)
    found = records(LineSource(path=path, longest=100))
    assert [r.data for r in found] == [b"a", b"", b"b", b""]
    assert [bool(r.fault) for r in found] == [False, True, False, True]
    assert [r.number for r in found] == [1, 2, 3, 4]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=30).filter(lambda b: b"\n" not in b), max_size=30),
    st.integers(1, 200),
    st.booleans(),
)
def test_lines_go_on_from_behind_any_batch(lines: list[bytes], size: int, ends: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in"
        path.write_bytes(b"mark\n" + b"\n".join(lines) + (b"\n" if ends else b""))
        source = LineSource(path=path)
        whole = records(source)
        done: list[Record] = []
        for batch in source.batches(Position(), size):
            done += batch.records
            assert done + records(source, batch.after) == whole
            assert batch.after.number == done[-1].number


def test_empty_lines_fill_batches_too(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"\n" * 10_000)
    assert max(len(batch.records) for batch in LineSource(path=path).batches(Position(), 6400)) <= 100


A = b"MSH|^~\\&|A\rPID|1||MSH|x\r"
B = b"MSH|^~\\&|B\rOBX|1\r"
MESSAGES: list[tuple[str, bytes, list[bytes]]] = [
    ("one", A, [A]),
    ("two", A + B, [A, B]),
    ("line feeds", (A + B).replace(b"\r", b"\n"), [A.replace(b"\r", b"\n"), B.replace(b"\r", b"\n")]),
    ("CRLF", (A + B).replace(b"\r", b"\r\n"), [A.replace(b"\r", b"\r\n"), B.replace(b"\r", b"\r\n")]),
    ("a batch header", b"FHS|x\rBHS|y\r" + A + B, [b"FHS|x\rBHS|y\r", A, B]),
    (
        "framed",
        b"\x0b" + A + b"\x1c\r\x0b" + B + b"\x1c\r",
        [b"\x0b" + A + b"\x1c\r", b"\x0b" + B + b"\x1c\r"],
    ),
    ("byte order mark", b"\xef\xbb\xbf" + A + B, [A, B]),
    ("nothing", b"", []),
]


@pytest.mark.parametrize(("data", "messages"), [c[1:] for c in MESSAGES], ids=[c[0] for c in MESSAGES])
def test_messages(tmp_path: Path, data: bytes, messages: list[bytes]) -> None:
    path = tmp_path / "in.hl7"
    path.write_bytes(data)
    source = MessageSource.at(path)
    assert [r.data for r in records(source)] == messages
    done: list[bytes] = []
    for batch in source.batches(Position(), 1):
        done += (r.data for r in batch.records)
        assert done + [r.data for r in records(source, batch.after)] == messages


def test_messages_across_blocks_and_one_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "in.hl7"
    long = b"MSH|" + b"x" * 3_000_000 + b"\r"
    path.write_bytes(A * 100_000 + long + B)
    found = records(MessageSource(path=path, longest=2_000_000), size=1 << 20)
    assert len(found) == 100_002
    assert {r.data for r in found[:100_000]} == {A}
    assert found[-2].fault
    assert found[-2].data == b""
    assert found[-1].data == B


def test_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.txt", "a.TXT", "sub/c.txt", ".hidden.txt", ".git/x.txt", "note.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    source = FileSource.below(tmp_path, (".txt",))
    assert source.names == ("a.TXT", "b.txt", "sub/c.txt")
    assert [r.data for r in records(source)] == [b"a.TXT", b"b.txt", b"sub/c.txt"]
    assert [r.name for r in records(source, Position(offset=1, number=1))] == ["b.txt", "sub/c.txt"]
    before = source.stamp(), source.digest()
    (tmp_path / "b.txt").write_text("other")
    assert source.stamp() != before[0]
    assert source.digest() != before[1]
    (tmp_path / "sub" / "c.txt").unlink()
    assert [bool(r.fault) for r in records(source)] == [False, False, True]


def test_lines_of_several_files(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(b"\xef\xbb\xbf1\n2\n")
    (tmp_path / "b.ndjson").write_bytes(b"3")
    (tmp_path / "c.ndjson").write_bytes(b"")
    (tmp_path / "d.ndjson").write_bytes(b"\xef\xbb\xbf4\n\n")
    source = FolderLines(files=FileSource.below(tmp_path, (".ndjson",)))
    whole = records(source)
    assert [r.data for r in whole] == [b"1", b"2", b"3", b"4", b""]
    assert [r.number for r in whole] == [1, 2, 3, 4, 5]
    done: list[Record] = []
    for batch in source.batches(START, 1):
        done += batch.records
        assert done + records(source, batch.after) == whole
    assert batch.after.offset == source.total()


JSON_FILES = [
    (b'{"a": 1}', True),
    (b'{"a": 1}\n{"b": 2}\n', True),
    (b'\xef\xbb\xbf{"a": 1}\r\n', True),
    (b'{\n "a": 1\n}\n', False),
    (b"[{}]", False),
    (b"", True),
]


@pytest.mark.parametrize(("data", "lines"), JSON_FILES)
def test_whether_a_file_holds_one_document_a_line(tmp_path: Path, data: bytes, lines: bool) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    assert holds_lines(path) is lines
    path.write_bytes(gzip.compress(data, mtime=0))
    assert holds_lines(path) is lines


@pytest.mark.parametrize(
    "head", [b"\xff\xfea\0", b"PK\x03\x04", b"%PDF-1.7", gzip.compress(b"%PDF-1.7", mtime=0)]
)
def test_what_is_surely_no_text_is_refused(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "in"
    path.write_bytes(head)
    with pytest.raises(UnsupportedFormat):
        LineSource.at(path)


def test_a_gzip_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "in.gz"
    path.write_bytes(gzip.compress(b"a line\n" * 100_000, compresslevel=0, mtime=0)[:-2000])
    batches = LineSource.at(path).batches(Position(), 100_000)
    seen = 0
    with pytest.raises(InputError):
        for batch in batches:
            seen += len(batch.records)
    assert seen > 90_000


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        LineSource.at(tmp_path / "none")
