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

_WINDOW = 2048  # rows at a time: what fits into a core's cache
_BLOCK = 64
_UNSPREAD = 1 << 18  # multiplications that OpenBLAS never spreads over threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Weights, ready to run. `labels[i]` is the name of column i of the probabilities."""

    labels: tuple[str, ...]
    dilations: tuple[int, ...]
    words: tuple[str, ...] = field(repr=False)
    embeddings: tuple[F32, ...] = field(repr=False)
    bits: F32 = field(repr=False)
    kernels: tuple[F32, ...] = field(repr=False)
    biases: tuple[F32, ...] = field(repr=False)
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
                out=floats["out"],
                out_bias=floats["out_bias"],
            )
        except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
            raise ConfigError(
                f"The tagger's weights cannot be read ({type(error).__name__}).",
                remedy="Install osler again, or run `make train-deid` in a clone.",
            ) from None

    def probabilities(self, given: Features, lengths: Sequence[int] | None = None) -> F32:
        """T x labels, each row sums to 1. `lengths` are the tokens of each text where `given` holds several in a row.

        A token's row depends on its own text alone: between texts stand `reach` rows of zeros. The work goes in
        windows that overlap by as much.
        """
        size, reach = len(given), self.reach
        if not size:
            return np.empty((0, len(self.labels)), np.float32)
        places = _places(lengths or (size,), reach)
        rows = int(places[-1]) + 1
        inner = _WINDOW - 2 * reach
        parts = []
        for start in range(0, rows, inner):
            begin, stop = start - reach, min(start + inner, rows) + reach
            first, last = np.searchsorted(places, (begin, stop))
            x, mask = self._embedded(given, slice(first, last), places[first:last] - begin, stop - begin)
            parts.append(self._run(x, mask)[reach : stop - begin - reach])
        scores = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return scores if rows == size else scores[places]

    def _embedded(self, given: Features, tokens: slice, at: NDArray[np.int64], rows: int) -> tuple[F32, F32]:
        """A window's rows, with its tokens at the rows `at`, and which rows hold one; in whole blocks."""
        rows = -(-rows // _BLOCK) * _BLOCK
        bits, mask = np.zeros((rows, BITS), np.float32), np.zeros((rows, 1), np.float32)
        bits[at], mask[at] = _unpacked(given.bits[tokens]), 1.0
        x = _product(bits, self.bits)
        ids = given.ids[tokens]
        sums = self.embeddings[0][ids[:, 0]]
        for column, weights in enumerate(self.embeddings[1:], 1):
            sums += weights[ids[:, column]]
        x[at] += sums
        return x, mask

    def _run(self, x: F32, mask: F32) -> F32:
        h = _convolved(x, self.kernels[0], self.biases[0], 1)
        np.maximum(h, 0, out=h)
        h *= mask
        for dilation, kernel, bias in zip(self.dilations, self.kernels[1:], self.biases[1:], strict=True):
            more = _convolved(h, kernel, bias, dilation)
            np.maximum(more, 0, out=more)
            more *= mask
            h += more
        scores = _product(h, self.out)
        scores += self.out_bias
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores


def _places(lengths: Sequence[int], reach: int) -> NDArray[np.int64]:
    """The row of each token, with `reach` free rows between texts."""
    places: NDArray[np.int64] = np.arange(sum(lengths)) + np.repeat(np.arange(len(lengths)) * reach, lengths)
    return places


def _unpacked(bits: NDArray[np.uint32]) -> F32:
    rows = np.unpackbits(bits.astype("<u4").view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
    return rows[:, :BITS].astype(np.float32)


def _product(x: F32, weights: F32) -> F32:
    """`x @ weights`, block by block.

    Each product is then too small for the numeric library to spread over threads, which on a busy machine wait for
    each other longer than they work; and a row's result does not depend on how many rows there are.
    """
    rows, width = x.shape
    block = _BLOCK
    while rows % (2 * block) == 0 and 2 * block * width * weights.shape[1] <= _UNSPREAD:
        block *= 2
    y: F32 = np.matmul(x.reshape(-1, block, width), weights)
    return y.reshape(rows, -1)


def _convolved(x: F32, kernel: F32, bias: F32, dilation: int) -> F32:
    """Three taps; `kernel` is 3 x in x out; beyond the ends stand zeros."""
    rows, width = x.shape
    padded = np.zeros((rows + 2 * dilation, width), np.float32)
    padded[dilation:-dilation] = x
    y = _product(x, kernel[1])
    y += _product(padded[:rows], kernel[0])
    y += _product(padded[2 * dilation :], kernel[2])
    y += bias
    return y
