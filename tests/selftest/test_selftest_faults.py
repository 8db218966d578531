"""The fault scenarios can fail, and a slice of them holds. tests/ci runs them all."""

import sqlite3
from pathlib import Path

import pytest

from osler.app.build import open_stores
from osler.app.config import Config
from osler.core.audit import AuditEntry
from osler.selftest.faults import SCENARIOS, kept, kills_audit, site
from osler.selftest.faults.client import Seen
from osler.selftest.scenario import Broken, Scene, outcome


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> site.Site:
    return site.prepared(tmp_path_factory.mktemp("filled"))


@pytest.fixture
def spoiled(filled: site.Site, tmp_path: Path) -> site.Site:
    return site.copied(filled, tmp_path / "spoiled")


def test_each_scenario_says_what_it_promises_and_what_to_do() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS) == 12
    assert all(scenario.promise and scenario.remedy for scenario in SCENARIOS)


@pytest.mark.ci
def test_what_processes_that_are_killed_were_told_of_is_kept(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    scene = Scene(folder=tmp_path, seed=7, rounds=3, progress=lambda done, total: seen.append((done, total)))
    assert "3 kills (seed 7)" in kills_audit.run(scene)
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_whole_workspace_is_found_whole(filled: site.Site) -> None:
    assert len(kept.texts(filled.database)) > 700
    assert kept.chain(filled.workspace).records == ()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM documents WHERE id = 40", "passages without their document"),
        ("DELETE FROM passages WHERE document = 40", "document without its passages"),
        ("DELETE FROM passages_fts WHERE rowid = 40", "search and the stored texts"),
        ("UPDATE documents SET text = text || '.' WHERE id = 40", "does not match its digest"),
    ],
)
def test_a_document_by_half_is_found(spoiled: site.Site, statement: str, found: str) -> None:
    with sqlite3.connect(spoiled.database) as connection:
        connection.execute(statement)
    connection.close()
    with pytest.raises(Broken, match=found):
        kept.texts(spoiled.database)


def test_a_record_that_was_lost_is_found(spoiled: site.Site) -> None:
    with pytest.raises(Broken, match="1 acknowledged"):
        kept.chain(spoiled.workspace).require([(1, "0" * 64)])
    with pytest.raises(Broken, match="without an audit record"):
        kept.chain(spoiled.workspace).require_seen(Seen(begun={"req_1"}))


def test_a_stream_that_was_not_closed_or_closed_twice_is_found(spoiled: site.Site) -> None:
    stores = open_stores(Config(), spoiled.workspace)
    for kind in ("opened", "closed", "closed"):
        stores.audit.append_now(AuditEntry(kind=kind, time="", body={}, request_id="req_1"))
        if kind == "closed" and stores.audit.head().number == 2:
            kept.chain(spoiled.workspace).require_ended_once()
    stores.close()
    with pytest.raises(Broken, match="exactly once"):
        kept.chain(spoiled.workspace).require_ended_once()


def test_a_scenario_that_raises_has_failed(tmp_path: Path) -> None:
    def run(scene: Scene) -> str:
        raise ValueError("a patient's name")

    scenario = SCENARIOS[0]
    result = outcome(type(scenario)(name="x", promise="y", run=run, remedy="z"), Scene(folder=tmp_path))
    assert (result.state, result.found, result.remedy) == ("fail", "unforeseen ValueError", "z")
