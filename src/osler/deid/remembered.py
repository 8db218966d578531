"""What detectors said of texts that come again: in a chat each turn sends all former ones once more.

Kept is where something was found, of what kind, by whom and how surely, packed into bytes under a keyed digest of the
text. No text is kept, and no identifier: nobody learns from a digest what it was made of without its key, which is
random and lives nowhere but here. Who has the text at hand finds in it what was found before; nobody else does.

Texts of different realms (a gateway's tenants) are kept apart: whether a text was seen shows in the time it takes.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from struct import Struct
from typing import Final

from osler.core.spans import Label, Span

SHORTEST: Final = 24
"""Shorter texts are not kept: a field's value says little, costs little, and is guessed too easily."""
LONGEST: Final = 200_000
"""Longer ones are not either: one of them would take the place of hundreds."""
ROOM: Final = 8 << 20
"""Bytes that all that is kept may take."""
_ENTRY = 250
"""Bytes that an entry takes beside its spans: digest, bytes object, place in the order."""
_SPAN = Struct("<IIBBd")
_LABELS = tuple(Label)
_NUMBERS = {label: number for number, label in enumerate(_LABELS)}
_NAMES = 256
"""Detectors that spans may name. There are a few dozen; what names more is no detector that we know."""

Ask = Callable[[Sequence[str]], Sequence[Sequence[Span]]]
"""Looks at texts: the spans of each."""


class Remembered:
    """The spans of the texts that were met last, at most so many texts and bytes. Safe from several threads."""

    def __init__(self, texts: int, *, room: int = ROOM) -> None:
        self._most, self._room = texts, room
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """Bytes that are in use, about."""
        return self._size

    def of(self, texts: Sequence[str], realm: str, ask: Ask) -> list[Sequence[Span]]:
        """The spans of each text: remembered, or what `ask` says of those that are not; each is asked for once.

        `ask` must be the same function of a text alone each time. What it raises is raised, and nothing is kept.
        """
        keys = [self._digest(realm, text) for text in texts]
        out = [self._find(key) if key is not None else None for key in keys]
        new: dict[str, Sequence[Span]] = {t: () for t, spans in zip(texts, out, strict=True) if spans is None}
        if new:
            for text, spans in zip(tuple(new), ask(tuple(new)), strict=True):
                new[text] = spans
            for text, key in zip(texts, keys, strict=True):
                if key is not None and text in new:
                    self._keep(key, new[text])
        return [new[text] if spans is None else spans for text, spans in zip(texts, out, strict=True)]

    def _digest(self, realm: str, text: str) -> bytes | None:
        """What a text is kept under; None where it is not to be kept."""
        if not SHORTEST <= len(text) <= LONGEST:
            return None
        said = f"{len(realm)}:{realm}{text}".encode("utf-8", "surrogatepass")
        return blake2b(said, key=self._key, digest_size=24).digest()

    def _find(self, key: bytes) -> list[Span] | None:
        with self._lock:
            packed = self._kept.get(key)
            if packed is None:
                return None
            self._kept.move_to_end(key)
        names = self._names
        return [
            Span(start=start, end=end, label=_LABELS[label], score=score, detector=names[name])
            for start, end, label, name, score in _SPAN.iter_unpack(packed)
        ]

    def _keep(self, key: bytes, spans: Sequence[Span]) -> None:
        with self._lock:
            numbers = [self._number(span.detector) for span in spans]
            if key in self._kept or _ENTRY + len(spans) * _SPAN.size > self._room or None in numbers:
                return
            packed = b"".join([
                _SPAN.pack(s.start, s.end, _NUMBERS[s.label], number, s.score)
                for s, number in zip(spans, numbers, strict=True)
            ])  # fmt: skip
            self._kept[key] = packed
            self._size += _ENTRY + len(packed)
            while len(self._kept) > self._most or self._size > self._room:
                _, oldest = self._kept.popitem(last=False)
                self._size -= _ENTRY + len(oldest)

    def _number(self, name: str) -> int | None:
        """The number that stands for a detector's name; None where there are too many to be names."""
        number = self._numbers.get(name)
        if number is None and len(self._names) < _NAMES:
            self._names.append(name)
            number = self._numbers[name] = len(self._names) - 1
        return number
