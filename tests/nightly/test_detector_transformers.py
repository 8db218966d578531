"""The detector `transformers_tokens` with tiny models made here. Needs `pip install 'osler[transformers]'`; else skipped."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import tiny_models as tiny
from osler.app import config as configuration
from osler.app.configured import build_deidentifier
from osler.core import registry
from osler.core.errors import ConfigError
from osler.testing import check_detector

WHY = "needs `pip install 'osler[transformers]'`"
torch = pytest.importorskip("torch", reason=WHY)
transformers = pytest.importorskip("transformers", reason=WHY)
pytest.importorskip("safetensors", reason=WHY)
LABELS = {"PER": "NAME", "MISC": "O"}
NAMES = ("smith", "jones", "anna", "maybe")


def save(folder: Path, layers: int = 0, positions: int = 64) -> Any:
    """A BERT without layers that takes four words for names whatever stands around them; or a random one."""
    folder.mkdir(exist_ok=True)
    torch.manual_seed(7)
    config = transformers.BertConfig(
        vocab_size=len(tiny.WORDS),
        hidden_size=16,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=positions,
        id2label=dict(enumerate(tiny.OUTPUTS)),
        label2id={o: n for n, o in enumerate(tiny.OUTPUTS)},
    )
    model = transformers.BertForTokenClassification(config)
    if layers == 0:
        with torch.no_grad():
            embeddings = model.bert.embeddings
            for table in (embeddings.position_embeddings, embeddings.token_type_embeddings):
                table.weight.zero_()
            embeddings.word_embeddings.weight.copy_(torch.eye(len(tiny.WORDS), 16))
            model.classifier.weight.zero_()
            model.classifier.bias.copy_(torch.tensor([4.0, 0.0, 0.0, -4.0]))
            for name in NAMES:
                model.classifier.weight[1, tiny.WORDS.index(name)] = 3.0
    model.save_pretrained(folder)
    tiny.tokenizer(folder)
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path / "model")
    return tmp_path / "model"


def made(folder: Path, **more: object) -> Any:
    options = {
        "path": str(folder), "sha256": tiny.pins(folder), "labels": LABELS, "max_tokens": 64, "stride": 16, **more
    }  # fmt: skip
    return registry.build("detectors", "transformers_tokens", options)


def refused(folder: Path, said: str, **more: object) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        made(folder, **more)
    assert caught.value.remedy


def found(detector: Any, text: str) -> list[tuple[str, str]]:
    return [(text[s.start : s.end], s.label.value) for s in detector.find(text)]


def test_it_keeps_the_contract_of_its_port(tmp_path: Path) -> None:
    save(tmp_path / "random", layers=2)
    check_detector(made(tmp_path / "random"))


def test_it_finds_what_the_model_finds(folder: Path) -> None:
    text = "\U0001f9d1\u200d\u2695\ufe0f today Smith, saw the ward " + "the ward " * 200 + "e\u0301 ANNA."
    assert found(made(folder), text) == [("Smith", "NAME"), ("ANNA", "NAME")]


def test_its_scores_are_those_of_the_library(folder: Path) -> None:
    model = transformers.BertForTokenClassification.from_pretrained(folder).eval()
    ids = torch.tensor([[1, tiny.WORDS.index("smith"), 2]])
    with torch.inference_mode():
        expected = model(input_ids=ids).logits[0, 1].softmax(-1)[1:3].sum().item()
    (span,) = made(folder).find("Smith")
    assert span.score == pytest.approx(expected, abs=1e-5)


def test_threads_get_what_one_gets(tmp_path: Path) -> None:
    save(tmp_path / "random", layers=2)
    detector = made(tmp_path / "random", threshold=0.0)
    texts = [f"{'the ' * n}mr Smith saw {'the ' * (60 - n)}mr Jones" for n in range(30)]
    alone = [detector.find(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detector.find, texts)) == alone


def test_weights_in_several_files(folder: Path) -> None:
    model = transformers.BertForTokenClassification.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="1KB")
    assert (folder / "model.safetensors.index.json").exists()
    assert found(made(folder), "saw Jones") == [("Jones", "NAME")]


def test_pickled_weights_beside_the_pinned_ones_are_never_touched(folder: Path) -> None:
    pins = tiny.pins(folder)
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n")
    assert found(made(folder, sha256=pins), "saw Jones") == [("Jones", "NAME")]
    refused(folder, "'pytorch_model.bin'.*run code")


def test_weights_that_do_not_fill_the_model_are_refused(folder: Path) -> None:
    save(folder)
    model = transformers.BertForTokenClassification.from_pretrained(folder)
    names = (folder / "config.json").read_text()
    model.bert.save_pretrained(folder)  # without the classifier
    (folder / "config.json").write_text(names)
    refused(folder, "would be random")


def test_a_model_that_was_changed_is_not_loaded(folder: Path) -> None:
    pins = tiny.pins(folder)
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    refused(folder, r"'model\.safetensors': its SHA-256", sha256=pins)


def test_windows_longer_than_the_model_takes_are_refused(folder: Path) -> None:
    refused(folder, "does not run on a window of 65 tokens", max_tokens=65)


def test_a_device_that_is_not_there_is_refused(folder: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    refused(folder, "cannot use its device 'cuda:0'", device="cuda:0")


def test_a_model_with_code_of_its_own_runs_none_of_it(folder: Path, tmp_path: Path) -> None:
    settings = json.loads((folder / "config.json").read_text())
    settings |= {"auto_map": {"AutoModelForTokenClassification": "evil.Model", "AutoConfig": "evil.Config"}}
    settings["model_type"] = "evil"
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    pins = {name: digest for name, digest in tiny.pins(folder).items() if name != "evil.py"}
    refused(folder, "cannot be loaded", sha256=pins)
    assert not (tmp_path / "ran").exists()


def test_no_connection_is_tried(folder: Path) -> None:
    """In a process of its own, where every connection and name look-up is noted from the start."""
    program = f"""
import sys
calls = []
sys.addaudithook(lambda event, _: calls.append(event) if event in ("socket.connect", "socket.getaddrinfo") else None)
from osler.core import registry
made = registry.build("detectors", "transformers_tokens", {{
    "path": {str(folder)!r}, "sha256": {tiny.pins(folder)!r}, "labels": {LABELS!r}, "max_tokens": 64, "stride": 16}})
print([s.label.value for s in made.find("saw Smith")], calls)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['NAME'] []"


def test_by_its_name_in_osler_toml_it_joins_the_rules(folder: Path, tmp_path: Path) -> None:
    pins = ", ".join(f'"{name}" = "{digest}"' for name, digest in tiny.pins(folder).items())
    file = tmp_path / "osler.toml"
    file.write_text(
        f"""
[deid]
engine = "fast"
extra_detectors = ["transformers_tokens"]
[deid.options.transformers_tokens]
path = "{folder}"
labels = {{ PER = "NAME", MISC = "O" }}
max_tokens = 64
stride = 16
sha256 = {{ {pins} }}
"""
    )
    note = "the ward saw maybe; call 555-867-5309"
    spans = build_deidentifier(configuration.load(file)).find(note)
    assert ("maybe", "NAME") in [(note[s.start : s.end], s.label.value) for s in spans]
    assert any(s.label.value == "PHONE" for s in spans)
