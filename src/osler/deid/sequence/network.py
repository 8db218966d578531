"""The tagger's network: embeddings of a token's features, four dilated convolutions, one score per label.

    x = sum of the embeddings of six features + bits @ B          T x D
    h = relu(conv3(x))                                            T x H
    h = h + relu(conv3(h, dilation d))   for d in DILATIONS       sees 16 tokens to either side
    p = softmax(h @ O + o)                                        T x labels, label 0 is "no identifier"

Weights were trained by `training/deid/train.py`, which mirrors this in torch; a test holds the two together. Here it
runs on numpy alone: plain matrix products, no model hub, no compiled extension.
"""

import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Self

import numpy as np
from numpy.typing import NDArray

from osler.core.errors import ConfigError
from osler.deid.sequence.features import COLUMNS, Features, vocabulary
from osler.deid.sequence.wordlist import BITS, HashTable

F32 = NDArray[np.float32]

DILATIONS = (1, 2, 4, 8)
REACH = 1 + sum(DILATIONS)
"""How many tokens to either side can change a token's scores."""
_CHUNK = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Weights, ready to run. `labels[i]` is the name of column i of the probabilities."""

    labels: tuple[str, ...]
    words: HashTable = field(repr=False)
    embeddings: tuple[F32, ...] = field(repr=False)
    bits: F32 = field(repr=False)
    kernels: tuple[F32, ...] = field(repr=False)
    biases: tuple[F32, ...] = field(repr=False)
    out: F32 = field(repr=False)
    out_bias: F32 = field(repr=False)

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
            layers = range(1 + len(DILATIONS))
            return cls(
                labels=tuple(meta["labels"]),
                words=vocabulary(meta["words"]),
                embeddings=tuple(floats[f"e{i}"] for i in range(COLUMNS)),
                bits=floats["bits"],
                kernels=tuple(floats[f"k{i}"] for i in layers),
                biases=tuple(floats[f"b{i}"] for i in layers),
                out=floats["out"],
                out_bias=floats["out_bias"],
            )
        except (ValueError, KeyError, OSError) as error:
            raise ConfigError(
                f"The tagger's weights cannot be read ({type(error).__name__}).",
                remedy="Install osler again, or run `make train-deid` in a clone.",
            ) from None

    def probabilities(self, given: Features) -> F32:
        """T x labels, each row sums to 1. Long texts go in pieces that overlap, with the same result."""
        size = len(given)
        if size <= _CHUNK:
            return self._run(given.ids, given.bits)
        parts = []
        for start in range(0, size, _CHUNK):
            first, last = max(0, start - REACH), min(size, start + _CHUNK + REACH)
            rows = self._run(given.ids[first:last], given.bits[first:last])
            parts.append(rows[start - first : start - first + min(_CHUNK, size - start)])
        return np.concatenate(parts)

    def _run(self, ids: NDArray[np.int32], bits: NDArray[np.uint32]) -> F32:
        x = _unpacked(bits) @ self.bits
        for column, weights in enumerate(self.embeddings):
            x += weights[ids[:, column]]
        h = np.maximum(_convolved(x, self.kernels[0], self.biases[0], 1), 0)
        for dilation, kernel, bias in zip(DILATIONS, self.kernels[1:], self.biases[1:], strict=True):
            h += np.maximum(_convolved(h, kernel, bias, dilation), 0)
        scores = h @ self.out + self.out_bias
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores


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
