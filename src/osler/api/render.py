"""JSON responses."""

import msgspec
from starlette.responses import Response


def json_response(
    value: object, status: int, request_id: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    """`value` as JSON with a status, the request's id and further headers."""
    extra = dict(headers or {})
    if request_id is not None:
        extra["x-request-id"] = request_id
    return Response(msgspec.json.encode(value), status, extra, media_type="application/json")
