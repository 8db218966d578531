"""Odd arguments, closed pipes, full disks, lost keys: one clear sentence, the right exit code, nothing half done."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from osler_process import ENVIRONMENT, run_osler

OSLER = [sys.executable, "-m", "osler"]


def test_empty_paths_never_mean_the_current_folder(workspace: Path) -> None:
    folder = workspace.parent
    (folder / "note.txt").write_text("Metformin.")
    done = run_osler("kb", "add", "", "--workspace", str(workspace), cwd=folder)
    assert (done.returncode, workspace.exists()) == (4, False)
    assert "empty" in done.stderr
    for arguments in (("ask", "x", "--workspace", ""), ("--workspace", "", "ask", "x")):
        done = run_osler(*arguments, cwd=folder)
        assert (done.returncode, (folder / "osler.db").exists()) == (2, False)
        assert "empty" in done.stderr
    done = run_osler("ask", "x", "--workspace", "note.txt", cwd=folder)
    assert done.returncode == 2
    assert "is a file" in done.stderr


@pytest.mark.parametrize("name", ["", "a b", "../x", "a\nb", "-x", "x" * 65, "ä"])
def test_a_collection_has_a_name(workspace: Path, name: str) -> None:
    (workspace.parent / "note.txt").write_text("Metformin.")
    done = run_osler(
        "kb", "add", "note.txt", f"--collection={name}", "--workspace", str(workspace), cwd=workspace.parent
    )
    assert done.returncode == 4
    assert "--collection" in done.stderr
    assert not workspace.exists()


def test_hidden_files_and_folders_are_left_out_and_unreadable_ones_are_not_passed_over(
    workspace: Path,
) -> None:
    folder = workspace.parent / "notes"
    for name in ("a.txt", ".b.txt", ".hidden/c.txt", "deep/er/d.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"About {name}.")
    done = run_osler("kb", "add", "notes", "--json", "--workspace", str(workspace), cwd=workspace.parent)
    assert json.loads(done.stdout)["new"] == 2
    (folder / "deep").chmod(0o000)
    try:
        if os.access(folder / "deep", os.R_OK):
            pytest.skip("this user reads everything")
        done = run_osler("kb", "add", "notes", "--workspace", str(workspace), cwd=workspace.parent)
        assert done.returncode == 4
        assert "cannot be read" in done.stderr
    finally:
        (folder / "deep").chmod(0o755)


def test_an_addition_is_signed_before_it_begins(workspace: Path) -> None:
    (workspace.parent / "note.txt").write_text("Metformin.")
    run_osler("kb", "add", "note.txt", "--workspace", str(workspace), cwd=workspace.parent)
    shown = run_osler("audit", "show", "--json", "--workspace", str(workspace), cwd=workspace.parent)
    records = json.loads(shown.stdout)
    assert [(r["kind"], r["body"]["stage"], r["body"]["files"]) for r in records] == [
        ("kb.add", "begun", 1),
        ("kb.add", "done", 1),
    ]


@pytest.mark.parametrize("arguments", [("ask", "-"), ("deid", "text", "-")])
def test_standard_input_that_is_no_text(workspace: Path, arguments: tuple[str, ...]) -> None:
    done = run_osler(
        *arguments, stdin=b"caf\xe9 Zythar", cwd=workspace.parent, OSLER_WORKSPACE=str(workspace)
    )
    assert done.returncode == 4
    assert "UTF-8" in done.stderr
    assert "Zythar" not in done.stderr
    closed = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" "$@" <&-', *OSLER, *arguments],
        cwd=workspace.parent,
        env={**ENVIRONMENT, "OSLER_WORKSPACE": str(workspace)},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert closed.returncode == 4, closed.stderr
    assert "closed" in closed.stderr
    assert not workspace.exists()


def test_a_question_whose_bytes_are_no_text(workspace: Path) -> None:
    done = subprocess.run(
        [*OSLER, "ask", b"caf\xe9?", "--workspace", str(workspace)],
        cwd=workspace.parent,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 4
    assert "The question is not UTF-8 text" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("config", "schema"), ("keys", "list"), ("ask", "x", "--json")])
def test_an_output_that_cannot_be_written_is_one_clear_error(
    workspace: Path, arguments: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*OSLER, *arguments],
            cwd=workspace.parent,
            env={**ENVIRONMENT, "OSLER_WORKSPACE": str(workspace)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=90,
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Check the disk" in done.stderr


def test_a_reader_who_stops_reading_is_no_fault(workspace: Path) -> None:
    with subprocess.Popen(
        [*OSLER, "config", "schema"],
        cwd=workspace.parent,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""


def test_a_lost_vault_key_is_not_replaced(workspace: Path) -> None:
    folder = workspace.parent
    assert run_osler("ask", "x", "--workspace", str(workspace), cwd=folder).returncode == 0
    key = (workspace / "vault.key").read_bytes()
    (workspace / "vault.key").unlink()
    for arguments in (("ask", "x"), ("serve", "--port", "0"), ("kb", "list")):
        done = run_osler(*arguments, "--workspace", str(workspace), cwd=folder)
        assert done.returncode == 9
        assert "vault.key is missing" in done.stderr
        assert not (workspace / "vault.key").exists()
    (workspace / "vault.key").mkdir()
    done = run_osler("ask", "x", "--workspace", str(workspace), cwd=folder)
    assert done.returncode == 9
    assert "vault.key cannot be read" in done.stderr
    (workspace / "vault.key").rmdir()
    (workspace / "vault.key").write_bytes(key)
    assert run_osler("ask", "x", "--workspace", str(workspace), cwd=folder).returncode == 0


@pytest.mark.parametrize("host", ["", "a..b", "no such host", "256.1.1.1"])
def test_a_host_that_is_none(workspace: Path, host: str) -> None:
    done = run_osler("serve", "--host", host, "--port", "0", cwd=workspace.parent)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert (f"'{host}' is no address" if host else "The address to bind is empty") in done.stderr
    assert not (workspace.parent / ".osler").exists()


@pytest.mark.parametrize(
    ("option", "value"), [("--workers", "0"), ("--workers", "65"), ("--port", "70000"), ("--port", "-1")]
)
def test_numbers_out_of_range(workspace: Path, option: str, value: str) -> None:
    done = run_osler("serve", option, value, cwd=workspace.parent)
    assert done.returncode == 2
    assert option in done.stderr


def test_keys_off_in_public_is_found_by_the_check(workspace: Path) -> None:
    (workspace.parent / "osler.toml").write_text('[server]\nhost = "0.0.0.0"\nkeys = "off"\n')
    done = run_osler("config", "check", cwd=workspace.parent)
    assert done.returncode == 3
    assert "line 3: server.keys" in done.stderr
