"""Step 6 over servers that fail: who is asked, how often, and that no answer is ever a mix of two."""

import asyncio
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import pytest
from failover_doubles import Server, Step, Ward, fault, said
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.core.errors import (
    Congested,
    OslerError,
    PolicyRefused,
    UpstreamError,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from osler.core.messages import Delta
from osler.core.ports.completer import ModelCall
from osler.gateway.failover import Attempted


def asked(ward: Ward, **more: Any) -> tuple[str, str]:
    return asyncio.run(ward.ask(**more))


def refused(ward: Ward, **more: Any) -> OslerError:
    with pytest.raises(OslerError) as caught:
        asked(ward, **more)
    return caught.value


def test_the_first_target_answers_and_nobody_else_is_asked() -> None:
    ward = Ward({"a": Server(said("From a.")), "b": Server(said("From b."))})
    trail: list[Attempted] = []
    assert asked(ward, trail=trail) == ("a", "From a.")
    assert ward.servers["b"].calls == []
    assert [(t.destination, t.outcome) for t in trail] == [("a", "answered")]


@pytest.mark.parametrize("kind", ["unreachable", "cut", "server", "busy"])
def test_a_passing_fault_is_tried_again_at_the_same_server(kind: str) -> None:
    ward = Ward({"a": Server([fault(kind)], said("From a.")), "b": Server(said("From b."))})
    assert asked(ward) == ("a", "From a.")
    assert ("retried", "a/m") in ward.notes.told


@pytest.mark.parametrize("kind", ["silent", "access", "garbled"])
def test_a_fault_that_stays_goes_to_the_next_at_once(kind: str) -> None:
    ward = Ward({"a": Server([fault(kind)]), "b": Server(said("From b."))})
    trail: list[Attempted] = []
    assert asked(ward, trail=trail) == ("b", "From b.")
    assert len(ward.servers["a"].calls) == 1
    assert [(t.destination, t.outcome) for t in trail] == [("a", kind), ("b", "answered")]


def test_a_twin_is_asked_before_the_same_server_again() -> None:
    ward = Ward({"a": Server([fault("server")]), "b": Server(said("From b."))}, ranks=(0, 0))
    assert asked(ward) == ("b", "From b.")
    assert len(ward.servers["a"].calls) == 1


def test_a_request_that_a_server_will_not_have_goes_nowhere_else() -> None:
    ward = Ward({"a": Server([UpstreamRefused("too long")]), "b": Server(said("From b."))})
    for _ in range(9):
        assert isinstance(refused(ward), UpstreamRefused)
    assert ward.servers["b"].calls == []
    assert ward.failover.states()[0].breaker == "closed"


def test_once_a_piece_is_out_nobody_takes_over() -> None:
    ward = Ward({"a": Server([Delta(text="Half "), fault("cut")]), "b": Server(said("From b."))})
    trail: list[Attempted] = []
    assert refused(ward, trail=trail).message == "fault cut"
    assert ward.servers["b"].calls == []
    assert [(t.destination, t.outcome) for t in trail] == [("a", "cut")]


def test_empty_pieces_are_no_beginning() -> None:
    ward = Ward({"a": Server([Delta(), Delta(), fault("garbled")]), "b": Server(said("From b."))})
    assert asked(ward) == ("b", "From b.")


def test_a_stream_that_does_not_begin_in_time_is_left_for_the_next() -> None:
    ward = Ward({"a": Server([Delta(), 5.0]), "b": Server(said("From b."))}, retries={"first_piece_s": 0.05})
    assert asked(ward) == ("b", "From b.")
    assert ward.servers["a"].open == 0


def test_a_plain_answer_is_given_out_when_it_is_whole() -> None:
    ward = Ward({"a": Server([Delta(text="Half "), fault("garbled")]), "b": Server(said("From b."))})
    assert asked(ward, stream=False) == ("b", "From b.")


def test_with_nobody_else_to_ask_a_slow_beginning_is_waited_for() -> None:
    ward = Ward({"a": Server([0.1, *said("From a.")])}, retries={"first_piece_s": 0.02})
    assert asked(ward) == ("a", "From a.")


def test_the_time_that_the_request_has_left_bounds_all() -> None:
    ward = Ward({"a": Server([5.0])})
    assert isinstance(refused(ward, stream=False, wait_s=0.05), UpstreamTimeout)
    assert ward.servers["a"].calls[0].wait_s == pytest.approx(0.05)


def test_retries_have_a_budget() -> None:
    ward = Ward({"a": Server([fault("server")])}, breaker={"failures": 0}, retries={"budget": 0.1})
    for _ in range(40):
        refused(ward)
    # Ten in hand, and a tenth of one for each request.
    assert 40 + 10 <= len(ward.servers["a"].calls) <= 40 + 14


def test_a_server_that_asks_for_a_pause_is_left_alone_for_so_long() -> None:
    ward = Ward({"a": Server([fault("busy", 7.0)], said("From a.")), "b": Server(said("From b."))})
    assert asked(ward) == ("b", "From b.")
    ward.clock.advance(6.5)
    assert asked(ward) == ("b", "From b.")
    ward.clock.advance(1.0)
    assert asked(ward) == ("a", "From a.")


def test_with_nobody_left_the_pause_is_told() -> None:
    ward = Ward({"a": Server([fault("busy", 7.0)])})
    refused(ward)
    error = refused(ward)
    assert isinstance(error, UpstreamUnavailable)
    assert error.retry_after_s == pytest.approx(7.0)
    assert len(ward.servers["a"].calls) == 1


def test_what_keeps_failing_is_left_alone_then_tried_once() -> None:
    ward = Ward(
        {"a": Server(*[[fault("silent")]] * 3, said("From a."))}, breaker={"failures": 3, "open_s": 5}
    )
    for _ in range(3):
        assert refused(ward).message == "fault silent"
    error = refused(ward)
    assert isinstance(error, UpstreamUnavailable)
    assert "fault silent" in error.message
    assert len(ward.servers["a"].calls) == 3
    ward.clock.advance(5.1)
    assert asked(ward) == ("a", "From a.")
    states = [t[2] for t in ward.notes.told if t[0] == "breaker"]
    assert states == ["open", "half-open", "closed"]


def test_while_a_breaker_is_tried_others_do_not_pile_up() -> None:
    ward = Ward(
        {"a": Server([fault("silent")], [0.05, *said("From a.")]), "b": Server(said("From b."))},
        breaker={"failures": 1, "open_s": 1},
    )

    async def main() -> list[str]:
        await ward.ask()
        ward.clock.advance(2)
        return [name for name, _ in await asyncio.gather(*(ward.ask() for _ in range(5)))]

    assert sorted(asyncio.run(main())) == ["a", "b", "b", "b", "b"]


def test_a_caller_who_leaves_gives_a_trial_back() -> None:
    ward = Ward(
        {"a": Server([fault("silent")], [5.0], said("From a."))}, breaker={"failures": 1, "open_s": 1}
    )

    async def main() -> tuple[str, str]:
        with pytest.raises(UpstreamError):
            await ward.ask()
        ward.clock.advance(2)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ward.ask(), 0.05)
        assert ward.servers["a"].open == 0
        return await ward.ask()

    assert asyncio.run(main()) == ("a", "From a.")


