"""Every place of a chat completion that may hold an identifier, at an upstream without a BAA; all of it runs in CI.

The fast part of tests/ci/test_ci_phi_at_the_upstream.py: in this process, with the fast engine.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import phi_cases
from osler.api import wire
from osler.app.build import Platform, build
from osler.app.config import parse
from osler.core.errors import InputError, OslerError
from osler.core.messages import Caller
from osler.core.ports.reader import Source
from osler.gateway.exchange import Done, Failed
from osler.testing import SocketCapture

PLACES = list(phi_cases.places(phi_cases.INTRODUCED, phi_cases.TELLING))
Site = tuple[Platform, SocketCapture]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("places")
    accepts = {"deidentified": "surrogate", "determination": "d.pdf", "owner": "o", "until": "2099-01-31"}
    with SocketCapture() as capture:
        cloud = {"url": capture.url, "location": "public-cloud"}
        table = {
            "deid": {"engine": "fast"},
            "knowledge": {"starter": False},
            "destinations": {
                "outside": {**cloud, "models": {"outside": {"id": "m"}}},
                "accepting": {**cloud, "accepts": accepts, "models": {"accepting": {"id": "m"}}},
            },
            "rules": [
                {"name": "PHI", "when": {"phi": True}, "allow": ["*"], "transform": "surrogate"},
                {"name": "else", "when": {"phi": False}, "allow": ["*"], "transform": "none"},
            ],
        }
        built = build(parse(table), folder / "ws")
        built.library.add(Source(name="record.json", data=json.dumps(phi_cases.BUNDLE).encode()))
        yield built, capture
        asyncio.run(built.aclose())


@pytest.mark.parametrize("model", ["outside", "accepting"])
def test_no_place_carries_an_identifier_out(site: Site, model: str) -> None:
    built, capture = site

    async def all_of_them() -> dict[str, str]:
        return {name: await one(name, asked) for name, asked in PLACES}

    async def one(name: str, asked: phi_cases.Json) -> str:
        body = {"model": model, **asked, "stream": False}
        said, request = "", None
        try:
            request = wire.chat_request(body, {"ground": "off"}, Caller(), "req_1")
        except InputError as error:
            said = str(error)
        if request is None:
            assert not phi_cases.standing(said), name
            return "refused at the door"
        before = capture.sizes()
        event = [event async for event in built.pipeline.run(request)][-1]
        assert not phi_cases.standing(capture.since(before)), name
        if isinstance(event, Done):
            return "answered"
        assert isinstance(event, Failed)
        assert isinstance(event.error, OslerError)
        assert not phi_cases.standing(str(event.error)), name
        return "refused"

    ended = list(asyncio.run(all_of_them()).values())
    assert ended.count("refused" if model == "outside" else "answered") > 25
