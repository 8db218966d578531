"""Detector `gliner`: a GLiNER model from a local folder, which looks for the kinds that it is prompted with.

Needs `pip install 'osler[gliner]'` and a folder as GLiNER's save_pretrained leaves it, with `gliner_config.json`
(holding `encoder_config`), `model.safetensors` and the tokenizer's files, each pinned by its SHA-256. Nothing is
downloaded, no code of the model's own is run. One call runs at a time: GLiNER's tokenizer is not safe for threads.
Not covered: identifiers longer than the model's `max_width` in words.
"""

import importlib
import os
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from osler.backends.detectors import labels, model_files
from osler.backends.detectors.options import (
    THRESHOLD,
    Device,
    Digest,
    FileName,
    Options,
    Score,
    Target,
    Text,
    checked,
    required,
)
from osler.backends.detectors.sections import encodable, sections
from osler.core.errors import ConfigError
from osler.core.spans import Span

NAME = "gliner"
_SECTION = 20_000
_SECTION_OVERLAP = 1_000
_UNIT = re.compile(r"\w{1,40}|[^\w\s]")
_LEAST_ROOM = 128
_SETTINGS = ("gliner_config.json", "config.json", "tokenizer_config.json")


class GlinerOptions(Options):
    """`labels`: what the model is prompted with, each with a label of Osler's.

    `max_tokens`: how much the model sees at once, prompts included. `stride`: words that two windows share.
    """

    path: Text
    sha256: dict[FileName, Digest]
    labels: Annotated[dict[Text, Target], Field(min_length=1)]
    threshold: Score = THRESHOLD
    max_tokens: Annotated[int, Field(ge=256, le=8192)] = 512
    stride: Annotated[int, Field(ge=0, le=64)] = 32
    device: Device = "cpu"


def gliner(**options: object) -> "GlinerDetector":
    """The detector. ConfigError names the option, the file or the library at fault."""
    chosen = checked(GlinerOptions, NAME, options)
    model_files.require_safetensors(NAME, chosen.sha256)
    model_files.require(
        NAME, chosen.sha256, "gliner_config.json", "model.safetensors", "tokenizer_config.json"
    )
    # read when the library is imported: from then on it calls no hub
    os.environ["HF_HUB_OFFLINE"] = "1"
    library = required(lambda: importlib.import_module("gliner"), plugin=NAME, extra="gliner")
    with model_files.pinned(NAME, chosen.path, chosen.sha256) as folder:
        _require_self_contained(folder)
        model = _model(library, folder, chosen.device)
    return GlinerDetector(model, chosen)


