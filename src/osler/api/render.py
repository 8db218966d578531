"""JSON responses."""

import msgspec
from starlette.responses import Response


def json_response(value: object, status: int, headers: dict[str, str] | None = None) -> Response:
    """`value` as JSON with a status and further headers."""
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")
