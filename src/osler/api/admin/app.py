"""The admin surface as a FastAPI application, and its OpenAPI document. Both are made only when they are asked for.

FastAPI's own pages are off: they would load scripts from elsewhere. So is its answer to what does not fit its
types: it would repeat what was sent.
"""

import importlib
from collections.abc import Iterable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from osler import __version__
from osler.api import openapi
from osler.api.admin.routes import Admin
from osler.api.errors import error_headers, error_json
from osler.api.logs import log
from osler.api.render import json_response
from osler.core.errors import InputError, NotFound, OslerError

_ADMIN = openapi.KEYED
"""Statuses that every route may have."""
_WITH_BODY = (*_ADMIN, 413, 415)


def make(admin: Admin) -> Any:
    """The application over the routes."""
    fastapi = importlib.import_module("fastapi")
    app = fastapi.FastAPI(
        title="Osler admin",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        exception_handlers={
            OslerError: _osler_error,
            fastapi.exceptions.RequestValidationError: _unfit,
            HTTPException: _elsewhere,
            Exception: _unforeseen,
        },
    )
    _add_routes(app, admin)
    shown = document(app)

    async def itself() -> Response:
        return json_response(shown, 200)

    app.add_api_route("/admin/openapi.json", itself, include_in_schema=False)
    return app


def _add_routes(app: Any, admin: Admin) -> None:
    """Each route with the statuses that it may have beside its own."""
    add = app.add_api_route
    add("/admin/status", admin.status, responses=_may(_ADMIN))
    add("/admin/config", admin.config, responses=_may(_ADMIN), response_model_exclude_none=True)
    add("/admin/config/check", admin.check_config, methods=["POST"], responses=_may(_WITH_BODY))
    add("/admin/reload", admin.reload, methods=["POST"], responses=_may((*_ADMIN, 409)))
    explained = _may((*_WITH_BODY, 404))
    add("/admin/route/explain", admin.explain, methods=["POST"], responses=explained)
    add("/admin/break-glass", admin.broken_glass, responses=_may(_ADMIN))
    reviewed = "/admin/break-glass/{number}/reviewed"
    add(reviewed, admin.review_glass, methods=["POST"], responses=_may((*_ADMIN, 404)))
    add("/admin/collections", admin.collections, responses=_may(_ADMIN))
    add("/admin/plugins", admin.plugins, responses=_may(_ADMIN))
    add("/admin/keys", admin.keys, responses=_may(_ADMIN))
    created = _may((*_WITH_BODY, 409))
    add("/admin/keys", admin.create_key, methods=["POST"], status_code=201, responses=created)
    rotated = _may((*_WITH_BODY, 404, 409))
    add("/admin/keys/{id}/rotate", admin.rotate_key, methods=["POST"], status_code=201, responses=rotated)
    add("/admin/keys/{id}", admin.revoke_key, methods=["DELETE"], responses=_may((*_ADMIN, 404)))
    add("/admin/audit", admin.audit, responses=_may(_ADMIN))
    add("/admin/audit/head", admin.audit_head, responses=_may(_ADMIN))
    add("/admin/audit/verify", admin.verify_audit, methods=["POST"], responses=_may(_WITH_BODY))
    add("/admin/vault", admin.vault, responses=_may(_ADMIN))
    add("/admin/vault/expire", admin.expire_vault, methods=["POST"], responses=_may(_ADMIN))


def _may(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    return {int(status): said for status, said in openapi.refusals(tuple(statuses)).items()}


def document_alone() -> dict[str, Any]:
    """The document without a site: of the routes only the signatures are looked at."""
    return document(make(object.__new__(Admin)))


def document(app: Any) -> dict[str, Any]:
    """The OpenAPI document of the application: FastAPI's own, with our errors in the place of its."""
    shown: dict[str, Any] = app.openapi()
    for path in shown["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            operation["operationId"] = operation["operationId"].partition("_admin_")[0]
            operation["summary"] = operation.get("description", operation["summary"]).partition(".")[0]
    schemas = shown["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    asked, parts = openapi.asked_as_chat()
    explained = shown["paths"]["/admin/route/explain"]["post"]
    explained["parameters"] = [*explained.get("parameters", []), *asked["parameters"]]
    explained["requestBody"] = asked["requestBody"]
    schemas |= parts | openapi.error_schemas()
    shown["components"]["securitySchemes"] = openapi.security_scheme()
    shown["security"] = [{openapi.KEY: []}]
    answer = {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}}
    shown["paths"]["/admin/openapi.json"] = {
        "get": {
            "summary": "This document",
            "operationId": "document",
            "responses": {"200": answer} | openapi.refusals(_ADMIN),
        }
    }
    return shown


async def _osler_error(request: Request, error: Exception) -> Response:
    known = error if isinstance(error, OslerError) else OslerError("Something unforeseen happened.")
    return json_response(error_json(known), known.status, error_headers(known))


async def _unfit(request: Request, error: Any) -> Response:
    """What does not fit the types, in our shape: the place of the first fault, never what stood there."""
    fault: dict[str, Any] = next(iter(error.errors()), {})
    kind, place = str(fault.get("type", "")), [str(part) for part in fault.get("loc", ())]
    param: str | None = ".".join(place[1:]) or None
    remedy = "GET /admin/openapi.json says what is taken."
    if kind == "json_invalid":
        message, param, remedy = "The request body is not valid JSON.", None, "Send one JSON object in UTF-8."
    elif kind == "extra_forbidden":  # its name is the caller's
        message, param = "The request has a field that is not known.", None
    elif place == ["body"]:
        message = "The request body is missing, or is no JSON object."
        remedy = "Send one JSON object, with content-type: application/json."
    elif kind == "string_pattern_mismatch":
        message = f"`{param}` does not have the form that it needs."
    else:  # pydantic's sentences say what was expected
        message = f"`{param}`: {fault.get('msg', 'it does not fit')}."
    return await _osler_error(request, InputError(message, remedy=remedy, param=param))


async def _elsewhere(request: Request, error: Any) -> Response:
    """What FastAPI and Starlette refuse themselves: an unknown route, another method, a body that cannot be read."""
    remedy, allowed = "GET /admin/openapi.json lists what is served.", {}
    if error.status_code == NotFound.status:
        known: InputError = NotFound("There is no such admin route.", remedy=remedy)
    elif error.status_code == 405:
        known = InputError("That admin route has no such method.", remedy=remedy)
        allowed = {"allow": ", ".join(_methods(request))}
    else:
        known = InputError("The admin surface does not take that.", remedy=remedy)
    return json_response(error_json(known), error.status_code, {**error_headers(known), **allowed})


def _methods(request: Request) -> list[str]:
    """All methods of a path; Starlette names those of its first route only."""
    same = (route for route in request.app.routes if route.matches(request.scope)[0] != Match.NONE)
    return sorted({method for route in same for method in route.methods})


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("unforeseen", error=type(error).__name__)
    return await _osler_error(
        request, OslerError("Something unforeseen happened.", remedy="See the server's log.")
    )
