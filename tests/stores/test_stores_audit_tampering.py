"""Whatever is changed in a stored chain, `verify` names the first record that does not hold."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.core import audit
from osler.core.audit import AuditEntry, ChainVerdict, Head
from osler.core.clock import SystemClock
from osler.stores import Database, SqlAuditLog

LENGTH = 9
numbers = st.integers(1, LENGTH)
columns = st.sampled_from(["time", "kind", "request_id", "instance", "body", "prev", "hash"])


@contextmanager
def chain_in(folder: Path) -> Iterator[tuple[Database, SqlAuditLog]]:
    with Database.open(folder) as database, SqlAuditLog(database, SystemClock(), folder / "instances") as log:
        yield database, log


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain") / "workspace"
    with chain_in(folder) as (_, log):
        for n in range(1, LENGTH + 1):
            body = {"n": n, "é": [None]}
            log.append_now(AuditEntry(kind="answer", time=f"t{n}", body=body, request_id=f"r{n}"))
    return folder


@contextmanager
def copy_of(original: Path) -> Iterator[tuple[Database, SqlAuditLog]]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(original / "osler.db", folder)
        with chain_in(Path(folder)) as opened:
            yield opened


def verdict_after(original: Path, *changes: tuple[str, tuple[object, ...]]) -> ChainVerdict:
    with copy_of(original) as (database, log):
        with database.write("index") as connection:
            for sql, values in changes:
                assert connection.exec_driver_sql(sql, values).rowcount == 1
        return log.verify()


def test_original_holds(original: Path) -> None:
    with copy_of(original) as (_, log):
        assert log.verify() == ChainVerdict(ok=True, records=LENGTH, head=log.head())


@settings(max_examples=60, deadline=None)
@given(
    number=numbers, column=columns, value=st.one_of(st.text(), st.binary(), st.integers(0, 99), st.just("{}"))
)
def test_changed_value(original: Path, number: int, column: str, value: object) -> None:
    # A change leaves another value than before; the column turns numbers into text.
    changed = f"UPDATE audit SET {column} = ? WHERE number = ? AND {column} IS NOT CAST(? AS TEXT)"
    verdict = verdict_after(original, (changed, (value, number, value)))
    assert (verdict.ok, verdict.broken_at, verdict.records) == (False, number, number - 1)
    assert verdict.reason


@settings(max_examples=20, deadline=None)
@given(number=numbers, column=columns)
def test_text_that_is_not_unicode(original: Path, number: int, column: str) -> None:
    verdict = verdict_after(
        original, (f"UPDATE audit SET {column} = CAST(x'ff00fe' AS TEXT) WHERE number = ?", (number,))
    )
    assert (verdict.ok, verdict.broken_at) == (False, number)


@pytest.mark.parametrize(
    "body",
    [
        '{"n":3,"é":[null]} ',
        '{"é":[null],"n":3}',
        '{"n":1,"n":3,"é":[null]}',
        '{"n":3,"\\u00e9":[null]}',
        '{"n":3.0,"é":[null]}',
        '{"n":NaN,"é":[null]}',
        '{"n":3,"é":["\\ud800"]}',
        "[]",
        "3",
        '"text"',
        "null",
        "",
        "{",
        '{"n":' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"unreadable":0.5}',
    ],
)
def test_body_in_other_words(original: Path, body: str) -> None:
    verdict = verdict_after(original, ("UPDATE audit SET body = ? WHERE number = 3", (body,)))
    assert (verdict.ok, verdict.broken_at, verdict.records) == (False, 3, 2)


def test_empty_body_cannot_become_another_empty_thing(tmp_path: Path) -> None:
    with chain_in(tmp_path) as (database, log):
        log.append_now(AuditEntry(kind="start", time="t", body={}))
        for body in ("[]", "null", '""'):
            with database.write("index") as connection:
                connection.exec_driver_sql("UPDATE audit SET body = ?", (body,))
            assert log.verify().broken_at == 1


@settings(max_examples=15, deadline=None)
@given(number=st.integers(1, LENGTH - 1))
def test_removed_record(original: Path, number: int) -> None:
    verdict = verdict_after(original, ("DELETE FROM audit WHERE number = ?", (number,)))
    assert (verdict.ok, verdict.broken_at) == (False, number)
    assert "missing" in verdict.reason


@settings(max_examples=15, deadline=None)
@given(number=st.integers(1, LENGTH - 1))
def test_removed_record_with_the_gap_closed(original: Path, number: int) -> None:
    later = [
        ("UPDATE audit SET number = ? WHERE number = ?", (n - 1, n)) for n in range(number + 1, LENGTH + 1)
    ]
    verdict = verdict_after(original, ("DELETE FROM audit WHERE number = ?", (number,)), *later)
    assert (verdict.ok, verdict.broken_at) == (False, number)


@settings(max_examples=20, deadline=None)
@given(pair=st.tuples(numbers, numbers).filter(lambda p: p[0] < p[1]))
def test_exchanged_records(original: Path, pair: tuple[int, int]) -> None:
    low, high = pair
    move = "UPDATE audit SET number = ? WHERE number = ?"
    verdict = verdict_after(original, (move, (10**6, low)), (move, (low, high)), (move, (high, 10**6)))
    assert (verdict.ok, verdict.broken_at) == (False, low)


@pytest.mark.parametrize("kept", range(LENGTH))
def test_removed_tail(original: Path, kept: int) -> None:
    gone = [("DELETE FROM audit WHERE number = ?", (n,)) for n in range(kept + 1, LENGTH + 1)]
    verdict = verdict_after(original, *gone)
    assert (verdict.ok, verdict.broken_at, verdict.records) == (False, kept + 1, kept)
    assert "head" in verdict.reason


@pytest.mark.parametrize("number", [-5, 0, LENGTH + 1, LENGTH + 2])
def test_forged_record(original: Path, number: int) -> None:
    forged = audit.seal(Head(number=number - 1), AuditEntry(kind="answer", time="t", body={}))
    row = (number, "t", "answer", "", "", "{}", forged.prev, forged.hash)
    verdict = verdict_after(original, ("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row))
    assert (verdict.ok, verdict.broken_at) == (False, 1 if number < 1 else LENGTH + 1)


def test_chain_written_anew_from_a_changed_record(original: Path) -> None:
    """Whoever can hash can rewrite the rest, but the head then no longer is the chain's end."""
    with copy_of(original) as (database, log):
        records = list(log.records())
        head = Head(number=4, hash=records[3].hash)
        with database.write("index") as connection:
            for old in records[4:]:
                new = audit.seal(
                    head, AuditEntry(kind=old.kind, time="forged", body=old.body, request_id=old.request_id)
                )
                connection.exec_driver_sql(
                    "UPDATE audit SET time = ?, instance = '', prev = ?, hash = ? WHERE number = ?",
                    (new.time, new.prev, new.hash, new.number),
                )
                head = Head(number=new.number, hash=new.hash)
        verdict = log.verify()
    assert (verdict.ok, verdict.broken_at, verdict.records) == (False, LENGTH + 1, LENGTH)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_head SET number = number + 1",
        "UPDATE audit_head SET number = 'many'",
        "UPDATE audit_head SET hash = 'x'",
        "UPDATE audit_head SET hash = CAST(x'ff' AS TEXT)",
        "DELETE FROM audit_head",
    ],
)
def test_changed_head(original: Path, change: str) -> None:
    verdict = verdict_after(original, (change, ()))
    assert (verdict.ok, verdict.broken_at) == (False, LENGTH + 1)


def test_unreadable_record_can_still_be_listed(original: Path) -> None:
    with copy_of(original) as (database, log):
        with database.write("index") as connection:
            connection.exec_driver_sql("UPDATE audit SET body = '{' WHERE number = 3")
        records = list(log.records())
    assert [r.number for r in records] == list(range(1, LENGTH + 1))
    assert dict(records[2].body) == {"unreadable": 0.5}
