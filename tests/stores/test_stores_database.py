"""Opening a workspace, transactions on it, and what its faults become."""

import os
import shutil
import sqlite3
import stat
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import MetaData, func, insert, inspect, select, text
from sqlalchemy.engine import Connection
from stores_cases import on_sqlite

from osler.core.errors import InputError, StoreError
from osler.stores import Database
from osler.stores.migrations import NEWEST, schema_version
from osler.stores.tables import api_keys, metadata, patients

SECRET = "Maple-Emmerich-1961"


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_new_workspace_is_closed_to_others(workspace: Path) -> None:
    with Database.open(workspace / "deep" / "er") as database:
        with database.write("index") as connection:
            connection.execute(insert(patients), {"patient": SECRET, "gender": ""})
        assert stat.S_IMODE(database.workspace.stat().st_mode) == 0o700
        assert modes(database.workspace) == {"osler.db": 0o600, "osler.db-wal": 0o600, "osler.db-shm": 0o600}


def test_open_file_of_a_workspace_is_closed_to_others_again(workspace: Path) -> None:
    Database.open(workspace).close()
    (workspace / "osler.db").chmod(0o644)
    Database.open(workspace).close()
    assert modes(workspace)["osler.db"] == 0o600


@pytest.mark.parametrize(("content", "expected"), [((), 0o700), (("notes.txt",), 0o755)])
def test_existing_folder_is_closed_only_when_empty(
    workspace: Path, content: tuple[str, ...], expected: int
) -> None:
    workspace.mkdir()
    workspace.chmod(0o755)
    for name in content:
        (workspace / name).touch()
    Database.open(workspace).close()
    assert stat.S_IMODE(workspace.stat().st_mode) == expected


def test_path_with_signs_that_mean_something_in_a_url(tmp_path: Path) -> None:
    folder = tmp_path / "a b?c#d%20é&mode=memory"
    Database.open(folder).close()
    assert (folder / "osler.db").stat().st_size > 0


@on_sqlite
def test_connections_are_durable_and_check_references(database: Database) -> None:
    with database.write("index") as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000


def test_migrated_schema_is_that_of_tables(database: Database) -> None:
    found = MetaData()
    with database.read() as connection:
        found.reflect(connection, only=list(metadata.tables))
        for name, table in metadata.tables.items():
            assert described(connection, name) == {
                c.name: (str(c.type.compile(connection.dialect)), c.nullable, c.primary_key)
                for c in table.columns
            }, name
            assert {tuple(i.columns.keys()) for i in table.indexes} == {
                tuple(i.columns.keys()) for i in found.tables[name].indexes
            }, name
            assert {f.target_fullname for f in table.foreign_keys} == {
                f.target_fullname for f in found.tables[name].foreign_keys
            }, name
        versions = connection.execute(select(schema_version.c.version)).scalars().all()
    assert versions == list(range(1, NEWEST + 1))


def described(connection: Connection, table: str) -> dict[str, tuple[str, bool, bool]]:
    keys = inspect(connection).get_pk_constraint(table)["constrained_columns"]
    return {
        c["name"]: (str(c["type"]), bool(c["nullable"]), c["name"] in keys)
        for c in inspect(connection).get_columns(table)
    }


def test_reader_sees_one_state_and_cannot_write(database: Database) -> None:
    count = select(func.count()).select_from(patients)
    with database.read() as connection:
        assert connection.execute(count).scalar() == 0
        with database.write("index") as writing:
            writing.execute(insert(patients), {"patient": "a", "gender": ""})
        assert connection.execute(count).scalar() == 0
    with database.read() as connection:
        assert connection.execute(count).scalar() == 1
    with pytest.raises(StoreError), database.read() as connection:
        connection.execute(insert(patients), {"patient": "b", "gender": ""})


def test_block_that_raises_writes_nothing(database: Database) -> None:
    with suppress(KeyError), database.write("index") as connection:
        connection.execute(insert(patients), {"patient": "a", "gender": ""})
        raise KeyError
    with database.read() as connection:
        assert connection.execute(select(patients)).all() == []


def test_writers_of_many_threads_take_turns(open_database: Callable[[], Database]) -> None:
    both = open_database(), open_database()
    with both[0].write("index") as connection:
        connection.execute(insert(patients), {"patient": "counter", "gender": "0"})

    def count_up(database: Database) -> None:
        for _ in range(25):
            with database.write("index") as connection:
                seen = int(connection.execute(select(patients.c.gender)).scalar_one())
                connection.execute(patients.update().values(gender=str(seen + 1)))

    threads = [threading.Thread(target=count_up, args=(d,)) for d in both for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with both[0].read() as connection:
        assert connection.execute(select(patients.c.gender)).scalar() == "100"


def test_opening_a_new_workspace_from_many_threads_at_once(workspace: Path) -> None:
    outcomes: list[str] = []

    def open_it() -> None:
        try:
            Database.open(workspace).close()
            outcomes.append("opened")
        except StoreError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["opened"] * 6


def test_opening_a_new_workspace_from_two_processes_at_once(spawn: Callable[..., object]) -> None:
    processes = [spawn("append", name, 1) for name in "ab"]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.stdout.readline() for process in processes] == ["1\n", "1\n"]


