"""A model's files: pinned, copied as they are checked, refused otherwise; and what is missing is said with its remedy."""

import hashlib
import importlib
from pathlib import Path

import pytest

from osler.backends.detectors import model_files
from osler.backends.detectors.options import required
from osler.core import registry
from osler.core.errors import ConfigError

ZERO = "0" * 64


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def model(folder: Path, **files: bytes) -> dict[str, str]:
    pins = {}
    for name, data in files.items():
        place = folder / name.replace("__", "/").replace("_json", ".json")
        place.parent.mkdir(exist_ok=True, parents=True)
        place.write_bytes(data)
        pins[str(place.relative_to(folder))] = digest(data)
    return pins


def test_the_pinned_files_and_no_others_are_there_while_it_lasts(tmp_path: Path) -> None:
    pins = model(tmp_path, config_json=b"{}", sub__tokens_json=b"[1]")
    (tmp_path / "training_args.bin").write_bytes(b"pickle")
    with model_files.pinned("x", str(tmp_path), pins) as folder:
        assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == sorted(pins)
        (tmp_path / "config.json").write_bytes(b"changed meanwhile")
        assert (folder / "config.json").read_bytes() == b"{}"
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_a_pin_may_be_in_capitals(tmp_path: Path) -> None:
    pins = {name: value.upper() for name, value in model(tmp_path, config_json=b"{}").items()}
    with model_files.pinned("x", str(tmp_path), pins) as folder:
        assert (folder / "config.json").exists()


@pytest.mark.parametrize("change", [b"{} ", b"", b"[]"])
def test_a_file_that_changed_is_refused_by_name(tmp_path: Path, change: bytes) -> None:
    pins = model(tmp_path, config_json=b"{}", model_json=b"m")
    (tmp_path / "config.json").write_bytes(change)
    with (
        pytest.raises(ConfigError, match=r"'config\.json': its SHA-256") as caught,
        model_files.pinned("x", str(tmp_path), pins),
    ):
        pass
    assert "sha256sum" in caught.value.remedy


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match=r"'gone\.json' \(FileNotFoundError\)"),
        model_files.pinned("x", str(tmp_path), {"gone.json": ZERO}),
    ):
        pass


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_settings_that_are_no_object_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "config.json").write_bytes(data)
    with pytest.raises(ConfigError, match=r"'config\.json' is no JSON object"):
        model_files.settings("x", tmp_path / "config.json")


PINS = {"model.onnx": ZERO, "tokenizer.json": ZERO, "config.json": ZERO, "model.safetensors": ZERO}
GLINER = {"gliner_config.json": ZERO, "tokenizer_config.json": ZERO, "model.safetensors": ZERO}


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("onnx_tokens", {}, "needs the option 'path'"),
        ("onnx_tokens", {"path": "m"}, "needs the option 'sha256'"),
        ("onnx_tokens", {"path": "m", "sha256": {}}, r"needs the file 'model\.onnx'"),
        ("onnx_tokens", {"path": "m", "sha256": {"model.onnx": ZERO}}, r"needs the file 'tokenizer\.json'"),
        (
            "onnx_tokens",
            {"path": "m", "sha256": PINS, "model": "other.onnx"},
            r"needs the file 'other\.onnx'",
        ),
        (
            "onnx_tokens",
            {"path": "m", "sha256": {"model.onnx": "abc"}},
            r"'sha256\.model\.onnx'.*64 hexadecimal",
        ),
        ("onnx_tokens", {"path": "m", "sha256": {"../model.onnx": ZERO}}, "inside of the model's folder"),
        ("onnx_tokens", {"path": "m", "sha256": {"/etc/passwd": ZERO}}, "inside of the model's folder"),
        (
            "onnx_tokens",
            {"path": "m", "sha256": PINS, "labels": {"PER": "PERSON"}},
            r"'labels\.PER'.*NAME, LOCATION",
        ),
        ("onnx_tokens", {"path": "m", "sha256": PINS, "max_tokens": 100, "stride": 60}, "half of max_tokens"),
        ("onnx_tokens", {"path": "m", "sha256": PINS, "max_tokens": "512"}, "'max_tokens'.*whole number"),
        ("onnx_tokens", {"path": "m", "sha256": PINS, "treshold": 0.5}, "no option 'treshold'.*threshold"),
        (
            "transformers_tokens",
            {"path": "m", "sha256": {"pytorch_model.bin": ZERO}},
            "'pytorch_model.bin'.*run code",
        ),
        (
            "transformers_tokens",
            {"path": "m", "sha256": {**PINS, "w.pt": ZERO}},
            "'w.pt'.*run code.*safetensors",
        ),
        (
            "transformers_tokens",
            {"path": "m", "sha256": {**PINS, "modeling.PY": ZERO}},
            "'modeling.PY'.*run code",
        ),
        (
            "transformers_tokens",
            {"path": "m", "sha256": {"config.json": ZERO}},
            r"no weights.*\*\.safetensors",
        ),
        (
            "transformers_tokens",
            {"path": "m", "sha256": {"a.safetensors": ZERO}},
            r"needs the file 'tokenizer\.json'",
        ),
        ("transformers_tokens", {"path": "m", "sha256": PINS, "device": "gpu"}, "'device'.*cpu, mps, cuda"),
        ("gliner", {"path": "m", "sha256": GLINER}, "needs the option 'labels'"),
        ("gliner", {"path": "m", "sha256": GLINER, "labels": {}}, "'labels'.*must not be empty"),
        (
            "gliner",
            {"path": "m", "sha256": {"pytorch_model.bin": ZERO}, "labels": {"person": "NAME"}},
            "run code",
        ),
        (
            "gliner",
            {"path": "m", "sha256": {"model.safetensors": ZERO}, "labels": {"person": "NAME"}},
            "gliner_config",
        ),
        ("presidio", {}, "needs the option 'recognizers'"),
        ("presidio", {"recognizers": []}, "'recognizers'.*must not be empty"),
        ("presidio", {"recognizers": ["os.system"]}, "'recognizers.0'.*name of a class"),
        ("presidio", {"recognizers": "UsSsnRecognizer"}, "'recognizers'.*must be a list"),
        (
            "presidio",
            {"recognizers": ["UsSsnRecognizer"], "entities": {"US_SSN": "SOCIAL"}},
            r"'entities\.US_SSN'",
        ),
    ],
)
def test_options_are_strict_and_name_what_is_wrong(name: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        registry.build("detectors", name, options)
    assert caught.value.remedy


def test_a_missing_library_is_named_with_the_command_that_installs_it() -> None:
    with pytest.raises(ConfigError, match=r"'onnx_tokens' needs a library.*pip install 'osler\[onnx\]'"):
        required(lambda: importlib.import_module("osler_no_such_library"), plugin="onnx_tokens", extra="onnx")


def test_a_broken_library_is_an_error_of_the_configuration_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "osler_broken_library.py").write_text("raise RuntimeError('Zythar')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="RuntimeError") as caught:
        required(lambda: importlib.import_module("osler_broken_library"), plugin="x", extra="x")
    assert "Zythar" not in str(caught.value)
