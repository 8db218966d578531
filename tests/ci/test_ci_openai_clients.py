"""Official clients against a whole server: OpenAI's of today and an older one, and LangChain's.

The programs are in tests/clients; each runs in a process of its own, and says of each scenario how it went.
"""

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from osler_process import ENVIRONMENT, run_osler, serving

CLIENTS = Path(__file__).parents[1] / "clients"
OLDER = "openai==1.66.5"
NAMES = ("Zythar", "Quillon", "00482913")


def load(name: str) -> Any:
    """A module of tests/clients, which is no package."""
    spec = importlib.util.spec_from_file_location(f"clients_{name}", CLIENTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Site:
    url: str
    key: str
    upstream: Any
    workspace: Path
    log: Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("clients")
    workspace = folder / "ws"
    with load("upstream").serving() as upstream:
        config = folder / "osler.toml"
        config.write_text(
            f"""
            [server]
            keys = "required"
            [deid]
            engine = "fast"
            [gateway.retries]
            per_target = 0
            [gateway.breaker]
            failures = 0
            [destinations.ward]
            url = "{upstream.url}"
            location = "on-premises"
            models.ward = {{ id = "m", images = true }}
            models.vectors = {{ id = "v", kind = "embedding" }}
            [destinations.outside]
            url = "{upstream.url}"
            location = "public-cloud"
            models.outside = {{ id = "o" }}
            [[rules]]
            name = "surrogates everywhere"
            when = {{ phi = true }}
            allow = ["ward"]
            transform = "surrogate"
            [[rules]]
            name = "else"
            when = {{ phi = false }}
            allow = ["*"]
            transform = "none"
            """
        )
        made = run_osler("keys", "create", "tests", "--json", "--workspace", str(workspace), cwd=folder)
        assert made.returncode == 0, made.stderr
        key = json.loads(made.stdout)["key"]
        with serving(workspace, config=config) as served:
            yield Site(
                url=f"{served.url}/v1", key=key, upstream=upstream, workspace=workspace, log=served.log
            )


def run(site: Site, program: str, **environment: str) -> dict[str, Any]:
    command = [sys.executable, str(CLIENTS / f"{program}.py"), site.url, site.key]
    around = {**ENVIRONMENT, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=around, timeout=110)
    assert done.returncode == 0, done.stderr
    verdict: dict[str, Any] = json.loads(done.stdout)
    print(f"{program}: version {verdict['version']}, {len(verdict['results'])} scenarios")
    return verdict


def held(verdict: dict[str, Any], least: int) -> None:
    wrong = {name: how for name, how in verdict["results"].items() if how != "ok"}
    assert not wrong, "\n".join(f"{name}: {how}" for name, how in wrong.items())
    assert len(verdict["results"]) >= least


def test_openai_s_client_of_today(site: Site) -> None:
    held(run(site, "openai_scenarios"), 25)


def test_an_older_client_of_openai_s(site: Site, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(tmp_path / "old"), OLDER]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    if done.returncode != 0:
        pytest.skip(f"{OLDER} is not to be had: {done.stderr.strip().splitlines()[-1]}")
    verdict = run(site, "openai_scenarios", PYTHONPATH=str(tmp_path / "old"))
    assert f"openai=={verdict['version']}" == OLDER
    held(verdict, 25)


@pytest.mark.skipif(
    importlib.util.find_spec("langchain_openai") is None,
    reason="langchain-openai is not installed (extra `ci`)",
)
def test_langchain_s_classes(site: Site) -> None:
    held(run(site, "langchain_scenarios"), 7)


def test_no_model_server_saw_a_name_and_those_left_waiting_were_let_go(site: Site) -> None:
    seen = json.dumps(site.upstream.bodies)
    assert len(site.upstream.bodies) > 30
    for name in NAMES:
        assert name not in seen
        assert name not in site.log.read_text()
    end = time.monotonic() + 5
    while len(site.upstream.left) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    assert len(site.upstream.left) >= 2


def test_every_request_is_on_record(site: Site) -> None:
    workspace = str(site.workspace)
    done = run_osler("audit", "verify", "--json", "--workspace", workspace, cwd=site.workspace.parent)
    verdict = json.loads(done.stdout)
    assert done.returncode == 0, verdict
    assert verdict["open_streams"] == 0
