"""Config to Platform: every port gets its adapter here, and nowhere else."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from osler.app import rule_tests, secrets
from osler.app.config import Config
from osler.app.configured import (
    build_completer,
    build_deidentifier,
    build_guard,
    build_readers,
    configured_vault_key,
    require_starter_reader,
)
from osler.app.rosters import FreshRoster
from osler.app.tasks import build_estimators, load_tasks, task_checks
from osler.core.clock import Clock, SystemClock
from osler.core.errors import InputError, StoreError
from osler.core.ports.access import Access
from osler.core.ports.audit_log import AuditLog
from osler.core.ports.completer import Completer
from osler.core.ports.index import RECORDS, Index
from osler.core.ports.records import Identities, RecordView
from osler.core.ports.spending import Spending
from osler.core.ports.vault import SurrogateMaps, Vault, VaultKeeper
from osler.deid import Deidentifier
from osler.gateway.budgets import Budgets
from osler.gateway.embeddings import EmbeddingService
from osler.gateway.failover import Failover
from osler.gateway.observe import NullObserver, Observer
from osler.gateway.parts import Parts
from osler.gateway.pipeline import Pipeline
from osler.gateway.policy import Policy
from osler.gateway.reuse import Reuse
from osler.gateway.roles import Roles
from osler.gateway.tenants import Tenants
from osler.guardrails import Guard
from osler.knowledge.ingest import Library, starter_sources
from osler.knowledge.retrieve import Retriever
from osler.lexicon import drugs
from osler.stores import (
    Database,
    FileKeys,
    FixedKeys,
    SqlAccess,
    SqlAuditLog,
    SqlIndex,
    SqlRecords,
    SqlSpending,
    SqlSurrogateMaps,
    SqlVault,
    SqlVaultKeeper,
)
from osler.stores.sqlite import FILE as DATABASE_FILE
from osler.stores.vault import is_in_use, load_or_create_key
from osler.stores.vault_keys import KEY_FILE, KeySource

WORKSPACE = Path(".osler")
_SOURCES_FRESH_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The workspace: everything that is kept, behind its ports."""

    workspace: Path
    database: Database
    audit: AuditLog
    vault: Vault
    maps: SurrogateMaps
    keeper: VaultKeeper
    access: Access
    spending: Spending
    index: Index
    records: RecordView
    identities: Identities
    waits: bool = False
    """Whether they are across a network, where a call may hang: the gateway then calls them beside its event loop."""

    def close(self) -> None:
        """Stop the audit writer and let go of the database."""
        self.audit.close()
        self.database.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Exchanges parts while a platform is built, for tests and for `osler selftest`: nothing need be patched."""

    stores: Callable[[Stores], Stores] = lambda stores: stores
    parts: Callable[[Parts], Parts] = lambda parts: parts
    completer: Callable[[Completer], Completer] = lambda completer: completer


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A configured Osler, ready to answer. `detectors` and `swap` are what `rebuild` goes on with."""

    config: Config
    digest: str
    stores: Stores
    library: Library
    retriever: Retriever
    deidentifier: Deidentifier
    completers: dict[str, Completer]
    pipeline: Pipeline
    embeddings: EmbeddingService
    detectors: Deidentifier
    swap: Swap

    async def release(self) -> None:
        """Close connections to model servers. The stores stay open: another platform may be over them."""
        await self.pipeline.parts.failover.aclose()
        if not self.pipeline.parts.budgets.is_idle:
            await asyncio.to_thread(self.pipeline.parts.budgets.sync)
        for completer in self.completers.values():
            await completer.aclose()

    async def aclose(self) -> None:
        """Close connections to model servers, then the stores."""
        await self.release()
        self.stores.close()


def open_stores(config: Config, workspace: Path, clock: Clock | None = None) -> Stores:
    """The workspace's stores, made if they are not there. Needs no model server and none of their secrets."""
    clock = clock or SystemClock()
    _require_not_lost(config, workspace)
    database = Database.open(workspace, url=database_url(config))
    try:
        files, keys = _vault_keys(config, database, workspace / KEY_FILE)
        vault = SqlVault(database, keys)
        return Stores(
            workspace=workspace,
            database=database,
            audit=SqlAuditLog(database, clock, workspace / "instances"),
            vault=vault,
            maps=SqlSurrogateMaps(vault, clock=clock),
            keeper=SqlVaultKeeper(vault, files, clock=clock),
            access=SqlAccess(database),
            spending=SqlSpending(database),
            index=SqlIndex(database),
            records=(records := SqlRecords(database)),
            identities=records,
            waits=database.kind != "sqlite",
        )
    except BaseException:
        database.close()
        raise


