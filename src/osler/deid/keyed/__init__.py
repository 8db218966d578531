"""Replacing at the scale of files: surrogates that a secret key decides, without any table to share.

`TextReplacer` replaces the identifiers of texts, `PatientSurrogates` makes the surrogates of single values. How
both are chosen, and what they do not protect from: docs/explanation/surrogates-and-dates.md.
"""

from osler.deid.keyed.maps import WayBack, record_map, store_maps
from osler.deid.keyed.patient import DocumentSurrogates, PatientSurrogates
from osler.deid.keyed.text import (
    NOT_SAFE_HARBOR,
    Piece,
    Replaced,
    ReplaceOptions,
    TextReplacer,
    replace_text,
)

__all__ = [
    "NOT_SAFE_HARBOR",
    "DocumentSurrogates",
    "PatientSurrogates",
    "Piece",
    "ReplaceOptions",
    "Replaced",
    "TextReplacer",
    "WayBack",
    "record_map",
    "replace_text",
    "store_maps",
]
