"""What the callers of a tenant are held to: which collections, which destinations, whether patients' records.

A tenant limits, it does not open: policy and roles stand above. Breaking the glass lifts none of it. What the
tenants of one site share all the same is told in docs/how-to/keys-and-tenants.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from osler.core.errors import InputError
from osler.core.messages import Caller
from osler.core.ports.access import DEFAULT_TENANT
from osler.core.ports.index import RECORDS, Added, CollectionInfo, Hit, Index, Scope, StoredDocument
from osler.core.ports.reader import Reading
from osler.gateway.config.tenants import TenantConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantLimits:
    """The limits of one tenant; None limits nothing."""

    collections: frozenset[str] | None = None
    destinations: frozenset[str] | None = None
    records: bool = True


_FREE = TenantLimits()


class Tenants:
    """The tenants that a site configures."""

    def __init__(self, configured: Mapping[str, TenantConfig] | None = None) -> None:
        self._limits = {
            name: TenantLimits(
                collections=frozenset(t.collections) if t.collections is not None else None,
                destinations=frozenset(t.destinations) if t.destinations is not None else None,
                records=t.records,
            )
            for name, t in (configured or {}).items()
        }

    def limits(self, tenant: str) -> TenantLimits | None:
        """The limits of a tenant; None where the site has tenants and this is none of them."""
        if not self._limits or tenant == DEFAULT_TENANT:
            return self._limits.get(tenant, _FREE)
        return self._limits.get(tenant)

    def destinations(self, caller: Caller) -> frozenset[str] | None:
        """The only destinations that a caller's tenant and key leave; None leaves all."""
        limits = self.limits(caller.tenant)
        own = frozenset[str]() if limits is None else limits.destinations
        if own is None or caller.destinations is None:
            return caller.destinations if own is None else own
        return own & caller.destinations

    def sources(self, tenant: str, collections: Sequence[str]) -> tuple[str, ...]:
        """Those of the collections that a tenant may draw on, records among them where it may."""
        limits = self.limits(tenant)
        if limits is None:
            return ()
        may = limits.collections
        return tuple(c for c in collections if (limits.records if c == RECORDS else may is None or c in may))

    def bounded(self, index: Index) -> Mapping[str, Index]:
        """The index as each tenant sees it that does not see all of it."""
        return {
            name: Within(index, limits.collections)
            for name, limits in self._limits.items()
            if limits.collections is not None
        }


class Within:
    """An index of which only some collections are seen, and the records of the patient who is named."""

    def __init__(self, index: Index, collections: frozenset[str]) -> None:
        self._index = index
        self._collections = collections - {RECORDS}

    def put(self, reading: Reading) -> Added:
        """Nothing is added this way. Raises InputError."""
        raise InputError("A tenant's view is for reading only.", remedy="Add files with `osler kb add`.")

    def search(self, terms: Sequence[Sequence[str]], scope: Scope, k: int) -> tuple[Hit, ...]:
        """The best passages within the collections."""
        if scope.records_only:
            return self._index.search(terms, scope, k)
        wanted = self._collections & {*scope.collections} if scope.collections else self._collections
        if wanted:
            scope = replace(scope, collections=tuple(sorted(wanted)))
        elif scope.patient is None:
            return ()
        else:
            scope = replace(scope, collections=(), records_only=True)
        return self._index.search(terms, scope, k)

    def document(self, doc: str, *, patient: str | None) -> StoredDocument | None:
        """A stored source, where it is of a collection that is seen or of that patient's record."""
        found = self._index.document(doc, patient=patient)
        if found is None or found.document.collection in {*self._collections, RECORDS}:
            return found
        return None

    def collections(self) -> tuple[CollectionInfo, ...]:
        """What is loaded of what is seen."""
        return tuple(c for c in self._index.collections() if c.collection in {*self._collections, RECORDS})
