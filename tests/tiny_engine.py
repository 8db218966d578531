"""A real engine with a model made here: llama.cpp's own server, from the wheel `xllamacpp`, and a GGUF of half a megabyte.

The model has random weights: what it says means nothing, but it is the same for the same request, and everything
around it (tokenizer, template, sampling, grammar, HTTP) is what llama.cpp ships. Run as a program it serves the file
that it is given until its standard input ends, and prints its address first.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

ALIAS = "tiny"
CONTEXT = 2048
TEXT = (
    "the patient takes a daily dose of her medicine with food and feels well today no pain was reported at rest she "
    "should come back in two weeks blood pressure is stable"
)
TEMPLATE = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
"""Nothing stands behind the messages: llama.cpp would want a grammar to begin with it."""


def make(path: Path, *, width: int = 64, layers: int = 2, heads: int = 4) -> None:
    """Write a llama with random weights that speaks in the words of TEXT (any text can be asked: there are bytes)."""
    gguf: Any = import_module("gguf")
    chance = np.random.default_rng(7)
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [2, 3, 3] + [6] * 256
    tokens += ["▁", *(chr(code) for code in range(33, 127))]
    silent = len(tokens)
    tokens += [f"▁{word}" for word in dict.fromkeys(TEXT.split())]
    kinds += [1] * (len(tokens) - len(kinds))
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(ALIAS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(2 * width)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(place) for place in range(len(tokens))])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_chat_template(TEMPLATE)

    def weights(name: str, *shape: int) -> None:
        writer.add_tensor(name, (chance.standard_normal(shape) * 0.2).astype(np.float32))

    weights("token_embd.weight", len(tokens), width)
    spoken = (chance.standard_normal((len(tokens), width)) * 0.2).astype(np.float32)
    spoken[:silent] = 0  # these are read, and said only where a grammar asks for them
    writer.add_tensor("output.weight", spoken)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for layer in range(layers):
        block = f"blk.{layer}."
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{block}{norm}.weight", np.ones(width, np.float32))
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights(f"{block}{part}.weight", width, width)
        for part in ("ffn_gate", "ffn_up"):
            weights(f"{block}{part}.weight", 2 * width, width)
        weights(f"{block}ffn_down.weight", width, 2 * width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@contextmanager
def serving(folder: Path, *, embeddings: bool = False) -> Iterator[str]:
    """llama.cpp's server with the model, in a process of its own; its OpenAI base address."""
    model = folder / "tiny.gguf"
    if not model.exists():
        make(model)
    command = [sys.executable, __file__, str(model), "embeddings" if embeddings else "chat"]
    with (folder / "engine.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            assert line.startswith("http://"), (folder / "engine.log").read_text()
            yield f"{line.strip()}/v1"
        finally:
            process.kill()
            process.wait()


def _serve(model: str, kind: str) -> None:
    xllamacpp: Any = import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = [ALIAS]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 4 * CONTEXT
    params.n_parallel = 4
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup = params.ui = False
    if kind == "embeddings":
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2])
