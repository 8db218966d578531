"""De-identification: find the 18 Safe Harbor identifier kinds in clinical text, replace them, put them back.

    engine = Deidentifier.load()
    spans = engine.find(note, known=identity.identifiers)
    replacer = Replacer(engine, known=identity.identifiers, transform="surrogate")
    outgoing = replacer.apply([question, *evidence])
    answer = replacer.restore(model_answer)

Patterns, name and place lists, and a small sequence model that was trained in this repository; no network, no files but
its own data. Output is not thereby de-identified under
45 CFR 164.514(b): that is the site's determination.
"""

from osler.deid.answers import AnswerStream, JsonAnswerStream, Sent
from osler.deid.found import Found
from osler.deid.pipeline import Deidentifier
from osler.deid.replace import Replacer, Transform
from osler.deid.report import summary
from osler.deid.restore import StreamRestorer

__all__ = [
    "AnswerStream",
    "Deidentifier",
    "Found",
    "JsonAnswerStream",
    "Replacer",
    "Sent",
    "StreamRestorer",
    "Transform",
    "summary",
]
