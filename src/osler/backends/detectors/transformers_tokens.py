"""Detector `transformers_tokens`: a token classifier of the library transformers, from a local folder, run by torch.

Needs `pip install 'osler[transformers]'` and a folder with `config.json`, `tokenizer.json` and weights as
`*.safetensors`, each pinned by its SHA-256. Nothing is downloaded, no code of the model's own is run, and weights in
formats that can run code (`.bin`, `.pt`) are refused. Not covered: models without a `tokenizer.json`.
"""

import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osler.backends.detectors import labels, model_files
from osler.backends.detectors.options import Device, checked, required
from osler.backends.detectors.token_classifier import Logits, TokenClassifier, TokenClassifierOptions
from osler.backends.detectors.tokens import Integers, TextTokenizer
from osler.core.errors import ConfigError

NAME = "transformers_tokens"


class TransformersTokensOptions(TokenClassifierOptions):
    """`device`: where the model runs: cpu, cuda, cuda:0, mps."""

    device: Device = "cpu"


def transformers_tokens(**options: object) -> TokenClassifier:
    """The detector. ConfigError names the option, the file or the library at fault."""
    chosen = checked(TransformersTokensOptions, NAME, options)
    model_files.require_safetensors(NAME, chosen.sha256)
    model_files.require(NAME, chosen.sha256, "tokenizer.json", "config.json")
    # read when the library is imported: from then on it calls no hub
    os.environ["HF_HUB_OFFLINE"] = "1"
    torch = required(lambda: importlib.import_module("torch"), plugin=NAME, extra="transformers")
    library = required(lambda: importlib.import_module("transformers"), plugin=NAME, extra="transformers")
    with model_files.pinned(NAME, chosen.path, chosen.sha256) as folder:
        outputs = labels.outputs_of(NAME, model_files.settings(NAME, folder / "config.json"))
        scheme = labels.scheme(NAME, outputs, chosen.labels)
        tokenizer = TextTokenizer(NAME, folder / "tokenizer.json")
        model = _model(library, folder)
    try:
        model = model.to(device=chosen.device, dtype=torch.float32).eval()
    except Exception as error:
        raise ConfigError(
            f"The detector '{NAME}' cannot use its device '{chosen.device}' ({type(error).__name__}).",
            remedy="Use cpu, or install a torch that has the device.",
        ) from None
    return TokenClassifier(NAME, tokenizer, _runner(torch, model, chosen.device), scheme, chosen)


def _model(library: Any, folder: Path) -> Any:
    library.utils.logging.set_verbosity_error()
    library.utils.logging.disable_progress_bar()
    try:
        model, report = library.AutoModelForTokenClassification.from_pretrained(
            str(folder),
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except Exception as error:
        raise ConfigError(
            f"The detector '{NAME}': its model cannot be loaded ({type(error).__name__}).",
            remedy="Check that it is a token classifier that this version of transformers knows, and that every"
            " weights file and its index are pinned.",
        ) from None
    if report["missing_keys"] or report["mismatched_keys"]:
        raise ConfigError(
            f"The detector '{NAME}': its weights do not fill the model; what is missing would be random.",
            remedy="Use a model that was trained for token classification, and pin all of its weights files.",
        )
    return model


def _runner(torch: Any, model: Any, device: str) -> Logits:
    def run(ids: Integers) -> NDArray[np.float32]:
        with torch.inference_mode():
            given = torch.from_numpy(ids).to(device)
            logits = model(input_ids=given, attention_mask=torch.ones_like(given)).logits
            return np.asarray(logits.float().cpu().numpy(), dtype=np.float32)

    return run
