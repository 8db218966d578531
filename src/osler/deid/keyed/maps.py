"""The ways back from surrogates, as the vault keeps them: made from replacements, and gone again.

store_maps(stores.maps, [record_map("note-4", "p17", replaced)], run="2026-07-01", ttl=timedelta(days=30))
WayBack(found).exact(text)         the very text that was replaced
WayBack(found).edited(text)        a text that holds some of its surrogates: a summary, an answer
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import islice

from osler.core.ports.vault import MapEntry, RecordMap, SurrogateMaps
from osler.core.spans import Label
from osler.deid.keyed.text import Replaced
from osler.deid.restore import Table

_AT_ONCE = 500
_WORD = re.compile(r"[^\W\d_]{3,}")
_BRACKETED = re.compile(r"\[[A-Z_]+\]")


def digest_of(text: str) -> bytes:
    """By what a replaced text is found again: its SHA-256 in UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def record_map(record: str, patient: str | None, replaced: Replaced) -> RecordMap:
    """The way back for one text: `record` is its id, `patient` its patient's key. Picklable."""
    return RecordMap(
        record=record,
        patient=patient,
        digest=digest_of(replaced.text),
        entries=tuple(
            MapEntry(at=p.at, label=p.label.value, surrogate=p.new, original=p.old) for p in replaced.pieces
        ),
    )


def store_maps(
    maps: SurrogateMaps, given: Iterable[RecordMap], *, run: str, ttl: timedelta | None = None
) -> int:
    """Keep maps in the vault; how many. Call it before the replaced texts are written: then all have a way back.

    The same maps again change nothing, so that a run that is resumed may store its last batch twice. `run` names
    the run, for the texts that name no patient. Raises StoreError; then the maps of the last 500 are not kept.
    """
    rows = iter(given)
    count = 0
    while batch := tuple(islice(rows, _AT_ONCE)):
        maps.store(batch, run=run, ttl=ttl)
        count += len(batch)
    return count


class WayBack:
    """Puts originals back into texts, by one or several maps."""

    def __init__(self, maps: Sequence[RecordMap]) -> None:
        self._maps = tuple(maps)

    def exact(self, text: str) -> str | None:
        """The original of a replaced text that nobody changed; None when no map is that of `text`."""
        digest = digest_of(text)
        for one in self._maps:
            if one.digest == digest:
                out, at = [], 0
                for entry in one.entries:
                    out += [text[at : entry.at], entry.original]
                    at = entry.at + len(entry.surrogate)
                return "".join((*out, text[at:]))
        return None

    def edited(self, text: str) -> str:
        """`text` with every surrogate put back that stands for one original only: as good as can be, not exact."""
        originals: dict[str, set[str]] = {}
        words: dict[str, set[str]] = {}
        for one in self._maps:
            for entry in one.entries:
                if not _BRACKETED.fullmatch(entry.surrogate):
                    originals.setdefault(entry.surrogate, set()).add(entry.original)
                if entry.label == Label.NAME:
                    for new, old in _in_step(entry.surrogate, entry.original):
                        words.setdefault(new, set()).add(old)
        table = Table()
        for surrogate, stood_for in originals.items():
            if len(stood_for) == 1:
                table.claim(surrogate, next(iter(stood_for)))
        for surrogate, stood_for in words.items():
            if len({old.casefold() for old in stood_for}) == 1:
                table.also(surrogate, min(stood_for))
        return table.restore(text)


def _in_step(surrogate: str, original: str) -> Iterable[tuple[str, str]]:
    """The words of a surrogate name with those of the name, where they go in step."""
    new, old = _WORD.findall(surrogate), _WORD.findall(original)
    return zip(new, old, strict=True) if len(new) == len(old) else ()
