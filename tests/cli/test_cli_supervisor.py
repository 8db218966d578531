"""The process that starts workers: a signal ends its waiting at once."""

import os
import signal
import threading
import time

from osler.cli.work.serve import _UntilSignal


def test_a_signal_ends_the_waiting() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: came.append(number))
    wakeup = signal.set_wakeup_fd(-1)
    try:
        event = _UntilSignal()
        assert not event.wait(0.01)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        begun = time.monotonic()
        assert not event.wait(60)
        assert time.monotonic() - begun < 30
        assert came == [signal.SIGUSR1]
        event.set()
        assert event.wait(60)
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGUSR1, before)
