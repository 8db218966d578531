"""The configuration that the gateway's contract shows, word for word but for its addresses and days; each thing that
the contract says of policy is tried on it."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from osler.app import agreements
from osler.app.build import Platform, build
from osler.app.config import load, parse
from osler.core.errors import ConfigError, OslerError
from osler.core.messages import Caller, ChatRequest, Message
from osler.gateway.exchange import Done, Failed
from osler.gateway.explain import Explainer, Explanation
from osler.testing import FixedClock, SocketCapture
from osler_process import run_osler

TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
JONES = "Mrs. Jones, MRN 00482913, asks about her dose"
CONTRACT = """
[server]
keys = "off"                      # loopback only; "required" elsewhere
# tls = { cert = "…", key = "…" } # anything but loopback without TLS is refused unless behind_tls_proxy = true

[destinations.ward]
use = "openai_wire"               # vllm, tgi, ollama, llama_cpp are the same wire with their quirks
url = "http://127.0.0.1:9001/v1"
location = "on-premises"          # "private-cloud" | "public-cloud": both need a BAA for PHI
models.medgemma = { id = "google/medgemma-27b-text-it", context = 8192, price_in = 0.0, price_out = 0.0 }

[destinations.east]
use = "openai_wire"
url = "https://llm.example.org/v1"
location = "public-cloud"
region = "us-east"
auth = { env = "EAST_KEY" }
baa = { party = "Example Inc.", services = ["chat"], regions = ["us-east"], signed = 2026-01-15, expires = 2027-01-14, zero_retention = true }
models.large = { id = "large-1", context = 128000, price_in = 2.5, price_out = 10.0 }   # $ per million tokens

[destinations.research]
use = "openai_wire"
url = "https://open.example.org/v1"
location = "public-cloud"
accepts = { deidentified = "safe-harbor", determination = "files/determination.pdf", owner = "privacy office", until = 2027-01-31 }
models.open = { id = "open-70b", context = 32768 }

[tasks.discharge-summary]
prompt = "prompts/discharge-summary.md"   # versioned by digest, audited
output = "schemas/discharge-summary.json"
checks = ["doses", "citations"]
allow = ["medgemma", "large"]

[[rules]]
name = "PHI stays inside or under a BAA"
when = { phi = true }
allow = ["ward", "east"]
transform = "surrogate"           # "none" | "surrogate" | "redact" | "safe-harbor"
prefer = "cost"                   # "latency" | "quality"
fallback = ["ward"]

[[rules]]
name = "no PHI found"
when = { phi = false }
allow = ["*"]
transform = "none"

