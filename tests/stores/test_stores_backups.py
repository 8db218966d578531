"""Moving a store to another database, backing it up and restoring it: all of it arrives, or nothing."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from stores_cases import run

from osler.core.audit import AuditEntry, Head
from osler.core.clock import SystemClock
from osler.core.errors import InputError, StoreError
from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.index import RECORDS, Scope
from osler.core.ports.reader import Document, Passage, Reading
from osler.core.ports.records import PatientIdentity, RecordItem
from osler.core.ports.vault import MapEntry, RecordMap
from osler.core.spans import Label
from osler.stores import (
    Database,
    SqlAccess,
    SqlAuditLog,
    SqlIndex,
    SqlRecords,
    SqlSurrogateMaps,
    SqlVault,
    backups,
    copying,
    load_or_create_key,
)
from postgres_server import Server

CLOCK = SystemClock()
WIDE = Scope(patient="p1")


def quiet(table: str, done: int, total: int) -> None:
    assert done <= total


def fill(database: Database) -> None:
    """A little of everything that a store can hold."""
    key = load_or_create_key(database.workspace / "vault.key")
    vault = SqlVault(database, key)
    vault.subject("p1")
    entries = (MapEntry(at=0, label="NAME", surrogate="Ann", original="Zoë Müller"),)
    one = RecordMap(record="n1", patient="p1", digest=b"d" * 32, entries=entries)
    SqlSurrogateMaps(vault).store([one], run="r", ttl=timedelta(days=9))
    access = SqlAccess(database)
    access.create("Ward 3", "clinician")
    access.revoke(access.create("old", "service")[0].id)
    text = "Start metformin 500 mg with meals.\nJosé's eGFR is 45 mL/min; naïve 日本語."
    passages = (Passage(start=0, end=34, section="Plan"), Passage(start=35, end=len(text)))
    item = RecordItem(doc="Condition/1", patient="p1", type="Condition", active=True, text=text)
    known = (KnownIdentifier(label=Label.NAME, value="Zoë Müller"),)
    SqlIndex(database).put(
        Reading(
            documents=(
                Document(
                    doc="Condition/1", title="CKD", text=text, collection=RECORDS, patient="p1",
                    passages=passages, item=item, keywords=("kidney", "renal"), basis="record",
                ),
                Document(doc="t/1", title="Metformin", text=text, collection="topics", passages=passages),
            ),
            patients=(PatientIdentity(patient="p1", birth_date=None, gender="female", identifiers=known),),
        )
    )  # fmt: skip
    with SqlAuditLog(database, CLOCK, database.workspace / "instances") as log:
        for n in range(5):
            log.append_now(
                AuditEntry(kind="opened" if n % 2 else "answer", time="", body={"n": n}, request_id=f"r{n}")
            )


def state(database: Database) -> tuple[object, ...]:
    """What users of a store see of it."""
    records, index = SqlRecords(database), SqlIndex(database)
    hits = index.search([["metformin", "glucophage"], ["kidney"]], WIDE, 10)
    return (
        records.identity("p1"),
        records.items("p1"),
        index.document("Condition/1", patient="p1"),
        [(hit.doc, hit.start, round(hit.score, 6)) for hit in hits],
        index.collections(),
        SqlAccess(database).list(),
    )


@contextmanager
def opened(folder: Path, url: str | None = None) -> Iterator[Database]:
    with Database.open(folder, url=url, busy_timeout_s=5.0) as database:
        yield database


@pytest.fixture(params=["to sqlite", "to postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Opens an empty store; each time the same one."""
    url = None
    if request.param == "to postgresql":
        url = request.getfixturevalue("postgres").fresh()
    with ExitStack() as stack:
        yield lambda: stack.enter_context(opened(tmp_path / "target", url))


def test_moved_to_another_database(database: Database, target: Callable[[], Database]) -> None:
    fill(database)
    before = state(database)
    there = target()
    moved = backups.migrate(database, there, clock=CLOCK, keep=False, progress=quiet)
    assert moved.head.number == 5
    assert moved.rows["documents"] == 2
    assert state(there) == before
    SqlIndex(there).check()
    key = load_or_create_key(database.workspace / "vault.key")
    found = SqlSurrogateMaps(SqlVault(there, key)).by_record("n1")
    assert [f.map.entries[0].original for f in found] == ["Zoë Müller"]
    SqlAccess(there).create("further", "service")  # numbers go on after the copied ones
    with SqlAuditLog(there, CLOCK, there.workspace / "instances") as log:
        assert log.append_now(AuditEntry(kind="answer", time="", body={})).number == 6
        assert log.verify().ok


