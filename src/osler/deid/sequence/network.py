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

_CHUNK = 2048  # rows at a time: what fits into a core's cache


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

        A token's row depends on its own text alone: between texts stand `reach` rows of zeros. Long rows are cut into
        pieces that overlap by as much.
        """
        size = len(given)
        if not size:
            return np.empty((0, len(self.labels)), np.float32)
        reach = self.reach
        places = _places(lengths, reach) if lengths is not None and len(lengths) > 1 else np.arange(size)
        rows = int(places[-1]) + 1
        x = np.zeros((rows, self.bits.shape[1]), np.float32)
        x[places] = self._embedded(given)
        mask = None
        if rows > size:
            mask = np.zeros((rows, 1), np.float32)
            mask[places] = 1.0
        parts = []
        for start in range(0, rows, _CHUNK):
            first, last = max(0, start - reach), min(rows, start + _CHUNK + reach)
            part = self._run(x[first:last], None if mask is None else mask[first:last])
            parts.append(part[start - first : start - first + min(_CHUNK, rows - start)])
        scores = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return scores if rows == size else scores[places]

    def _embedded(self, given: Features) -> F32:
        x = _unpacked(given.bits) @ self.bits
        for column, weights in enumerate(self.embeddings):
            x += weights[given.ids[:, column]]
        return x

    def _run(self, x: F32, mask: F32 | None) -> F32:
        h = np.maximum(_convolved(x, self.kernels[0], self.biases[0], 1), 0)
        if mask is not None:
            h *= mask
        for dilation, kernel, bias in zip(self.dilations, self.kernels[1:], self.biases[1:], strict=True):
            more = np.maximum(_convolved(h, kernel, bias, dilation), 0)
            if mask is not None:
                more *= mask
            h += more
        scores = h @ self.out + self.out_bias
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


def _convolved(x: F32, kernel: F32, bias: F32, dilation: int) -> F32:
    """Three taps; `kernel` is 3 x in x out; beyond the ends stand zeros."""
    y: F32 = x @ kernel[1]
    if len(x) > dilation:
        y[dilation:] += x[:-dilation] @ kernel[0]
        y[:-dilation] += x[dilation:] @ kernel[2]
    y += bias
    return y
