"""A text as a model's tokens, and the overlapping windows in which a model sees them.

Needs the library `tokenizers`, which reads a model's `tokenizer.json`. Offsets are code points of the text.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osler.backends.detectors.sections import encodable, sections
from osler.core.errors import ConfigError

SECTION = 20_000
"""Characters that are tokenized at once, so that memory does not grow with the tokenizer's own books."""

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The tokens of one text: three int64 arrays of one length. Token n stands for `text[starts[n]:ends[n]]`."""

    ids: Integers
    starts: Integers
    ends: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Tokens `start` to `end` are seen together; for those from `own_start` to `own_end` this window decides."""

    start: int
    end: int
    own_start: int
    own_end: int


def windows(count: int, size: int, overlap: int) -> Iterator[Window]:
    """Windows of `size` tokens over `count` tokens, each sharing at least `overlap` with the next.

    Of a shared stretch each window decides its own half: there the token has more of the text around it. All
    windows have the same length, so that none needs padding.
    """
    starts = list(range(0, max(count - size, 0), size - overlap))
    starts.append(max(count - size, 0))
    own = 0
    for n, start in enumerate(starts):
        end = min(start + size, count)
        until = (starts[n + 1] + end) // 2 if n + 1 < len(starts) else count
        yield Window(start=start, end=end, own_start=own, own_end=until)
        own = until


class TextTokenizer:
    """A model's own tokenizer, from its `tokenizer.json`. Never changed once made, so safe for several threads.

    `prefix` and `suffix` are the ids that the model expects around each window.
    """

    def __init__(self, plugin: str, file: Path) -> None:
        """ConfigError when the file is no tokenizer. Raises ImportError without the library."""
        library = importlib.import_module("tokenizers")
        try:
            made = library.Tokenizer.from_buffer(file.read_bytes())
        except Exception as error:
            raise ConfigError(
                f"The detector '{plugin}': its tokenizer.json cannot be read ({type(error).__name__}).",
                remedy="Save it with a fast tokenizer's save_pretrained(folder), and pin it anew.",
            ) from None
        made.no_truncation()
        made.no_padding()
        # or a text that holds "[SEP]" would speak to the model in its own signs
        made.encode_special_tokens = True
        self._made = made
        self.prefix, self.suffix = _around(made)

    def tokens(self, text: str) -> Tokens:
        """All tokens of `text`, without the model's own signs. Some may stand for blanks only, or for nothing."""
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        for at, section in sections(encodable(text), SECTION):
            encoding = self._made.encode(section, add_special_tokens=False)
            ids += encoding.ids
            offsets += [(at + start, at + end) for start, end in encoding.offsets]
        places = np.array(offsets, dtype=np.int64).reshape(-1, 2)
        return Tokens(ids=np.array(ids, dtype=np.int64), starts=places[:, 0], ends=places[:, 1])


def _around(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The ids before and after a text, as the tokenizer's own template puts them."""
    encoding = tokenizer.encode("a", add_special_tokens=True)
    own = [n for n, special in enumerate(encoding.special_tokens_mask) if not special]
    if not own:
        return (), ()
    return tuple(encoding.ids[: own[0]]), tuple(encoding.ids[own[-1] + 1 :])