[[tests]]
request = { text = "Mrs. Jones, MRN 00482913, asks about her dose", model = "auto" }
expect = { destination = ["ward", "east"], transform = "surrogate" }
"""


def files(folder: Path) -> Path:
    """The files that the configuration names, beside it."""
    for name, text in {
        "osler.toml": CONTRACT,
        "prompts/discharge-summary.md": "Write a discharge summary of what you are given.",
        "schemas/discharge-summary.json": json.dumps(
            {"type": "object", "properties": {"course": {"type": "string"}}}
        ),
        "files/determination.pdf": "%PDF",
    }.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return files(tmp_path)


def made(folder: Path, change: dict[str, str] | None = None, *, clock: FixedClock | None = None) -> Platform:
    """The platform of the configuration with some texts in it changed."""
    text = CONTRACT
    for old, new in (change or {}).items():
        assert old in text
        text = text.replace(old, new)
    (folder / "osler.toml").write_text("[deid]\nengine = 'fast'\n[knowledge]\nstarter = false\n" + text)
    online = change is not None and "https://" not in text
    return build(
        load(folder / "osler.toml"), folder / "ws", clock=clock or FixedClock(TODAY), offline=not online
    )


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    built = made(files(tmp_path_factory.mktemp("contract")))
    yield built
    asyncio.run(built.aclose())


def asked(text: str, **more: Any) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content=text),), ground="off", request_id="r", **more)


def why(platform: Platform, text: str, **more: Any) -> Explanation:
    return Explainer(platform.pipeline.parts).explain(asked(text, **more))


def destinations(platform: Platform, text: str, **more: Any) -> list[str]:
    return [c.target.destination.name for c in why(platform, text, **more).choices]


@pytest.mark.ci
def test_it_loads_and_its_test_passes(folder: Path) -> None:
    done = run_osler("config", "check", "--json", cwd=folder, EAST_KEY="secret")
    assert done.returncode == 0, done.stderr
    (folder / "request.json").write_text(json.dumps({"messages": [{"role": "user", "content": JONES}]}))
    done = run_osler("route", "explain", "--request", "request.json", "--json", cwd=folder)
    told = json.loads(done.stdout)
    assert told["rule"] == "PHI stays inside or under a BAA"
    assert (told["permitted"], told["transform"], told["targets"][0]["destination"]) == (
        True,
        "surrogate",
        "ward",
    )
    assert "Jones" not in done.stdout


@pytest.mark.ci
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('expect = { destination = ["ward", "east"]', 'expect = { destination = ["research"]'),
        ('transform = "surrogate" }', 'transform = "redact" }'),
        ('allow = ["ward", "east"]', 'allow = ["research"]'),
    ],
)
def test_one_whose_test_fails_is_not_activated(folder: Path, old: str, new: str) -> None:
    with pytest.raises(ConfigError, match="test") as caught:
        made(folder, {old: new})
    assert "Jones" not in str(caught.value)


def test_model_auto_lets_the_rules_choose_and_a_name_asks_within_them(platform: Platform) -> None:
    assert destinations(platform, JONES) == ["ward", "east"]  # by cost
    assert destinations(platform, JONES, model="large") == ["east"]
    assert destinations(platform, "What is a normal potassium?") == ["ward", "research", "east"]
    refused = why(platform, JONES, model="open").refusal
    assert refused is not None
    assert "Jones" not in str(refused)


@pytest.mark.ci
def test_no_rule_no_way(folder: Path) -> None:
    built = made(folder, {"when = { phi = false }": 'when = { phi = false, role = ["reviewer"] }'})
    assert why(built, "What is a normal potassium?").refusal is not None
    assert why(built, "What is a normal potassium?", caller=Caller(role="reviewer")).refusal is None
    asyncio.run(built.aclose())


@pytest.mark.parametrize(
    ("moment", "covered"),
    [
        (datetime(2026, 1, 14, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 1, 15, tzinfo=UTC), True),
        (datetime(2027, 1, 14, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2027, 1, 15, tzinfo=UTC), False),
    ],
)
def test_a_baa_holds_to_the_second(platform: Platform, moment: datetime, covered: bool) -> None:
    clock = platform.pipeline.parts.clock
    assert isinstance(clock, FixedClock)
    clock.set(moment)
    assert ("east" in destinations(platform, JONES)) is covered
    assert destinations(platform, JONES)[0] == "ward"
    clock.set(TODAY)


@pytest.mark.ci
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('services = ["chat"]', 'services = ["embeddings"]'),
        ('regions = ["us-east"], signed', 'regions = ["eu-west"], signed'),
        ('region = "us-east"\nauth', 'region = "eu-west"\nauth'),
        ("baa = {", "# baa = {"),
    ],
)
def test_a_baa_covers_its_services_and_regions_only(folder: Path, old: str, new: str) -> None:
    built = made(folder, {old: new})
    assert destinations(built, JONES) == ["ward"]
    assert why(built, JONES, model="large").refusal is not None
    asyncio.run(built.aclose())


@pytest.mark.ci
def test_nothing_widens_the_invariant(folder: Path) -> None:
    everywhere = {
        'allow = ["ward", "east"]\ntransform = "surrogate"': 'allow = ["*"]\ntransform = "surrogate"',
        "baa = {": "# baa = {",
        "accepts = {": "# accepts = {",
    }
    built = made(folder, everywhere)
    for more in ({}, {"break_glass": "she is unconscious in the emergency room"}, {"patient": None}):
        assert destinations(built, JONES, **more) == ["ward"]
    asyncio.run(built.aclose())


def test_where_a_determination_is_named_safe_harbor_text_goes_and_after_its_end_nothing(folder: Path) -> None:
    text = f"{JONES}. She was seen on 14 March 2024 and is 71 years old."
    with SocketCapture() as research, SocketCapture() as ward, SocketCapture() as east:
        change = {
            'allow = ["ward", "east"]\ntransform = "surrogate"': 'allow = ["research", "east"]\ntransform = "surrogate"',
            "http://127.0.0.1:9001/v1": ward.url,
            "https://open.example.org/v1": research.url,
            "https://llm.example.org/v1": east.url,
            'auth = { env = "EAST_KEY" }': "",
            'fallback = ["ward"]': "",
            'destination = ["ward", "east"], transform = "surrogate"': 'destination = ["research"], transform = "safe-harbor"',
        }
        clock = FixedClock(TODAY)
        built = made(folder, change, clock=clock)

        def ask(model: str) -> Done | Failed:
            async def last() -> Any:
                return [event async for event in built.pipeline.run(asked(text, model=model))][-1]

            ended: Any = asyncio.run(last())
            return ended  # type: ignore[no-any-return]

        assert isinstance(ask("open"), Done)
        sent = research.raw
        assert b"2024" in sent
        for part in (b"Jones", b"00482913", b"March"):
            assert part not in sent.replace(research.url.encode()[7:-3], b"")
        clock.set(datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC))
        assert isinstance(ask("open"), Done)
        before = research.raw
        clock.set(datetime(2027, 2, 1, tzinfo=UTC))
        assert isinstance(ask("open"), Failed)
        assert research.raw == before
        assert ward.raw == east.raw == b""
        asyncio.run(built.aclose())


def test_sixty_days_before_an_end_it_is_told(platform: Platform) -> None:
    ends = {a.kind: a.days_left(TODAY.date()) for a in agreements.agreements(platform.config)}
    assert ends == {"baa": 55, "determination": 72}
    assert [kind for kind, days in ends.items() if days < agreements.SOON_DAYS] == ["baa"]


def test_a_task_is_used_by_name_and_names_its_models(platform: Platform) -> None:
    prepared = platform.pipeline.parts.tasks.prepare(asked(JONES, task="discharge-summary"))
    assert prepared.messages[0].content.startswith("Write a discharge summary")
    assert platform.pipeline.parts.tasks.audited(prepared)
    assert destinations(platform, JONES, task="discharge-summary") == ["ward", "east"]
    plain = destinations(platform, "What is a normal potassium?", task="discharge-summary")
    assert "research" not in plain
    with pytest.raises(OslerError, match="soap-note"):
        platform.pipeline.parts.tasks.prepare(asked(JONES, task="no-such-task"))
    shipped = {
        "soap-note",
        "discharge-summary",
        "referral-letter",
        "prior-authorisation-letter",
        "patient-question",
        "order-check",
    }
    assert all(platform.pipeline.parts.tasks.prepare(asked("x", task=name)) for name in shipped)


def test_the_facts_are_in_the_trace(platform: Platform) -> None:
    facts = why(
        platform, JONES, purpose="payment", specialty="nephrology", latency="batch", task="soap-note"
    ).to_json()["facts"]
    assert isinstance(facts, dict)
    assert facts["purpose"] == "payment"
    for name in (
        "sensitivity",
        "phi",
        "role",
        "purpose",
        "task",
        "complexity",
        "latency",
        "modality",
    ):
        assert name in facts, name


@pytest.mark.ci
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('location = "on-premises"', 'location = "basement"', "location"),
        ('transform = "surrogate"           #', 'transform = "hide"           #', "transform"),
        ('allow = ["medgemma", "large"]', 'allow = ["gpt"]', "gpt"),
        ('fallback = ["ward"]', 'fallback = ["nowhere"]', "nowhere"),
        ("expires = 2027-01-14", "expires = 2025-01-14", "expires"),
        ('keys = "off"', 'keys = "of"', "keys"),
    ],
)
def test_a_mistake_in_it_is_named(folder: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        made(folder, {old: new})


def test_the_names_of_the_contract_are_all_taken(folder: Path) -> None:
    config = load(folder / "osler.toml")
    assert config.rules[0].fallback == ("ward",)
    assert config.destinations["east"].value("east").baa is not None
    assert replace(asked("x"), task="discharge-summary").task in {**config.tasks}
    assert parse({}).rules