def test_equals_share_by_weight() -> None:
    ward = Ward({"a": Server(said("x")), "b": Server(said("x"))}, ranks=(0, 0), weights=(3.0, 1.0))
    names = [asked(ward)[0] for _ in range(40)]
    assert names.count("a") == 30
    assert not any(a == b == "b" for a, b in pairwise(names))


def test_the_least_busy_equal_is_asked() -> None:
    slow: list[Step] = [0.05, *said("x")]
    ward = Ward({"a": Server(slow), "b": Server(slow)}, ranks=(0, 0), weights=(2.0, 1.0))

    async def main() -> None:
        await asyncio.gather(*(ward.ask() for _ in range(9)))

    asyncio.run(main())
    assert (ward.servers["a"].most, ward.servers["b"].most) == (6, 3)
    assert [s.in_flight for s in ward.failover.states()] == [0, 0]


def test_what_is_no_longer_permitted_is_not_asked() -> None:
    ward = Ward({"a": Server(said("From a.")), "b": Server(said("From b."))})
    assert asked(ward, permitted=lambda t: t.destination.name == "b") == ("b", "From b.")
    assert isinstance(refused(ward, permitted=lambda t: False), PolicyRefused)
    assert ward.servers["a"].calls == []


def test_permission_is_asked_again_before_each_call() -> None:
    ward = Ward({"a": Server([fault("server")])})
    answers = iter([True, False])
    assert refused(ward, permitted=lambda t: next(answers)).message == "fault server"
    assert len(ward.servers["a"].calls) == 1


