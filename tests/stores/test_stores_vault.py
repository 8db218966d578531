"""Handles and keys per patient."""

import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stores_cases import run

from osler.core.errors import StoreError
from osler.stores import Database, SqlVault, load_or_create_key

KEY = bytes(range(32))
PATIENT = "ad20206b-3aa8-4205-801d-9a5dea0fff26"


@pytest.fixture
def vault(database: Database) -> SqlVault:
    return SqlVault(database, KEY)


def test_subject_stays_the_same(vault: SqlVault, open_database: Callable[[], Database]) -> None:
    first = vault.subject(PATIENT)
    assert first.handle.startswith("pt_")
    assert len(first.handle) == 3 + 16
    assert len(first.key) == 32
    assert vault.subject(PATIENT) == first
    assert SqlVault(open_database(), KEY).subject(PATIENT) == first
    assert repr(first).count("key") == 0


def test_workspace_has_a_subject_of_its_own(vault: SqlVault) -> None:
    own = vault.subject(None)
    assert own.handle == "workspace"
    assert vault.resolve("workspace") is None
    for patient in ("null", "", "workspace", "None"):
        assert vault.subject(patient).key != own.key
        assert vault.subject(patient).handle.startswith("pt_")


def test_resolve(vault: SqlVault) -> None:
    assert vault.resolve(vault.subject(PATIENT).handle) == PATIENT
    assert vault.resolve("pt_unknown") is None
    assert vault.resolve("") is None


@given(patients=st.lists(st.text(st.characters()), min_size=2, max_size=4, unique=True))
def test_different_patients_have_different_subjects(
    patients: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Database.open(tmp_path_factory.getbasetemp() / "vaults") as database:
        vault = SqlVault(database, KEY)
        subjects = [vault.subject(patient) for patient in patients]
        assert len({s.handle for s in subjects}) == len({s.key for s in subjects}) == len(patients)
        assert [vault.resolve(s.handle) for s in subjects] == patients


def test_nothing_readable_is_stored(vault: SqlVault, stored: Callable[[], bytes]) -> None:
    subject = vault.subject(PATIENT)
    content_stored = stored()
    assert subject.handle.encode() in content_stored
    assert PATIENT.encode() not in content_stored
    assert subject.key not in content_stored


def test_wrong_key(vault: SqlVault, database: Database) -> None:
    vault.subject(PATIENT)
    with pytest.raises(StoreError, match=r"Restore vault\.key"):
        SqlVault(database, bytes(32))
    with database.write("index") as connection:
        connection.exec_driver_sql("DELETE FROM vault WHERE handle = 'workspace'")
    with pytest.raises(StoreError, match=r"Restore vault\.key"):
        SqlVault(database, bytes(32))


def test_row_moved_to_another_patient(vault: SqlVault, database: Database) -> None:
    one, two = vault.subject("one"), vault.subject("two")
    with database.write("index") as connection:
        run(
            connection,
            "UPDATE vault SET sealed = (SELECT sealed FROM vault WHERE handle = :one) WHERE handle = :two",
            one=one.handle,
            two=two.handle,
        )
    with pytest.raises(StoreError, match="unsealed"):
        SqlVault(database, KEY).subject("two")
    with pytest.raises(StoreError, match="unsealed"):
        vault.resolve(two.handle)
    assert vault.resolve(one.handle) == "one"


@pytest.mark.parametrize("sealed", [b"", b"x" * 11, b"x" * 200])
def test_damaged_row(vault: SqlVault, database: Database, sealed: bytes) -> None:
    handle = vault.subject(PATIENT).handle
    with database.write("index") as connection:
        run(connection, "UPDATE vault SET sealed = :sealed", sealed=sealed)
    with pytest.raises(StoreError, match="unsealed") as caught:
        vault.resolve(handle)
    assert PATIENT not in str(caught.value)


def test_threads_agree_on_one_subject(open_database: Callable[[], Database]) -> None:
    vaults = [SqlVault(open_database(), KEY) for _ in range(2)]
    found: list[object] = []
    together = threading.Barrier(8)

    def look(vault: SqlVault) -> None:
        together.wait()
        found.extend((n, vault.subject(f"patient-{n}").handle) for n in range(10))

    threads = [threading.Thread(target=look, args=(vaults[i % 2],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert len(set(found)) == 10


def test_processes_agree_on_one_subject_and_key_file(spawn: Callable[..., "subprocess.Popen[str]"]) -> None:
    patients = [f"patient-{n}" for n in range(20)]
    processes = [spawn("subject", *patients) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [[process.stdout.readline() for _ in patients] for process in processes]
    assert answers[0] == answers[1]
    assert len(set(answers[0])) == 20


def test_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert load_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_key_file_made_by_many_at_once(tmp_path: Path) -> None:
    keys: list[bytes] = []
    together = threading.Barrier(8)

    def load() -> None:
        together.wait()
        keys.append(load_or_create_key(tmp_path / "vault.key"))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_key_file_of_another_size(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vault.key").write_bytes(content)
    with pytest.raises(StoreError, match=rf"holds {len(content)} bytes.*Restore"):
        load_or_create_key(tmp_path / "vault.key")
    assert (tmp_path / "vault.key").read_bytes() == content


@pytest.mark.parametrize("name", ["missing/vault.key", "folder"])
def test_key_file_that_cannot_be_used(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError) as caught:
        load_or_create_key(tmp_path / name)
    assert caught.value.remedy