def test_what_was_left_is_not_used_any_more(
    database: Database, open_database: Callable[[], Database], target: Callable[[], Database]
) -> None:
    fill(database)
    running = SqlAuditLog(database, CLOCK, database.workspace / "instances")
    backups.migrate(database, target(), clock=CLOCK, keep=False, progress=quiet)
    with pytest.raises(StoreError, match="moved"):
        open_database()
    with pytest.raises(StoreError, match="moved"):  # a process that had it open meanwhile
        running.append_now(AuditEntry(kind="answer", time="", body={}))
    assert backups.reopen(database)
    assert running.append_now(AuditEntry(kind="answer", time="", body={})).number == 6
    assert not backups.reopen(database)
    running.close()
    open_database()


def test_copy_leaves_the_original_in_use(database: Database, target: Callable[[], Database]) -> None:
    fill(database)
    backups.migrate(database, target(), clock=CLOCK, keep=True, progress=quiet)
    with SqlAuditLog(database, CLOCK, database.workspace / "instances") as log:
        assert log.append_now(AuditEntry(kind="answer", time="", body={})).number == 6


def test_killed_before_the_note_it_is_finished_by_doing_it_again(
    database: Database, target: Callable[[], Database]
) -> None:
    fill(database)
    there = target()
    backups.migrate(database, there, clock=CLOCK, keep=True, progress=quiet)  # all but the note
    backups.migrate(database, there, clock=CLOCK, keep=False, progress=quiet)
    with pytest.raises(StoreError, match="moved"), database.write("audit"):
        pass


def test_failure_half_way_leaves_both_as_they_were(
    database: Database, target: Callable[[], Database]
) -> None:
    fill(database)
    there = target()

    def full(table: str, done: int, total: int) -> None:
        if table == "passages" and done:
            raise StoreError("The disk is full.", remedy="Free some.")

    with pytest.raises(StoreError, match="full"):
        backups.migrate(database, there, clock=CLOCK, keep=False, progress=full)
    with there.read() as connection:
        copying.require_empty(connection)
    with database.write("audit"):
        pass


def test_target_that_holds_anything_is_refused(database: Database, target: Callable[[], Database]) -> None:
    fill(database)
    there = target()
    SqlAccess(there).create("x", "service")
    with pytest.raises(InputError, match="not empty"):
        backups.migrate(database, there, clock=CLOCK, keep=False, progress=quiet)


def test_backup_is_restored_and_the_same(
    database: Database, target: Callable[[], Database], tmp_path: Path
) -> None:
    fill(database)
    folder = tmp_path / "backup"
    made = backups.back_up(database, folder, osler="0", clock=CLOCK, key=None, progress=quiet)
    assert sorted(p.name for p in folder.iterdir()) == ["manifest.json", "osler.db"]
    assert {p.stat().st_mode & 0o777 for p in folder.iterdir()} == {0o600}
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert backups.verify(folder) == made == backups.read(folder)
    there = target()
    assert backups.restore(folder, there, progress=quiet) == made
    assert state(there) == state(database)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert not list(there.workspace.glob(".restore-*"))
    assert not backups.opens_with(there.workspace, made.key_id)
    with pytest.raises(InputError, match="not empty"):
        backups.restore(folder, there, progress=quiet)


def test_backup_with_the_key_restores_the_vault_too(database: Database, tmp_path: Path) -> None:
    fill(database)
    key = database.workspace / "vault.key"
    made = backups.back_up(database, tmp_path / "b", osler="0", clock=CLOCK, key=key, progress=quiet)
    with opened(tmp_path / "new") as there:
        backups.restore(tmp_path / "b", there, progress=quiet)
        assert backups.opens_with(there.workspace, made.key_id)
        SqlVault(there, load_or_create_key(there.workspace / "vault.key"))