class GlinerDetector:
    """Implements osler.core.ports.detector.Detector. Keeps no text; calls from several threads take turns."""

    name = NAME

    def __init__(self, model: Any, options: GlinerOptions) -> None:
        """`model` is a loaded gliner.GLiNER. ConfigError when the prompts leave no room for text."""
        self._model = model
        self._prompts = [prompt for prompt, target in options.labels.items() if target != "O"]
        self._kinds = labels.mapped(NAME, self._prompts, options.labels)
        self._threshold = options.threshold
        self._stride = options.stride
        self._turn = threading.Lock()
        self._tokenizer = model.data_processor.transformer_tokenizer
        # what is longer is cut without a word otherwise; windows are made to fit instead
        self._tokenizer.model_max_length = 10**9
        self._most_words = int(model.config.max_len)
        self._room = options.max_tokens - 8 - sum(self._weights([f"{p} <<ENT>>" for p in self._prompts]))
        if not self._prompts or self._room < _LEAST_ROOM:
            raise ConfigError(
                f"The detector '{NAME}': its `labels` are none, or so many that they leave no room for text.",
                remedy="Name at least one, use fewer or shorter ones, or raise max_tokens to what the model takes.",
            )
        self._rehearse(options.max_tokens)

    def find(self, text: str) -> list[Span]:
        """Spans of `text`; what two windows both see may come twice."""
        found = set()
        for at, window in self._windows(encodable(text)):
            for entity in self._predicted(window):
                label = self._kinds[entity["label"]]
                start, end = at + int(entity["start"]), at + int(entity["end"])
                if label is not None and start < end:
                    score = min(1.0, max(0.0, float(entity["score"])))
                    found.add(Span(start=start, end=end, label=label, score=score, detector=NAME))
        return sorted(found, key=lambda s: (s.start, s.end, s.label, s.score))

    def _windows(self, text: str) -> Iterator[tuple[int, str]]:
        """Stretches that fit into the model, each with its place; each shares words with the next."""
        for at, section in sections(text, _SECTION, _SECTION_OVERLAP):
            units = [(m.start(), m.end()) for m in _UNIT.finditer(section)]
            weights = self._weights([section[a:b] for a, b in units])
            first, last = 0, 0
            while last < len(units):
                last = self._last(weights, first)
                yield at + units[first][0], section[units[first][0] : units[last - 1][1]]
                first = max(last - self._stride, (first + last + 1) // 2)

    def _last(self, weights: Sequence[int], first: int) -> int:
        """The end of the longest stretch from `first` that fits; at least one unit."""
        total, last = 0, first
        while last < len(weights) and last - first < self._most_words:
            total += weights[last]
            if total > self._room and last > first:
                break
            last += 1
        return last

    def _weights(self, units: Sequence[str]) -> list[int]:
        """How many tokens each unit is for the model."""
        if not units:
            return []
        with self._turn:
            encoded = self._tokenizer(list(units), is_split_into_words=True, add_special_tokens=False)
            owners = encoded.word_ids(0)
        weights = [0] * len(units)
        for owner in owners:
            if owner is not None:
                weights[owner] += 1
        return weights

    def _predicted(self, window: str) -> Sequence[Any]:
        with self._turn:
            found: Sequence[Any] = self._model.predict_entities(
                window, self._prompts, flat_ner=True, threshold=self._threshold, multi_label=False
            )
        return found

    def _rehearse(self, max_tokens: int) -> None:
        try:
            self._predicted("a " * min(self._room, self._most_words))
        except Exception as error:
            raise ConfigError(
                f"The model of the detector '{NAME}' does not run on a window of {max_tokens} tokens"
                f" ({type(error).__name__}).",
                remedy="Lower max_tokens to what the model takes.",
            ) from None


def _require_self_contained(folder: Path) -> None:
    """Refuse a model that would need the hub, or run code of its own."""
    for name in _SETTINGS:
        if (folder / name).exists() and _holds(model_files.settings(NAME, folder / name), "auto_map"):
            raise ConfigError(
                f"The detector '{NAME}': '{name}' asks to run code of the model's own, which is not done.",
                remedy="Use a model whose classes are those of the libraries gliner and transformers.",
            )
    if not model_files.settings(NAME, folder / "gliner_config.json").get("encoder_config"):
        raise ConfigError(
            f"The detector '{NAME}': 'gliner_config.json' leaves the encoder's settings to a model hub.",
            remedy="Load the model where the hub can be reached, save_pretrained(folder), and pin what comes of it.",
        )


def _holds(value: Any, key: str) -> bool:
    if isinstance(value, dict):
        return key in value or any(_holds(v, key) for v in value.values())
    return isinstance(value, list) and any(_holds(v, key) for v in value)


def _model(library: Any, folder: Path, device: str) -> Any:
    try:
        model = library.GLiNER.from_pretrained(
            str(folder), local_files_only=True, map_location=device, load_tokenizer=True
        )
        missing = _missing(folder / "model.safetensors", model.model.state_dict())
    except Exception as error:
        raise ConfigError(
            f"The detector '{NAME}': its model cannot be loaded ({type(error).__name__}).",
            remedy=f"Check that every file of it is pinned, that this gliner knows it, and the device '{device}'.",
        ) from None
    if missing:
        raise ConfigError(
            f"The detector '{NAME}': its weights do not fill the model; what is missing would be random.",
            remedy="Fetch the model's folder again, with the version of gliner that it was saved with.",
        )
    return model.eval() if hasattr(model, "eval") else model


def _missing(weights: Path, wanted: dict[str, Any]) -> bool:
    """Whether the file lacks weights of the model; those that share memory with others need not be there."""
    opened = importlib.import_module("safetensors").safe_open
    with opened(str(weights), framework="pt") as file:
        there = {*file.keys(), *(file.metadata() or {})}
    shared = {tensor.data_ptr() for name, tensor in wanted.items() if name in there}
    return any(
        name not in there and tensor.data_ptr() not in shared and not name.endswith("position_ids")
        for name, tensor in wanted.items()
    )
