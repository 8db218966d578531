"""A tiny token classifier made in the test: one that needs the word before and the word after to decide.

A word after `mr` begins a name, one before `jr` goes on with it, one after `maybe` is a doubtful name; the words
themselves count for nothing. So a window's edge matters.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

WORDS = (
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "mr",
    "smith",
    "jones",
    "anna",
    "saw",
    "the",
    "ward",
    "today",
    "maybe",
    "jr",
)
CUES = (WORDS.index("mr"), WORDS.index("maybe"), WORDS.index("jr"))
OUTPUTS = ("O", "B-PER", "I-PER", "MISC")


def tokenizer(folder: Path) -> None:
    """Words and punctuation in lower case, `[CLS] … [SEP]` around; what it does not know is `[UNK]`."""
    vocabulary = {word: n for n, word in enumerate(WORDS)}
    special = [
        {
            "id": n,
            "content": WORDS[n],
            "special": True,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
        }
        for n in range(3)
    ]
    made = {
        "version": "1.0",
        "truncation": {"max_length": 8, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": None,
        "added_tokens": special,
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {
                "[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [2], "tokens": ["[SEP]"]},
            },
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }
    (folder / "tokenizer.json").write_text(json.dumps(made))


def weights() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of each word (words, 4), a kernel over three words in a row (outputs, 4, 3), and a bias (outputs,).

    The features say which cue a word is: the first, second or third of CUES, or none.
    """
    features = np.zeros((len(WORDS), 4), dtype=np.float32)
    features[:, 3] = 1
    for n, cue in enumerate(CUES):
        features[cue] = np.eye(4, dtype=np.float32)[n]
    kernel = np.zeros((len(OUTPUTS), 4, 3), dtype=np.float32)
    kernel[OUTPUTS.index("B-PER"), 0, 0] = 9  # the word before is "mr"
    kernel[OUTPUTS.index("B-PER"), 1, 0] = 3.2  # the word before is "maybe"
    kernel[OUTPUTS.index("I-PER"), 2, 2] = 9  # the word after is "jr"
    bias = np.array([4, 0, 0, -4], dtype=np.float32)
    return features, kernel, bias


def pins(folder: Path) -> dict[str, str]:
    """Each file of a folder with its SHA-256."""
    return {
        str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in sorted(folder.rglob("*"))
        if f.is_file()
    }


def config(folder: Path, outputs: tuple[str, ...] = OUTPUTS) -> None:
    """A config.json that names the outputs."""
    (folder / "config.json").write_text(json.dumps({"id2label": {str(n): o for n, o in enumerate(outputs)}}))
