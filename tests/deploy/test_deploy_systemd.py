"""The systemd unit: systemd's own checker takes it, and it stays as locked down as it is."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "osler.service"
MOST_EXPOSED = 1.5
"""Of 10. The unit has 1.2: what is left is that it may use the network."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine"
)


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there: /opt/osler is not installed where tests run."""
    text = UNIT.read_text(encoding="utf-8")
    assert "ExecStart=/opt/osler/bin/osler " in text
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace("/opt/osler/bin/osler", sys.executable), encoding="utf-8")
    return copy


@needs_systemd
def test_systemd_takes_the_unit_without_a_word(unit: Path) -> None:
    done = analyze("verify", str(unit))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_systemd
def test_systemd_would_say_so_if_a_setting_were_misspelt(unit: Path) -> None:
    unit.write_text(
        unit.read_text(encoding="utf-8").replace("ProtectSystem=", "ProtectSytem="), encoding="utf-8"
    )
    assert "ProtectSytem" in analyze("verify", str(unit)).stderr


@needs_systemd
def test_what_the_service_could_do_stays_little(unit: Path) -> None:
    done = analyze("security", "--offline=true", "--no-pager", str(unit))
    found = re.search(r"exposure level for osler\.service: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= MOST_EXPOSED


def test_the_unit_holds_no_secret_and_names_where_each_is() -> None:
    text = UNIT.read_text(encoding="utf-8")
    assert "SetCredential=" not in text
    names = re.findall(r"^LoadCredential=(\w+):/etc/osler/credentials/\1$", text, re.MULTILINE)
    config = (UNIT.parent / "osler.toml").read_text(encoding="utf-8")
    used = re.findall(r'^[^#\n]*"/run/credentials/osler\.service/(\w+)"', config, re.MULTILINE)
    assert sorted(names) == sorted(used) == ["vault_key"]
