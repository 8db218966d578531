"""The detector `onnx_tokens` with a tiny model made here: files, labels, windows, threads, and what it refuses."""

import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tiny_models as tiny
from osler.app import config as configuration
from osler.app.configured import build_deidentifier
from osler.core import registry
from osler.core.errors import ConfigError, GuardUnavailable
from osler.testing import check_detector

WHY = "needs `pip install 'osler[onnx]' onnx`"
onnx = pytest.importorskip("onnx", reason=WHY)
pytest.importorskip("onnxruntime", reason=WHY)
pytest.importorskip("tokenizers", reason=WHY)
helper, numpy_helper = onnx.helper, onnx.numpy_helper
LABELS = {"PER": "NAME", "MISC": "O"}


def graph(
    folder: Path, *, inputs: tuple[str, ...] = ("input_ids", "attention_mask"), bad: bool = False
) -> Any:
    """ids → features → convolution over three words → logits, written to model.onnx."""
    features, kernel, bias = tiny.weights()
    if bad:
        features = features * np.float32("nan")
    nodes = [
        helper.make_node("Gather", ["features", "input_ids"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["columns"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["columns", "kernel", "bias"], ["seen"], kernel_shape=[3], pads=[1, 1]),
        helper.make_node("Transpose", ["seen"], ["logits"], perm=[0, 2, 1]),
    ]
    made = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, onnx.TensorProto.INT64, ["batch", "tokens"]) for name in inputs],
        [
            helper.make_tensor_value_info(
                "logits", onnx.TensorProto.FLOAT, ["batch", "tokens", len(tiny.OUTPUTS)]
            )
        ],
        [
            numpy_helper.from_array(features, "features"),
            numpy_helper.from_array(kernel, "kernel"),
            numpy_helper.from_array(bias, "bias"),
        ],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "model"
    place.mkdir()
    tiny.tokenizer(place)
    tiny.config(place)
    graph(place)
    return place


def made(folder: Path, **more: object) -> Any:
    options = {"path": str(folder), "sha256": tiny.pins(folder), "labels": LABELS, **more}
    return registry.build("detectors", "onnx_tokens", options)


def found(detector: Any, text: str) -> list[tuple[str, str]]:
    return [(text[s.start : s.end], s.label.value) for s in detector.find(text)]


def test_it_keeps_the_contract_of_its_port(folder: Path) -> None:
    check_detector(made(folder, max_tokens=16, stride=4, batch=2))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today mr Smith saw the ward", ["Smith"]),
        ("Mr  Vandersloot, today", ["Vandersloot"]),
        ("é\U0001f9d1\u200d\u2695\ufe0f e\u0301 mr Smith", ["Smith"]),
        ("mr Zo\u00eb mr Jones", ["Zo\u00eb", "Jones"]),
        ("MR SMITH\r\nMR JONES \x00", ["SMITH", "JONES"]),
        ("mr [SEP] mr [CLS]", ["[", "["]),
        ("\ud800 mr Smith", ["Smith"]),
        ("mr Smith jr saw", ["Smith"]),
        ("mr Smith Jones jr saw", ["Smith Jones"]),
        ("the ward today", []),
        ("", []),
        (" \n", []),
    ],
)
def test_offsets_are_code_points_of_the_text_as_given(folder: Path, text: str, expected: list[str]) -> None:
    assert found(made(folder), text) == [(word, "NAME") for word in expected]


def test_scores_are_passed_through_and_doubts_are_below_what_the_engine_takes(folder: Path) -> None:
    spans = made(folder).find("mr Smith saw maybe Jones")
    assert [round(s.score, 2) for s in spans if s.detector == "onnx_tokens"] == [0.99, 0.32]
    assert [s.score for s in made(folder, threshold=0.5).find("mr Smith saw maybe Jones")] == [spans[0].score]


@pytest.mark.parametrize(("size", "stride", "batch"), [(16, 4, 1), (16, 8, 3), (33, 2, 8), (64, 10, 2)])
def test_windows_find_what_one_window_over_everything_finds(
    folder: Path, size: int, stride: int, batch: int
) -> None:
    text = " ".join(f"{tiny.WORDS[3 + (n * 7 + n // 5) % 10]}" for n in range(300))
    whole = made(folder, max_tokens=1024, stride=0).find(text)
    assert len(whole) > 20
    assert made(folder, max_tokens=size, stride=stride, batch=batch).find(text) == whole


def test_a_text_of_many_sections_has_one_row_of_offsets(folder: Path) -> None:
    text = "the ward today. " * 4000 + "mr Smith" + " saw" * 8000
    spans = made(folder, max_tokens=512).find(text)
    assert [(text[s.start : s.end]) for s in spans] == ["Smith"]


