"""Going over to another master key: resumable, crash-safe, with readers and writers about."""

import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from stores_cases import run

from osler.core.errors import InputError, StoreError
from osler.core.ports.vault import MapEntry, RecordMap
from osler.stores import (
    Database,
    FileKeys,
    FixedKeys,
    SqlSurrogateMaps,
    SqlVault,
    SqlVaultKeeper,
    load_or_create_key,
)
from osler.stores.tables import metadata
from osler.stores.vault_keys import MasterKey, create_key

ONE, TWO, THREE = (bytes([n]) * 32 for n in (1, 2, 3))
PATIENTS = [f"patient-{n}" for n in range(230)]


def with_files(database: Database) -> tuple[SqlVault, SqlVaultKeeper, FileKeys]:
    path = database.workspace / "vault.key"
    load_or_create_key(path)
    files = FileKeys(path)
    vault = SqlVault(database, files)
    return vault, SqlVaultKeeper(vault, files), files


def test_everything_is_as_before_under_a_new_key(database: Database) -> None:
    vault, keeper, files = with_files(database)
    before = {p: vault.subject(p) for p in PATIENTS}
    own = vault.subject(None)
    maps = SqlSurrogateMaps(vault)
    entry = MapEntry(at=0, label="NAME", surrogate="A", original="B")
    maps.store([RecordMap(record="n", patient="patient-1", digest=bytes(32), entries=(entry,))], run="r")
    old = files.path.read_bytes()
    assert keeper.behind() == 0
    done = keeper.rotate()
    assert done.rows == len(PATIENTS) + 1
    assert files.path.read_bytes() != old
    assert stat.S_IMODE(files.path.stat().st_mode) == 0o600
    assert keeper.behind() == 0
    assert (
        {h.key_id for h in keeper.holdings()} == {done.key_id} == {MasterKey.of(files.path.read_bytes()).id}
    )
    for fresh in (vault, SqlVault(database, files.path.read_bytes())):
        assert {p: fresh.subject(p) for p in PATIENTS} == before
        assert fresh.subject(None) == own
        assert len(SqlSurrogateMaps(fresh).by_record("n")) == 1
    with pytest.raises(StoreError, match=r"Restore vault\.key"):
        SqlVault(database, old)
    (retired,) = files.path.parent.glob("vault.key.retired-*")
    assert retired.read_bytes() == old
    assert not files.next.exists()


def test_the_old_key_can_be_destroyed_and_rotations_repeated(database: Database) -> None:
    vault, keeper, files = with_files(database)
    keys = {files.path.read_bytes()}
    for _ in range(3):
        keeper.rotate(destroy_old=True)
        keys.add(files.path.read_bytes())
    assert len(keys) == 4
    assert sorted(p.name for p in files.path.parent.glob("vault.key*")) == ["vault.key"]
    assert SqlVault(database, files).subject("p") == vault.subject("p")


def test_a_rotation_that_stopped_half_way_goes_on(database: Database) -> None:
    """Each state in which a kill can leave the vault."""
    vault, keeper, files = with_files(database)
    before = {p: vault.subject(p) for p in PATIENTS}
    first = files.path.read_bytes()

    create_key(files.next)  # killed after the new key was written
    assert {p: SqlVault(database, files).subject(p) for p in PATIENTS[:3]} == {
        p: before[p] for p in PATIENTS[:3]
    }
    assert keeper.behind() == len(PATIENTS) + 1

    new = MasterKey.of(files.next.read_bytes())
    with database.write("index") as connection:  # killed after it was named, and some rows were done
        run(connection, "UPDATE vault_state SET key_id = :key", key=new.id)
    keeper._reseal_some(new)
    halfway = SqlVault(database, files)
    assert {p: halfway.subject(p) for p in PATIENTS} == before
    late = halfway.subject("came meanwhile")
    assert 0 < keeper.behind() < len(PATIENTS)

    os.link(
        files.path, files.path.with_name(f"vault.key.retired-{MasterKey.of(first).id}")
    )  # killed before the exchange
    assert keeper.rotate().key_id == new.id
    after = SqlVault(database, files)
    assert files.path.read_bytes() == new.secret
    assert {p: after.subject(p) for p in PATIENTS} == before
    assert after.subject("came meanwhile") == late
    assert keeper.rotate().key_id != new.id