def database_url(config: Config) -> str | None:
    """The URL of the PostgreSQL database; None where SQLite serves. Raises ConfigError."""
    url = config.stores.url
    if url is None or isinstance(url, str):
        return url
    return secrets.resolve(env=url.env, file=url.file, place=config.place("stores", "url"))


def require_stores(config: Config, workspace: Path) -> None:
    """Raise InputError when there are no stores yet: commands that only read make none by accident."""
    _require_not_lost(config, workspace)
    if config.stores.url is None and not (workspace / DATABASE_FILE).exists():
        raise InputError(
            f"There is no workspace in {workspace}.",
            remedy="Name it with --workspace, or fill a new one with `osler kb add FILE`.",
        )


def _require_not_lost(config: Config, workspace: Path) -> None:
    """Raise StoreError when a workspace has a vault's key but no database: no empty one takes its place."""
    file = workspace / DATABASE_FILE
    if config.stores.url is not None or not (workspace / KEY_FILE).exists():
        return
    if not file.exists() or (
        file.stat().st_size == 0 and not file.with_name(f"{DATABASE_FILE}-wal").exists()
    ):
        raise StoreError(
            "The workspace has a vault's key, but its database osler.db is gone or empty.",
            remedy="Restore it: osler store restore BACKUP. If the content is in PostgreSQL, name it as stores.url. "
            "To begin anew, choose another workspace.",
        )


def build_library(config: Config, stores: Stores) -> Library:
    """What reads files into the workspace."""
    return Library(
        index=stores.index,
        readers=build_readers(config),
        records=stores.records,
        max_bytes=config.knowledge.max_file_mb * 2**20,
    )


def load_starter(config: Config, library: Library) -> None:
    """Put the shipped starter pack into the workspace, or bring it up to date."""
    if config.knowledge.starter:
        require_starter_reader(config, build_readers(config))
        for source in starter_sources():
            library.add(source)


def build(
    config: Config,
    workspace: Path,
    *,
    observer: Observer | None = None,
    clock: Clock | None = None,
    swap: Swap | None = None,
    offline: bool = False,
) -> Platform:
    """A whole platform. Raises ConfigError when a rule test fails, a plug-in or a secret is missing.

    `offline`: without the model servers' backends and their secrets; it can explain, not answer.
    """
    swap = swap or Swap()
    clock = clock or SystemClock()
    deidentifier = build_deidentifier(config)
    rule_tests.run(config, deidentifier, clock.now().date())
    completers = {} if offline else _completers(config, swap)
    guard = build_guard(config)
    opened = open_stores(config, workspace, clock)
    try:
        stores = swap.stores(opened)
        library = build_library(config, stores)
        load_starter(config, library)
        stores.audit.close_interrupted()
        parts = _parts(
            config,
            stores,
            deidentifier=deidentifier,
            completers=completers,
            guard=guard,
            clock=clock,
            observer=observer or NullObserver(),
        )
        return _platform(config, stores, parts, library=library, swap=swap)
    except BaseException:
        opened.close()
        raise


def rebuild(platform: Platform, config: Config) -> Platform:
    """The platform of another configuration over the same stores, clock and observer.

    `[server]` and `[stores]` are taken to be the same. Detectors whose table has not changed are used again: their
    models take seconds to load. Raises what `build` raises; then nothing has changed.
    """
    old, stores = platform.pipeline.parts, platform.stores
    unchanged = config.deid == platform.config.deid
    deidentifier = platform.detectors if unchanged else build_deidentifier(config)
    rule_tests.run(config, deidentifier, old.clock.now().date())
    completers, guard = _completers(config, platform.swap), build_guard(config)
    library = build_library(config, stores)
    if config.knowledge != platform.config.knowledge:
        load_starter(config, library)
    parts = _parts(
        config,
        stores,
        deidentifier=deidentifier,
        completers=completers,
        guard=guard,
        clock=old.clock,
        observer=old.observer,
    )
    return _platform(config, stores, parts, library=library, swap=platform.swap)


