"""`osler doctor` on a site broken in each way: the line that names it, its state, and a word of what to do."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_in_process import osler

from osler.app.build import build_library, open_stores
from osler.app.config import Config, parse
from osler.cli.work.doctoring import machine, servers, settings, state
from osler.cli.work.doctoring.line import Line, attempt
from osler.core.audit import AuditEntry
from osler.knowledge.ingest import sample_sources
from osler.testing import Fault, ModelServer
from osler.testing.listener import Listener

SECRET = "Zythar-4471"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A way to break something; the line's `what` and state; words that stand in it."""

    break_it: Callable[[Any], object]
    what: str
    words: str
    state: str = "fail"


def require(lines: Iterable[Line], case: Case) -> None:
    shown = list(lines)
    named = [line for line in shown if line.what == case.what and line.state == case.state]
    assert named, shown
    said = " ".join(f"{line.found} {line.remedy}" for line in named)
    assert case.words in said, said
    assert all(line.remedy for line in shown if line.state != "ok")
    assert SECRET not in str(shown)


# --- the workspace


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("whole") / "ws"
    stores = open_stores(Config(), workspace)
    library = build_library(Config(), stores)
    for source in sample_sources():
        if source.name.startswith("ckd"):
            library.add(source)
    for number in range(3):
        stores.audit.append_now(AuditEntry(kind="test", time="", body={"number": number}))
    stores.close()
    return workspace


@pytest.fixture
def workspace(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "ws")
    return tmp_path / "ws"