def test_backup_while_others_write(database: Database, tmp_path: Path) -> None:
    """The copy is of one state, and its chain holds up to a head of its own."""
    fill(database)
    with SqlAuditLog(database, CLOCK, database.workspace / "instances") as log:

        def more(table: str, done: int, total: int) -> None:
            log.append_now(AuditEntry(kind="answer", time="", body={}))

        made = backups.back_up(database, tmp_path / "b", osler="0", clock=CLOCK, key=None, progress=more)
        log.append_now(AuditEntry(kind="answer", time="", body={}))
        assert made.content.head.number < log.head().number
    assert backups.verify(tmp_path / "b").content.head == made.content.head


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (
            lambda b: (b / "osler.db").write_bytes((b / "osler.db").read_bytes()[:-1] + b"x"),
            "changed or damaged",
        ),
        (lambda b: (b / "osler.db").unlink(), "cannot be used"),
        (lambda b: (b / "manifest.json").unlink(), "no backup"),
        (lambda b: (b / "manifest.json").write_text("{}"), "no backup"),
        (lambda b: (b / "manifest.json").write_text("[" * 90_000), "no backup"),
        (lambda b: rewrite(b, schema=999), "newer Osler"),
        (lambda b: rewrite(b, digest="0" * 64), "not the same"),
        (lambda b: rewrite(b, rows={}), "not the same"),
        (lambda b: rewrite(b, sha256=7), "changed or damaged"),
        (lambda b: rewrite(b, head=None), "no backup"),
    ],
)
def test_damaged_backup_is_refused_and_nothing_is_written(
    tmp_path: Path, damage: Callable[[Path], object], says: str
) -> None:
    folder = tmp_path / "b"
    with opened(tmp_path / "a") as database:
        fill(database)
        backups.back_up(database, folder, osler="0", clock=CLOCK, key=None, progress=quiet)
    damage(folder)
    with opened(tmp_path / "new") as there:
        for read in (lambda: backups.verify(folder), lambda: backups.restore(folder, there, progress=quiet)):
            with pytest.raises((StoreError, InputError), match=says):
                read()
        with there.read() as connection:
            copying.require_empty(connection)


def rewrite(backup: Path, **changes: object) -> None:
    manifest = backup / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **changes}))


def test_changed_row_is_found_even_if_the_file_is_signed_anew(tmp_path: Path) -> None:
    """Whoever changes the copy and the file's digest still has not changed the digest over the rows, nor the chain."""
    folder = tmp_path / "b"
    with opened(tmp_path / "a") as database:
        fill(database)
        backups.back_up(database, folder, osler="0", clock=CLOCK, key=None, progress=quiet)
    for statement, says in (
        ("UPDATE documents SET title = 'Other' WHERE id = 1", "not the same"),
        ("UPDATE audit SET kind = 'other' WHERE number = 2", "does not hold"),
    ):
        changed = tmp_path / "changed"
        shutil.rmtree(changed, ignore_errors=True)
        shutil.copytree(folder, changed)
        with opened(changed) as database, database.write("schema") as connection:
            run(connection, statement)
        rewrite(changed, sha256=backups._sha256(changed / "osler.db"))
        with pytest.raises(StoreError, match=says):
            backups.verify(changed)


def test_a_folder_that_exists_is_not_written_to(database: Database, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match="exists"):
        backups.back_up(database, tmp_path / "b", osler="0", clock=CLOCK, key=None, progress=quiet)
    assert not list((tmp_path / "b").iterdir())


def test_copy_of_an_empty_store(database: Database, target: Callable[[], Database]) -> None:
    moved = backups.migrate(database, target(), clock=CLOCK, keep=True, progress=quiet)
    assert moved.head == Head()


def test_many_rows_of_every_key(database: Database, postgres: Server, tmp_path: Path) -> None:
    """More rows than a page has, in tables with one key and with two: none is lost or copied twice."""
    known = tuple(KnownIdentifier(label=Label.OTHER_ID, value=f"v{n}") for n in range(700))
    people = tuple(
        PatientIdentity(patient=f"p{n}", birth_date=None, gender="", identifiers=known) for n in range(3)
    )
    SqlIndex(database).put(Reading(patients=people))
    with opened(tmp_path / "t", postgres.fresh()) as there:
        moved = backups.migrate(database, there, clock=CLOCK, keep=True, progress=quiet)
    assert moved.rows["identifiers"] == 2100
