"""Config to Platform: every port gets its adapter here, and nowhere else."""

import asyncio
import base64
import binascii
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from osler.app import plugins, rule_tests, secrets
from osler.app.config import Config
from osler.app.rosters import FreshRoster
from osler.app.tasks import build_estimators, load_tasks, named_checks, task_checks
from osler.core.clock import Clock, SystemClock
from osler.core.errors import ConfigError, InputError, StoreError
from osler.core.ports.access import Access
from osler.core.ports.audit_log import AuditLog
from osler.core.ports.completer import Completer
from osler.core.ports.detector import Detector
from osler.core.ports.index import RECORDS, Index
from osler.core.ports.reader import Reader
from osler.core.ports.records import Identities, RecordView
from osler.core.ports.spending import Spending
from osler.core.ports.vault import SurrogateMaps, Vault, VaultKeeper
from osler.deid import Deidentifier
from osler.deid.config import ENGINES
from osler.deid.site import SiteProtocol
from osler.gateway.budgets import Budgets
from osler.gateway.embeddings import EmbeddingService
from osler.gateway.failover import Failover
from osler.gateway.observe import NullObserver, Observer
from osler.gateway.parts import Parts
from osler.gateway.pipeline import Pipeline
from osler.gateway.policy import Policy
from osler.gateway.reuse import Reuse
from osler.gateway.roles import Roles
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


def build_deidentifier(config: Config) -> Deidentifier:
    """The detectors that the configuration names, built-in ones first."""
    extra, options = config.deid.extra_detectors, config.deid.options
    names = tuple(dict.fromkeys((*ENGINES[config.deid.engine], *extra)))
    _all_named(config.place("deid", "options"), options, "deid.extra_detectors", names)
    named, built_in = config.place("deid", "extra_detectors"), config.place("deid")
    places = {name: named if name in extra else built_in for name in names}
    # What the site adds is made first: a slip in the file shows before the models are read.
    made: dict[str, Detector] = {
        name: plugins.made("detectors", name, options.get(name), place=places[name])
        for name in dict.fromkeys((*extra, *names))
    }
    return Deidentifier(
        [made[name] for name in names], site=SiteProtocol.of(config.deid, config.place("deid"))
    )


def build_looking(config: Config) -> Deidentifier:
    """The same, for work that is de-identification itself. Raises ConfigError where nobody would look."""
    if config.deid.engine == "off":
        raise ConfigError(
            f"{config.place('deid', 'engine')} is 'off': nothing would be found.",
            remedy="Set it to 'full' or 'fast', or name another file with --config.",
        )
    return build_deidentifier(config)


def build_guard(config: Config) -> Guard:
    """The checks that the configuration names."""
    names, options = config.guardrails.checks, config.guardrails.options
    in_use = plugins.in_use(config)["checks"]
    _all_named(config.place("guardrails", "options"), options, "guardrails.checks", in_use)
    place = config.place("guardrails", "checks")
    return Guard([plugins.made("checks", name, options.get(name), place=place) for name in names])


def build_readers(config: Config) -> list[Reader]:
    """The readers that the configuration names, in its order."""
    place = config.place("knowledge", "readers")
    return [plugins.made("readers", name, place=place) for name in config.knowledge.readers]


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
        _require_starter_reader(config, build_readers(config))
        for source in starter_sources():
            library.add(source)


def _require_starter_reader(config: Config, readers: Sequence[Reader]) -> None:
    if not all(any(reader.accepts(source) for reader in readers) for source in starter_sources()):
        raise ConfigError(
            f"{config.place('knowledge', 'readers')} names no reader for the starter pack.",
            remedy="Name 'guideline' there, or set knowledge.starter = false.",
        )


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
    completers = {} if offline else _completers(config)
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
    completers, guard = _completers(config), build_guard(config)
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


