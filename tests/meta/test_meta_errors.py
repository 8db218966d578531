"""No error repeats what it was given: a canary goes in at every edge, and must not come out again."""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import osler
from osler.api import wire
from osler.app import config as configuration
from osler.cli.work import session
from osler.core.errors import OslerError
from osler.core.messages import Caller, ChatRequest, Message
from osler.core.ports.reader import Source
from osler.knowledge.readers.fhir import FhirReader
from osler.knowledge.readers.guideline import GuidelineReader
from osler.knowledge.readers.text import TextReader

CANARY = "Zebulon Quartermain 900-27-6614"
Reading = Callable[[Any], object]


def fhir(value: Any) -> object:
    return FhirReader().read(Source(name=f"{CANARY}.json", data=json.dumps(value).encode()))


def bundle(resource: Any) -> dict[str, Any]:
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"text": CANARY}]}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": patient}, {"resource": resource}],
    }


def chat(body: dict[str, Any]) -> object:
    return wire.chat_request(body, {}, Caller(), "req_1")


def asked(**more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": CANARY}], **more}


CASES: list[tuple[Reading, Any]] = [
    (fhir, {"resourceType": CANARY}),
    (fhir, {CANARY: CANARY}),
    (fhir, bundle({"resourceType": "Condition", "id": CANARY, "subject": CANARY})),
    (fhir, bundle({"resourceType": "Condition", "id": "c", "subject": {"reference": [CANARY]}})),
    (
        fhir,
        bundle(
            {"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/p1"}, "code": CANARY}
        ),
    ),
    (
        fhir,
        bundle(
            {"resourceType": "Condition", "clinicalStatus": CANARY, "subject": {"reference": "Patient/p1"}}
        ),
    ),
    (fhir, bundle(CANARY)),
    (fhir, {"resourceType": "Bundle", "entry": CANARY}),
    (fhir, {"resourceType": "Patient", "id": "p1", "birthDate": CANARY, "name": CANARY}),
    (lambda text: FhirReader().read(Source(name="x.json", data=text)), f'{{"a": "{CANARY}"'.encode()),
    (
        lambda text: GuidelineReader().read(Source(name="x.md", data=text)),
        f"+++\n{CANARY} = [\n+++\nx".encode(),
    ),
    (
        lambda text: GuidelineReader().read(Source(name="x.md", data=text)),
        f'+++\nbasis = "{CANARY}"\n+++\nx'.encode(),
    ),
    (lambda text: TextReader().read(Source(name="x.txt", data=text)), CANARY.encode() + bytes(64)),
    (wire.parse, f'{{"a": "{CANARY}'.encode()),
    (chat, asked(messages=CANARY)),
    (chat, asked(messages=[{"role": CANARY, "content": "x"}])),
    (chat, asked(messages=[{"role": "user", "content": {"text": CANARY}}])),
    (chat, asked(messages=[{"role": "user", "content": [{"type": CANARY}]}])),
    (chat, {**asked(), CANARY: 1}),
    (chat, {**asked(), "Quartermain": 1}),
    (chat, asked(temperature=CANARY)),
    (chat, asked(metadata={"patient": CANARY})),
    (chat, asked(metadata={CANARY: "x"})),
    (chat, asked(metadata={"purpose": CANARY})),
    (chat, asked(tools=[CANARY])),
    (chat, asked(n=CANARY)),
    (wire.patient_id, CANARY),
    (session.patient_id, CANARY),
    (configuration.parse, {"server": {"port": CANARY}}),
    (configuration.parse, {"destinations": {"d": {"location": CANARY, "models": {"m": {"id": "x"}}}}}),
    (configuration.parse, {"destinations": {"d": {"auth": {"env": CANARY, "file": CANARY}}}}),
]


def fault(read: Reading, value: Any) -> OslerError | None:
    try:
        read(value)
    except OslerError as error:
        return error
    return None


@pytest.mark.parametrize(("read", "value"), CASES, ids=range(len(CASES)))
def test_an_error_does_not_repeat_its_input(read: Reading, value: Any) -> None:
    error = fault(read, value)
    if error is None:
        return
    # A raised error is what the reader sees; its cause could be printed by a careless caller.
    for shown in (str(error), repr(error), str(error.__cause__ or ""), error.remedy):
        for word in ("Quartermain", "Zebulon", "900-27"):
            assert word not in shown
    assert error.remedy


def test_most_of_these_are_errors_at_all() -> None:
    assert sum(1 for read, value in CASES if fault(read, value)) >= len(CASES) - 4


def test_values_that_may_hold_phi_do_not_print_it() -> None:
    request = ChatRequest(messages=(Message(role="user", content=CANARY),), patient="quartermain-1")
    assert "Quartermain" not in repr(request)
    assert "quartermain" not in repr(request)


def test_every_error_advises() -> None:
    """A remedy is given wherever an Osler error is raised, but where one only passes another's on."""
    missing = []
    for path in sorted(Path(osler.__file__).parent.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        for name in (
            "ConfigError(",
            "InputError(",
            "UpstreamError(",
            "StoreError(",
            "PluginError(",
            "PolicyRefused(",
        ):
            for part in source.split(f"raise {name}")[1:]:
                call = part.split("\n\n", 1)[0]
                if "remedy=" not in call and "error.remedy" not in call:
                    missing.append(f"{path.name}: raise {name}")
    assert not missing


def test_what_rooms_export_exists_and_is_documented() -> None:
    for module in pkgutil.iter_modules([str(Path(osler.__file__).parent)], "osler."):
        if not module.ispkg:
            continue
        room = importlib.import_module(module.name)
        assert room.__doc__, module.name
        for name in getattr(room, "__all__", ()):
            exported = getattr(room, name)
            if inspect.isclass(exported) or inspect.isfunction(exported):
                assert inspect.getdoc(exported), f"{module.name}.{name}"
