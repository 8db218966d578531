"""What is left in a workspace after a fault, looked at from outside: the audit chain, the texts, the search.

The chain is walked by Osler's own verification; texts and search are read with plain SQL, so that a fault of
Osler's reading would not hide itself.
"""

import contextlib
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from osler.app.build import open_stores
from osler.app.config import Config
from osler.core.audit import AuditRecord
from osler.selftest.faults.client import Mark, Seen
from osler.selftest.scenario import Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A chain that was found whole."""

    records: tuple[AuditRecord, ...]
    open_streams: int

    def require(self, marks: Iterable[Mark]) -> None:
        """Raise Broken unless every record that someone was told of is there with that hash."""
        hashes = {record.number: record.hash for record in self.records}
        lost = [number for number, hash_ in marks if hashes.get(number) != hash_]
        if lost:
            raise Broken(f"{len(lost)} acknowledged audit records are not in the chain")

    def require_seen(self, seen: Seen) -> None:
        """Raise Broken unless all that clients saw is recorded: signed answers, and each stream that began."""
        self.require(seen.marks)
        opened = {r.request_id for r in self.records if r.kind == "opened"}
        if not seen.begun <= opened:
            raise Broken(f"{len(seen.begun - opened)} streams began without an audit record")

    def require_ended_once(self) -> None:
        """Raise Broken unless each stream that was opened was ended, once."""
        opened = Counter(r.request_id for r in self.records if r.kind == "opened")
        ended = Counter(r.request_id for r in self.records if r.kind in ("closed", "interrupted"))
        if opened != ended:
            raise Broken("a stream was not ended exactly once in the audit log")


def chain(workspace: Path) -> Chain:
    """The audit chain. Raises Broken when it does not hold."""
    stores = open_stores(Config(), workspace)
    try:
        verdict = stores.audit.verify()
        if not verdict.ok:
            raise Broken(f"the audit chain does not hold: {verdict.reason}")
        return Chain(records=tuple(stores.audit.records()), open_streams=verdict.open_streams)
    finally:
        stores.close()


@contextlib.contextmanager
def sql(database: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """A plain connection to the database, which commits each statement by itself."""
    address = f"file:{quote(str(database.absolute()))}?mode=rw"
    with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=30)) as opened:
        opened.execute(f"PRAGMA query_only = {'OFF' if write else 'ON'}")
        yield opened


def texts(database: Path) -> Mapping[str, str]:
    """Each stored document's id to its digest. Raises Broken where texts, passages and search contradict each other."""
    with sql(database) as connection:
        connection.execute("BEGIN")
        rows = connection.execute("SELECT id, doc, text, sha256, digest FROM documents").fetchall()
        counted = dict(connection.execute("SELECT document, count(*) FROM passages GROUP BY document"))
        passages = {row[0] for row in connection.execute("SELECT id FROM passages")}
        searched = {row[0] for row in connection.execute("SELECT rowid FROM passages_fts")}
        connection.execute("COMMIT")
    if set(counted) - {row[0] for row in rows}:
        raise Broken("there are passages without their document")
    if any(not counted.get(row[0]) for row in rows if row[2]):
        raise Broken("there is a document without its passages")
    if passages != searched:
        raise Broken("the search and the stored texts contradict each other")
    if any(hashlib.sha256(row[2].encode("utf-8", "surrogatepass")).hexdigest() != row[3] for row in rows):
        raise Broken("a stored text does not match its digest")
    return {row[1]: row[4] for row in rows}
