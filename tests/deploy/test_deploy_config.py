"""Each `osler.toml` under deploy/ is in order, its rule tests pass, and it serves strangers neither keyless nor in the clear."""

import base64
from pathlib import Path

import pytest

from osler.app import config as configuration
from osler.app import rule_tests, secrets
from osler.app.config import Config
from osler.app.configured import build_deidentifier
from osler.app.serving import require_keys, require_tls
from osler.core.clock import SystemClock
from osler.core.errors import ConfigError

ROOT = Path(__file__).parents[2]
FILES = {
    name: ROOT / "deploy" / name for name in ("osler.toml", "container/osler.toml", "systemd/osler.toml")
}


def loaded(name: str, tmp_path: Path) -> Config:
    """The file as it stands, but with its secrets in a folder of ours."""
    text = FILES[name].read_text(encoding="utf-8")
    for folder in ("/run/secrets", "/run/credentials/osler.service"):
        text = text.replace(folder, str(tmp_path))
    (tmp_path / "vault_key").write_text(base64.b64encode(bytes(32)).decode())
    (tmp_path / "vllm_key").write_text("a-key-of-the-test")
    (tmp_path / "database_url").write_text("postgresql://osler:made-up@postgres:5432/osler")
    copy = tmp_path / "osler.toml"
    copy.write_text(text, encoding="utf-8")
    return configuration.load(copy)


@pytest.mark.parametrize("name", FILES)
def test_each_file_loads_asks_for_keys_and_says_where_tls_is(name: str, tmp_path: Path) -> None:
    config = loaded(name, tmp_path)
    assert require_keys(config)
    require_tls(config)


def test_the_rules_of_the_full_file_pass_its_tests(tmp_path: Path) -> None:
    config = loaded("osler.toml", tmp_path)
    today = SystemClock().now().date()
    assert rule_tests.run(config, build_deidentifier(config), today) == 2


def test_each_secret_of_the_full_file_is_found_where_it_says(tmp_path: Path) -> None:
    config = loaded("osler.toml", tmp_path)
    ward = config.destinations["ward"]
    assert ward.auth is not None
    assert secrets.resolve(env=ward.auth.env, file=ward.auth.file, place="x") == "a-key-of-the-test"
    (tmp_path / "vllm_key").unlink()
    with pytest.raises(ConfigError):
        secrets.resolve(env=ward.auth.env, file=ward.auth.file, place="x")


@pytest.mark.parametrize("name", FILES)
def test_no_secret_stands_in_a_file(name: str) -> None:
    text = FILES[name].read_text(encoding="utf-8")
    for line in text.splitlines():
        key = line.strip().lstrip("# ").split("=")[0].strip()
        if key in {"url", "vault_key", "auth"} and "http://" not in line:
            assert "{ file = " in line, line


def test_the_container_holds_the_file_that_was_tested() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "COPY deploy/container/osler.toml /etc/osler/osler.toml" in text
