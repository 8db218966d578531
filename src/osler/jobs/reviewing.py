"""The review queue of a run: for each text with something uncertain a line that says where, in offsets of that text.

    {"id": "n1", "spans": [{"start", "end", "label", "score", "detector", "taken", "why"}][, "text": …]}

`taken` says whether the span was taken for an identifier; `why` is `score` (taken, with a low score), `joined` (taken,
since doubts of several detectors add up) or `left` (a doubt that was not taken: it stands in the text still).
"""

from dataclasses import dataclass

import msgspec

from osler.deid.uncertain import Weighed
from osler.jobs.records import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What goes into the queue: spans under the score `below`, joined ones, doubts that were left of at least `above`.

    `with_text` adds the text as it was given, which is PHI.
    """

    below: float = 0.7
    above: float = 0.3
    with_text: bool = False

    def line(self, item: Item, found: Weighed) -> bytes:
        """The line of a text; nothing where all is sure."""
        spans = [
            {
                "start": span.start, "end": span.end, "label": span.label, "score": span.score,
                "detector": span.detector, "taken": why != "left", "why": why,
            }
            for span, why in found.uncertain(below=self.below, above=self.above)
        ]  # fmt: skip
        if not spans:
            return b""
        text = b',"text":%b' % msgspec.json.encode(item.text) if self.with_text else b""
        return b'{"id":%b,"spans":%b%b}\n' % (item.id, msgspec.json.encode(spans), text)
