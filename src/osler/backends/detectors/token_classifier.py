"""A detector over any token classifier: tokens, windows, probabilities, spans. What runs the model is handed in."""

from collections.abc import Callable
from itertools import chain
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from osler.backends.detectors.labels import Scheme
from osler.backends.detectors.options import THRESHOLD, Digest, FileName, Options, Score, Target, Text
from osler.backends.detectors.token_spans import spans
from osler.backends.detectors.tokens import Integers, TextTokenizer, Tokens, Window, windows
from osler.core.errors import ConfigError, GuardUnavailable
from osler.core.spans import Span

Logits = Callable[[Integers], NDArray[np.float32]]
"""Runs the model: int64 ids of shape (windows, tokens) in, logits of shape (windows, tokens, outputs) out."""


class TokenClassifierOptions(Options):
    """Where the model is, what its files must be, what its labels mean, and how it sees a long text."""

    path: Text
    sha256: dict[FileName, Digest]
    labels: dict[Text, Target] = Field(default_factory=dict)
    threshold: Score = THRESHOLD
    max_tokens: Annotated[int, Field(ge=16, le=32768)] = 512
    stride: Annotated[int, Field(ge=0, le=16384)] = 128
    batch: Annotated[int, Field(ge=1, le=1024)] = 8

    @model_validator(mode="after")
    def _windows_advance(self) -> Self:
        if self.stride * 2 > self.max_tokens:
            raise ValueError("stride must be at most half of max_tokens")
        return self


class TokenClassifier:
    """Implements osler.core.ports.detector.Detector. Keeps no text; safe for several threads if `logits` is.

    Raises ConfigError when the model does not take windows of `max_tokens`, or has another number of outputs than
    its scheme: it is run once, on a full window, when the detector is made.
    """

    def __init__(
        self,
        name: str,
        tokenizer: TextTokenizer,
        logits: Logits,
        scheme: Scheme,
        options: TokenClassifierOptions,
    ) -> None:
        self.name = name
        self._tokenizer = tokenizer
        self._logits = logits
        self._scheme = scheme
        self._options = options
        self._size = options.max_tokens - len(tokenizer.prefix) - len(tokenizer.suffix)
        if self._size - options.stride < 1:
            raise ConfigError(
                f"The detector '{name}': `max_tokens` leaves no room beside the model's own signs and `stride`.",
                remedy="Raise max_tokens or lower stride.",
            )
        self._rehearse()

    def find(self, text: str) -> list[Span]:
        """Spans of `text`, in order. GuardUnavailable, without any of the text, when the model gives no numbers."""
        if not text.strip():
            return []
        tokens = self._tokenizer.tokens(text)
        probabilities, begins = self._read(tokens)
        return spans(
            text,
            tokens,
            probabilities,
            begins,
            self._scheme.kinds,
            threshold=self._options.threshold,
            detector=self.name,
        )

    def _read(self, tokens: Tokens) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Probabilities of shape (tokens, 1 + kinds), and which tokens begin an entity."""
        count = len(tokens.ids)
        probabilities = np.empty((count, 1 + len(self._scheme.kinds)), dtype=np.float32)
        begins = np.empty(count, dtype=np.bool_)
        plan = list(windows(count, self._size, self._options.stride))
        for at in range(0, len(plan), self._options.batch):
            group = plan[at : at + self._options.batch]
            ids = np.stack([self._framed(tokens.ids, window) for window in group])
            for window, logits in zip(group, self._run(ids), strict=True):
                first = len(self._tokenizer.prefix) + window.own_start - window.start
                rows = _softmax(logits[first : first + window.own_end - window.own_start])
                probabilities[window.own_start : window.own_end] = rows @ self._scheme.table
                begins[window.own_start : window.own_end] = self._scheme.begins[rows.argmax(axis=1)]
        return probabilities, begins

    def _framed(self, ids: Integers, window: Window) -> Integers:
        inner = ids[window.start : window.end].tolist()
        return np.array([*chain(self._tokenizer.prefix, inner, self._tokenizer.suffix)], dtype=np.int64)

    def _run(self, ids: Integers) -> NDArray[np.float32]:
        logits = self._logits(ids)
        if logits.shape != (*ids.shape, len(self._scheme.table)) or not np.isfinite(logits).all():
            raise GuardUnavailable(
                f"The model of the detector '{self.name}' answered with something that is no probability.",
                remedy="Nothing was let through. Check the model and its labels; it may be damaged.",
            )
        return logits

    def _rehearse(self) -> None:
        filler = self._tokenizer.tokens("a").ids[:1]
        ids = np.resize(filler if filler.size else np.zeros(1, dtype=np.int64), self._options.max_tokens)
        try:
            self._run(ids[np.newaxis, :])
        except Exception as error:
            raise ConfigError(
                f"The model of the detector '{self.name}' does not run on a window of"
                f" {self._options.max_tokens} tokens ({type(error).__name__}).",
                remedy="Lower max_tokens to what the model takes; else check that it is a token classifier"
                " whose outputs are those of its config.json.",
            ) from None


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return scaled
