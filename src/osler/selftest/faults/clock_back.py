"""A clock that jumps back: the audit chain goes by number, nothing expires early, and what was destroyed stays so.

The gateway runs in a process of its own under a clock that is told what to show (`clock_served`): no setting of Osler
changes its time. Policy goes by the clock: while that is wrong, a BAA is judged by the wrong day. Osler cannot know
better; `osler serve` and `osler doctor` say that the clock went back.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

from osler.selftest.faults import kept
from osler.selftest.faults.client import Answer, Mark, ask
from osler.selftest.faults.site import PATIENT, QUESTION, Site, clean_environment
from osler.selftest.scenario import Broken, Scene
from osler.testing import SocketCapture

DAY_S = 86_400
BACK_DAYS = 30

Tell = Callable[[dict[str, object]], Any]


def run(scene: Scene) -> str:
    """Ask under a clock that goes two days on, past the end of a BAA, and then back by a month."""
    site = Site(folder=scene.folder)
    with SocketCapture() as cloud, _served(site, cloud.url) as (url, key, tell):
        marks = _turned(url, key, tell)
    chain = kept.chain(site.workspace)
    chain.require(marks)
    times = [record.time for record in chain.records]
    _require(times != sorted(times), "the scenario did not turn the clock back")
    _require("the clock went back" in site.run("doctor").output, "`osler doctor` does not name the clock")
    with site.serving() as server:
        _require("clock went back" in server.log.read_text(), "`osler serve` does not name the clock")
    return (
        f"{len(times)} records written under a clock that went back by {BACK_DAYS} days are one chain; no key and no "
        "map expired early, what was destroyed stayed so, and `osler doctor` and `osler serve` name the clock"
    )


def _turned(url: str, key: str, tell: Tell) -> list[Mark]:
    """Turn the clock on and back, and ask; the records that answers named."""
    marks: list[Mark] = []

    def asked() -> Answer:
        answer = ask(url, QUESTION, patient=PATIENT, key=key)
        if answer.mark is not None:
            marks.append(answer.mark)
        return answer

    tell({"keep": "lasting", "hours": 24 * BACK_DAYS})
    tell({"keep": "short", "hours": 1})
    _require(asked().status == 200, "a request under a live BAA is refused")
    tell({"forward": 2 * DAY_S})
    _require(asked().status == 403, "a request under a BAA that ended is not refused")
    _require(not tell({"find": "short"}), "a map outlives its time")
    _require(tell({"expire": True}) == 1, "a map that is over is not destroyed")
    tell({"back": BACK_DAYS * DAY_S})
    # by this clock the BAA is in force again: policy has no other day to go by
    answers = [asked() for _ in range(3)]
    _require(
        all(a.status == 200 and a.mark for a in answers), "after the clock went back answers are not signed"
    )
    _require(bool(tell({"find": "lasting"})), "a map expired early")
    _require(not tell({"find": "short"}), "a destroyed map came back")
    return marks


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)


@contextlib.contextmanager
def _served(site: Site, cloud: str) -> Iterator[tuple[str, str, Tell]]:
    """The address of the gateway, a key for it, and what tells its clock."""
    with (site.folder / "clock.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "osler.selftest.faults.clock_served", str(site.workspace), cloud],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=clean_environment(), text=True,
        )  # fmt: skip
    with process, contextlib.ExitStack() as stack:
        if process.stdin is None or process.stdout is None:
            raise Broken("the gateway under another clock has no pipe")
        stack.callback(process.stdin.close)
        sent, received = process.stdin, process.stdout
        line = received.readline()
        if not line:
            raise Broken("the gateway under another clock did not start")
        hello = json.loads(line)

        def tell(order: dict[str, object]) -> Any:
            sent.write(json.dumps(order) + "\n")
            sent.flush()
            return json.loads(received.readline())

        yield f"http://127.0.0.1:{hello['port']}", hello["key"], tell
