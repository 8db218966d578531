"""Each mistake in an `osler.toml` is told with file, line and key, in one sentence, without the value."""

from pathlib import Path

import pytest

from osler.app import config as configuration
from osler.app.configured import build_deidentifier, check_parts
from osler.app.places import line_of
from osler.app.rule_tests import run
from osler.core.clock import SystemClock
from osler.core.errors import ConfigError

WARD = """
[destinations.ward]            # line 2
url = "http://127.0.0.1:9/v1"
location = "on-premises"
models.m = { id = "x" }
"""
CASES = [
    ("[sever]\nport = 1\n", 1, "sever is not a known key; did you mean 'server'"),
    ("# a\n[server]\nprot = 1\n", 3, "server.prot"),
    ("[server]\nport = '8080'\n", 2, "server.port must be a whole number"),
    ("[server]\nworkers = true\n", 2, "server.workers must be a whole number"),
    ("[knowledge]\nstarter = 1\n", 2, "knowledge.starter must be true or false"),
    ("server = 3\n", 1, "server must be a table"),
    (WARD + "locaton = 'x'\n", 6, "destinations.ward.locaton"),
    (WARD.replace('location = "on-premises"\n', ""), 2, "destinations.ward.location is missing"),
    (WARD.replace('{ id = "x" }', '{ id = "x", contex = 1 }'), 5, "models.m.contex"),
    (WARD.replace('models.m = { id = "x" }', "models = {}"), 5, "destinations.ward.models"),
    (WARD.replace('models.m = { id = "x" }', ""), 2, "destinations.ward.models is missing"),
    (WARD + 'use = "openai_wyre"\n', 2, "destinations.ward: There is no backends plug-in"),
    (WARD + "options = { retries = 3 }\n", 2, "no option 'retries'"),
    (WARD + 'options = { token = "sk-zythar" }\n', 6, "destinations.ward.options must not hold 'token'"),
    (WARD.replace("http:", "ftp:"), 2, "destinations.ward: The url"),
    (WARD + 'auth = { env = "OSLER_TEST_UNSET" }\n', 6, "destinations.ward.auth takes its secret"),
    (WARD + 'auth = { file = "a\\u0000b" }\n', 6, "destinations.ward.auth takes its secret"),
    (
        WARD + 'baa = { party = "X", services = ["chat"], regions = ["us"], signed = 2026-01-01, expires = 2027-01-01 }\n',
        2,
        "region is needed",
    ),
    (
        WARD + 'region = "us"\nbaa = { party = "X", services = ["chat"], regions = ["us"], signed = 20260101,'
        " expires = 2027-01-01 }\n",
        7,
        "baa.signed must be a date",
    ),
    (WARD + "[[rules]]\nname = 'a'\nallow = ['wrad']\n", 8, "rules.0.allow: the destination 'wrad'"),
    (WARD + "[[rules]]\nname = 'a'\nallow = ['ward']\n[[rules]]\nname = 'b'\nfallback = ['x']\n", 11, "rules.1.fallback"),
    (WARD + "[[rules]]\nname = 'a'\n[[rules]]\nname = 'b'\nwhen = { phy = true }\n", 10, "rules.1.when.phy"),
    (WARD + "[[tests]]\nrequest = {}\nexpect = { destination = ['x'] }\n", 8, "tests.0.expect.destination"),
    (WARD + "[[tests]]\nrequest = {}\nexpect = { refused = true }\n", 6, "test 1"),
    ("[guardrails]\nchecks = ['alergy']\n", 2, "guardrails.checks"),
    ("[deid]\nextra_detectors = ['x']\n", 2, "deid.extra_detectors"),
    ("[knowledge]\nreaders = ['fhir']\n", 2, "knowledge.readers names no reader for the starter pack"),
    ("[knowledge]\npublic_collections = ['records']\n", 2, "never public"),
    ("[stores]\nvault_key = { env = 'OSLER_TEST_UNSET' }\n", 2, "stores.vault_key"),
    ("[stores]\nvault_key = {}\n", 2, "exactly one of"),
    ("[server]\nport = 1\nport = 2\n", 3, "cannot overwrite a value"),
    ("[server]\nport = 1\n[server]\n", 3, "twice"),
]  # fmt: skip


def check(path: Path) -> None:
    loaded = configuration.load(path)
    check_parts(loaded)
    run(loaded, build_deidentifier(loaded), SystemClock().now().date())


@pytest.mark.parametrize(("text", "line", "says"), CASES, ids=[case[2] for case in CASES])
def test_file_line_and_key_are_named(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = tmp_path / "osler.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        check(path)
    said = str(caught.value)
    assert f"{path}" in said
    assert f"line {line}" in said
    assert says in said
    assert "\n" not in said
    assert "zythar" not in said
    assert "?." not in said


@pytest.mark.parametrize(
    "data",
    [
        b"[server]\nport = " + b"9" * 5000 + b"\n", b"a = " + b"[" * 5000 + b"]" * 5000, b"a" + b".a" * 3000 + b" = 1\n",
        b'[server]\nhost = "\xff"\n', b'[server]\n"p\x7frt" = 1\n', b"\x00", b'[server]\n"a\\nb" = 1\n',
    ],
    ids=["long number", "deep list", "deep table", "not UTF-8", "control character", "NUL", "line break in a name"],
)  # fmt: skip
def test_what_is_no_configuration_at_all_is_one_clear_error_too(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "osler.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        check(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "osler.toml"
    path.write_bytes(b"\xef\xbb\xbf[server]\nport = 9\n")
    assert configuration.load(path).server.port == 9


@pytest.mark.parametrize(
    ("text", "keys", "line"),
    [
        ("", ("a",), None),
        ("# a = 1\na = 2\n", ("a",), 2),
        ("[x]\na = 1\n[y]\na = 2\n", ("y", "a"), 4),
        ("[x.y]\na = 1\n", ("x", "y", "b"), 1),
        ("[x.y]\na = 1\n", ("x", "b"), 1),
        ("x = { y = { a = 1 } }\n", ("x", "y", "a"), 1),
        ('["x y"]\na = 1\n', ("x y", "a"), 2),
        ("[[r]]\na = 1\n\n[[r]]\nb = 1\n", ("r", "1", "b"), 5),
        ("[[r]]\na = 1\n\n[[r]]\nb = 1\n", ("r", "1", "c"), 4),
        ("[[r]]\n[[r]]\n[r.when]\nphi = 1\n", ("r", "1", "when", "phi"), 4),
    ],
)
def test_lines_are_found(text: str, keys: tuple[str, ...], line: int | None) -> None:
    assert line_of(text, keys) == line
