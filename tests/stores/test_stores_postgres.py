"""What PostgreSQL alone has: its server, its users, its locks, its faults; and that its search ranks as FTS5 does."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores_cases import run

from osler.core.audit import AuditEntry
from osler.core.clock import SystemClock
from osler.core.errors import ConfigError, OslerError, StoreError
from osler.core.ports.index import Scope
from osler.core.ports.reader import Document, Passage, Reading
from osler.stores import Database, SqlIndex
from postgres_server import Server

SECRET = "Maple-Emmerich-1961"
CLOCK = SystemClock()


def entry(n: int = 0) -> AuditEntry:
    return AuditEntry(kind="answer", time="", body={"n": n}, request_id=f"r{n}")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://nobody:" + SECRET + "@127.0.0.1:1/osler", "cannot be reached"),
        ("postgresql:///osler?host=/nowhere/at/all", "cannot be reached"),
        ("postgresql://u:" + SECRET + "@no-such-host.invalid/osler", "cannot be reached"),
        ("mysql://u:" + SECRET + "@127.0.0.1/osler", "no URL of a PostgreSQL database"),
        ("postgresql://u:" + SECRET + "@127.0.0.1:port/osler", "no URL of a PostgreSQL database"),
        ("postgresql://u:" + SECRET + "@127.0.0.1", "no URL of a PostgreSQL database"),
        (SECRET, "no URL of a PostgreSQL database"),
        ("", "no URL of a PostgreSQL database"),
    ],
)
def test_address_that_leads_nowhere(workspace: Path, url: str, says: str) -> None:
    with pytest.raises(OslerError, match=says) as caught:
        Database.open(workspace, url=url)
    assert caught.value.remedy
    assert isinstance(caught.value, StoreError | ConfigError)
    assert SECRET not in str(caught.value)
    assert SECRET not in str(caught.value.__context__)


@pytest.mark.parametrize(
    ("made_by", "url", "says"),
    [
        ((), "postgresql://postgres:@/{schema}?host={host}", "no such database"),
        (("CREATE ROLE stranger_{schema} LOGIN", "GRANT USAGE ON SCHEMA {schema} TO stranger_{schema}",), "postgresql://stranger_{schema}@/postgres?host={host}{path}", "lacks a right"),
        ((), "postgresql://unknown_{schema}@/postgres?host={host}", "does not let this user in"),
        (("DROP SCHEMA {schema}",), "postgresql://postgres@/postgres?host={host}{path}", "schema"),
        (("CREATE TABLE {schema}.bookmarks (id int)",), "postgresql://postgres@/postgres?host={host}{path}", "not made by Osler"),
    ],
)  # fmt: skip
def test_database_that_cannot_be_used(
    postgres: Server, workspace: Path, made_by: tuple[str, ...], url: str, says: str
) -> None:
    fresh = postgres.fresh()
    names = {
        "schema": fresh.rsplit("%3D", 1)[1],
        "host": str(postgres.folder),
        "path": "&" + fresh.rsplit("&", 1)[1],
    }
    for statement in made_by:
        postgres.execute(statement.format(**names))
    with pytest.raises(StoreError, match=says) as caught:
        Database.open(workspace, url=url.format(**names))
    assert caught.value.remedy


def test_read_only_server(postgres: Server, workspace: Path) -> None:
    url = postgres.fresh()
    Database.open(workspace, url=url).close()
    with (
        Database.open(workspace, url=url + "%20-cdefault_transaction_read_only%3Don") as database,
        pytest.raises(StoreError, match="only lets itself be read"),
        database.write("audit") as connection,
    ):
        run(connection, "DELETE FROM audit_open")


def test_writers_of_one_part_wait_and_those_of_others_do_not(postgres: Server, workspace: Path) -> None:
    url = postgres.fresh()
    with (
        Database.open(workspace, url=url, busy_timeout_s=0.3) as one,
        Database.open(workspace, url=url, busy_timeout_s=0.3) as other,
        one.write("index"),
    ):
        with other.write("audit"), other.write("vault"):
            pass
        began = time.monotonic()
        with pytest.raises(StoreError, match="locked"), other.write("index", attempts=2):
            pass
        assert time.monotonic() - began >= 0.59
        with pytest.raises(StoreError, match="locked"), other.write_all():
            pass


def test_two_schemas_of_one_database_do_not_wait_for_each_other(postgres: Server, tmp_path: Path) -> None:
    with (
        Database.open(tmp_path / "a", url=postgres.fresh(), busy_timeout_s=0.3) as one,
        Database.open(tmp_path / "b", url=postgres.fresh(), busy_timeout_s=0.3) as other,
        one.write_all(),
        other.write_all(),
    ):
        pass


def test_search_table_that_is_lost_says_so_and_is_made_anew(postgres: Server, workspace: Path) -> None:
    with Database.open(workspace, url=postgres.fresh()) as database:
        index = SqlIndex(database)
        index.put(
            Reading(documents=(shelf("a", "metformin for the kidney"), shelf("b", "penicillin allergy")))
        )
        index.check(deep=True)
        hits = index.search([["kidneys"]], Scope(), 5)
        for damage in (
            "DROP TABLE passages_fts",
            "DELETE FROM passages_fts",
            "UPDATE passages_fts_total SET words = 7",
            "DROP TABLE passages_fts_total",
            "DROP TEXT SEARCH CONFIGURATION osler_words",
        ):
            with database.write("index") as connection:
                connection.exec_driver_sql(damage)
            with pytest.raises(StoreError, match="search over the stored texts is missing"):
                index.check()
            assert index.rebuild() == 2
            index.check(deep=True)
            assert index.search([["kidneys"]], Scope(), 5) == hits
        with database.write("index") as connection:
            connection.exec_driver_sql("DROP TABLE passages_fts")
        with pytest.raises(StoreError, match="osler kb rebuild"):
            index.search([["kidneys"]], Scope(), 5)


def shelf(doc: str, text: str, title: str = "", keywords: tuple[str, ...] = ()) -> Document:
    return Document(
        doc=doc, title=title, text=text, collection="topics", keywords=keywords,
        passages=(Passage(start=0, end=len(text), section="Plan for renal care"),),
    )  # fmt: skip


WORDS = (
    "kidney",
    "kidneys",
    "renal",
    "care",
    "metformin",
    "Müller",
    "5.9",
    "mg/dL",
    "b12",
    "the",
    "plans",
    "caring",
)
sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join)


@pytest.fixture(scope="module")
def both(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., list[object]]]:
    """The same documents in an SQLite store and a PostgreSQL one; what each finds."""
    texts = [" ".join(WORDS[(n * k) % len(WORDS)] for k in range(1, 3 + n % 7)) for n in range(60)]
    folder = tmp_path_factory.mktemp("both")
    with (
        Database.open(folder / "a") as sqlite,
        Database.open(folder / "b", url=postgres.fresh()) as postgresql,
    ):
        indexes = SqlIndex(sqlite), SqlIndex(postgresql)
        for index in indexes:
            documents = (
                shelf(f"d{n:02}", text, title=texts[-n], keywords=(texts[n // 2],))
                for n, text in enumerate(texts)
            )
            index.put(Reading(documents=tuple(documents)))
        yield lambda *asked: [index.search(*asked) for index in indexes]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.lists(sentences, min_size=1, max_size=3), min_size=1, max_size=4))
def test_search_ranks_as_sqlite_does(both: Callable[..., list[object]], asked: list[list[str]]) -> None:
    one, other = both(asked, Scope(), 200)
    scores = {hit.doc: hit.score for hit in one}
    assert {hit.doc for hit in other} == set(scores)
    for hit in other:
        assert hit.score == pytest.approx(scores[hit.doc], rel=1e-9, abs=1e-12)


def test_password_is_not_in_what_the_server_is_asked(postgres: Server, workspace: Path) -> None:
    """The connection names itself, so that an administrator sees whose it is."""
    with Database.open(workspace, url=postgres.fresh()), psycopg.connect(postgres.url) as connection:
        names = connection.execute("SELECT application_name FROM pg_stat_activity").fetchall()
    assert ("osler",) in names


def test_wrong_password_is_named_and_not_shown(postgres: Server, workspace: Path) -> None:
    postgres.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
    rules = postgres.folder / "pg_hba.conf"
    rules.write_text("local all locked scram-sha-256\n" + rules.read_text())
    postgres.execute("SELECT pg_reload_conf()")
    host = f"host={postgres.folder}"
    end = time.monotonic() + 10
    while True:  # the server takes its rules in when it comes to it
        with pytest.raises(StoreError) as caught:
            Database.open(workspace, url=f"postgresql://locked:{SECRET}@/postgres?{host}")
        if "does not let this user in" in caught.value.message or time.monotonic() > end:
            break
    assert "does not let this user in" in caught.value.message
    assert SECRET not in str(caught.value) + str(caught.value.__context__) + repr(caught.value.__context__)
