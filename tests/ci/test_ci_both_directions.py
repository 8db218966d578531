"""Surrogates out, originals back, over real HTTP: variants at any chunking, tool arguments, JSON, a hundred at once.

The model server (tests/clients/mirror.py) speaks only of what it was sent: so each name in an answer went out as a
surrogate and came back as itself, and the tests know what it saw.
"""

import asyncio
import json
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from osler_process import Served, run_osler, serving

sys.path.append(str(Path(__file__).parents[1] / "clients"))
import mirror

pytestmark = pytest.mark.ci

GIVEN = (
    "Zythara",
    "Brannoc",
    "Odalys",
    "Fenwick",
    "Zoë",
    "Isaura",
    "Thaddeus",
    "Mirela",
    "Leopoldo",
    "Nuala",
)
FAMILY = (
    "Quillonby",
    "Vexworthy",
    "Thornewick",
    "Brandvold",
    "Ivanković",
    "Quintañal",
    "O'Hallahan",
    "Szymborek",
    "Lindqvist",
    "Müller-Harms",
)
TOOL = {"type": "function", "function": {"name": "note", "parameters": {"type": "object", "properties": {}}}}
FORM = {"type": "json_object"}
Person = tuple[str, str, str]


@dataclass
class Site:
    served: Served
    mirror: mirror.Mirror
    inventive: mirror.Mirror


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("both")
    with ExitStack() as stack:
        plain = stack.enter_context(mirror.serving(seed=20))
        inventive = stack.enter_context(mirror.serving(seed=21, made_up=True))
        (folder / "osler.toml").write_text(
            f"""
            [destinations.mirror]
            url = "{plain.url}"
            location = "on-premises"
            models.mirror = {{ id = "m" }}
            [destinations.inventive]
            url = "{inventive.url}"
            location = "on-premises"
            models.inventive = {{ id = "m" }}
            [[rules]]
            name = "surrogates"
            allow = ["*"]
            transform = "surrogate"
            """
        )
        served = stack.enter_context(serving(folder / "ws", config=folder / "osler.toml"))
        yield Site(served=served, mirror=plain, inventive=inventive)


def people(count: int) -> list[Person]:
    chance = random.Random(count)
    every = [(given, family) for given in GIVEN for family in FAMILY]
    return [(given, family, str(chance.randint(10_000_000, 99_999_999))) for given, family in every[:count]]


def body(person: Person, **more: Any) -> dict[str, Any]:
    given, family, number = person
    text = f"Patient: Mrs. {given} {family}; MRN: {number}; she was seen on 14 March 2024. How is she?"
    return {
        "model": "mirror",
        "messages": [{"role": "user", "content": text}],
        "metadata": {"ground": "off"},
        **more,
    }


async def post(session: aiohttp.ClientSession, site: Site, asked: dict[str, Any]) -> str:
    """The text of an answer, or the arguments of its tool call, plain or put together from a stream."""
    async with session.post(f"{site.served.url}/v1/chat/completions", json=asked) as answer:
        raw = await answer.text()
        assert answer.status == 200, raw
    if not asked.get("stream"):
        message = json.loads(raw)["choices"][0]["message"]
        return str(message["content"] or message["tool_calls"][0]["function"]["arguments"])
    assert raw.endswith("data: [DONE]\n\n"), raw[-300:]
    said = []
    for line in raw.splitlines():
        if line.startswith("data: {"):
            for choice in json.loads(line[6:])["choices"]:
                said.append(choice["delta"].get("content") or "")
                said += [c["function"].get("arguments") or "" for c in choice["delta"].get("tool_calls", ())]
    return "".join(said)


def ask(site: Site, *bodies: dict[str, Any]) -> list[str]:
    async def every() -> list[str]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            return await asyncio.gather(*(post(session, site, asked) for asked in bodies))

    return asyncio.run(every())


@pytest.mark.parametrize("stream", [False, True])
def test_every_variant_of_a_name_comes_back(site: Site, stream: bool) -> None:
    for person, said in zip(
        people(30), ask(site, *(body(p, stream=stream) for p in people(30))), strict=True
    ):
        assert said == mirror.variants(*person)


def test_any_chunking_gives_the_same(site: Site) -> None:
    person = ("Zoë", "Ivanković", "55820417")
    for said in ask(site, *(body(person, stream=True) for _ in range(40))):
        assert said == mirror.variants(*person)


@pytest.mark.parametrize("stream", [False, True])
def test_the_arguments_of_a_tool_call_stay_json_and_come_back(site: Site, stream: bool) -> None:
    bodies = [body(p, stream=stream, tools=[TOOL]) for p in people(20)]
    for person, said in zip(people(20), ask(site, *bodies), strict=True):
        given, family, number = person
        assert json.loads(said) == {
            "name": f"{given} {family}",
            "ids": [number],
            "text": mirror.variants(*person),
            family: {"n": 1},
        }


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_in_json_stays_json_and_comes_back(site: Site, stream: bool) -> None:
    bodies = [body(p, stream=stream, response_format=FORM) for p in people(20)]
    for person, said in zip(people(20), ask(site, *bodies), strict=True):
        given, family, number = person
        assert json.loads(said) == {
            "who": f"{given} {family}",
            "notes": [mirror.variants(*person)],
            number: True,
        }


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "more", [{}, {"tools": [TOOL]}, {"response_format": FORM}], ids=["text", "tools", "json"]
)
def test_what_the_model_made_up_is_taken_out_and_what_was_supplied_stays(
    site: Site, stream: bool, more: dict[str, Any]
) -> None:
    bodies = [body(p, stream=stream, **more) | {"model": "inventive"} for p in people(10)]
    for (given, family, number), said in zip(people(10), ask(site, *bodies), strict=True):
        told = json.dumps(json.loads(said), ensure_ascii=False) if more else said
        assert f"{given} {family}'s chart ({number})" in told
        for made_up in ("Oswin", "Parrish", "783-2291", "321-54-9876"):
            assert made_up not in told


def test_a_hundred_streams_at_once_never_mix(site: Site) -> None:
    everyone = people(100)
    before = len(site.mirror.seen)
    answers = ask(site, *(body(p, stream=True) for p in everyone))
    for person, said in zip(everyone, answers, strict=True):
        assert said == mirror.variants(*person)
    saw = site.mirror.seen[before:]
    assert len(saw) == 100
    real = {number for _, _, number in everyone}
    assert not real & {number for _, _, number in saw}
    for given, family, number in saw:
        assert number not in "".join(answers)
        assert (given, family) not in {(g, f) for g, f, _ in everyone}


def test_the_audit_is_whole(site: Site) -> None:
    workspace = site.served.log.parent / "ws"
    done = run_osler("audit", "verify", "--json", "--workspace", str(workspace), cwd=workspace.parent)
    verdict = json.loads(done.stdout)
    assert verdict["ok"], verdict
    assert verdict["open_streams"] == 0
    log = site.served.log.read_text()
    assert not [name for name in (*GIVEN[:2], *FAMILY[:3]) if name in log]