def test_a_process_that_knows_only_the_old_key_learns_the_new_one(database: Database) -> None:
    vault, keeper, files = with_files(database)
    server = SqlVault(database, files)
    known = server.subject("p1")
    keeper.rotate()
    assert server.resolve(known.handle) == "p1"
    made = server.subject("p2")
    assert SqlVault(database, files).subject("p2") == made
    assert vault.subject("p2") == made


def test_keys_that_the_configuration_names(database: Database) -> None:
    vault = SqlVault(database, FixedKeys(ONE))
    before = vault.subject("p1")
    keeper = SqlVaultKeeper(vault)
    assert keeper.behind() == 0
    with pytest.raises(InputError, match="already") as caught:
        keeper.rotate()
    assert "vault_key_previous" in caught.value.remedy
    both = SqlVault(database, FixedKeys(TWO, ONE))
    assert both.subject("p1") == before
    assert SqlVaultKeeper(both).behind() == 2
    assert SqlVaultKeeper(both).rotate().rows == 2
    assert SqlVault(database, TWO).subject("p1") == before
    for wrong in (FixedKeys(ONE), FixedKeys(THREE)):
        with pytest.raises(StoreError, match="unsealed"):
            SqlVault(database, wrong)


def test_a_vault_from_before_rows_named_their_key(database: Database) -> None:
    vault = SqlVault(database, ONE)
    before = vault.subject("p1")
    with database.write("index") as connection:
        connection.exec_driver_sql("UPDATE vault SET key_id = ''")
        connection.exec_driver_sql("UPDATE vault_state SET key_id = ''")
    with pytest.raises(StoreError, match="unsealed"):
        SqlVault(database, TWO)
    assert SqlVault(database, ONE).subject("p1") == before
    with database.write("index") as connection:
        connection.exec_driver_sql("UPDATE vault SET key_id = ''")
        connection.exec_driver_sql("UPDATE vault_state SET key_id = ''")
    both = SqlVault(database, FixedKeys(TWO, ONE))
    assert both.subject("p1") == before
    assert SqlVaultKeeper(both).behind() == 2


def test_a_workspace_of_version_1_is_brought_up(workspace: Path) -> None:
    with Database.open(workspace) as database:
        before = SqlVault(database, ONE).subject("p1")
        with database.write("index") as connection:
            for statement in (
                "DROP TABLE surrogate_maps", "DROP TABLE vault_shredded", "DROP TABLE vault_state",
                "ALTER TABLE vault DROP COLUMN key_id", "DROP TABLE spending",
                *(f"ALTER TABLE api_keys DROP COLUMN {c}" for c in ("tenant", "scopes", "expires", "per_minute")),
                "DELETE FROM schema_version WHERE version > 1",
            ):  # fmt: skip
                connection.exec_driver_sql(statement)
    with Database.open(workspace) as database:
        assert SqlVault(database, ONE).subject("p1") == before
        with database.read() as connection:
            tables = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).scalars()
            assert set(metadata.tables) <= set(tables)


@pytest.mark.ci
def test_killed_at_any_moment(
    workspace: Path, open_database: Callable[[], Database], spawn: Callable[..., "subprocess.Popen[str]"]
) -> None:
    """kill -9 in the middle, again and again, then once more: all subjects are there, under one key."""
    some = PATIENTS[::23]
    vault, _, files = with_files(open_database())
    before = {p: vault.subject(p) for p in PATIENTS}
    for delay in (0.0, 0.02, 0.05, 0.09):
        process = spawn("rotate")
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        files = FileKeys(workspace / "vault.key")
        vault = SqlVault(open_database(), files)
        assert {vault.resolve(before[p].handle) for p in PATIENTS} == set(PATIENTS)
        keeper = SqlVaultKeeper(vault, files)
        keeper.rotate()
        assert keeper.behind() == 0
        again = SqlVault(open_database(), files)
        assert {p: again.subject(p) for p in some} == {p: before[p] for p in some}
