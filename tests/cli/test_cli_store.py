"""`osler store`: what it shows, and what goes wrong. tests/ci has it as a newcomer uses it."""

import json
from pathlib import Path

import pytest
from cli_in_process import osler

from osler.core.audit import AuditEntry
from osler.core.clock import SystemClock
from osler.stores import Database, SqlAuditLog


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a workspace that holds a few audit records."""
    folder = tmp_path_factory.mktemp("site")
    with (
        Database.open(folder / ".osler") as database,
        SqlAuditLog(database, SystemClock(), folder / ".osler" / "instances") as log,
    ):
        for n in range(3):
            log.append_now(AuditEntry(kind="answer", time="", body={"n": n}))
    return folder


def test_show_says_what_is_there(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site)
    found = json.loads(osler(capsys, "store", "show", "--json").stdout)
    assert found["database"] == "sqlite"
    assert found["head"].split(":")[0] == str(found["rows"]["audit"])


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        (("store", "show", "--workspace", "nowhere"), 4, "no workspace"),
        (("store", "backup", ".osler"), 4, "exists"),
        (("store", "backup", "x", "--workspace", "nowhere"), 4, "no workspace"),
        (("store", "verify", "nowhere"), 4, "no backup"),
        (("store", "restore", ".osler", "--workspace", "other"), 4, "no backup"),
        (("store", "migrate", "--to", "env:NOT_SET"), 4, "not set"),
        (("store", "migrate", "--to", "sqlite:"), 4, "no folder"),
        (("store", "migrate", "--to", "sqlite:.osler"), 4, "there already"),
        (("store", "migrate", "--to", "mysql://u:Quartermain@h/d"), 3, "no URL of a PostgreSQL"),
        (("store", "migrate", "--to", "postgresql://u:Quartermain@127.0.0.1:1/d"), 9, "cannot be reached"),
    ],
)
def test_what_goes_wrong_is_said_in_one_sentence(
    site: Path,
    command: tuple[str, ...],
    code: int,
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(site)
    done = osler(capsys, *command)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Quartermain" not in done.stderr
    assert not (site / "other").exists()


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ('[stores]\nurl = "postgresql://u:Quartermain@127.0.0.1/d"\n', "holds a password"),
        ('[stores]\nurl = "postgresql://127.0.0.1/d?password=Quartermain"\n', "holds a password"),
        ('[stores]\ndatabase = "postgresql"\n', "no url"),
        ('[stores]\ndatabase = "sqlite"\nurl = { env = "U" }\n', "names another"),
        ('[stores]\nurl = { env = "NOT_SET" }\n', "NOT_SET"),
        ('[stores]\nurl = "postgresql://127.0.0.1:1/d"\n', "cannot be reached"),
    ],
)
def test_configured_database_that_cannot_be_used(
    tmp_path: Path,
    toml: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "osler.toml").write_text(toml)
    done = osler(capsys, "audit", "verify")
    assert done.returncode in (3, 9)
    assert says in done.stderr
    assert "Quartermain" not in done.stderr
