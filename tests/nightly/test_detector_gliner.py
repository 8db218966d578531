"""The detector `gliner` with a tiny random model made here. Needs `pip install 'osler[gliner]'`; else skipped.

A random model finds nonsense, and finds it everywhere: what is held is that the detector says what the library says,
at the right places, of the whole of a long text. That a trained model finds identifiers is not tested here.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import tiny_models as tiny
from osler.core import registry
from osler.core.errors import ConfigError
from osler.testing import check_detector

WHY = "needs `pip install 'osler[gliner]'`"
os.environ["HF_HUB_OFFLINE"] = "1"  # read when the libraries are imported
try:
    import gliner
    import torch
    import transformers
except ImportError:
    pytest.skip(WHY, allow_module_level=True)

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
WORDS = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "smith",
    "jones",
    "saw",
    "the",
    "ward",
    "person",
    "date",
)
PROMPTS = {"person": "NAME", "date": "DATE"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What GLiNER's own save_pretrained leaves of a random model: BERT, 48 words at once, 600 positions."""
    place = tmp_path_factory.mktemp("gliner")
    pieces = [*WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    (place / "vocab.txt").write_text("\n".join(pieces))
    made = transformers.BertTokenizerFast(vocab={p: n for n, p in enumerate(pieces)})
    made.save_pretrained(place / "tokenizer")
    encoder = {
        "model_type": "bert",
        "vocab_size": len(pieces),
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "max_position_embeddings": 600,
    }
    config = gliner.GLiNERConfig(
        model_name=str(place / "tokenizer"), max_width=4, hidden_size=16, max_len=48, encoder_config=encoder
    )
    torch.manual_seed(1)
    model = gliner.GLiNER.from_config(config, load_tokenizer=True, backbone_from_pretrained=False)
    model.save_pretrained(place / "model", safe_serialization=True)
    return place / "model"


def made(folder: Path, **more: object) -> Any:
    options = {"path": str(folder), "sha256": tiny.pins(folder), "labels": PROMPTS, **more}
    return registry.build("detectors", "gliner", options)


def refused(folder: Path, said: str, **more: object) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        made(folder, **more)
    assert caught.value.remedy


def test_it_keeps_the_contract_of_its_port(folder: Path) -> None:
    check_detector(made(folder, stride=4))


def test_it_says_what_the_library_says(folder: Path) -> None:
    text = "\U0001f9d1\u200d\u2695\ufe0f saw Smith, on 3/14; Zoë"
    library = gliner.GLiNER.from_pretrained(str(folder), local_files_only=True)
    expected = {
        (e["start"], e["end"], PROMPTS[e["label"]], round(e["score"], 4))
        for e in library.predict_entities(text, list(PROMPTS), threshold=0.2)
    }
    got = {(s.start, s.end, s.label.value, round(s.score, 4)) for s in made(folder).find(text)}
    assert got == expected
    assert got
    assert not made(folder, threshold=1.0).find(text)


def test_nothing_of_a_long_text_is_cut_off(folder: Path) -> None:
    text = "the ward saw smith. " * 300 + "x" * 5000 + " jones"
    covered = [False] * len(text)
    for span in made(folder, stride=4).find(text):
        covered[span.start : span.end] = [True] * (span.end - span.start)
    missed = [n for n, character in enumerate(text) if character.isalnum() and not covered[n]]
    assert len(missed) < len(text) // 20
    assert covered[-1]


def test_threads_get_what_one_gets(folder: Path) -> None:
    detector = made(folder)
    texts = [f"{'the ' * n}smith saw the ward" for n in range(20)]
    alone = [detector.find(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detector.find, texts)) == alone


def test_a_prompt_may_be_looked_for_and_left_out(folder: Path) -> None:
    spans = made(folder, labels={"person": "NAME", "date": "O"}).find("saw smith on 3/14")
    assert {s.label.value for s in spans} == {"NAME"}


def test_prompts_that_leave_no_room_are_refused(folder: Path) -> None:
    refused(folder, "no room for text", labels={f"a very long prompt number {n}": "NAME" for n in range(60)})


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("gliner_config.json", {"encoder_config": None}, "leaves the encoder's settings to a model hub"),
        (
            "tokenizer_config.json",
            {"auto_map": {"AutoTokenizer": ["evil.Tokenizer", None]}},
            "code of the model's own",
        ),
        ("gliner_config.json", {"hidden_size": 24}, "cannot be loaded"),
    ],
)
def test_a_model_that_is_not_whole_is_refused(
    folder: Path, tmp_path: Path, file: str, change: dict[str, object], said: str
) -> None:
    for source in folder.iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / file).write_text(json.dumps({**json.loads((folder / file).read_text()), **change}))
    refused(tmp_path, said)


def test_weights_that_do_not_fill_the_model_are_refused(folder: Path, tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    for source in folder.iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    weights = safetensors.load_file(tmp_path / "model.safetensors")
    dropped = next(name for name in weights if "span" in name)
    del weights[dropped]
    safetensors.save_file(weights, tmp_path / "model.safetensors")
    refused(tmp_path, "would be random")


def test_a_model_that_was_changed_is_not_loaded(folder: Path) -> None:
    pins = tiny.pins(folder)
    refused(folder, r"'model\.safetensors': its SHA-256", sha256={**pins, "model.safetensors": "0" * 64})


def test_no_connection_is_tried(folder: Path) -> None:
    """In a process of its own, where every connection and name look-up is noted from the start."""
    program = f"""
import sys
calls = []
sys.addaudithook(lambda event, _: calls.append(event) if event in ("socket.connect", "socket.getaddrinfo") else None)
from osler.core import registry
made = registry.build("detectors", "gliner", {{
    "path": {str(folder)!r}, "sha256": {tiny.pins(folder)!r}, "labels": {PROMPTS!r}}})
print(bool(made.find("saw Smith")), calls)
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=110, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "True []"
