"""Surrogate maps: sealed per patient, found again, expired, shredded."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores_cases import run

from osler.core.errors import InputError, StoreError
from osler.core.ports.vault import MapEntry, RecordMap
from osler.core.spans import Label, Span
from osler.deid.keyed import ReplaceOptions, TextReplacer, WayBack, record_map, store_maps
from osler.stores import Database, SqlSurrogateMaps, SqlVault, SqlVaultKeeper

KEY = bytes(range(32))
NOTE = "Maria Gonzalez, MRN 00412345, came on 3/14/2021."
SPANS = (
    Span(start=0, end=14, label=Label.NAME),
    Span(start=20, end=28, label=Label.MRN),
    Span(start=38, end=47, label=Label.DATE),
)


class SetClock:
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def vault(database: Database, clock: SetClock) -> SqlVault:
    return SqlVault(database, KEY, clock=clock)


@pytest.fixture
def maps(vault: SqlVault, clock: SetClock) -> SqlSurrogateMaps:
    return SqlSurrogateMaps(vault, clock=clock)


@pytest.fixture
def keeper(vault: SqlVault, clock: SetClock) -> SqlVaultKeeper:
    return SqlVaultKeeper(vault, clock=clock)


def some_map(record: str = "n1", patient: str | None = "p1", text: str = "Cecilia Lemus came.") -> RecordMap:
    entry = MapEntry(at=0, label="NAME", surrogate="Cecilia Lemus", original="Maria Gonzalez")
    return RecordMap(
        record=record, patient=patient, digest=hashlib.sha256(text.encode()).digest(), entries=(entry,)
    )


def test_a_map_is_found_by_its_text_and_by_its_record(maps: SqlSurrogateMaps, vault: SqlVault) -> None:
    one = some_map()
    maps.store([one], run="r1")
    (found,) = maps.by_digest(one.digest)
    assert found.map == one
    assert found.handle == vault.subject("p1").handle
    assert maps.by_record("n1") == (found,)
    assert maps.by_record("n2") == maps.by_digest(bytes(32)) == ()


def test_a_replaced_text_comes_back_through_the_vault(maps: SqlSurrogateMaps) -> None:
    done = TextReplacer(KEY, ReplaceOptions()).replace(NOTE, SPANS, patient_key="p1")
    assert store_maps(maps, [record_map("n1", "p1", done)], run="r1") == 1
    way = WayBack([f.map for f in maps.by_record("n1")])
    assert way.exact(done.text) == NOTE
    assert way.exact(done.text + " ") is None
    surname = done.text.split()[1].rstrip(",")
    assert way.edited(f"Ms. {surname.upper()} is well.") == "Ms. GONZALEZ is well."


def test_the_same_maps_again_change_nothing(maps: SqlSurrogateMaps, keeper: SqlVaultKeeper) -> None:
    rows = [some_map(), some_map(), some_map(record="n2"), some_map(text="another")]
    maps.store(rows, run="r1")
    maps.store(rows, run="r1")
    assert {h.maps for h in keeper.holdings()} == {0, 3}
    maps.store([], run="r1")


def test_texts_that_name_no_patient_belong_to_their_run(
    maps: SqlSurrogateMaps, keeper: SqlVaultKeeper
) -> None:
    maps.store([some_map(patient=None)], run="r1")
    maps.store([some_map(patient=None, record="n2")], run="r1")
    maps.store([some_map(patient=None)], run="r2")
    assert sorted(h.maps for h in keeper.holdings()) == [0, 1, 2]
    assert {f.map.patient for f in maps.by_record("n1")} == {None}


def test_nothing_readable_is_stored(maps: SqlSurrogateMaps, stored: Callable[[], bytes]) -> None:
    one = some_map(record="record-4711", patient="patient-0815")
    maps.store([one], run="run-1234")
    content_stored = stored()
    for clear in (b"Gonzalez", b"Cecilia", b"record-4711", b"patient-0815", b"run-1234", one.digest):
        assert clear not in content_stored


def test_maps_expire(maps: SqlSurrogateMaps, keeper: SqlVaultKeeper, clock: SetClock) -> None:
    maps.store([some_map()], run="r", ttl=timedelta(days=30))
    maps.store([some_map(record="n2")], run="r")
    assert {h.expires for h in keeper.holdings()} == {None, "2026-01-31T00:00:00.000Z"}
    clock.at += timedelta(days=29)
    assert len(maps.by_record("n1")) == 1
    assert keeper.expire(clock.at) == 0
    clock.at += timedelta(days=2)
    assert maps.by_record("n1") == ()
    assert len(maps.by_digest(some_map().digest)) == 1
    assert keeper.expire(clock.at) == 1
    assert keeper.expire(clock.at) == 0
    assert len(maps.by_record("n2")) == 1


def test_shredding_leaves_nothing(
    maps: SqlSurrogateMaps,
    keeper: SqlVaultKeeper,
    vault: SqlVault,
    stored: Callable[[], bytes],
    database: Database,
) -> None:
    maps.store([some_map(), some_map(record="n2", patient="p2")], run="r")
    before = vault.subject("p1")
    with database.read() as connection:
        sealed = (
            run(
                connection,
                "SELECT sealed FROM vault WHERE handle = :one "
                "UNION SELECT sealed FROM surrogate_maps WHERE handle = :one",
                one=before.handle,
            )
            .scalars()
            .all()
        )
    assert len(sealed) == 2
    done = keeper.shred("p1")
    assert (done.handle, done.maps) == (before.handle, 1)
    content_stored = stored()
    assert not any(content in content_stored for content in sealed)
    assert vault.resolve(before.handle) is None
    assert maps.by_record("n1") == ()
    assert len(maps.by_record("n2")) == 1
    after = vault.subject("p1")
    assert after.handle != before.handle
    assert after.key != before.key
    assert before.handle not in {h.handle for h in keeper.holdings()}


def test_shredding_by_handle(keeper: SqlVaultKeeper, vault: SqlVault) -> None:
    handle = vault.subject("p1").handle
    assert keeper.shred(handle).handle == handle
    assert vault.resolve(handle) is None


@pytest.mark.parametrize("whom", ["nobody", "workspace", "", "pt_unknown"])
def test_nobody_is_shredded_by_mistake(keeper: SqlVaultKeeper, vault: SqlVault, whom: str) -> None:
    vault.subject("p1")
    with pytest.raises(InputError) as caught:
        keeper.shred(whom)
    assert not whom or whom not in str(caught.value) or whom == "workspace"
    assert vault.subject(None).handle == "workspace"


def test_another_process_forgets_a_shredded_patient_in_time(
    keeper: SqlVaultKeeper, database: Database, clock: SetClock
) -> None:
    other = SqlVault(database, KEY, clock=clock)
    before = other.subject("p1")
    keeper.shred("p1")
    clock.seconds += 2.0
    assert other.subject("p1") != before


def test_a_map_moved_to_another_patient(maps: SqlSurrogateMaps, vault: SqlVault, database: Database) -> None:
    maps.store([some_map(), some_map(record="n2", patient="p2")], run="r")
    with database.write("index") as connection:
        connection.exec_driver_sql(
            "UPDATE surrogate_maps SET sealed = (SELECT sealed FROM surrogate_maps WHERE number = 1) WHERE number = 2"
        )
    with pytest.raises(StoreError, match="cannot be unsealed") as caught:
        maps.by_record("n2")
    assert "Gonzalez" not in str(caught.value)


def test_a_batch_is_kept_whole_or_not_at_all(maps: SqlSurrogateMaps, keeper: SqlVaultKeeper) -> None:
    bad = RecordMap(record="n9", patient="p\ud800", digest=bytes(32), entries=())
    maps.store([bad], run="r")
    worse = RecordMap(record="\ud800", patient="p", digest=bytes(32), entries=())
    with pytest.raises((StoreError, InputError, UnicodeEncodeError)):
        maps.store([some_map(), worse], run="r")
    assert maps.by_record("n1") == ()


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.text(max_size=5),
            st.one_of(st.none(), st.text(max_size=3)),
            st.text(max_size=20),
            st.text(max_size=9),
        ),
        max_size=6,
    )
)
def test_whatever_is_kept_comes_back(
    rows: list[tuple[str, str | None, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Database.open(tmp_path_factory.mktemp("maps")) as database:
        maps = SqlSurrogateMaps(SqlVault(database, KEY))
        given_ = [
            RecordMap(
                record=record, patient=patient, digest=hashlib.sha256(original.encode()).digest(),
                entries=(MapEntry(at=3, label="NAME", surrogate=surrogate, original=original),),
            )
            for record, patient, original, surrogate in rows
            if (record + (patient or "") + original + surrogate).isprintable()
        ]  # fmt: skip
        store_maps(maps, given_, run="r")
        for one in given_:
            assert one.digest in {f.map.digest for f in maps.by_record(one.record)}
            assert {f.map.entries[0].original for f in maps.by_digest(one.digest)} == {
                one.entries[0].original
            }
