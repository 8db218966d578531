"""Time limits with one timer: what is late is cancelled, who was cancelled by others stays so, loops do not mix."""

import asyncio
import time

import pytest

from osler.gateway.deadlines import within


async def slept(limit_s: float, seconds: float) -> str:
    try:
        with within(limit_s):
            await asyncio.sleep(seconds)
    except TimeoutError:
        return "late"
    return "done"


def test_what_is_late_ends_and_others_go_on() -> None:
    async def main() -> None:
        begun = time.monotonic()
        found = await asyncio.gather(slept(30, 0.15), slept(0.05, 20), slept(0.1, 20), slept(0.6, 0.01))
        assert found == ["done", "late", "late", "done"]
        assert time.monotonic() - begun < 10
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    asyncio.run(main())


def test_a_limit_that_is_over_does_no_harm_later() -> None:
    async def main() -> None:
        assert await slept(0.05, 0) == "done"
        await asyncio.sleep(0.1)
        assert await slept(0.05, 5) == "late"

    asyncio.run(main())


def test_who_is_cancelled_by_others_stays_cancelled() -> None:
    async def main() -> None:
        task = asyncio.create_task(slept(30, 20))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_within_each_other_the_earlier_one_counts() -> None:
    async def main() -> None:
        for outer, inner in ((0.05, 30), (30, 0.05)):
            with pytest.raises(TimeoutError), within(outer), within(inner):
                await asyncio.sleep(20)

    asyncio.run(main())


def test_what_goes_wrong_inside_comes_through() -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError), within(30):
            raise ZeroDivisionError

    asyncio.run(main())


def test_each_loop_has_limits_of_its_own() -> None:
    async def left() -> None:
        task = asyncio.create_task(slept(0.05, 20))
        await asyncio.sleep(0)
        task.cancel()

    for _ in range(3):
        asyncio.run(left())
        assert asyncio.run(slept(0.05, 20)) == "late"