def test_threads_get_what_one_gets(folder: Path) -> None:
    detector = made(folder, max_tokens=16, stride=4)
    texts = [f"{'the ' * n}mr Smith saw {'the ' * (40 - n)}mr Jones" for n in range(40)]
    alone = [detector.find(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(detector.find, texts)) == alone


def test_only_what_the_model_asks_for_is_fed(folder: Path) -> None:
    graph(folder, inputs=("input_ids", "attention_mask", "token_type_ids", "position_ids"))
    assert found(made(folder), "mr Smith") == [("Smith", "NAME")]
    graph(folder, inputs=("input_ids",))
    assert found(made(folder), "mr Smith") == [("Smith", "NAME")]


def refused(folder: Path, said: str, **more: object) -> ConfigError:
    with pytest.raises(ConfigError, match=said) as caught:
        made(folder, **more)
    assert caught.value.remedy
    return caught.value


def test_a_model_that_was_changed_is_not_loaded(folder: Path) -> None:
    pins = tiny.pins(folder)
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes() + b"\x00")
    refused(folder, r"'model\.onnx': its SHA-256", sha256=pins)


def test_labels_that_nobody_maps_are_refused(folder: Path) -> None:
    refused(folder, "leaves out labels of the model: MISC", labels={"PER": "NAME"})
    refused(folder, "the model does not have: LOC", labels={**LABELS, "LOC": "LOCATION"})


def test_what_is_no_token_classifier_is_refused(folder: Path) -> None:
    graph(folder, inputs=("input_ids", "pixel_values"))
    refused(folder, "other inputs")
    (folder / "model.onnx").write_bytes(b"no model")
    refused(folder, r"'model\.onnx' cannot be loaded")
    graph(folder)
    tiny.config(folder, (*tiny.OUTPUTS, "B-LOC"))
    refused(folder, "does not run on a window", labels={**LABELS, "LOC": "LOCATION"})
    tiny.config(folder)
    (folder / "tokenizer.json").write_text("{}")
    refused(folder, r"tokenizer\.json cannot be read")


def test_a_model_without_numbers_is_refused(folder: Path) -> None:
    graph(folder, bad=True)
    refused(folder, "does not run on a window")


def test_a_provider_that_is_not_there_is_refused(folder: Path) -> None:
    refused(folder, "no provider NoSuchProvider", providers=["NoSuchProvider"])


def test_weights_beside_the_model_have_to_be_pinned_too(folder: Path) -> None:
    model = graph(folder)
    onnx.save(
        model,
        str(folder / "model.onnx"),
        save_as_external_data=True,
        location="weights.data",
        size_threshold=0,
    )
    pins = tiny.pins(folder)
    assert found(made(folder, sha256=pins), "mr Smith") == [("Smith", "NAME")]
    unpinned = {name: digest for name, digest in pins.items() if name != "weights.data"}
    refused(folder, r"'model\.onnx' cannot be loaded", sha256=unpinned)


def test_weights_outside_of_the_folder_are_not_read(folder: Path) -> None:
    model = graph(folder)
    onnx.save(
        model,
        str(folder / "model.onnx"),
        save_as_external_data=True,
        location="weights.data",
        size_threshold=0,
    )
    outside = folder.parent / "outside.data"
    (folder / "weights.data").rename(outside)
    data = (folder / "model.onnx").read_bytes()
    assert b"weights.data" in data
    loaded = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    for tensor in loaded.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = str(outside)
    (folder / "model.onnx").write_bytes(loaded.SerializeToString())
    refused(folder, r"'model\.onnx' cannot be loaded")


def test_a_model_that_fails_on_the_way_lets_nothing_through(folder: Path) -> None:
    """Its answers are no numbers for one word only: not seen when it is made, and told without the text."""
    features = tiny.weights()[0]
    features[tiny.WORDS.index("anna")] = np.float32("nan")
    model = graph(folder)
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(features, "features"))
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    detector = made(folder)
    assert found(detector, "mr Smith") == [("Smith", "NAME")]
    with pytest.raises(GuardUnavailable, match="no probability") as caught:
        detector.find("mr Anna Zythar")
    last = traceback.format_exception_only(caught.value)
    assert "Zythar" not in "".join(last) + str(caught.value.__context__)


def test_by_its_name_in_osler_toml_it_joins_the_rules(folder: Path, tmp_path: Path) -> None:
    pins = "\n".join(f'"{name}" = "{digest}"' for name, digest in tiny.pins(folder).items())
    file = tmp_path / "osler.toml"
    file.write_text(
        f"""
[deid]
engine = "fast"
extra_detectors = ["onnx_tokens"]
[deid.options.onnx_tokens]
path = "{folder}"
labels = {{ PER = "NAME", MISC = "O" }}
max_tokens = 64
stride = 16
[deid.options.onnx_tokens.sha256]
{pins}
"""
    )
    note = "today the ward jr saw; call 555-867-5309"
    spans = build_deidentifier(configuration.load(file)).find(note)
    assert ("ward", "NAME") in [(note[s.start : s.end], s.label.value) for s in spans]
    assert any(s.label.value == "PHONE" for s in spans)
