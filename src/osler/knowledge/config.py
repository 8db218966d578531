"""`[knowledge]` of `osler.toml`."""

from pydantic import BaseModel, ConfigDict, Field


class KnowledgeConfig(BaseModel):
    """What is read and what may be drawn on.

    `public_collections` hold no PHI by the site's own word; every other collection makes a request
    that may draw on it PHI. `starter` loads the shipped starter pack into a new workspace.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    max_file_mb: int = Field(100, ge=1, le=4096)
    public_collections: tuple[str, ...] = ("guidelines",)
    starter: bool = True
    ground: bool = True
    readers: tuple[str, ...] = ("fhir", "guideline", "text")