# ── a second call for what is critical


def hedging(first: list[Step], second: list[Step], **hedge: object) -> Ward:
    return Ward({"a": Server(first), "b": Server(second)}, hedging={"after_ms": 20, "share": 1} | hedge)


def test_a_critical_request_is_sent_twice_when_the_first_is_slow() -> None:
    ward = hedging([0.5, *said("From a.")], said("From b."))
    trail: list[Attempted] = []
    assert asked(ward, latency="critical", trail=trail) == ("b", "From b.")
    assert ward.servers["a"].open == 0
    assert ("hedged", "b/m", True) in ward.notes.told
    assert {(t.destination, t.outcome) for t in trail} == {("a", "given up"), ("b", "answered")}
    assert [s.in_flight for s in ward.failover.states()] == [0, 0]


def test_the_first_may_still_win() -> None:
    ward = hedging([0.05, *said("From a.")], [0.5, *said("From b.")])
    assert asked(ward, latency="critical") == ("a", "From a.")
    assert ("hedged", "b/m", False) in ward.notes.told
    assert ward.servers["b"].open == 0


def test_when_both_fail_the_next_is_asked_or_the_fault_is_told() -> None:
    ward = hedging([0.05, fault("garbled")], [0.05, fault("access")])
    assert isinstance(refused(ward, latency="critical"), UpstreamError)
    assert [s.in_flight for s in ward.failover.states()] == [0, 0]


def test_nobody_is_asked_second_who_may_not_have_it() -> None:
    ward = hedging([0.05, *said("From a.")], said("From b."))
    only_a = {"permitted": lambda t: t.destination.name == "a"}
    assert asked(ward, latency="critical", **only_a) == ("a", "From a.")
    assert ward.servers["b"].calls == []


def test_others_are_never_sent_twice() -> None:
    ward = hedging([0.1, *said("From a.")], said("From b."))
    assert asked(ward) == ("a", "From a.")
    assert ward.servers["b"].calls == []


def test_few_are_sent_twice() -> None:
    ward = hedging([0.03, *said("From a.")], [0.2, *said("From b.")], after_ms=1, share=0.1)
    for _ in range(20):
        asked(ward, latency="critical")
    assert len(ward.servers["b"].calls) <= 12


def test_without_a_time_the_slow_ones_of_the_past_say_when() -> None:
    ward = Ward(
        {"a": Server(*[said("From a.")] * 20, [0.5, *said("From a.")]), "b": Server(said("From b."))},
        hedging={"share": 1},
    )
    for _ in range(20):
        assert asked(ward, latency="critical") == ("a", "From a.")
    assert asked(ward, latency="critical") == ("b", "From b.")


# ── busy servers


def test_more_than_a_server_takes_wait_and_are_served() -> None:
    ward = Ward({"a": Server([0.01, *said("x")])}, places=2)

    async def main() -> None:
        await asyncio.gather(*(ward.ask() for _ in range(10)))

    asyncio.run(main())
    assert ward.servers["a"].most == 2
    assert len(ward.servers["a"].calls) == 10


