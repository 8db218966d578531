"""Who calls, and whether there is still room for another request of theirs.

A valid key is let through however many wrong ones came from its address: keys have 256 random bits,
so that guessing leads nowhere, and a lock would let anyone behind the same proxy shut the others out.
What is limited is the work and the noise that wrong keys make.
"""

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from starlette.requests import Request

from osler.api.edge import STANDING
from osler.api.incoming import require_local
from osler.api.trip import TRIP
from osler.core.errors import AuthError, Forbidden, RateLimited
from osler.core.messages import Caller
from osler.core.ports.access import Access, RouteScope, may
from osler.gateway.bounds import Bounds
from osler.gateway.config import ServerConfig
from osler.gateway.limits import RateLimiter

_IPV6_SITE = 64
"""Bits of an IPv6 address that stand for one site: the rest is its own to choose."""


class Admission:
    """Lets callers in. One for all routes of a process."""

    def __init__(
        self, access: Access, server: ServerConfig, *, require_keys: bool, monotonic: Any, bounds: Bounds
    ) -> None:
        """`bounds`: where keys are looked up, and for how long at most, should the database be far away."""
        limit = server.rate_limit
        self._monotonic: Callable[[], float] = monotonic
        self._access = access
        self._bounds = bounds
        self._require_keys = require_keys
        self._behind_proxy = server.behind_tls_proxy
        self._keys = RateLimiter(limit.per_minute, monotonic, burst=limit.burst)
        self._own: dict[int, RateLimiter] = {}
        self._admins = RateLimiter(limit.admin_per_minute, monotonic)
        self._keyless = RateLimiter(limit.keyless_per_minute, monotonic)
        self._refused = RateLimiter(limit.refused_per_minute, monotonic)

    async def caller(self, request: Request, scope: RouteScope) -> Caller:
        """Who calls a route of this scope. Where keys are off, any key is ignored and everyone is the local caller.

        Raises AuthError, Forbidden, RateLimited, GuardUnavailable.
        """
        if self._require_keys:
            found = await self._known(request)
            self._take(self._limiter(found), found.key, request)
            if not may(found, scope):
                raise Forbidden(
                    f"The key's scopes do not hold `{scope}`.",
                    remedy=f"Use another key, or make one: osler keys create NAME --scope {scope}",
                )
            return found
        require_local(request)
        self._take(self._keyless, self._address(request), request)
        return Caller()

    async def admin(self, request: Request) -> Caller:
        """Who calls the admin surface, which wants a key wherever it is served; its role is not looked at.

        Raises AuthError, RateLimited, GuardUnavailable.
        """
        found = await self._known(request)
        self._take(self._admins, found.key, request)
        return found

    async def may_look(self, request: Request, scope: str) -> bool:
        """Whether it is a caller who may see how things stand inside; everyone of this machine where keys are off."""
        try:
            if self._require_keys or request.headers.get("authorization"):
                return may(await self._known(request), scope)
            require_local(request)
        except (AuthError, RateLimited):
            return False
        return True

    def _limiter(self, caller: Caller) -> RateLimiter:
        """That of the key's own limit, or of the site's."""
        if caller.per_minute is None:
            return self._keys
        found = self._own.get(caller.per_minute)
        if found is None:
            found = self._own[caller.per_minute] = RateLimiter(caller.per_minute, self._monotonic)
        return found

    async def _known(self, request: Request) -> Caller:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        given = secret.strip() if scheme.lower() == "bearer" else ""
        found = await self._bounds.run(self._access.authenticate, given) if given else None
        if found is None:
            standing = self._refused.take(self._address(request))
            if standing is not None and not standing.allowed:
                raise RateLimited(
                    "Too many requests without a valid key came from this address.",
                    remedy="Correct the key; `osler keys create` makes one.",
                    retry_after_s=standing.retry_s,
                )
            raise AuthError(
                "The API key is missing, unknown, revoked or expired.",
                remedy="Send `Authorization: Bearer KEY`; `osler keys create` makes one.",
            )
        trip = TRIP.get()
        if trip is not None:
            trip.caller = found
        return found

    def _take(self, limiter: RateLimiter, name: str, request: Request) -> None:
        standing = limiter.take(name)
        request.scope[STANDING] = standing
        if standing is not None and not standing.allowed:
            raise RateLimited(
                f"These are more requests than one caller may make ({standing.limit} a minute).",
                remedy="Wait as long as retry-after says, or raise server.rate_limit.",
                retry_after_s=standing.retry_s,
            )

    def _address(self, request: Request) -> str:
        """The caller's address, for counting only: an IPv6 network counts as one caller.

        Behind a proxy it is what the proxy itself saw: the last entry of X-Forwarded-For.
        """
        address = request.client.host if request.client else ""
        if self._behind_proxy:
            seen = request.headers.getlist("x-forwarded-for")
            address = seen[-1].rpartition(",")[2].strip() if seen else address
        return _counted_as(address)


@lru_cache(1024)
def _counted_as(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(parsed), _IPV6_SITE), strict=False))
    return str(parsed)