def test_failures_name_no_values(database: Database) -> None:
    row = {"id": SECRET, "name": SECRET, "role": SECRET, "digest": b"", "created": ""}
    with database.write("index") as connection:
        connection.execute(insert(api_keys), row)
    with pytest.raises(StoreError) as caught, database.write("index") as connection:
        connection.execute(insert(api_keys), row)
    assert_clear(caught.value)
    assert SECRET not in str(caught.value.__context__)  # for logs that print what was suppressed
    with pytest.raises(StoreError) as caught, database.read() as connection:
        connection.execute(text(f"SELECT '{SECRET}' FROM nowhere WHERE \"{SECRET}"))
    assert_clear(caught.value)
    with pytest.raises(InputError) as refused, database.write("index") as connection:
        connection.execute(insert(patients), {"patient": SECRET + "\ud800", "gender": ""})
    assert_clear(refused.value)


def assert_clear(error: StoreError | InputError) -> None:
    """The error advises; neither it nor what a printed traceback shows beside it holds a value or SQL."""
    assert error.message
    assert error.remedy
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    shown = str(error) + repr(error) + "".join(traceback.format_exception_only(error))
    assert SECRET not in shown
    assert "INSERT" not in shown
    assert "SELECT" not in shown


def test_lock_held_elsewhere(workspace: Path) -> None:
    with Database.open(workspace, busy_timeout_s=0.2) as database:
        other = sqlite3.connect(workspace / "osler.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreError, match="locked"), database.write("index", attempts=2):
            pass
        assert time.monotonic() - began >= 0.39
        with database.read() as connection:
            assert connection.execute(select(patients)).all() == []
        other.execute("ROLLBACK")
        other.close()
        with database.write("index") as connection:
            connection.execute(insert(patients), {"patient": "a", "gender": ""})


def test_nested_writers_end_in_an_error(workspace: Path) -> None:
    with (
        Database.open(workspace, busy_timeout_s=0.1) as database,
        database.write("index"),
        pytest.raises(StoreError, match="locked"),
        database.write("index"),
    ):
        pass


@on_sqlite
def test_full_disk(database: Database) -> None:
    with database.write("index") as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"), database.write("index") as connection:
        connection.execute(insert(patients), {"patient": "x" * 100_000, "gender": ""})
    with database.read() as connection:
        assert connection.execute(select(patients)).all() == []


def test_file_that_is_not_a_database(workspace: Path) -> None:
    workspace.mkdir()
    (workspace / "osler.db").write_bytes(SECRET.encode() * 1000)
    with pytest.raises(StoreError, match="not a database") as caught:
        Database.open(workspace)
    assert_clear(caught.value)


def test_damaged_file(workspace: Path) -> None:
    with Database.open(workspace) as database, database.write("index") as connection:
        connection.execute(
            insert(patients), [{"patient": f"{SECRET}{n}" * 20, "gender": ""} for n in range(500)]
        )
    with (workspace / "osler.db").open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(size // 2)
        file.write(os.urandom(size - size // 2))
    with pytest.raises(StoreError, match="damaged") as caught, Database.open(workspace) as database:
        database.check(deep=True)
    assert_clear(caught.value)


def test_database_of_something_else(workspace: Path) -> None:
    workspace.mkdir()
    with sqlite3.connect(workspace / "osler.db") as connection:
        connection.execute("CREATE TABLE bookmarks (id)")
    connection.close()
    with pytest.raises(StoreError, match="not made by Osler"):
        Database.open(workspace)


def test_workspace_of_a_newer_version(workspace: Path) -> None:
    with Database.open(workspace) as database, database.write("index") as connection:
        connection.execute(insert(schema_version), {"version": NEWEST + 1, "applied": ""})
    with pytest.raises(StoreError, match=f"version {NEWEST + 1}.*Upgrade"):
        Database.open(workspace)


def test_workspace_is_a_file(workspace: Path) -> None:
    workspace.write_text(SECRET)
    with pytest.raises(StoreError, match=r"folder cannot be used \(ENOTDIR\)") as caught:
        Database.open(workspace)
    assert_clear(caught.value)


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that every user can get to, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@on_sqlite
@pytest.mark.parametrize("exists", [False, True])
def test_workspace_that_may_not_be_written(
    spawn: Callable[..., object], shared_folder: Path, exists: bool
) -> None:
    if exists:
        Database.open(shared_folder).close()
        (shared_folder / "osler.db").chmod(0o444)
    shared_folder.chmod(0o555)
    answer = spawn("unprivileged", on=shared_folder).stdout.readline()
    assert "cannot be" in answer
    assert "writable" in answer


@on_sqlite
def test_file_removed_while_open(database: Database) -> None:
    (database.workspace / "osler.db").rename(database.workspace / "elsewhere")
    with pytest.raises(StoreError, match="removed or replaced"), database.write("index"):
        pass
    with pytest.raises(StoreError, match="removed or replaced"):
        database.check()


def test_check_of_a_sound_database(database: Database) -> None:
    database.check()
    database.check(deep=True)


def test_closed_database(database: Database) -> None:
    database.close()
    with pytest.raises(StoreError, match="closed"), database.read():
        pass
    with pytest.raises(StoreError, match="closed"), database.write("index"):
        pass
