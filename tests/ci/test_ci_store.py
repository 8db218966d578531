"""`osler store` as a newcomer uses it: back up, restore, move, and go on working."""

import json
from pathlib import Path

import pytest

from osler_process import run_osler

SAMPLE = "ckd-knee-pain.json"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a filled workspace and a backup of it."""
    folder = tmp_path_factory.mktemp("site")
    samples = Path(__file__).parents[2] / "src" / "osler" / "knowledge" / "data" / "samples"
    assert run_osler("kb", "add", str(samples / SAMPLE), cwd=folder).returncode == 0
    done = run_osler("store", "backup", "monday", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "vault's key is not in it" in done.stdout
    return folder


def test_restored_workspace_answers_as_the_old_one(site: Path) -> None:
    done = run_osler("store", "restore", "monday", "--workspace", "new", cwd=site)
    assert done.returncode == 0, done.stderr
    assert "key that opens its vault is not here" in done.stdout
    refused = run_osler("audit", "show", "--workspace", "new", cwd=site)
    assert refused.returncode == 9
    assert "vault.key" in refused.stderr
    (site / "new" / "vault.key").write_bytes((site / ".osler" / "vault.key").read_bytes())
    question = ("ask", "What medications is this patient on?", "--patient", "sample-ckd", "--json")
    answers = [
        json.loads(run_osler(*question, "--workspace", folder, cwd=site).stdout)["answer"]
        for folder in (".osler", "new")
    ]
    assert answers[0] == answers[1]
    verdict = run_osler("audit", "verify", "--workspace", "new", cwd=site)
    assert verdict.returncode == 0, verdict.stderr
    again = run_osler("store", "restore", "monday", "--workspace", "new", cwd=site)
    assert (again.returncode, "not empty" in again.stderr) == (4, True)


def test_moved_to_another_folder_and_back(site: Path) -> None:
    moved = run_osler("store", "migrate", "--to", "sqlite:elsewhere", "--keep", cwd=site)
    assert moved.returncode == 0, moved.stderr
    assert run_osler("audit", "verify", "--workspace", "elsewhere", cwd=site).returncode == 0
    done = run_osler("store", "migrate", "--to", "sqlite:third", "--workspace", "elsewhere", cwd=site)
    assert done.returncode == 0, done.stderr
    left = run_osler("audit", "verify", "--workspace", "elsewhere", cwd=site)
    assert (left.returncode, "moved" in left.stderr) == (9, True)
    assert run_osler("store", "reopen", "--workspace", "elsewhere", cwd=site).returncode == 0
    assert run_osler("audit", "verify", "--workspace", "elsewhere", cwd=site).returncode == 0
