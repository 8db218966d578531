"""The other parsers: FHIR, HL7 v2, Markdown, request bodies, server-sent events. Their promises stand in `atheris/`."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fuzz_oracle import CANARY, Broken, in_time, refused
from fuzz_profile import examples
from fuzz_strategies import anything, as_json, changed, spliced
from hypothesis import given
from hypothesis import strategies as st
from run_atheris import REGRESSIONS, TARGETS, load

from osler.core.errors import InputError

MODULES = {name: load(name) for name in TARGETS}
SEEDS = {name: tuple(module.seeds()) for name, module in MODULES.items()}
FEW = {"hl7": 10, "config": 10, "fhir": 40, "markdown": 40, "http_body": 60, "slots": 40, "sse": 60}
FHIR: list[Any] = [json.loads(seed) for seed in SEEDS["fhir"]]
BODIES: list[Any] = [json.loads(seed) for seed in SEEDS["http_body"]]


def held(module: ModuleType, data: bytes) -> None:
    with in_time(len(data)):
        module.one(data)


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds(name: str) -> None:
    assert len(SEEDS[name]) > 3
    for seed in SEEDS[name]:
        held(MODULES[name], seed)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_cut_and_spliced(name: str) -> None:
    @examples(FEW.get(name, 30))
    @given(spliced(SEEDS[name], MODULES[name].TOKENS))
    def holds(data: bytes) -> None:
        held(MODULES[name], data)

    holds()


@examples(80)
@given(changed(FHIR))
def test_fhir_with_something_changed(value: Any) -> None:
    held(MODULES["fhir"], as_json(value))


@examples(30)
@given(
    st.one_of(anything, st.dictionaries(st.sampled_from(("resourceType", "entry", "type", "id")), anything))
)
def test_any_json_as_fhir(value: Any) -> None:
    held(MODULES["fhir"], as_json(value))


@examples(80)
@given(changed(BODIES))
def test_a_body_with_something_changed(value: Any) -> None:
    held(MODULES["http_body"], as_json(value))


def repeated(name: str, times: int) -> bytes:
    """An input that is `times` as long as it needs to be, in the way that hurts its parser most."""
    if name == "fhir":
        bundle = FHIR[1]
        entry = bundle["entry"][1]
        entries = [{"resource": {**entry["resource"], "id": f"r{n}"}} for n in range(times)]
        return json.dumps({**bundle, "entry": [bundle["entry"][0], *entries]}).encode()
    return {
        "markdown": b"+++\nid = \"a\"\n+++\n" + b"# H\n\nText [1] of. \n" * times,
        "hl7": MODULES["hl7"].MESSAGE.encode() + b"NTE|1||call \\.br\\ 555-867-5309 \\T\\ \r" * (times // 4),
        "config": b"\n".join(b"[[rules]]\nname = \"r%d\"\n" % n for n in range(times)),
        "http_body": json.dumps({"messages": [{"role": "user", "content": CANARY}] * times}).encode(),
        "slots": json.dumps({"messages": [{"role": "user", "content": CANARY}], "x": [{CANARY: [CANARY]}] * times}).encode(),
        "sse": b"data: {}\n" * times + b"\n",
    }[name]  # fmt: skip


@pytest.mark.parametrize("name", TARGETS)
def test_time_grows_with_the_length_alone(name: str) -> None:
    held(MODULES[name], repeated(name, 2_000))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("fhir", b"[" * 100_000),
        ("fhir", b'{"resourceType":"Bundle","entry":' + b'[{"resource":{"resourceType":"Bundle","entry":' * 500),
        ("fhir", b'{"resourceType":"Patient","id":' + b"9" * 100_000 + b"}"),
        ("fhir", b'{"resourceType":"Patient","extension":' + b'{"extension":' * 5_000 + b"1" + b"}" * 5_001),
        ("markdown", b"+++\n" + b"a." * 30_000 + b"b = 1\n+++\nx"),
        ("markdown", b"+++\nkeywords = " + b"[" * 30_000 + b"\n+++\nx"),
        ("markdown", b"#" * 200_000),
        ("markdown", b"```\n" * 50_000),
        ("markdown", b"a " * 200_000),
        ("hl7", b"MSH|^~\\&|" + b"\\" * 20_000),
        ("hl7", b"MSH|^~\\&\rPID|" + b"^" * 20_000),
        ("hl7", b"MSH|^~\\&\r" + b"\r" * 50_000),
        ("http_body", b"[" * 500_000),
        ("http_body", b'{"a":' * 100_000),
        ("sse", b"\r" * 200_000),
        ("sse", b"data: " + b"\n" * 200_000),
    ],
)  # fmt: skip
def test_inputs_made_to_hurt(name: str, data: bytes) -> None:
    held(MODULES[name], data)


@pytest.mark.parametrize("file", sorted(REGRESSIONS.glob("*/*")), ids=lambda p: f"{p.parent.name}-{p.name}")
def test_what_was_found_once(file: Path) -> None:
    held(MODULES[file.parent.name], file.read_bytes())


def test_the_oracle_sees_a_refusal_that_repeats_its_input() -> None:
    for error in (
        InputError(f"Bad name {CANARY}.", remedy="Mend it."),
        InputError("Bad."),
        InputError("", remedy="x"),
    ):
        with pytest.raises(Broken):
            refused(error)
    with pytest.raises(Broken), in_time(-60_000):
        sum(range(1000))
