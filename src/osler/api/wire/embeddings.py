"""Embeddings: texts in, vectors out."""

import base64
import struct
from collections.abc import Mapping
from typing import Any

import msgspec

from osler.api.bodies import EMBEDDING_FIELDS, TEXTS, EmbeddingsBody
from osler.api.wire.reading import place
from osler.core.errors import InputError
from osler.gateway.embeddings import Vectors


def embeddings_request(body: Mapping[str, Any]) -> EmbeddingsBody:
    """An embeddings body. What would change the vectors and is not known is refused."""
    unserved = [k for k, v in body.items() if k not in EMBEDDING_FIELDS and v is not None]
    if unserved:
        raise InputError(
            "A field of the request is not served.",
            remedy=f"Leave it out. Served: {', '.join(sorted(EMBEDDING_FIELDS))}.",
        )
    length = body.get("dimensions")
    if isinstance(length, float) and length.is_integer():  # JSON's 2.0 is a whole number too
        body = {**body, "dimensions": int(length)}
    try:
        return msgspec.convert(body, EmbeddingsBody)
    except msgspec.ValidationError as error:
        if body.get("input") in ("", [], [""]) or place(error).startswith("input["):
            raise InputError(
                "`input` is empty, or holds something that is no text.",
                remedy="Send at least one text; token arrays are not served.",
                param="input",
            ) from None
        if place(error) == "input" and isinstance(body["input"], list):
            raise InputError(
                f"`input` has more than {TEXTS:,} texts.", remedy="Send fewer at a time.", param="input"
            ) from None
        raise InputError(
            f"A field of the request has the wrong type{f' at {place(error)}' if place(error) else ''}.",
            remedy="`input` is a text or a list of texts; token arrays are not served.",
            param=place(error) or None,
        ) from None


def embeddings(result: Vectors, asked: EmbeddingsBody) -> dict[str, object]:
    """Vectors as OpenAI's list; little-endian 32-bit floats in base64 where the client asked for that."""

    def encoded(vector: tuple[float, ...]) -> object:
        if asked.encoding_format != "base64":
            return vector
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

    record = {"number": result.record.number, "hash": result.record.hash}
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": i, "embedding": encoded(v)} for i, v in enumerate(result.vectors)
        ],
        "model": result.target.model.name,
        "usage": {"prompt_tokens": 0, "total_tokens": 0},
        "osler": {"decision": result.decision.to_json(), "audit": record},
    }
