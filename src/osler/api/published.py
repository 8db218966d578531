"""Work of `osler openapi`: the documents as the server serves them, without a server."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from osler.api import openapi
from osler.api.admin import app as admin
from osler.core.errors import InputError

DOCUMENTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "v1": openapi.document,
    "admin": admin.document_alone,
}
"""Surface to what makes its document."""


def publish(*, surface: str, output: Path | None) -> None:
    """Print a document, or write it to a file, in the place of what is there. Raises InputError."""
    text = json.dumps(DOCUMENTS[surface](), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        print(text, end="")
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{output} cannot be written ({error.strerror or type(error).__name__}).",
            remedy="Name a file in a folder that is there and that you may write to.",
        ) from None
