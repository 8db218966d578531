"""`[knowledge]` of `osler.toml`."""

from pydantic import BaseModel, ConfigDict, Field


class KnowledgeConfig(BaseModel):
    """What is read and what may be drawn on.

    `public_collections` hold no PHI by the site's own word; every other collection makes a request
    that may draw on it PHI. `starter` loads the shipped starter pack into a new workspace.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    max_file_mb: int = Field(100, ge=1, le=4096, description="Largest file that `osler kb add` takes.")
    public_collections: tuple[str, ...] = Field(
        ("guidelines",),
        description=(
            "Collections that hold no PHI, by your own word. **Every other collection makes a "
            "request that may draw on it PHI**, whether anything of it is used or not: a text "
            "file in `documents` is enough. Text of a public collection leaves as it is. "
            "`records` can never be public."
        ),
    )
    starter: bool = Field(
        True, description="Load the shipped starter pack into the workspace, collection `guidelines`."
    )
    ground: bool = Field(
        True,
        description=(
            "Look for evidence. Where `false`, no request is grounded: the model gets the question alone."
        ),
    )
    readers: tuple[str, ...] = Field(
        ("fhir", "guideline", "text"), description="File readers, tried in this order."
    )
