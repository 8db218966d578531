"""`osler serve` from outside: keys, models, streams, embeddings, limits, shutdown, several workers."""

import json
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from osler_process import Served, run_osler, serving

pytestmark = pytest.mark.slow()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("serve") / "ws"
    done = run_osler("kb", "add", str(samples), "--workspace", str(folder), cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    with serving(folder) as running:
        yield running


def client(served: Served, key: str = "unused") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{served.url}/v1", api_key=key, max_retries=0)


def test_the_official_client_lists_models_and_asks(served: Served) -> None:
    api = client(served)
    assert {m.id for m in api.models.list()} == {"auto", "extractive", "hashing"}
    assert api.models.retrieve("extractive").id == "extractive"
    answer = api.chat.completions.create(
        model="auto",
        messages=[{"role": "user", "content": "What is she allergic to?"}],
        metadata={"patient": "sample-ckd"},
        temperature=0.2,
        user="somebody",
    )
    assert answer.choices[0].finish_reason == "stop"
    osler = (answer.model_extra or {})["osler"]
    assert osler["answer"] == answer.choices[0].message.content
    assert set(osler) == {"answer", "citations", "findings", "decision", "audit"}
    assert {c["doc"].split("/")[0] for c in osler["citations"]} == {"AllergyIntolerance"}


def test_headers_do_what_metadata_does(served: Served) -> None:
    status, body = served.post(
        "/v1/chat/completions",
        {"messages": [{"role": "user", "content": "current meds?"}]},
        x_osler_patient="Patient/sample-af",
        x_osler_explain="true",
    )
    assert status == 200
    assert "apixaban" in body["choices"][0]["message"]["content"].lower()
    assert body["osler"]["sent"]


def test_a_patient_without_active_medication_is_said_to_have_none(served: Served) -> None:
    status, body = served.chat("What medications is this patient on?", patient="sample-healthy")
    assert status == 200
    assert "no active medication" in body["osler"]["answer"].lower()
    assert body["osler"]["citations"] == []


def test_the_embedded_model_always_says_what_it_is(served: Served) -> None:
    for question, patient in (("Any allergies?", "sample-af"), ("What is the capital of France?", None)):
        status, body = served.chat(question, **({"patient": patient} if patient else {}))
        assert status == 200
        assert "extractive stand-in" in body["osler"]["answer"]
    assert "no evidence found" in body["osler"]["answer"].lower()


def test_a_stream_is_whole_and_says_the_same_as_a_plain_answer(served: Served) -> None:
    asked: Any = {
        "model": "auto",
        "messages": [{"role": "user", "content": "What medications is this patient on?"}],
        "metadata": {"patient": "sample-diabetes"},
    }
    plain = client(served).chat.completions.create(**asked)
    pieces, osler, usage = [], {}, None
    for chunk in client(served).chat.completions.create(
        stream=True, stream_options={"include_usage": True}, **asked
    ):
        osler = (chunk.model_extra or {}).get("osler", osler)
        usage = chunk.usage or usage
        pieces += [c.delta.content for c in chunk.choices if c.delta.content]
    assert len(pieces) > 3
    assert "".join(pieces) == osler["answer"] == plain.choices[0].message.content
    assert usage is not None
    assert usage.completion_tokens > 0


def test_the_raw_stream_ends_as_openai_s_does(served: Served) -> None:
    body = {"messages": [{"role": "user", "content": "Any allergies?"}], "stream": True}
    request = urllib.request.Request(
        f"{served.url}/v1/chat/completions", json.dumps(body).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = answer.read().decode().split("\n\n")
    assert events[-2] == "data: [DONE]"
    last = json.loads(events[-3].removeprefix("data: "))
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["osler"]["audit"]["number"] > 0


def test_embeddings(served: Served) -> None:
    api = client(served)
    texts = ["chest pain", "knee pain"]
    as_default = api.embeddings.create(
        model="hashing", input=texts
    )  # the client asks for base64 and decodes it
    as_floats = api.embeddings.create(model="hashing", input=texts, encoding_format="float")
    assert [d.index for d in as_default.data] == [0, 1]
    for one, other in zip(as_default.data, as_floats.data, strict=True):
        assert len(one.embedding) == 384
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)


BAD = [
    ({"messages": []}, 400, "invalid_input"),
    ({"messages": "x"}, 400, "invalid_input"),
    ({"messages": [{"role": "nurse", "content": "x"}]}, 400, "invalid_input"),
    ({"messages": [{"role": "user", "content": 5}]}, 400, "invalid_input"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "invalid_input"),
    ({"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function"}]}, 400, "invalid_input"),
    ({"messages": [{"role": "user", "content": "x"}], "n": 99}, 400, "invalid_input"),
    ({"messages": [{"role": "user", "content": "x"}], "temperature": "hot"}, 400, "invalid_input"),
    ({"messages": [{"role": "user", "content": "x"}], "model": "gpt-unknown"}, 404, "model_not_found"),
    (
        {"messages": [{"role": "user", "content": "x"}], "metadata": {"patient": "nobody"}},
        404,
        "patient_not_found",
    ),
    ({"messages": [{"role": "user", "content": "x"}], "metadata": {"patient": "../x"}}, 400, "invalid_input"),
    ({"messages": [{"role": "user", "content": "x"}], "metadata": {"purpose": "fun"}}, 400, "invalid_input"),
    ({"messages": [{"role": "user", "content": "x"}], "metadata": {"purpose": 5}}, 400, "invalid_input"),
    (b"{", 400, "invalid_input"),
    (b"[]", 400, "invalid_input"),
    (b"\xff\xfe", 400, "invalid_input"),
    (b"[" * 100_000, 400, "invalid_input"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD, ids=range(len(BAD)))
