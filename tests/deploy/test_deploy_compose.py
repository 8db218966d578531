"""`deploy/compose.yaml`: only Osler is published, on loopback; nothing runs with more rights than it needs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
TEXT = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_only_osler_is_published_and_on_loopback_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["osler"]
    assert all(port.startswith("127.0.0.1:") for port in published["osler"])
    assert not any("network_mode" in service for service in SERVICES.values())


def test_database_and_model_server_have_no_way_out() -> None:
    assert COMPOSE["networks"]["back"]["internal"] is True
    assert {name for name, s in SERVICES.items() if set(s["networks"]) - {"back"}} == {"osler"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode"} & set(service)
    assert not any("docker.sock" in str(volume) for volume in service["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_a_health_check(name: str) -> None:
    if name == "osler":
        assert "HEALTHCHECK" in (DEPLOY.parent / "Dockerfile").read_text(encoding="utf-8")
    else:
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", [n for n in SERVICES if n != "osler"])
def test_foreign_images_are_named_by_version(name: str) -> None:
    found = re.fullmatch(r"\$\{[A-Z_]+:-([^}]+)\}", SERVICES[name]["image"])
    assert found
    assert re.search(r":v?\d+\.\d+", found[1])


def test_secrets_are_files_and_each_one_named_in_the_configuration_is_mounted() -> None:
    assert all(list(source) == ["file"] for source in COMPOSE["secrets"].values())
    config = (DEPLOY / "osler.toml").read_text(encoding="utf-8")
    assert set(re.findall(r'"/run/secrets/(\w+)"', config)) == set(SERVICES["osler"]["secrets"])
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            assert not re.search(r"KEY|TOKEN|PASSWORD(?!_FILE)", key), (key, value)


def test_the_model_has_one_name_in_both_files() -> None:
    found = re.search(r"--served-model-name (\S+)", TEXT)
    assert found
    assert f'models.chat = {{ id = "{found[1]}"' in (DEPLOY / "osler.toml").read_text(encoding="utf-8")


def test_it_is_given_longer_to_stop_than_it_may_drain() -> None:
    drain = re.search(r"^drain_s = (\d+)", (DEPLOY / "osler.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert drain
    assert int(SERVICES["osler"]["stop_grace_period"].rstrip("s")) > int(drain[1])
