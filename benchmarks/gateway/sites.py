"""Each gateway as it is measured: how it is started, and whether an answer took the steps that it is named for."""

import json
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.contenders import BenchmarkError, Settings, Unavailable
from runner.processes import Child, running

from gateway import peers

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[1] / "src/osler/knowledge/data/samples"
MODELS = ("fast", "delayed", "paced")
_START_S = 60

OFF = """\
[deid]
engine = "off"
wrong_patient = "off"
[knowledge]
ground = false
starter = false
[guardrails]
checks = []
[gateway.estimators]
task = "off"
complexity = "off"
[[rules]]
name = "everything stays inside"
allow = ["ward"]
transform = "none"
"""
FULL = """\
[deid]
answers = "off"
[knowledge]
ground = false
[guardrails]
checks = []
"""
BOTH = """\
[knowledge]
ground = false
[guardrails]
checks = []
"""
STEPS = ""
"""Osler's settings: nothing looked for; steps 1 to 3, 5 to 7, 9; the same with answers looked at too; as it comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A gateway that runs. `pid` is measured; `ask` is who sends it requests, where that is not the load generator."""

    pid: int
    port: int
    headers: Mapping[str, str] = field(default_factory=dict)
    ask: Child | None = None


@contextmanager
def osler(settings: Settings, model_port: int, name: str, table: str) -> Iterator[Site]:
    """`osler serve` with one more piece of configuration."""
    scratch = settings.scratch / name.replace(" ", "-")
    scratch.mkdir()
    models = "".join(f'models.{m} = {{ id = "{m}" }}\n' for m in MODELS)
    (scratch / "osler.toml").write_text(
        f"{table}\n[server]\nmax_concurrent = 1000\nrate_limit = {{ keyless_per_minute = 0 }}\n"
        f'[destinations.ward]\nurl = "http://127.0.0.1:{model_port}/v1"\nlocation = "on-premises"\n{models}',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "osler"]
    if table == STEPS:
        samples = sorted(SAMPLES.glob("*.json"))
        with running(
            [*command, "kb", "add", *samples],
            name="osler kb add",
            scratch=scratch,
            cores=settings.pins.others,
        ) as adding:
            adding.finish()
    serve = [*command, "serve", "--port", "0"]
    with running(serve, name="osler serve", scratch=scratch, cores=settings.pins.measured) as child:
        port = int(child.line().partition("http://")[2].partition("/")[0].rpartition(":")[2])
        _wait_ready(port)
        yield Site(pid=child.pid, port=port)


@contextmanager
def litellm(settings: Settings, model_port: int) -> Iterator[Site]:
    """LiteLLM's proxy, bare: one worker, no database, no keys, no callbacks."""
    command = peers.litellm()
    if command is None:
        raise Unavailable("not measured: python benchmarks/gateway/peers.py fetches it")
    listed = [
        {
            "model_name": m,
            "litellm_params": {
                "model": f"openai/{m}",
                "api_base": f"http://127.0.0.1:{model_port}/v1",
                "api_key": "none",
            },
        }
        for m in MODELS
    ]
    file = settings.scratch / "litellm.yaml"
    general = {"dangerously_permit_weak_or_unset_master_key": True}
    file.write_text(json.dumps({"model_list": listed, "general_settings": general}), encoding="utf-8")
    port = peers.free_port()
    with (
        running(
            [command, "--config", file, "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"],
            name="litellm", scratch=settings.scratch, cores=settings.pins.measured, talks=False,
            environment={"LITELLM_TELEMETRY": "False", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        ) as child,
        peers.listening(port),
    ):  # fmt: skip
        yield Site(pid=child.pid, port=port)


@contextmanager
def portkey(settings: Settings, model_port: int) -> Iterator[Site]:
    """Portkey's open-source gateway, bare."""
    script, node = peers.portkey(), peers.node()
    if script is None or node is None:
        raise Unavailable("not measured: python benchmarks/gateway/peers.py fetches it; it needs node")
    port = peers.free_port()
    headers = {
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://127.0.0.1:{model_port}/v1",
        "authorization": "Bearer none",
    }
    with (
        running(
            [node, script, f"--port={port}", "--headless"],
            name="portkey", scratch=settings.scratch, cores=settings.pins.measured, talks=False,
            environment={"TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"},
        ) as child,
        peers.listening(port),
    ):  # fmt: skip
        yield Site(pid=child.pid, port=port, headers=headers)


@contextmanager
def tensorzero(settings: Settings, model_port: int) -> Iterator[Site]:
    """TensorZero's gateway within its Python client."""
    python = peers.tensorzero()
    if python is None:
        raise Unavailable("not measured: python benchmarks/gateway/peers.py fetches it")
    file = settings.scratch / "tensorzero.toml"
    models = "".join(
        f'[models.{m}]\nrouting = ["p"]\n[models.{m}.providers.p]\ntype = "openai"\nmodel_name = "{m}"\n'
        f'api_base = "http://127.0.0.1:{model_port}/v1"\napi_key_location = "none"\n'
        for m in MODELS
    )
    file.write_text(f"[gateway]\nobservability.enabled = false\n{models}", encoding="utf-8")
    with running(
        [python, HERE / "tensorzero_child.py", file],
        name="tensorzero", scratch=settings.scratch, cores=settings.pins.measured,
    ) as child:  # fmt: skip
        while child.line() != "ready":  # it logs to standard output first
            continue
        yield Site(pid=child.pid, port=0, ask=child)


def looked_at(site: Site, bodies: Sequence[Mapping[str, object]], is_meant: Callable[[Any], bool]) -> None:
    """Ask each body once. Raises BenchmarkError where an answer is not what the gateway is named for."""
    for body in bodies:
        request = urllib.request.Request(
            f"http://127.0.0.1:{site.port}/v1/chat/completions",
            data=json.dumps({**body, "model": "fast"}).encode(),
            headers={"content-type": "application/json", **site.headers},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            if not is_meant(json.loads(answer.read())):
                raise BenchmarkError("an answer did not take the steps that this contender is named for")


def _wait_ready(port: int) -> None:
    until = time.monotonic() + _START_S
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            if time.monotonic() > until:
                raise BenchmarkError(f"Osler was not ready after {_START_S} s") from None
            time.sleep(0.05)
