"""Detector `onnx_tokens`: a token classifier in ONNX, from a local folder, run by onnxruntime.

Needs `pip install 'osler[onnx]'` and a folder with `model.onnx` (or the file that `model` names), `tokenizer.json` and
`config.json` (for `id2label`), each pinned by its SHA-256. Nothing is downloaded. Not covered: models that want other
inputs than ids, mask, types and positions of tokens.
"""

import importlib
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from osler.backends.detectors import labels, model_files
from osler.backends.detectors.options import FileName, Text, checked, required
from osler.backends.detectors.token_classifier import Logits, TokenClassifier, TokenClassifierOptions
from osler.backends.detectors.tokens import Integers, TextTokenizer
from osler.core.errors import ConfigError

NAME = "onnx_tokens"
_TYPES = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}


class OnnxTokensOptions(TokenClassifierOptions):
    """`model`: which pinned file is the model. `threads`: CPU threads a call may use, 0 for all."""

    model: FileName = "model.onnx"
    threads: Annotated[int, Field(ge=0, le=1024)] = 1
    providers: tuple[Text, ...] = ("CPUExecutionProvider",)


def onnx_tokens(**options: object) -> TokenClassifier:
    """The detector. ConfigError names the option, the file or the library at fault."""
    chosen = checked(OnnxTokensOptions, NAME, options)
    model_files.require(NAME, chosen.sha256, chosen.model, "tokenizer.json", "config.json")
    runtime = required(lambda: importlib.import_module("onnxruntime"), plugin=NAME, extra="onnx")
    required(lambda: importlib.import_module("tokenizers"), plugin=NAME, extra="onnx")
    with model_files.pinned(NAME, chosen.path, chosen.sha256) as folder:
        outputs = labels.outputs_of(NAME, model_files.settings(NAME, folder / "config.json"))
        scheme = labels.scheme(NAME, outputs, chosen.labels)
        tokenizer = TextTokenizer(NAME, folder / "tokenizer.json")
        return TokenClassifier(NAME, tokenizer, _session(runtime, folder, chosen), scheme, chosen)


def _session(runtime: Any, folder: Path, options: OnnxTokensOptions) -> Logits:
    """The loaded model. A session's run() may be called from several threads."""
    missing = sorted(set(options.providers) - set(runtime.get_available_providers()))
    if missing or not options.providers:
        raise ConfigError(
            f"The detector '{NAME}': this onnxruntime has no provider {', '.join(missing) or 'at all'}.",
            remedy=f"It has: {', '.join(runtime.get_available_providers())}.",
        )
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 4
    try:
        session = runtime.InferenceSession(
            str(folder / options.model), sess_options=settings, providers=list(options.providers)
        )
    except Exception as error:
        raise ConfigError(
            f"The detector '{NAME}': its file '{options.model}' cannot be loaded ({type(error).__name__}).",
            remedy="Check that it is an ONNX model for this onnxruntime, and pin its external data files too.",
        ) from None
    return _runner(session, _inputs(session), _output(session))


def _inputs(session: Any) -> dict[str, Any]:
    """The inputs that the model declares, each with the numpy type that it wants."""
    declared = {i.name: _TYPES.get(i.type) for i in session.get_inputs()}
    odd = sorted(set(declared) - {"input_ids", "attention_mask", "token_type_ids", "position_ids"})
    if odd or "input_ids" not in declared or None in declared.values():
        raise ConfigError(
            f"The detector '{NAME}': its model wants other inputs than a token classifier has.",
            remedy="Export it for token classification: input_ids and attention_mask in, logits out.",
        )
    return declared


def _output(session: Any) -> str:
    names = [str(o.name) for o in session.get_outputs()]
    if "logits" in names:
        return "logits"
    if len(names) == 1:
        return names[0]
    raise ConfigError(
        f"The detector '{NAME}': its model has several outputs, and none is called 'logits'.",
        remedy="Export it for token classification: input_ids and attention_mask in, logits out.",
    )


def _runner(session: Any, inputs: dict[str, Any], output: str) -> Logits:
    def run(ids: Integers) -> NDArray[np.float32]:
        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
            "position_ids": np.broadcast_to(np.arange(ids.shape[1]), ids.shape),
        }
        fed = {name: given[name].astype(kind) for name, kind in inputs.items()}
        return np.asarray(session.run([output], fed)[0], dtype=np.float32)

    return run
