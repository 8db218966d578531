"""Which platform answers a request while another takes its place, and when the old one lets go."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from osler.app.build import Platform, build, rebuild
from osler.app.config import parse
from osler.app.live import Live
from osler.app.reload import Reloader, changed, require_same
from osler.core.errors import ConfigError, StoreError
from osler.testing.outages import FailingAudit, Manner, Switch

BY = {"key": "k", "role": "admin"}
TABLE = {
    "knowledge": {"starter": False},
    "deid": {"engine": "fast"},
    "gateway": {"estimators": {"task": "off", "complexity": "off"}},
}


class Counting:
    """A model server's connections that note how often they were let go."""

    def __init__(self) -> None:
        self.closed = 0

    async def aclose(self) -> None:
        self.closed += 1


@pytest.fixture
def platform(workspace: Path) -> Iterator[Platform]:
    built = build(parse(TABLE), workspace)
    yield built
    built.stores.close()


def counted(platform: Platform) -> tuple[Platform, Counting]:
    server = Counting()
    return replace(platform, completers={"embedded": server}), server  # type: ignore[dict-item]


def test_a_request_stays_with_the_platform_that_it_came_to(platform: Platform) -> None:
    async def run() -> None:
        (first, old), (second, new) = counted(platform), counted(platform)
        live = Live(first)
        came, go = asyncio.Event(), asyncio.Event()

        async def slow() -> Platform:
            async with live.request():
                came.set()
                await go.wait()
                return live.platform

        under_way = asyncio.create_task(slow())
        await came.wait()
        await live.switch(second)
        assert live.platform is live.newest is second
        async with live.request() as mine:
            assert mine is second
        assert (old.closed, new.closed) == (0, 0)
        go.set()
        assert await under_way is first
        assert (old.closed, new.closed) == (1, 0)
        await live.switch(first)
        assert new.closed == 1

    asyncio.run(run())


def test_what_has_not_changed_is_used_again_and_the_rest_is_made_anew(platform: Platform) -> None:
    rules = [{"name": "none", "allow": []}]
    made = rebuild(platform, parse({**TABLE, "rules": rules}))
    assert made.detectors is platform.detectors
    assert made.stores is platform.stores
    assert made.digest != platform.digest
    assert made.completers["embedded"] is not platform.completers["embedded"]
    other = rebuild(platform, parse({**TABLE, "deid": {"engine": "fast", "allow": ["Mercy Protocol"]}}))
    assert other.detectors is not platform.detectors
    # ... and with them what was remembered of texts
    assert other.detectors._memory is not platform.detectors._memory
    assert other.detectors._memory is not None
    assert changed(platform.config, other.config) == ("deid",)


def test_nothing_changes_while_the_audit_log_is_down(platform: Platform) -> None:
    switch = Switch()
    failing = replace(platform.stores, audit=FailingAudit(platform.stores.audit, switch))
    broken = replace(platform, stores=failing)
    outcomes: list[str] = []

    async def run() -> None:
        live = Live(broken)
        reloader = Reloader(live, lambda: parse({**TABLE, "rules": []}), outcomes.append)
        switch.down(Manner.RAISES)
        with pytest.raises(StoreError):
            await reloader.reload(BY)
        assert live.newest is broken
        switch.up()
        await reloader.reload(BY)
        assert live.newest is not broken

    asyncio.run(run())
    assert outcomes == ["refused", "activated"]


def test_reloads_that_come_at_once_are_done_one_after_the_other(platform: Platform) -> None:
    async def run() -> None:
        live = Live(platform)
        reloader = Reloader(live, lambda: parse(TABLE), lambda outcome: None)
        done = await asyncio.gather(*(reloader.reload(BY) for _ in range(3)))
        assert {d.new for d in done} == {platform.digest}
        assert live.newest is not platform

    asyncio.run(run())


def test_what_takes_a_restart_is_named_without_its_value() -> None:
    with pytest.raises(ConfigError) as refused:
        require_same(parse(TABLE), parse({**TABLE, "server": {"port": 4711, "workers": 3}}))
    assert "server.port, server.workers" in refused.value.message
    assert "4711" not in str(refused.value)
