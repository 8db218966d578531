"""`osler vault`: list, shred, expire, rotate; each recorded."""

import base64
import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from cli_in_process import Done, osler

from osler.app import config as configuration
from osler.app.build import open_stores
from osler.app.config import Config
from osler.cli.work.vault import lifetime
from osler.core.errors import ConfigError, InputError
from osler.core.ports.vault import MapEntry, RecordMap

ENTRY = MapEntry(at=0, label="NAME", surrogate="Cecilia", original="Maria")


@pytest.fixture
def filled(workspace: Path) -> Path:
    stores = open_stores(Config(), workspace)
    rows = [
        RecordMap(record=f"n{n}", patient=f"patient-{n % 2}", digest=bytes([n]) * 32, entries=(ENTRY,))
        for n in range(4)
    ]
    stores.maps.store(rows[:3], run="r")
    stores.maps.store(rows[3:], run="r", ttl=timedelta(0))
    stores.close()
    return workspace


class Vault:
    """`osler vault` on the workspace, beside which the configuration stands."""

    def __init__(self, capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
        self._capsys = capsys
        self._workspace = workspace

    def __call__(self, *arguments: str) -> Done:
        return osler(self._capsys, "vault", *arguments, "--workspace", str(self._workspace))


@pytest.fixture
def vault(capsys: pytest.CaptureFixture[str], workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    monkeypatch.chdir(workspace.parent)
    return Vault(capsys, workspace)


def records(workspace: Path) -> list[dict[str, object]]:
    with sqlite3.connect(workspace / "osler.db") as connection:
        rows = connection.execute("SELECT body FROM audit WHERE kind = 'vault' ORDER BY number").fetchall()
    return [json.loads(body) for (body,) in rows]


def test_list_shred_and_expire(filled: Path, vault: Vault) -> None:
    listed = json.loads(vault("list", "--json").stdout)
    assert [s["maps"] for s in listed["subjects"]] in ([0, 2, 2], [2, 0, 2])
    assert listed["behind"] == 0
    shown = vault("list").stdout
    assert "patient-" not in shown
    assert shown.count("pt_") == 2

    assert vault("expire").stdout.startswith("1 surrogate maps")
    done = vault("shred", "patient-0", "--yes", "--reason", "asked to be forgotten", "--json")
    assert json.loads(done.stdout)["maps"] == 2
    begun, ended = records(filled)[-2:]
    assert (begun["action"], begun["stage"], begun["reason"]) == ("shred", "begun", "asked to be forgotten")
    assert (ended["patient"], ended["maps"]) == (json.loads(done.stdout)["handle"], 2)
    assert "patient-0" not in json.dumps(records(filled))
    done = vault("shred", "patient-0", "--yes")
    assert (done.returncode, "patient-0" in done.stderr) == (4, False)


def test_shredding_asks_first(filled: Path, vault: Vault) -> None:
    done = vault("shred", "patient-0")
    assert done.returncode == 4
    assert "--yes" in done.stderr
    assert len(json.loads(vault("list", "--json").stdout)["subjects"]) == 3


def test_nothing_is_shredded_when_the_log_is_down(filled: Path, vault: Vault) -> None:
    with sqlite3.connect(filled / "osler.db") as connection:
        connection.execute(
            "CREATE TRIGGER down BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'down'); END"
        )
    assert vault("shred", "patient-0", "--yes").returncode == 9
    assert len(json.loads(vault("list", "--json").stdout)["subjects"]) == 3


def test_rotate(filled: Path, vault: Vault) -> None:
    old = (filled / "vault.key").read_bytes()
    done = vault("rotate")
    assert (done.returncode, "Back up vault.key" in done.stdout) == (0, True)
    assert (filled / "vault.key").read_bytes() != old
    assert len(list(filled.glob("vault.key.retired-*"))) == 1
    again = json.loads(vault("rotate", "--destroy-old", "--json").stdout)
    listed = json.loads(vault("list", "--json").stdout)
    assert {s["key"] for s in listed["subjects"]} == {again["key"]}
    assert [r["stage"] for r in records(filled)] == ["begun", "done"] * 2
    (filled / "vault.key").write_bytes(old)
    done = vault("list")
    assert done.returncode == 9
    assert "Restore vault.key" in done.stderr


def test_going_over_to_a_configured_key(
    filled: Path, vault: Vault, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = filled.parent
    for name, key in (("one", bytes(32)), ("two", bytes([2]) * 32)):
        (folder / name).write_text(base64.b64encode(key).decode())
    config = folder / "osler.toml"
    config.write_text(f'[stores]\nvault_key = {{ file = "{folder / "one"}" }}\n')
    assert json.loads(vault("list", "--json").stdout)["behind"] == 3
    done = osler(capsys, "doctor", "--json", "--workspace", str(filled))
    assert [x["state"] for x in json.loads(done.stdout) if x["what"] == "vault"] == ["warn"]
    assert vault("rotate").returncode == 0
    (filled / "vault.key").unlink()
    assert vault("list").returncode == 0
    done = vault("rotate")
    assert (done.returncode, "already" in done.stderr) == (4, True)
    config.write_text(
        f'[stores]\nvault_key = {{ file = "{folder / "two"}" }}\nvault_key_previous = {{ file = "{folder / "one"}" }}\n'
    )
    assert vault("rotate").returncode == 0
    config.write_text(f'[stores]\nvault_key = {{ file = "{folder / "two"}" }}\n')
    assert json.loads(vault("list", "--json").stdout)["behind"] == 0


@pytest.mark.parametrize(("ttl", "hours"), [("12h", 12), ("30d", 720), ("2w", 336), ("999999h", 999_999)])
def test_how_long_maps_are_kept(ttl: str, hours: int) -> None:
    assert lifetime(ttl, Config()) == timedelta(hours=hours)
    assert lifetime(None, configuration.parse({"stores": {"vault_ttl": ttl}})) == timedelta(hours=hours)
    assert lifetime(None, Config()) is None


@pytest.mark.parametrize("ttl", ["", "0d", "-1d", "30", "d", "1.5d", "1y", "9999999d"])
def test_lengths_of_time_that_are_none(ttl: str) -> None:
    with pytest.raises(InputError, match="--ttl"):
        lifetime(ttl, Config())
    with pytest.raises(ConfigError, match="vault_ttl"):
        configuration.parse({"stores": {"vault_ttl": ttl}})


def test_commands_that_read_make_no_workspace(workspace: Path, vault: Vault) -> None:
    for command in (("list",), ("expire",), ("rotate",), ("shred", "x", "--yes")):
        assert vault(*command).returncode == 4
    assert not workspace.exists()
