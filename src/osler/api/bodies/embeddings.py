"""The body of an embeddings request."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from osler.api.bodies.shared import TEXTS, Model


class EmbeddingsBody(Struct, kw_only=True):
    """An embeddings request; `input` is one text or several."""

    input: (
        Annotated[str, Meta(min_length=1)]
        | Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1, max_length=TEXTS)]
    )
    model: Model = "auto"
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Meta(ge=1, le=65_536, description="Length of the vectors.")] | None = None
    user: Annotated[Any, Meta(description="Taken and dropped.")] = None


EMBEDDING_FIELDS = frozenset(EmbeddingsBody.__struct_fields__)
