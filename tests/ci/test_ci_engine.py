"""A real engine behind Osler: llama.cpp's own server with a model made here, driven by OpenAI's client.

Each question is put to the engine itself and to Osler in front of it: both must say the same. The engine comes as a
wheel (`xllamacpp`, of the extra `ci`); where there is none for a machine, these tests are skipped, and printed.
"""

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

import tiny_engine
from osler_process import Served, run_osler, serving

MISSING = [name for name in ("xllamacpp", "gguf") if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"no wheel here of {', '.join(MISSING)}")
QUESTION = "How does the patient feel today?"
SCHEMA = {
    "type": "object",
    "properties": {"better": {"type": "boolean"}, "when": {"enum": ["today", "tomorrow"]}},
    "required": ["better", "when"],
    "additionalProperties": False,
}
FORM: Any = {"type": "json_schema", "json_schema": {"name": "state", "schema": SCHEMA}}
GREEDY: dict[str, Any] = {"temperature": 0, "max_tokens": 24}


@dataclass
class Site:
    served: Served
    engine: openai.OpenAI
    config: Path

    @property
    def api(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.served.url}/v1", api_key="unused", max_retries=0)


def asked(text: str = QUESTION, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], **GREEDY, **more}


def through(**more: Any) -> dict[str, Any]:
    """What goes beside a question to Osler alone."""
    return {"extra_headers": {"x-osler-ground": "off"}, **more}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("engine")
    vectors = folder / "vectors"
    vectors.mkdir()
    with tiny_engine.serving(folder) as chat, tiny_engine.serving(vectors, embeddings=True) as embeddings:
        config = folder / "osler.toml"
        config.write_text(
            f"""
            [deid]
            engine = "fast"
            [destinations.native]
            use = "llama_cpp"
            url = "{chat}"
            location = "on-premises"
            models.native = {{ id = "{tiny_engine.ALIAS}", context = {tiny_engine.CONTEXT} }}
            [destinations.wire]
            use = "openai_wire"
            url = "{chat}"
            location = "on-premises"
            models.wire = {{ id = "{tiny_engine.ALIAS}", price_in = 1.0 }}
            [destinations.vectors]
            url = "{embeddings}"
            location = "on-premises"
            models.vectors = {{ id = "{tiny_engine.ALIAS}", kind = "embedding" }}
            """
        )
        with serving(folder / "ws", config=config) as served:
            engine = openai.OpenAI(base_url=chat, api_key="unused", max_retries=0)
            yield Site(served=served, engine=engine, config=config)


def own(text: str | None) -> str:
    """What the engine said: Osler's own lines stand behind it."""
    return (text or "").split("\n\nOsler: ")[0]


@pytest.mark.parametrize("model", ["native", "wire"])
def test_plain_answers_and_usage_are_the_engine_s(site: Site, model: str) -> None:
    direct = site.engine.chat.completions.create(model=tiny_engine.ALIAS, **asked())
    ours = site.api.chat.completions.create(model=model, **asked(**through()))
    assert own(ours.choices[0].message.content) == direct.choices[0].message.content
    assert len(own(ours.choices[0].message.content).split()) > 10
    assert ours.choices[0].finish_reason == direct.choices[0].finish_reason == "length"
    assert ours.usage is not None
    assert direct.usage is not None
    assert ours.usage.prompt_tokens == direct.usage.prompt_tokens
    assert ours.usage.completion_tokens == direct.usage.completion_tokens == 24


@pytest.mark.parametrize("model", ["native", "wire"])
def test_streams_say_the_same_and_count_the_same(site: Site, model: str) -> None:
    plain = site.api.chat.completions.create(model=model, **asked(**through()))
    pieces, finish, usage = [], [], None
    for chunk in site.api.chat.completions.create(
        model=model, stream=True, stream_options={"include_usage": True}, **asked(**through())
    ):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            pieces.append(choice.delta.content or "")
            finish += [choice.finish_reason] if choice.finish_reason else []
    assert "".join(pieces) == plain.choices[0].message.content
    assert sum(map(bool, pieces)) > 8
    assert finish == ["length"]
    assert usage is not None
    assert plain.usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (
        plain.usage.prompt_tokens, plain.usage.completion_tokens
    )  # fmt: skip


def test_settings_reach_the_engine(site: Site) -> None:
    for more in ({"stop": [" a"]}, {"max_tokens": 3}, {"seed": 11, "temperature": 1.0}, {"max_tokens": 1}):
        direct = site.engine.chat.completions.create(model=tiny_engine.ALIAS, **{**asked(), **more})
        ours = site.api.chat.completions.create(model="native", **{**asked(**through()), **more})
        assert own(ours.choices[0].message.content) == direct.choices[0].message.content, more
        assert ours.choices[0].finish_reason == direct.choices[0].finish_reason, more
    # fields that OpenAI does not know and llama.cpp does
    only = {"grammar": 'root ::= "yes" | "no"'}
    chosen = site.api.chat.completions.create(model="wire", **asked(**through(extra_body=only)))
    assert own(chosen.choices[0].message.content) in ("yes", "no")