def test_a_full_queue_turns_away_and_says_when_to_come_back() -> None:
    ward = Ward({"a": Server([0.05, *said("x")])}, places=1, queue={"waiting": 2})

    async def main() -> list[object]:
        return list(await asyncio.gather(*(ward.ask() for _ in range(6)), return_exceptions=True))

    ended = asyncio.run(main())
    shed = [e for e in ended if isinstance(e, Congested)]
    assert len(shed) == 3
    assert all(e.status == 429 and e.retry_after_s >= 1 for e in shed)
    assert ward.notes.told.count(("shed", "full")) == 3


def test_who_waits_too_long_is_turned_away() -> None:
    ward = Ward({"a": Server([0.5, *said("x")])}, places=1, queue={"deadline_s": 0.05})

    async def main() -> list[object]:
        return list(await asyncio.gather(*(ward.ask() for _ in range(2)), return_exceptions=True))

    assert [type(e) for e in asyncio.run(main())] == [tuple, Congested]
    assert ("shed", "late") in ward.notes.told


def test_the_urgent_go_first_and_push_out_batches() -> None:
    ward = Ward({"a": Server([0.02, *said("x")])}, places=1, queue={"waiting": 2})
    order: list[str] = []

    async def one(name: str, latency: str) -> None:
        await ward.ask(latency=latency)
        order.append(name)

    async def main() -> list[object]:
        tasks = []
        for name, latency in (
            ("now", "interactive"), ("batch", "batch"), ("patient", "interactive"), ("emergency", "critical")
        ):  # fmt: skip
            tasks.append(asyncio.ensure_future(one(name, latency)))
            await asyncio.sleep(0.001)
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    ended = asyncio.run(main())
    assert order == ["now", "emergency", "patient"]
    assert isinstance(ended[1], Congested)


def test_who_leaves_the_queue_takes_no_place() -> None:
    ward = Ward({"a": Server([0.05, *said("x")])}, places=1)

    async def main() -> None:
        first = asyncio.ensure_future(ward.ask())
        await asyncio.sleep(0.01)
        leaving = [asyncio.ensure_future(ward.ask()) for _ in range(3)]
        await asyncio.sleep(0.01)
        for task in leaving:
            task.cancel()
        await asyncio.gather(first, *leaving, return_exceptions=True)
        assert (await ward.ask())[0] == "a"

    asyncio.run(main())
    assert ward.failover.states()[0].in_flight == 0
    assert len(ward.servers["a"].calls) == 2


def test_where_the_best_is_full_the_next_takes_it() -> None:
    ward = Ward({"a": Server([0.05, *said("x")]), "b": Server(said("x"))}, places=1)

    async def main() -> list[str]:
        return [name for name, _ in await asyncio.gather(ward.ask(), ward.ask())]

    assert asyncio.run(main()) == ["a", "b"]


# ── the WAN


def test_when_no_cloud_is_there_only_the_premises_are_asked() -> None:
    there = [False]
    gone = [[fault("unreachable")]] * 6
    ward = Ward(
        {
            "cloud1": Server(*gone, said("From the cloud."), there=lambda: there[0]),
            "cloud2": Server([fault("unreachable")], there=lambda: there[0]),
            "local": Server(said("From here.")),
        },
        wan={"failures": 3},
        breaker={"failures": 0},
    )

    async def main() -> None:
        for _ in range(2):
            assert await ward.ask() == ("local", "From here.")
            await asyncio.sleep(0.01)
        assert ward.failover.wan_down
        calls = len(ward.servers["cloud1"].calls)
        assert await ward.ask() == ("local", "From here.")
        assert len(ward.servers["cloud1"].calls) == calls
        only_clouds = ward.targets[:2]
        with pytest.raises(UpstreamUnavailable, match="WAN is down") as caught:
            ward.targets = only_clouds
            await ward.ask()
        assert caught.value.retry_after_s is not None
        there[0] = True
        ward.clock.advance(5.1)
        with pytest.raises(UpstreamUnavailable):
            await ward.ask()
        await asyncio.sleep(0.01)
        assert not ward.failover.wan_down
        await ward.failover.aclose()

    asyncio.run(main())
    assert [t for t in ward.notes.told if t[0] == "wan"] == [("wan", True), ("wan", False), ("wan", True)]


