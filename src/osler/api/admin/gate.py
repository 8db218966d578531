"""The gate of the admin surface: who may come in, and with how much.

Nothing behind it is looked at, not even which routes there are, before the caller has shown a key of the role
`admin`. A web page of another site is refused whatever it sends: no browser is to be made the hand of somebody else.
"""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from osler.api.admission import Admission
from osler.api.incoming import discard_body, read_body
from osler.core.errors import AuthError, Forbidden, RateLimited
from osler.core.messages import Caller
from osler.core.ports.access import ADMIN, ADMIN_READ, ADMIN_WRITE, DEFAULT_TENANT, may

CALLER = "osler.caller"
"""Key of the request's scope: who was let in."""
_READS = ("/admin/route/explain", "/admin/audit/verify")
"""What is asked with POST and changes nothing."""
_OF_TENANTS = ("/admin/keys", "/admin/break-glass", "/admin/audit", "/admin/openapi.json")
_NOT_OF_TENANTS = ("/admin/audit/",)
"""Where administrators of one tenant may go, and what of it is the site's: the others show or change all of it."""
MAX_BODY = 1 << 20
"""Bytes of a request's body."""


class Gate:
    """An ASGI application in front of another, which is made at the first request that is let in."""

    def __init__(self, admission: Admission, make: Callable[[], Any], *, body_s: float) -> None:
        """`body_s`: seconds in which a body has to arrive."""
        self._admission = admission
        self._make = make
        self._body_s = body_s
        self._inner: Any = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let in, or raise: AuthError, Forbidden, RateLimited, and what `read_body` raises."""
        request = Request(scope, receive)
        try:
            require_same_site(request)
            scope[CALLER] = await self._administrator(request)
        except (AuthError, RateLimited):
            await discard_body(request)
            raise
        body = await read_body(request, MAX_BODY, self._body_s)
        await (await self._application())(scope, _replayed(body, receive), send)

    async def _administrator(self, request: Request) -> Caller:
        caller = await self._admission.admin(request)
        if caller.role != ADMIN:
            raise Forbidden(
                f"The admin surface wants a key of the role {ADMIN}.",
                remedy=f"Make one on the server's machine: osler keys create NAME --role {ADMIN}",
            )
        path = request.url.path
        scope = ADMIN_READ if request.method in ("GET", "HEAD") or path in _READS else ADMIN_WRITE
        if not may(caller, scope):
            raise Forbidden(
                f"The key's scopes do not hold `{scope}`.",
                remedy=f"Use another key, or make one: osler keys create NAME --role {ADMIN} --scope {scope}",
            )
        if caller.tenant != DEFAULT_TENANT and not _is_of_tenants(path):
            raise Forbidden(
                "This is for administrators of the whole site, whose keys name no tenant.",
                remedy="Ask them, or use such a key.",
            )
        return caller

    async def _application(self) -> Any:
        async with self._making:
            if self._inner is None:
                self._inner = await asyncio.to_thread(self._make)
        return self._inner


def _is_of_tenants(path: str) -> bool:
    """Whether administrators of one tenant may ask for it: they see what is their tenant's."""
    within = any(path == known or path.startswith(f"{known}/") for known in _OF_TENANTS)
    return within and not path.startswith(_NOT_OF_TENANTS)


def require_same_site(request: Request) -> None:
    """Raise Forbidden for what a browser sends on behalf of a page of another site."""
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    foreign = origin is not None and _authority(origin) != host.lower()
    if foreign or request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Forbidden(
            "A web page of another site asks for the admin surface.",
            remedy="Ask from a program, or from a page that this server's own address serves.",
        )


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _replayed(body: bytes, receive: Any) -> Any:
    """`receive` for the application behind: the body that was read, then whatever comes."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:
        return left.pop() if left else await receive()

    return replay