def test_log_probabilities_are_the_engine_s(site: Site) -> None:
    more: dict[str, Any] = {"logprobs": True, "top_logprobs": 2, "max_tokens": 5}
    direct = site.engine.chat.completions.create(model=tiny_engine.ALIAS, **{**asked(), **more})
    ours = site.api.chat.completions.create(model="native", **{**asked(**through()), **more})
    first, second = direct.choices[0].logprobs, ours.choices[0].logprobs
    assert first is not None
    assert second is not None
    assert first.content
    assert second.content
    assert [t.token for t in second.content] == [t.token for t in first.content]
    for here, there in zip(second.content, first.content, strict=True):
        assert here.logprob == pytest.approx(there.logprob, abs=1e-3)
        assert len(here.top_logprobs) == 2


@pytest.mark.parametrize("model", ["native", "wire"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_by_a_schema_is_json_of_that_schema(site: Site, model: str, stream: bool) -> None:
    form = asked(**through(response_format=FORM, max_tokens=80))
    if stream:
        chunks = site.api.chat.completions.create(model=model, stream=True, **form)
        text = "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices)
    else:
        text = site.api.chat.completions.create(model=model, **form).choices[0].message.content or ""
    value = json.loads(text)
    assert set(value) == {"better", "when"}
    assert isinstance(value["better"], bool)


def test_several_answers(site: Site) -> None:
    more: dict[str, Any] = {"n": 3, "temperature": 1.5, "seed": 5}
    ours = site.api.chat.completions.create(model="native", **{**asked(**through()), **more})
    assert [c.index for c in ours.choices] == [0, 1, 2]
    assert len({c.message.content for c in ours.choices}) > 1


def test_a_text_is_gone_on_with(site: Site) -> None:
    direct = site.engine.completions.create(model=tiny_engine.ALIAS, prompt="the patient", **GREEDY)
    ours = site.api.completions.create(model="native", prompt="the patient", **GREEDY)
    assert own(ours.choices[0].text) == direct.choices[0].text
    chunks = site.api.completions.create(model="native", prompt="the patient", stream=True, **GREEDY)
    assert "".join(c.text for chunk in chunks for c in chunk.choices) == ours.choices[0].text


def test_responses_over_an_engine_that_speaks_chat(site: Site) -> None:
    direct = site.engine.chat.completions.create(model=tiny_engine.ALIAS, **asked())
    ours = site.api.responses.create(
        model="native", input=QUESTION, temperature=0, max_output_tokens=24, **through()
    )
    assert own(ours.output_text) == direct.choices[0].message.content
    assert ours.status == "incomplete"
    with site.api.responses.stream(
        model="native", input=QUESTION, temperature=0, max_output_tokens=24, **through()
    ) as events:
        text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert text == ours.output_text


def test_vectors(site: Site) -> None:
    made = site.api.embeddings.create(model="vectors", input=["the patient", "two weeks"])
    assert [len(d.embedding) for d in made.data] == [64, 64]
    assert made.data[0].embedding != made.data[1].embedding


def test_a_question_that_is_too_long_is_the_caller_s_fault(site: Site) -> None:
    for model in ("native", "wire"):
        with pytest.raises(openai.BadRequestError) as caught:
            site.api.chat.completions.create(model=model, **asked(f"{QUESTION} " * 600, **through()))
        assert "today" not in str(caught.value)


def test_who_asks_of_a_person_is_answered_about_that_person(site: Site) -> None:
    ours = site.api.chat.completions.create(
        model="native", **asked("Zythar Quillon, MRN 00482913, asks how she is.", **through())
    )
    osler: Any = (ours.model_extra or {})["osler"]
    assert osler["decision"]["sensitivity"] == "phi"
    assert len(own(ours.choices[0].message.content).split()) > 10


def test_doctor_finds_the_engine_and_its_context(site: Site) -> None:
    done = run_osler(
        "doctor", "--json", "--config", str(site.config), "--workspace", str(site.config.parent / "ws"),
        cwd=site.config.parent,
    )  # fmt: skip
    assert "native" in done.stdout, done.stdout + done.stderr


def test_the_audit_is_whole(site: Site) -> None:
    workspace = str(site.config.parent / "ws")
    done = run_osler("audit", "verify", "--json", "--workspace", workspace, cwd=site.config.parent)
    verdict = json.loads(done.stdout)
    assert done.returncode == 0, verdict
    assert verdict["open_streams"] == 0