@pytest.mark.parametrize("streamed", [False, True])
def test_bad_requests(served: Served, body: Any, status: int, code: str, streamed: bool) -> None:
    if isinstance(body, dict):
        body = {**body, "stream": streamed}
    got, answer = served.post("/v1/chat/completions", body)
    assert (got, answer["error"]["code"]) == (status, code)
    assert set(answer["error"]) == {"message", "type", "param", "code"}


def test_a_huge_body_is_refused(served: Served) -> None:
    got, answer = served.post("/v1/chat/completions", b'{"messages": "' + b"x" * (9 * 2**20) + b'"}')
    assert (got, answer["error"]["code"]) == (413, "too_large")


def test_unknown_routes_and_health(served: Served) -> None:
    assert served.get("/healthz") == (200, "ok\n")
    assert served.get("/nowhere")[0] == 404
    assert served.get("/v1/chat/completions")[0] == 405
    status, metrics = served.get("/metrics")
    assert status == 200
    assert "osler_step_seconds_bucket" in metrics


def test_keys_are_demanded_beyond_loopback_and_can_be_revoked(workspace: Path) -> None:
    made = run_osler("keys", "create", "ward", "--json", "--workspace", str(workspace), cwd=workspace.parent)
    key = json.loads(made.stdout)
    with serving(workspace, "--host", "0.0.0.0", "--behind-tls-proxy") as served:
        body = {"messages": [{"role": "user", "content": "When is metformin contraindicated?"}]}
        for path, given in (("/v1/chat/completions", body), ("/v1/embeddings", {"input": "x"})):
            assert served.post(path, given)[0] == 401
            assert served.post(path, given, authorization="Bearer osler_wrong")[0] == 401
            assert served.post(path, given, authorization=f"Bearer {key['key']}")[0] == 200
        assert served.get("/v1/models")[0] == 401
        assert served.get("/readyz")[0] == 200
        with pytest.raises(openai.AuthenticationError):
            client(served, "osler_no").models.list()
        assert len(client(served, key["key"]).models.list().data) == 3
        revoked = run_osler("keys", "revoke", key["id"], "--workspace", str(workspace), cwd=workspace.parent)
        assert revoked.returncode == 0
        time.sleep(2.2)
        assert served.post("/v1/chat/completions", body, authorization=f"Bearer {key['key']}")[0] == 401
    stored = (workspace / "osler.db").read_bytes() + served.log.read_bytes()
    assert key["key"].encode() not in stored


@pytest.mark.ci
def test_several_workers_make_one_chain_and_stop_together(workspace: Path) -> None:
    with serving(workspace, "--workers", "2") as served:
        for n in range(12):
            assert served.chat(f"When is metformin contraindicated? {n}")[0] == 200
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(timeout=20) in (0, -signal.SIGTERM)
    verdict = run_osler("audit", "verify", "--json", "--workspace", str(workspace), cwd=workspace.parent)
    assert json.loads(verdict.stdout)["records"] >= 12


def test_an_unreachable_model_server_is_one_clear_error_and_recorded(workspace: Path) -> None:
    config = workspace.parent / "osler.toml"
    config.write_text(
        'destinations.ward = { url = "http://127.0.0.1:9/v1", location = "on-premises", models.m = { id = "m" } }\n'
    )
    with serving(workspace, config=config) as served:
        for streamed in (False, True):
            body = {"messages": [{"role": "user", "content": "hello"}], "stream": streamed}
            status, answer = served.post("/v1/chat/completions", body) if not streamed else (502, None)
            assert status == 502
            if answer:
                assert answer["error"]["code"] == "upstream_error"
                assert answer["osler"]["audit"]["number"] > 0
    asked = run_osler(
        "ask", "hello", "--config", str(config), "--workspace", str(workspace), cwd=workspace.parent
    )
    assert asked.returncode == 6
    assert "osler doctor" in asked.stderr
    doctor = run_osler("doctor", "--config", str(config), "--workspace", str(workspace), cwd=workspace.parent)
    assert doctor.returncode == 3
    assert "ward: server" in doctor.stdout