def test_one_dead_cloud_is_no_dead_wan() -> None:
    ward = Ward(
        {
            "cloud1": Server([fault("unreachable")], there=lambda: False),
            "cloud2": Server(said("From cloud2.")),
        },
        wan={"failures": 2},
        breaker={"failures": 0},
    )

    async def main() -> None:
        for _ in range(4):
            assert await ward.ask() == ("cloud2", "From cloud2.")
            await asyncio.sleep(0)
        assert not ward.failover.wan_down

    asyncio.run(main())


def test_a_site_can_say_that_the_wan_is_down() -> None:
    ward = Ward(
        {"cloud": Server(said("From the cloud.")), "local": Server(said("From here."))}, wan={"mode": "down"}
    )
    assert asked(ward) == ("local", "From here.")
    assert ward.failover.wan_down
    assert ward.servers["cloud"].calls == []
    assert ward.servers["cloud"].probed == 0


# ── never a mix

CALL = ModelCall(model_id="m", messages=())
KINDS = st.sampled_from(["unreachable", "cut", "silent", "server", "busy", "access", "garbled", "request"])


@st.composite
def scripts(draw: st.DrawFn) -> list[str | float]:
    """What one call does: pieces, empties, silences, then an end or a fault."""
    steps = draw(st.lists(st.sampled_from(["piece", "piece", "empty", "nap"]), max_size=4))
    return [*steps, draw(st.one_of(st.just("end"), KINDS))]


def played(name: str, call: int, script: list[str | float]) -> list[Step]:
    steps: list[Step] = []
    for step in script:
        if step == "piece":
            steps.append(Delta(text=f"{name}{call} "))
        elif step == "empty":
            steps.append(Delta())
        elif step == "nap":
            steps.append(0.001)
        elif step == "end":
            steps.append(Delta(finish="stop"))
        elif step == "request":
            steps.append(UpstreamRefused("no"))
        else:
            steps.append(fault(str(step)))
    return steps


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.lists(scripts(), min_size=1, max_size=3), min_size=1, max_size=3),
    st.sampled_from(["critical", "interactive"]),
    st.booleans(),
    st.integers(0, 1),
)
def test_no_answer_is_ever_a_mix(
    wards: list[list[list[str | float]]], latency: str, twins: bool, break_off: int
) -> None:
    servers = {
        name: Server(*(played(name, call, script) for call, script in enumerate(calls)))
        for name, calls in zip("abc", wards, strict=False)
    }
    ward = Ward(servers, ranks=[0] * 3 if twins else (), hedging={"after_ms": 0.5, "share": 1})

    async def main() -> None:
        calls = ward.failover.calls(ward.targets, lambda t: CALL, stream=True, latency=latency)  # type: ignore[arg-type]
        given: list[tuple[str, str]] = []
        async with aclosing(calls):
            try:
                async for target, delta in calls:
                    given.append((target.destination.name, delta.text))
                    if break_off and len(given) == 2:
                        break
            except OslerError:
                pass
        assert len({name for name, _ in given}) <= 1, "an answer of two servers"
        assert len({text for _, text in given if text}) <= 1, "an answer of two calls"
        assert all(not text or text.startswith(name) for name, text in given)

    asyncio.run(main())
    assert [s.in_flight for s in ward.failover.states()] == [0] * len(servers)
    assert [s.open for s in servers.values()] == [0] * len(servers)
    assert all(len(s.calls) <= 2 for s in servers.values())
