"""The routes of `/admin`. What asks a store runs in a thread: a slow database holds up nobody else."""

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from osler import __version__
from osler.api import wire
from osler.api.admin import values
from osler.api.admin.acts import Act, Acts
from osler.api.admin.gate import CALLER
from osler.api.admin.trial import Trials
from osler.api.edge import request_id
from osler.api.explained import explained
from osler.api.logs import log
from osler.api.metrics import Metrics
from osler.api.reloading import note, tell_others
from osler.app import broken_glass, plugins
from osler.app.audit_check import kept_head, of_tenant, verified
from osler.app.live import Live
from osler.app.reload import Reloader
from osler.core import registry
from osler.core.audit import AuditRecord, ChainVerdict, Head
from osler.core.clock import timestamp
from osler.core.errors import ConfigError, Conflict, Forbidden, InputError, NotFound
from osler.core.messages import Caller
from osler.core.ports.access import DEFAULT_TENANT, ApiKey, KeyTerms, parsed_day, parsed_scopes
from osler.core.ports.audit_log import AuditLog
from osler.core.ports.index import RECORDS
from osler.gateway import signing
from osler.gateway.bounds import Bounds


class Admin:
    """The routes over the platform in force; its stores, clock and audit log are the same after a reload."""

    def __init__(self, live: Live, metrics: Metrics, reloader: Reloader) -> None:
        platform = live.newest
        self._live = live
        self._reloader = reloader
        self._stores = platform.stores
        parts = platform.pipeline.parts
        self._clock = parts.clock
        self._started, self._begun = self._clock.now(), self._clock.monotonic()
        self._acts = Acts(parts.audit, parts.clock, metrics, patience_s=parts.patience_s)
        self._bounds = Bounds(waits=True, patience_s=parts.patience_s)
        self._trials = Trials()
        self._walking = asyncio.Lock()

    # -- the site

    async def status(self) -> values.Status:
        """How this process and its workspace stand."""
        return await asyncio.to_thread(self._status)

    def _status(self) -> values.Status:
        loaded = self._stores.index.collections()
        return values.Status(
            version=__version__,
            config=self._live.newest.digest,
            instance=self._stores.audit.instance,
            started=timestamp(self._started),
            uptime_s=max(0, int(self._clock.monotonic() - self._begun)),
            keys=sum(key.revoked is None for key in self._stores.access.list()),
            collections=len(loaded),
            documents=sum(c.documents for c in loaded),
            passages=sum(c.passages for c in loaded),
            patients=sum(c.patients for c in loaded if c.collection == RECORDS),
            audit=_head(self._stores.audit.head()),
        )

    async def config(self) -> values.ConfigShown:
        """The configuration in force; secrets are references."""
        platform = self._live.newest
        return values.ConfigShown(digest=platform.digest, config=platform.config)

    async def check_config(self, body: values.TomlText) -> values.CheckShown:
        """Check a configuration, its plug-ins, secrets and rule tests. It is not put in force."""
        done = await self._trials.run(body.toml)
        return values.CheckShown(
            ok=done.ok, tests=done.tests, digest=done.digest, code=done.code, fault=done.fault
        )

    async def reload(self, request: Request) -> values.ReloadShown:
        """Put what osler.toml says now in force, all of it or nothing: 409 where it cannot be, and why."""
        by = signing.caller_body(request.scope[CALLER])
        try:
            done = await self._acts.follow(
                _act(request, "config.reload"),
                lambda: self._reloader.reload(by, request_id(request)),
                lambda done: {"old": done.old, "new": done.new},
            )
        except ConfigError as error:
            log.error("configuration refused", error=str(error))
            raise Conflict(error.message, remedy=error.remedy) from None
        note(done)
        return values.ReloadShown(
            config=done.new, previous=done.old, changed=list(done.changed), others_told=tell_others()
        )

    async def explain(
        self,
        request: Request,
        body: dict[str, Any],
        role: values.RoleAsked = "clinician",
        tenant: values.TenantAsked = "default",
    ) -> values.Explained:
        """Why a request would go where it goes; no model is called, and nothing of the text is in the answer.

        The body is that of a chat completion; `x-osler-` headers count as they would there.
        """
        await self._acts.read(_act(request, "route.explain"))
        headers = wire.own_headers(request.headers.items())
        chat = wire.chat_request(body, headers, Caller(role=role, tenant=tenant), request_id(request))
        found = await self._bounds.run(explained, self._live.newest, chat)
        return values.Explained(**found.to_json())

    async def collections(self) -> values.CollectionList:
        """What is loaded."""
        loaded = await asyncio.to_thread(self._stores.index.collections)
        shown = [
            values.CollectionShown(
                collection=c.collection, documents=c.documents, passages=c.passages, patients=c.patients
            )
            for c in loaded
        ]
        return values.CollectionList(collections=shown)

    async def plugins(self) -> values.PluginList:
        """What is installed for each plug point, and what of it the configuration uses."""
        used = plugins.in_use(self._live.newest.config)
        shown = [
            values.PluginShown(
                group=i.group, name=i.name, package=i.package, version=i.version, target=i.target,
                in_use=i.name in used.get(group, ()),
            )
            for group in registry.GROUPS
            for i in registry.installed(group)
        ]  # fmt: skip
        return values.PluginList(plugins=shown)

    # -- keys

    async def keys(self, request: Request) -> values.KeyList:
        """All API keys, oldest first, revoked ones too; an administrator of one tenant sees that tenant's."""
        found = await asyncio.to_thread(self._stores.access.list)
        tenant = request.scope[CALLER].tenant
        return values.KeyList(keys=[_key(key) for key in found if _sees(tenant, key)])

    async def create_key(self, request: Request, body: values.KeyWanted) -> values.KeyMade:
        """Make an API key. Its text is in this answer and nowhere else."""
        terms = _terms(body, request.scope[CALLER])
        made, secret = await self._acts.do(
            _act(request, "key.create", role=body.role, **signing.terms_body(terms)),
            lambda: self._stores.access.create(body.name, body.role, terms),
            lambda done: {"key": done[0].id},
        )
        return values.KeyMade(**_key(made).model_dump(), key=secret)

    async def rotate_key(
        self, request: Request, id: values.KeyId, body: values.KeyTurned | None = None
    ) -> values.KeyMade:
        """Make another key for the same use. The old one is revoked with it, unless `keep` says otherwise."""
        keep = body is not None and body.keep
        made, secret = await self._acts.do(
            _act(request, "key.rotate", old=id, keep=keep),
            lambda: self._rotate(id, request.scope[CALLER].tenant, keep=keep),
            lambda done: {"key": done[0].id, "role": done[0].role},
        )
        return values.KeyMade(**_key(made).model_dump(), key=secret)

    async def revoke_key(self, request: Request, id: values.KeyId) -> values.KeyShown:
        """Revoke an API key for good."""
        revoked = await self._acts.do(
            _act(request, "key.revoke", key=id),
            lambda: self._revoke(id, request.scope[CALLER].tenant),
            lambda done: {"role": done.role},
        )
        return _key(revoked)

    def _revoke(self, key_id: str, tenant: str) -> ApiKey:
        self._require_seen(key_id, tenant)
        return self._stores.access.revoke(key_id)

    def _rotate(self, key_id: str, tenant: str, *, keep: bool) -> tuple[ApiKey, str]:
        self._require_seen(key_id, tenant)
        try:
            return self._stores.access.rotate(key_id, keep=keep)
        except InputError as error:
            raise Conflict(error.message, remedy=error.remedy, param="id") from None

    def _require_seen(self, key_id: str, tenant: str) -> None:
        """Raise NotFound unless there is such a key, and administrators of the tenant see it."""
        if not any(key.id == key_id and _sees(tenant, key) for key in self._stores.access.list()):
            raise NotFound(
                "There is no API key of that id.", remedy="GET /admin/keys lists them.", param="id"
            )

    # -- the audit log

    async def audit(
        self, request: Request, after: values.After = 0, limit: values.Limit = 100
    ) -> values.RecordPage:
        """Audit records in order. Go on with the last one's number as `after`.

        An administrator of one tenant sees those of that tenant's callers.
        """
        await self._acts.read(_act(request, "audit.read", after=after, limit=limit))
        tenant = request.scope[CALLER].tenant
        found = await asyncio.to_thread(
            lambda: list(itertools.islice(_seen(self._stores.audit, tenant, after), limit + 1))
        )
        return values.RecordPage(records=[_record(r) for r in found[:limit]], more=len(found) > limit)

    async def audit_head(self) -> values.HeadShown:
        """The newest record's number and hash."""
        return _head(await asyncio.to_thread(self._stores.audit.head))

    async def verify_audit(self, body: values.VerifyWanted | None = None) -> values.ChainShown:
        """Walk the whole chain, one walk at a time. It takes longer the longer the log is."""
        kept = kept_head(body.head) if body is not None and body.head is not None else None
        async with self._walking:
            return _chain(await asyncio.to_thread(verified, self._stores.audit, kept))

    # -- broken glass

    async def broken_glass(self, request: Request, pending: values.Pending = True) -> values.GlassList:
        """Requests that broke the glass, with the reasons given, which may hold PHI."""
        await self._acts.read(_act(request, "break_glass.read"))
        found = await asyncio.to_thread(broken_glass.broken, self._stores.audit, self._stores.vault)
        mine = broken_glass.seen_by(request.scope[CALLER].tenant, found)
        shown = [b for b in mine if b.reviewed is None or not pending]
        return values.GlassList(requests=[_glass(b) for b in shown])

    async def review_glass(self, request: Request, number: values.RecordNumber) -> values.Reviewed:
        """Say that a request which broke the glass was reviewed; `number` is that of the list."""
        await self._acts.do(
            _act(request, broken_glass.REVIEW, number=number),
            lambda: broken_glass.require_broken(self._stores.audit, number, request.scope[CALLER].tenant),
            lambda done: {},
        )
        return values.Reviewed(number=number)

    # -- the vault

    async def vault(
        self, request: Request, offset: values.Offset = 0, limit: values.Limit = 100
    ) -> values.HoldingPage:
        """What the vault holds: handles, counts and dates, never a patient's id."""
        await self._acts.read(_act(request, "vault.read", offset=offset, limit=limit))
        return await asyncio.to_thread(self._holdings, offset, limit)

    def _holdings(self, offset: int, limit: int) -> values.HoldingPage:
        held = self._stores.keeper.holdings()
        shown = [
            values.HoldingShown(
                handle=h.handle, created=h.created, key=h.key_id, maps=h.maps, expires=h.expires
            )
            for h in held[offset : offset + limit]
        ]
        return values.HoldingPage(subjects=shown, total=len(held), behind=self._stores.keeper.behind())

    async def expire_vault(self, request: Request) -> values.ExpiredShown:
        """Destroy the surrogate maps whose time is over."""
        maps = await self._acts.do(
            _act(request, "vault.expire"),
            lambda: self._stores.keeper.expire(self._clock.now()),
            lambda done: {"maps": done},
        )
        return values.ExpiredShown(maps=maps)


