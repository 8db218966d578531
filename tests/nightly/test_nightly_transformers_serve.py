"""`transformers serve` with a tiny llama made here, behind Osler, driven by OpenAI's client.

Needs `pip install 'transformers[serving]'` and torch; else skipped. The model has random weights: what it says means
nothing, but greedily it says the same each time.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from osler_process import ENVIRONMENT, Served, run_osler, serving

WHY = "needs torch and `pip install 'transformers[serving]'`"
torch = pytest.importorskip("torch", reason=WHY)
transformers = pytest.importorskip("transformers", reason=WHY)
tokenizers = pytest.importorskip("tokenizers", reason=WHY)
pytest.importorskip("fastapi", reason=WHY)
pytestmark = pytest.mark.skipif(
    os.environ.get("OSLER_NIGHTLY") != "1", reason="a minute; OSLER_NIGHTLY=1 runs it"
)

TEXT = "how does the patient feel today she takes her medicine daily with food and is well"
TEMPLATE = "{% for message in messages %}{{ message.role }} {{ message.content }} {% endfor %}"
GREEDY: dict[str, Any] = {"temperature": 0, "max_tokens": 12}
QUESTION: Any = [{"role": "user", "content": "how does the patient feel today"}]


def make(folder: Path) -> None:
    """A llama of two layers whose words are those above; what else is asked is unknown to it."""
    vocabulary = {
        word: n for n, word in enumerate(["<unk>", "<s>", "</s>", "user", "assistant", *TEXT.split()])
    }
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    config = transformers.LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        model.lm_head.weight.mul_(20)
        model.lm_head.weight[:5] = 0
    model.save_pretrained(folder)


@dataclass
class Site:
    served: Served
    engine: openai.OpenAI
    model: str

    @property
    def api(self) -> openai.OpenAI:
        return openai.OpenAI(
            base_url=f"{self.served.url}/v1",
            api_key="unused",
            max_retries=0,
            default_headers={"x-osler-ground": "off"},
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("serve")
    make(folder / "model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).parent / "transformers"), "serve", str(folder / "model"),
        "--host", "127.0.0.1", "--port", str(port), "--device", "cpu",
    ]  # fmt: skip
    around = {**ENVIRONMENT, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hub"), "OMP_NUM_THREADS": "1"}
    with (folder / "engine.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=around)
        try:
            wait(f"http://127.0.0.1:{port}/health", process, folder / "engine.log")
            config = folder / "osler.toml"
            config.write_text(
                f"""
                [deid]
                engine = "fast"
                [destinations.engine]
                url = "http://127.0.0.1:{port}/v1"
                location = "on-premises"
                models.tiny = {{ id = "{folder / "model"}" }}
                """
            )
            with serving(folder / "ws", config=config) as served:
                engine = openai.OpenAI(
                    base_url=f"http://127.0.0.1:{port}/v1", api_key="unused", max_retries=0
                )
                yield Site(served=served, engine=engine, model=str(folder / "model"))
        finally:
            process.terminate()
            process.wait(30)


def wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(log.read_text())


def own(text: str | None) -> str:
    """What the engine said: Osler's own lines stand behind it."""
    return (text or "").split("\n\nOsler: ")[0]


def test_plain_answers_and_usage(site: Site) -> None:
    direct = site.engine.chat.completions.create(model=site.model, messages=QUESTION, **GREEDY)
    ours = site.api.chat.completions.create(model="tiny", messages=QUESTION, **GREEDY)
    assert own(ours.choices[0].message.content) == direct.choices[0].message.content
    assert len(own(ours.choices[0].message.content).split()) >= 8
    assert ours.choices[0].finish_reason == direct.choices[0].finish_reason
    assert ours.usage is not None
    assert direct.usage is not None
    assert ours.usage.completion_tokens == direct.usage.completion_tokens


def test_streams(site: Site) -> None:
    plain = site.api.chat.completions.create(model="tiny", messages=QUESTION, **GREEDY)
    pieces, finish, usage = [], "", None
    for chunk in site.api.chat.completions.create(
        model="tiny", messages=QUESTION, stream=True, stream_options={"include_usage": True}, **GREEDY
    ):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            pieces.append(choice.delta.content or "")
            finish = choice.finish_reason or finish
    assert "".join(pieces).split() == (plain.choices[0].message.content or "").split()
    assert finish in ("stop", "length")
    assert usage is not None
    assert usage.completion_tokens > 0


def test_settings_reach_the_engine(site: Site) -> None:
    for more in ({"max_tokens": 3}, {"seed": 5, "temperature": 1.0}):
        direct = site.engine.chat.completions.create(
            model=site.model, messages=QUESTION, **{**GREEDY, **more}
        )
        ours = site.api.chat.completions.create(model="tiny", messages=QUESTION, **{**GREEDY, **more})
        assert own(ours.choices[0].message.content) == direct.choices[0].message.content, more


def test_completions(site: Site) -> None:
    direct = site.engine.completions.create(model=site.model, prompt="the patient", **GREEDY)
    ours = site.api.completions.create(model="tiny", prompt="the patient", **GREEDY)
    assert own(ours.choices[0].text) == direct.choices[0].text


def test_responses(site: Site) -> None:
    ours = site.api.responses.create(
        model="tiny", input=QUESTION[0]["content"], temperature=0, max_output_tokens=12
    )
    direct = site.engine.chat.completions.create(model=site.model, messages=QUESTION, **GREEDY)
    assert own(ours.output_text) == direct.choices[0].message.content


def test_what_it_refuses_is_a_clear_error(site: Site) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        site.api.chat.completions.create(
            model="tiny", messages=QUESTION, extra_body={"no_such_field": "Zythar Quillon"}, **GREEDY
        )
    assert "Quillon" not in str(caught.value)


def test_the_audit_is_whole(site: Site) -> None:
    workspace = str(site.served.log.parent / "ws")
    done = run_osler("audit", "verify", "--json", "--workspace", workspace, cwd=Path(workspace).parent)
    verdict = json.loads(done.stdout)
    assert done.returncode == 0, verdict
    assert verdict["open_streams"] == 0
