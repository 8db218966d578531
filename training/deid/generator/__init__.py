"""Generates clinical documents with their identifiers marked, to train and to test the de-identification tagger.

`documents(seed, count, templates)` streams `Document`s; `python -m generator --help` tells of the command line.
The same seed, count and templates give the same documents; nothing but the standard library and osler.lexicon
is needed, and no text comes from any real patient.
"""

from generator.compose import documents
from generator.document import LABELS, Document, TemplateError

__all__ = ["LABELS", "Document", "TemplateError", "documents"]