def _glass(found: broken_glass.Broken) -> values.GlassShown:
    review = found.reviewed
    return values.GlassShown(
        number=found.number, time=found.time, request_id=found.request_id, key=found.key, role=found.role,
        tenant=found.tenant, patient=found.patient, outcome=found.outcome, reason=found.reason,
        reviewed=values.ReviewShown(number=review.number, time=review.time, key=review.key) if review else None,
    )  # fmt: skip


def _act(request: Request, name: str, **about: object) -> Act:
    return Act(name=name, caller=request.scope[CALLER], request_id=request_id(request), about=about)


def _key(key: ApiKey) -> values.KeyShown:
    return values.KeyShown.model_validate(key.to_json())


def _seen(audit: AuditLog, tenant: str, after: int) -> Iterator[AuditRecord]:
    return audit.records(after=after) if tenant == DEFAULT_TENANT else of_tenant(audit, tenant, after=after)


def _sees(tenant: str, key: ApiKey) -> bool:
    return tenant in (DEFAULT_TENANT, key.terms.tenant)


def _terms(body: values.KeyWanted, caller: Caller) -> KeyTerms:
    """What a new key is to be held to. Raises InputError, and Forbidden for a tenant that is not the caller's."""
    tenant = body.tenant or caller.tenant
    if caller.tenant not in (DEFAULT_TENANT, tenant):
        raise Forbidden(
            "An administrator of one tenant makes keys of that tenant only.",
            remedy="Leave `tenant` out, or ask an administrator of the whole site.",
        )
    terms = parsed_scopes(body.scopes)
    last = parsed_day(body.expires) if body.expires is not None else None
    return replace(terms, tenant=tenant, expires=last, per_minute=body.per_minute)


def _head(head: Head) -> values.HeadShown:
    return values.HeadShown(number=head.number, hash=head.hash)


def _record(record: AuditRecord) -> values.RecordShown:
    body: Mapping[str, object] = record.body
    return values.RecordShown(
        number=record.number, time=record.time, kind=record.kind, request_id=record.request_id,
        instance=record.instance, body=dict(body), prev=record.prev, hash=record.hash,
    )  # fmt: skip


def _chain(verdict: ChainVerdict) -> values.ChainShown:
    return values.ChainShown(
        ok=verdict.ok, records=verdict.records, head=_head(verdict.head), broken_at=verdict.broken_at,
        reason=verdict.reason, open_streams=verdict.open_streams,
    )  # fmt: skip
