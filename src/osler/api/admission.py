"""Who calls, and whether there is still room for another request of theirs.

A valid key is let through however many wrong ones came from its address: keys have 256 random bits,
so that guessing leads nowhere, and a lock would let anyone behind the same proxy shut the others out.
What is limited is the work and the noise that wrong keys make.
"""

import ipaddress
from typing import Any

from starlette.requests import Request

from osler.api.edge import STANDING
from osler.api.incoming import require_local
from osler.core.errors import AuthError, RateLimited
from osler.core.messages import Caller
from osler.core.ports.access import Access
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
        self._access = access
        self._bounds = bounds
        self._require_keys = require_keys
        self._behind_proxy = server.behind_tls_proxy
        self._keys = RateLimiter(limit.per_minute, monotonic, burst=limit.burst)
        self._admins = RateLimiter(limit.admin_per_minute, monotonic)
        self._keyless = RateLimiter(limit.keyless_per_minute, monotonic)
        self._refused = RateLimiter(limit.refused_per_minute, monotonic)

    async def caller(self, request: Request) -> Caller:
        """Who calls. Where keys are off, any key is ignored and everyone is the local caller.

        Raises AuthError, RateLimited, GuardUnavailable.
        """
        if self._require_keys:
            found = await self._known(request)
            self._take(self._keys, found.key, request)
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
                "The API key is missing, unknown or revoked.",
                remedy="Send `Authorization: Bearer KEY`; `osler keys create` makes one.",
            )
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
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return "unknown"
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(parsed), _IPV6_SITE), strict=False))
        return str(parsed)