def sql(*statements: str) -> Callable[[Path], None]:
    def run(workspace: Path) -> None:
        with contextlib.closing(sqlite3.connect(workspace / "osler.db", isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return run


def noise(at: int, size: int) -> Callable[[Path], None]:
    def write(workspace: Path) -> None:
        with (workspace / "osler.db").open("r+b") as file:
            file.seek(at)
            file.write(os.urandom(size))

    return write


def future(workspace: Path) -> None:
    stores = open_stores(Config(), workspace)
    stores.audit.append_now(AuditEntry(kind="test", time="2999-01-01T00:00:00.000Z", body={}))
    stores.close()


def foreign(workspace: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    os.chown(workspace / "osler.db", 12345, 12345)


STATE = {
    "not there": Case(break_it=shutil.rmtree, what="workspace", state="warn", words="osler kb add"),
    "others may read it": Case(
        break_it=lambda w: (w / "vault.key").chmod(0o644), what="workspace", state="warn", words="chmod -R go="
    ),
    "another's": Case(break_it=foreign, what="workspace", state="warn", words="another user (number 12345)"),
    "header": Case(break_it=noise(0, 100), what="database", words="not a database"),
    "page": Case(break_it=noise(5 * 4096, 4096), what="database", words="damaged"),
    "cut short": Case(
        break_it=lambda w: os.truncate(w / "osler.db", 40960), what="database", words="damaged"
    ),
    "newer": Case(
        break_it=sql("INSERT INTO schema_version VALUES (99, '')"), what="database", words="Upgrade Osler"
    ),
    "another program's": Case(
        break_it=sql("DROP TABLE schema_version"), what="database", words="not made by Osler"
    ),
    "search lost": Case(break_it=sql("DROP TABLE passages_fts"), what="search", words="osler kb rebuild"),
    "search behind": Case(
        break_it=sql("DELETE FROM passages_fts WHERE rowid = 7"), what="search", words="osler kb rebuild"
    ),
    "a text changed": Case(
        break_it=sql("UPDATE documents SET text = text || '.' WHERE id = 7"), what="search", words="1 stored text"
    ),
    "key lost": Case(
        break_it=lambda w: (w / "vault.key").unlink(), what="database", words="Restore vault.key"
    ),
    "key cut": Case(
        break_it=lambda w: os.truncate(w / "vault.key", 16), what="database", words="Restore vault.key"
    ),
    "another key": Case(
        break_it=lambda w: (w / "vault.key").write_bytes(bytes(32)), what="database", words="Restore vault.key"
    ),
    "record changed": Case(
        break_it=sql("UPDATE audit SET body = '{}' WHERE number = 2"), what="audit", words="record 2 was changed"
    ),
    "record removed": Case(
        break_it=sql("DELETE FROM audit WHERE number = 2"), what="audit", words="record 2 is missing"
    ),
    "head lost": Case(break_it=sql("DELETE FROM audit_head"), what="audit", words="head"),
    "clock": Case(break_it=future, what="clock", state="warn", words="the clock went back"),
    "lock left": Case(
        break_it=lambda w: (w / "instances" / f"{'a' * 16}.lock").touch(),
        what="locks", state="warn", words="the next `osler serve` removes them",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STATE)
def test_a_broken_workspace_is_named(workspace: Path, name: str) -> None:
    case = STATE[name]
    case.break_it(workspace)
    require(state.workspace(Config(), workspace, deep=False), case)


def test_a_whole_workspace_is_not_complained_of(workspace: Path) -> None:
    lines = list(state.workspace(Config(), workspace, deep=True))
    assert {line.what for line in lines if line.state != "ok"} == {"encryption at rest"}
    assert {"disk", "database", "search", "vault", "audit", "clock", "locks"} <= {line.what for line in lines}


def test_a_process_at_work_is_no_stale_lock(workspace: Path) -> None:
    stores = open_stores(Config(), workspace)
    lines = {line.what: line for line in state.workspace(Config(), workspace, deep=False)}
    stores.close()
    assert (lines["locks"].state, lines["locks"].found) == ("ok", "1 other processes at work")


def test_a_disk_that_runs_full_is_named() -> None:
    assert [state.disk(free).state for free in (0, 100, 10_000)] == ["fail", "warn", "ok"]
    assert "Free some space" in state.disk(0).remedy


def test_a_database_elsewhere_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(f"postgresql://osler:{SECRET}@127.0.0.1:1/osler")
    config = parse({"stores": {"url": {"file": str(tmp_path / "url")}}})
    lines = list(state.workspace(config, tmp_path / "ws", deep=False))
    require(lines, Case(break_it=print, what="database", words="PostgreSQL"))
    config = parse({"stores": {"url": {"env": "OSLER_TEST_NO_SUCH"}}})
    lines = list(state.workspace(config, tmp_path / "ws", deep=False))
    require(lines, Case(break_it=print, what="database", words="OSLER_TEST_NO_SUCH"))


# --- the configuration

CLOUD: dict[str, Any] = {
    "url": "http://127.0.0.1:1/v1",
    "location": "public-cloud",
    "models": {"m": {"id": "m"}},
}
TODAY = datetime.now(UTC).date()


def baa(expires: timedelta, signed: timedelta = timedelta(days=-400)) -> dict[str, Any]:
    agreement = {
        "party": "X", "signed": TODAY + signed, "expires": TODAY + expires, "services": ["chat"], "regions": ["r"]
    }  # fmt: skip
    return {"destinations": {"c": {**CLOUD, "region": "r", "baa": agreement}}}


def with_secret_file(folder: Path) -> dict[str, Any]:
    (folder / "token").write_text(SECRET)
    (folder / "token").chmod(0o644)
    return {"destinations": {"c": {**CLOUD, "auth": {"file": str(folder / "token")}}}}


SETTINGS = {
    "secret's variable not set": Case(
        break_it=lambda _: {"destinations": {"c": {**CLOUD, "auth": {"env": "OSLER_TEST_NO_SUCH"}}}},
        what="c: backend", words="OSLER_TEST_NO_SUCH",
    ),
    "secret's file not there": Case(
        break_it=lambda f: {"destinations": {"c": {**CLOUD, "auth": {"file": str(f / "no")}}}},
        what="c: backend", words="cannot be read",
    ),
    "secret file open": Case(break_it=with_secret_file, what="secret files", state="warn", words="chmod o="),
    "no such backend": Case(
        break_it=lambda _: {"destinations": {"c": {"use": "extractve", "location": "on-premises", "models": {"m": {"id": "m"}}}}},
        what="c: backend", words="extractive",
    ),
    "no such detector": Case(
        break_it=lambda _: {"deid": {"extra_detectors": ["nope"]}}, what="detectors", words="no detectors plug-in"
    ),
    "no such check": Case(
        break_it=lambda _: {"guardrails": {"checks": ["allergi"]}}, what="checks", words="allergy"
    ),
    "no such reader": Case(
        break_it=lambda _: {"knowledge": {"readers": ["fhirr"]}}, what="readers", words="fhir"
    ),
    "no key in the vault's file": Case(
        break_it=lambda f: {"stores": {"vault_key": {"file": str(f / "no")}}}, what="parts", words="vault_key"
    ),
    "keys off": Case(
        break_it=lambda _: {"server": {"host": "0.0.0.0", "keys": "off"}},
        what="server: keys", words='server.keys = "required"',
    ),
    "no TLS": Case(break_it=lambda _: {"server": {"host": "0.0.0.0"}}, what="server: tls", words="server.tls"),
    "no certificate": Case(
        break_it=lambda f: {"server": {"tls": {"cert": str(f / "c"), "key": str(f / "k")}}},
        what="server: certificate", words="cannot be read",
    ),
    "BAA over": Case(break_it=lambda _: baa(timedelta(days=-1)), what="c: BAA", words="Renew it"),
    "BAA over soon": Case(
        break_it=lambda _: baa(timedelta(days=30)), what="c: BAA", state="warn", words="Renew it in time"
    ),
    "BAA not yet": Case(
        break_it=lambda _: baa(timedelta(days=300), timedelta(days=9)), what="c: BAA", state="warn", words="begins"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_a_broken_configuration_is_named(tmp_path: Path, name: str) -> None:
    case = SETTINGS[name]
    config = parse(case.break_it(tmp_path))  # type: ignore[arg-type]
    made = ("c: backend", "detectors", "readers", "checks", "parts")
    looks = (settings.parts,) if case.what in made else (settings.reach, settings.agreements)
    require((line for look in looks for line in look(config)), case)


def test_rules_that_fail_their_tests_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "osler.toml").write_text(
        '[[tests]]\nrequest = { text = "Call John Quartermain." }\nexpect = { refused = true }\n'
    )
    done = osler(
        capsys,
        "doctor",
        "--json",
        "--config",
        str(tmp_path / "osler.toml"),
        "--workspace",
        str(tmp_path / "ws"),
    )
    assert done.returncode == 3
    named = [line for line in json.loads(done.stdout) if line["state"] == "fail"]
    assert [line["what"] for line in named] == ["rules"]
    assert "Quartermain" not in done.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [("[server\n", "Mend that line"), ("[server]\nprot = 1\n", "did you mean 'port'"), ("\xff", "UTF-8")],
)
def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    (tmp_path / "osler.toml").write_bytes(text.encode("latin-1"))
    done = osler(
        capsys,
        "doctor",
        "--json",
        "--config",
        str(tmp_path / "osler.toml"),
        "--workspace",
        str(tmp_path / "ws"),
    )
    assert done.returncode == 3
    lines = {line["what"]: line for line in json.loads(done.stdout)}
    assert lines["configuration"]["state"] == "fail"
    assert words in lines["configuration"]["found"] + lines["configuration"]["remedy"]
    assert "workspace" in lines


class Answering(Listener):
    """Answers each connection with a fixed text."""

    def __init__(self, body: bytes) -> None:
        super().__init__("answering")
        self._body = body

    def _opened(self, connection: socket.socket) -> Callable[[], None]:
        def serve() -> None:
            with connection:
                connection.recv(4096)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(self._body) + self._body
                )

        return serve


@pytest.fixture
def at() -> Iterator[Callable[[bytes], Config]]:
    with contextlib.ExitStack() as stack:

        def serving(body: bytes) -> Config:
            server = stack.enter_context(Answering(body))
            return parse({"server": {"port": server.port}})

        yield serving


# --- the model servers

SERVERS = {
    Fault.REFUSE: ("c: server", "fail", "Is it running"),
    Fault.HANG: ("c: server", "fail", "did not answer in time"),
    Fault.HTML: ("c: server", "fail", "OpenAI-compatible"),
    Fault.UNAUTHORIZED_401: ("c: server", "fail", "credentials"),
    Fault.REDIRECT_307: ("c: server", "fail", "final address"),
    None: ("c: models", "warn", "It lists: stand-in"),
}


@pytest.mark.parametrize("fault", SERVERS, ids=str)
def test_a_model_server_that_fails_is_named(fault: Fault | None) -> None:
    async def main() -> None:
        async with ModelServer("Noted.", fault) as server:
            config = parse(
                {
                    "destinations": {
                        "c": {**CLOUD, "url": server.url, "timeout_s": 0.3, "auth": {"env": "OSLER_T"}}
                    }
                }
            )
            lines = await asyncio.to_thread(lambda: list(servers.reachable(config)))
            require(lines, Case(break_it=print, what=what, state=found, words=words))

    what, found, words = SERVERS[fault]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OSLER_T", SECRET)
        asyncio.run(main())


def test_a_server_without_tls_is_named(at: Callable[[bytes], Config]) -> None:
    port = at(b"plain").server.port
    config = parse({"destinations": {"c": {**CLOUD, "url": f"https://127.0.0.1:{port}/v1", "timeout_s": 2}}})
    require(servers.reachable(config), Case(break_it=print, what="c: server", words="TLS"))


# --- the machine


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Puts a package with entry points on the path."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name: str, entries: str, code: str) -> None:
        about = tmp_path / f"{name}-9.9.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9\n")
        (about / "entry_points.txt").write_text(entries)
        (tmp_path / f"{name}_code.py").write_text(code)

    return install


BROKEN = {
    "cannot be imported": f"raise RuntimeError('{SECRET}')",
    "could not be made": f"def make():\n    raise RuntimeError('{SECRET}')",
    "is no Detector": "def make():\n    return object()",
}


@pytest.mark.parametrize("words", BROKEN)
def test_a_plug_in_that_is_broken_is_named(packages: Callable[[str, str, str], None], words: str) -> None:
    name = f"broken_{list(BROKEN).index(words)}"
    packages(name, f"[osler.detectors]\n{name} = {name}_code:make\n", BROKEN[words])
    config = parse({"deid": {"extra_detectors": [name]}})
    shown = "could not be imported" if words == "cannot be imported" else words
    require(settings.parts(config), Case(break_it=print, what="detectors", words=shown))


def test_two_packages_of_one_name_are_named(packages: Callable[[str, str, str], None]) -> None:
    packages("rival", "[osler.checks]\nallergy = rival_code:make\n", "")
    require(machine.claims(Config()), Case(break_it=print, what="plug-in allergy", words="rival"))


def test_a_second_installation_is_named(packages: Callable[[str, str, str], None]) -> None:
    packages("osler", "", "")
    case = Case(break_it=print, what="installation", state="warn", words="9.9 in")
    require(machine.installations(), case)


def test_few_open_files_are_named() -> None:
    assert (machine.files(256).state, machine.files(20_000).state) == ("warn", "ok")
    assert "LimitNOFILE" in machine.files(256).remedy


def test_a_port_in_use_is_named(at: Callable[[bytes], Config]) -> None:
    line = machine.port(at(b"<html>"))
    assert (line.state, "server.port" in line.remedy) == ("warn", True)
    assert machine.port(at(b"ok\n")).found.startswith("an Osler serves on")
    assert machine.port(parse({"server": {"host": "no.such.host.invalid"}})).state == "fail"


def test_what_a_look_raises_is_a_line_without_its_message() -> None:
    def look() -> Line:
        raise ValueError(SECRET)

    line = attempt("x", look)
    assert (line.state, "ValueError" in line.found, SECRET in str(line)) == ("fail", True, False)
