"""Who can reach the gateway decides on keys and TLS; a certificate is looked at before anything is bound."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certificates import certificate
from osler.app import tls
from osler.app.config import Config, parse
from osler.app.secrets import exposed_files
from osler.app.serving import is_loopback, overridden, require_keys, require_tls
from osler.core.errors import ConfigError
from osler.gateway.config import TlsConfig

TLS = {"cert": "c.pem", "key": "k.pem"}
CASES: list[tuple[dict[str, Any], bool | str]] = [
    ({}, False),
    ({"keys": "required"}, True),
    ({"host": "::1"}, False),
    ({"host": "localhost", "keys": "off"}, False),
    ({"tls": TLS}, False),
    ({"behind_tls_proxy": True}, True),
    ({"behind_tls_proxy": True, "keys": "off"}, "the proxy"),
    ({"host": "0.0.0.0"}, "plain HTTP"),
    ({"host": "::"}, "plain HTTP"),
    ({"host": "ward.example"}, "plain HTTP"),
    ({"host": ""}, "plain HTTP"),
    ({"host": "0.0.0.0", "keys": "off", "tls": TLS}, "other machines"),
    ({"host": "0.0.0.0", "tls": TLS}, True),
    ({"host": "0.0.0.0", "behind_tls_proxy": True}, True),
    ({"host": "10.0.0.1", "behind_tls_proxy": True, "tls": TLS}, True),
]


@pytest.mark.parametrize(("server", "keys"), CASES, ids=[str(c[0]) for c in CASES])
def test_what_reach_demands(server: dict[str, Any], keys: bool | str) -> None:
    config = parse({"server": server})
    if isinstance(keys, bool):
        require_tls(config)
        assert require_keys(config) is keys
        return
    with pytest.raises(ConfigError, match=keys) as caught:
        require_keys(config)
        require_tls(config)
    assert caught.value.remedy


def test_what_the_command_line_says_comes_first() -> None:
    given = parse({"server": {"host": "127.0.0.1", "port": 1}})
    changed = overridden(given, host="0.0.0.0", port=2, behind_tls_proxy=True)
    assert (changed.server.host, changed.server.port, changed.server.behind_tls_proxy) == ("0.0.0.0", 2, True)
    assert changed.place("server", "port").startswith("osler.toml")
    assert overridden(given) is given
    assert is_loopback("127.9.9.9")
    assert not is_loopback("127.0.0.1.example.org")


def files(folder: Path) -> TlsConfig:
    return TlsConfig(cert=str(folder / "cert.pem"), key=str(folder / "key.pem"))


@pytest.mark.parametrize(
    ("days", "begins", "said"),
    [(90, -1, None), (10, -1, "expires on"), (-1, -9, "expired on"), (90, 5, "not valid before")],
)
def test_a_certificate_that_clients_will_refuse_is_said_so(
    tmp_path: Path, days: int, begins: int, said: str | None
) -> None:
    certificate(tmp_path, days=days, begins=begins)
    warnings = tls.read(files(tmp_path), "server.tls").warnings(datetime.now(UTC))
    assert [said in warning for warning in warnings if said] == ([True] if said else [])
    later = tls.read(files(tmp_path), "server.tls").warnings(datetime.now(UTC) + timedelta(days=400))
    assert "expired" in later[0]


def test_files_that_are_no_certificate_and_its_key(tmp_path: Path) -> None:
    good, other, sealed = (tmp_path / name for name in ("good", "other", "sealed"))
    for folder in (good, other, sealed):
        folder.mkdir()
        certificate(folder, passphrase=b"x" if folder is sealed else None)
    cert, key = str(good / "cert.pem"), str(good / "key.pem")
    for pair, said in (
        ((cert, str(other / "key.pem")), "are not a certificate and its key"),
        ((str(sealed / "cert.pem"), str(sealed / "key.pem")), "are not a certificate and its key"),
        ((key, key), "are not a certificate and its key"),
        ((cert, str(tmp_path / "none")), "the file of `key`"),
        ((str(tmp_path), key), "the file of `cert`"),
        (("\x00", key), "the file of `cert`"),
    ):
        with pytest.raises(ConfigError, match=said) as caught:
            tls.read(TlsConfig(cert=pair[0], key=pair[1]), "server.tls")
        assert "PRIVATE" not in str(caught.value)


def test_files_with_secrets_that_everyone_can_read_are_named(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("sk-zythar")

    def config() -> Config:
        return parse(
            {
                "destinations": {
                    "a": {"url": "http://h/v1", "location": "on-premises", "auth": {"file": str(secret)},
                          "models": {"m": {"id": "m"}}},
                },
                "stores": {"vault_key": {"file": str(secret)}},
                "deid": {"extra_detectors": ["remote"], "options": {"remote": {"auth": {"file": str(secret)}}}},
                "server": {"tls": {"cert": "c", "key": str(tmp_path / "missing")}},
            }
        )  # fmt: skip

    for mode, many in ((0o600, 0), (0o640, 0), (0o604, 1), (0o606, 1)):
        secret.chmod(mode)
        found = exposed_files(config())
        assert len(found) == many
        assert not [line for line in found if "zythar" in line or "chmod o=" not in line]