def _platform(config: Config, stores: Stores, parts: Parts, *, library: Library, swap: Swap) -> Platform:
    swapped = swap.parts(parts)
    return Platform(
        config=config,
        digest=parts.config_digest,
        stores=stores,
        library=library,
        retriever=swapped.retriever,
        deidentifier=swapped.deidentifier,
        completers=parts.completers,
        pipeline=Pipeline(swapped),
        embeddings=EmbeddingService(swapped),
        detectors=parts.deidentifier,
        swap=swap,
    )


def _completers(config: Config, swap: Swap) -> dict[str, Completer]:
    return {name: swap.completer(build_completer(config, name)) for name in config.destinations}


def _parts(
    config: Config,
    stores: Stores,
    *,
    deidentifier: Deidentifier,
    completers: dict[str, Completer],
    guard: Guard,
    clock: Clock,
    observer: Observer,
) -> Parts:
    """What the pipeline is made of."""
    destinations = tuple(d.value(name) for name, d in config.destinations.items())
    tasks, tenants = load_tasks(config, deidentifier), Tenants(config.gateway.tenants)
    lexicon = drugs.load()
    return Parts(
        deidentifier=deidentifier,
        policy=Policy(destinations, config.rules, Roles(config.gateway.roles), tenants),
        tenants=tenants,
        retrievers={
            name: Retriever(index, stores.records, lexicon=lexicon)
            for name, index in tenants.bounded(stores.index).items()
        },
        destinations=destinations,
        completers=completers,
        failover=Failover(completers, destinations, config.gateway, observer, clock),
        tasks=tasks,
        task_checks=task_checks(config, tasks),
        estimators=build_estimators(config),
        budgets=Budgets(config.gateway.budgets, stores.spending, clock),
        reuse=Reuse(config.gateway.cache, clock.monotonic),
        retriever=Retriever(stores.index, stores.records, lexicon=lexicon),
        records=stores.records,
        roster=(roster := FreshRoster(stores.identities)),
        begin=roster.begin,
        is_ready=lambda: roster.is_ready,
        redacts=config.deid.answers == "redact" and config.deid.engine != "off",
        wrong_patient=config.deid.wrong_patient,
        guard=guard,
        vault=stores.vault,
        audit=stores.audit,
        clock=clock,
        observer=observer,
        sources=_fresh_sources(stores.index),
        public=frozenset(config.knowledge.public_collections) - {RECORDS},
        config_digest=config.digest(),
        withhold=config.guardrails.on_block == "withhold",
        hold=config.guardrails.hold,
        waits=stores.waits,
        patience_s=config.server.timeouts.guard_s,
    )


def _vault_keys(config: Config, database: Database, path: Path) -> tuple[FileKeys | None, KeySource]:
    """The vault's keys: the workspace's own files, or those that the configuration names.

    A workspace that goes over to a configured key keeps its key file until `osler vault rotate` is done.
    """
    key = configured_vault_key(config, "vault_key")
    if key is None:
        load_or_create_key(path, in_use=is_in_use(database))
        files = FileKeys(path)
        return files, files
    previous = configured_vault_key(config, "vault_key_previous")
    own = load_or_create_key(path) if path.exists() else None
    return None, FixedKeys(key, *(other for other in (previous, own) if other is not None))


def _fresh_sources(index: Index) -> Callable[[], tuple[str, ...]]:
    """Names of the collections that hold anything, read anew when older than two seconds.

    The set grows only by `osler kb add`. Step 4 judges what was really found, so that a collection
    which appears within those seconds is refused there, not leaked.
    """
    known: tuple[str, ...] = ()
    read_at = float("-inf")

    def sources() -> tuple[str, ...]:
        nonlocal known, read_at
        now = time.monotonic()
        if now - read_at > _SOURCES_FRESH_S:
            known, read_at = tuple(c.collection for c in index.collections() if c.documents), now
        return known

    return sources