def _completers(config: Config) -> dict[str, Completer]:
    return {name: build_completer(config, name) for name in config.destinations}


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
    tasks = load_tasks(config, deidentifier)
    return Parts(
        deidentifier=deidentifier,
        policy=Policy(destinations, config.rules, Roles(config.gateway.roles)),
        destinations=destinations,
        completers=completers,
        failover=Failover(completers, destinations, config.gateway, observer, clock),
        tasks=tasks,
        task_checks=task_checks(config, tasks),
        estimators=build_estimators(config),
        budgets=Budgets(config.gateway.budgets, stores.spending, clock),
        reuse=Reuse(config.gateway.cache, clock.monotonic),
        retriever=Retriever(stores.index, stores.records, lexicon=drugs.load()),
        records=stores.records,
        roster=FreshRoster(stores.identities),
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


def check_parts(config: Config) -> None:
    """Make every plug-in that the configuration names, with its options and secrets, and let it go again.

    Raises ConfigError for the first that cannot be made. Opens no workspace and calls nobody.
    """
    for name in config.destinations:
        build_completer(config, name)
    build_guard(config)
    build_estimators(config)
    for task, table in config.tasks.items():
        named_checks(config, task, table.checks or ())
    readers = build_readers(config)
    if config.knowledge.starter:
        _require_starter_reader(config, readers)
    for name in ("vault_key", "vault_key_previous"):
        _configured_vault_key(config, name)


def build_completer(config: Config, name: str) -> Completer:
    """The backend of one destination, with its secret. Raises ConfigError; calls nobody."""
    table = config.destinations[name]
    options: dict[str, object] = dict(table.options)
    for key, beside in (
        ("url", "url"), ("token", "auth"), ("tls", "tls"), ("proxy", "proxy"), ("proxy_auth", "proxy_auth")
    ):  # fmt: skip
        if key in options:
            raise ConfigError(
                f"{config.place('destinations', name, 'options')} must not hold '{key}'.",
                remedy=f"Give it as `{beside}` of the destination.",
            )
    if table.url is not None:
        options |= {"url": table.url, "timeout_s": table.timeout_s}
    if table.auth is not None:
        place = config.place("destinations", name, "auth")
        options["token"] = secrets.resolve(env=table.auth.env, file=table.auth.file, place=place)
    if table.tls is not None:
        options["tls"] = table.tls.model_dump(exclude_none=True)
    if table.proxy is not None:
        options["proxy"] = table.proxy
    if table.proxy_auth is not None:
        place = config.place("destinations", name, "proxy_auth")
        options["proxy_auth"] = secrets.resolve(
            env=table.proxy_auth.env, file=table.proxy_auth.file, place=place
        )
    place = config.place("destinations", name)
    made: Completer = plugins.made("backends", table.use, options, place=place)
    return made


def _all_named(table: str, options: dict[str, dict[str, object]], key: str, names: Sequence[str]) -> None:
    """Refuse options of a plug-in that is not in use: the name is most likely misspelt."""
    for name in options:
        if name not in names:
            raise ConfigError(
                f"{table} has options for '{name}', which {key} does not name.",
                remedy=f"Name it there, or correct it. In use: {', '.join(names) or 'none'}.",
            )


def _vault_keys(config: Config, database: Database, path: Path) -> tuple[FileKeys | None, KeySource]:
    """The vault's keys: the workspace's own files, or those that the configuration names.

    A workspace that goes over to a configured key keeps its key file until `osler vault rotate` is done.
    """
    key = _configured_vault_key(config, "vault_key")
    if key is None:
        load_or_create_key(path, in_use=is_in_use(database))
        files = FileKeys(path)
        return files, files
    previous = _configured_vault_key(config, "vault_key_previous")
    own = load_or_create_key(path) if path.exists() else None
    return None, FixedKeys(key, *(other for other in (previous, own) if other is not None))


def _configured_vault_key(config: Config, name: str) -> bytes | None:
    """The vault's key that the configuration names; None where it names none."""
    reference = getattr(config.stores, name)
    if reference is None:
        return None
    place = config.place("stores", name)
    text = secrets.resolve(env=reference.env, file=reference.file, place=place)
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ConfigError(
            f"{place} is not 32 bytes in base64.",
            remedy="Make one: python -c 'import base64,os;print(base64.b64encode(os.urandom(32)).decode())'",
        )
    return key


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
