"""The tagger's network: embeddings of a token's features, four dilated convolutions, one score per label.

    x = sum of the embeddings of six features + bits @ B          T x D
    h = relu(conv3(x))                                            T x H
    h = h + relu(conv3(h, dilation d))   for d in the dilations   the full model sees 16 tokens to either side
    p = softmax(h @ O + o)                                        T x labels, label 0 is "no identifier"

Weights were trained by `training/deid/train.py`, which mirrors this in torch; a test holds the two together. Here it
runs on numpy alone: plain matrix products, no model hub, no compiled extension.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from osler.core.errors import ConfigError
from osler.deid.sequence.features import COLUMNS, Features
from osler.deid.sequence.wordlist import BITS

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

_WINDOW = 2048  # rows at a time: what fits into a core's cache
_BLOCK = 32
_UNSPREAD = 1 << 18  # multiplications that OpenBLAS never spreads over threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Weights, ready to run. `labels[i]` is the name of column i of the probabilities.

    `tiles` are the biases once for each row of a block.
    """

    labels: tuple[str, ...]
    dilations: tuple[int, ...]
    words: tuple[str, ...] = field(repr=False)
    embeddings: tuple[F32, ...] = field(repr=False)
    bits: F32 = field(repr=False)
    kernels: tuple[F32, ...] = field(repr=False)
    biases: tuple[F32, ...] = field(repr=False)
    tiles: tuple[F32, ...] = field(repr=False)
    out: F32 = field(repr=False)
    out_bias: F32 = field(repr=False)

    @property
    def reach(self) -> int:
        """How many tokens to either side can change a token's scores."""
        return 1 + sum(self.dilations)

    @classmethod
    def read(cls, data: bytes) -> Self:
        """From the bytes of a weights file (`.npz`, no pickles). Raises ConfigError when it is none."""
        try:
            with np.load(BytesIO(data), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            meta = json.loads(arrays["meta"].tobytes())
            floats = {
                name: np.ascontiguousarray(a, np.float32) for name, a in arrays.items() if name != "meta"
            }
            dilations = tuple(int(d) for d in meta["dilations"])
            layers = range(1 + len(dilations))
            return cls(
                labels=tuple(meta["labels"]),
                dilations=dilations,
                words=tuple(meta["words"]),
                embeddings=tuple(floats[f"e{i}"] for i in range(COLUMNS)),
                bits=floats["bits"],
                kernels=tuple(floats[f"k{i}"] for i in layers),
                biases=tuple(floats[f"b{i}"] for i in layers),
                tiles=tuple(np.tile(floats[f"b{i}"], _BLOCK) for i in layers),
                out=floats["out"],
                out_bias=floats["out_bias"],
            )
        except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
            raise ConfigError(
                f"The tagger's weights cannot be read ({type(error).__name__}).",
                remedy="Install osler again, or run `make train-deid` in a clone.",
            ) from None

    @property
    def apart(self) -> int:
        """How many free rows between two texts keep either from seeing the other: free rows stay 0 in all layers."""
        return max(1, *self.dilations)

    def probabilities(self, given: Features, lengths: Sequence[int] | None = None) -> F32:
        """T x labels, each row sums to 1. `lengths` are the tokens of each text where `given` holds several in a row.

        A token's row depends on its own text alone: between texts stand free rows. The work goes in windows that
        overlap by `reach`.
        """
        size, reach = len(given), self.reach
        if not size:
            return np.empty((0, len(self.labels)), np.float32)
        places = _places(lengths or (size,), self.apart)
        rows = int(places[-1]) + 1
        step = rows if rows <= _WINDOW else _WINDOW - 2 * reach
        parts = []
        for start in range(0, rows, step):
            begin, stop = max(start - reach, 0), min(start + step + reach, rows)
            first, last = np.searchsorted(places, (begin, stop))
            scores = self._run(given, slice(first, last), places[first:last] - begin, stop - begin)
            parts.append(scores[:, start - begin : min(start + step, rows) - begin])
        scores = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        return (scores if rows == size else scores.take(places, axis=1)).T

    def _run(self, given: Features, tokens: slice, at: I64, rows: int) -> F32:
        """Labels x rows of one window, whose tokens stand at the rows `at`; in whole blocks, thus some rows more."""
        rows = -(-rows // _BLOCK) * _BLOCK
        used = np.zeros(rows, np.bool_)
        used[at] = True
        free = np.flatnonzero(~used)
        width, pad = self.bits.shape[1], self.apart
        x = np.zeros((rows + 2 * pad, width), np.float32)
        x[at + pad] = self._embedded(given.ids[tokens], given.bits[tokens])
        h = np.zeros((rows + 2 * pad, self.kernels[0].shape[2]), np.float32)
        inner = h[pad : pad + rows]
        more, tap = np.empty_like(inner), np.empty_like(inner)
        nothing = np.zeros(_BLOCK * inner.shape[1], np.float32)
        for i, (dilation, kernel) in enumerate(zip((1, *self.dilations), self.kernels, strict=True)):
            source = h if i else x
            _product(source[pad : pad + rows], kernel[1], more)
            for k, start in ((0, pad - dilation), (2, pad + dilation)):
                more += _product(source[start : start + rows], kernel[k], tap)
            blocks = more.reshape(-1, _BLOCK * more.shape[1])  # numpy adds far quicker to blocks than to rows
            blocks += self.tiles[i]
            np.maximum(blocks, nothing, out=blocks)
            more[free] = 0.0
            inner += more
        scores = np.ascontiguousarray(_product(inner, self.out).T)
        scores += self.out_bias[:, None]
        scores -= scores.max(axis=0)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=0)
        return scores

    def _embedded(self, ids: NDArray[np.int32], bits: NDArray[np.uint32]) -> F32:
        """The first vectors of tokens: the sum of what their features stand for."""
        count = len(bits)
        marks = np.zeros((-(-count // _BLOCK) * _BLOCK, BITS), np.float32)
        marks[:count] = _unpacked(bits)
        columns = ids.T.astype(np.intp)
        sums: F32 = self.embeddings[0].take(columns[0], axis=0)
        for weights, column in zip(self.embeddings[1:], columns[1:], strict=True):
            sums += weights.take(column, axis=0)
        sums += _product(marks, self.bits)[:count]
        return sums


def _places(lengths: Sequence[int], apart: int) -> I64:
    """The row of each token, with `apart` free rows between texts."""
    if len(lengths) == 1:
        return np.arange(lengths[0])
    places: I64 = np.arange(sum(lengths)) + np.repeat(np.arange(len(lengths)) * apart, lengths)
    return places


def _unpacked(bits: NDArray[np.uint32]) -> NDArray[np.uint8]:
    rows = np.unpackbits(bits.astype("<u4").view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
    return rows[:, :BITS]


def _product(x: F32, weights: F32, out: F32 | None = None) -> F32:
    """`x @ weights`, block by block, into `out` where it is given; the rows are whole blocks, one behind the other.

    Each product is then too small for the numeric library to spread over threads, which on a busy machine wait for
    each other longer than they work; and a row's result does not depend on how many rows there are.
    """
    rows, width = x.shape
    y = np.empty((rows, weights.shape[1]), np.float32) if out is None else out
    block = _BLOCK
    while rows % (2 * block) == 0 and 2 * block * width * weights.shape[1] <= _UNSPREAD:
        block *= 2
    np.matmul(x.reshape(-1, block, width), weights, out=y.reshape(-1, block, weights.shape[1]))
    return y
