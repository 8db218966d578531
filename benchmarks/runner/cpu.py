"""CPU time of whole process trees, children that have exited included.

Wall times mislead on a machine that others use too; CPU time does so far less: it counts only what
the processes themselves ran, user and system time together.

Own time of a live process comes from its POSIX CPU clock (nanoseconds), the time of children that
exited and were waited for from `/proc/PID/stat` (in ticks of 10 ms on most systems). Not counted: a
child that nobody waited for (its parent ignores SIGCHLD), a process that both started and left the
tree between two looks, work that the kernel does on its own behalf. Other systems than Linux: psutil
and its resolution.
"""

import os
import sys
import time
from collections.abc import Iterable

import psutil

from runner.contenders import BenchmarkError

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_LINUX = sys.platform == "linux"
_SCHED = 2  # CPUCLOCK_SCHED, in the three low bits of a process's clock id; see clock_getcpuclockid(3)
_TOLERANCE_S = 5 / _TICKS  # figures of ended children are rounded down to ticks
_ENDED = "a process that was being measured has ended"


def own_seconds(process: psutil.Process) -> float:
    """CPU time of one process so far, all its threads, ended ones too, and children that it waited for.

    Raises psutil.NoSuchProcess.
    """
    if not _LINUX:
        spent = process.cpu_times()
        return float(spent.user + spent.system + spent.children_user + spent.children_system)
    try:
        own = time.clock_gettime_ns((~process.pid << 3) | _SCHED) / 1e9
        with open(f"/proc/{process.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        raise psutil.NoSuchProcess(process.pid) from None
    return own + (int(fields[13]) + int(fields[14])) / _TICKS


class Tree:
    """The CPU time of the trees under some processes, from when this was made.

    A process that left the tree because its parent ended is still counted while it lives. Where time
    would be lost (a root has ended, an orphan has ended), BenchmarkError is raised: the figure would
    be too small.
    """

    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = tuple(roots)
        self._members: dict[int, psutil.Process] = {}
        self._last = 0.0
        self._begun = self._total()

    def seconds(self) -> float:
        """CPU seconds that the trees have spent since the start, or since `restart`."""
        return self._total() - self._begun

    def restart(self) -> None:
        """Count from now."""
        self._begun = self._total()

    def _look(self) -> None:
        for pid in self._roots:
            try:
                root = psutil.Process(pid)
                family = [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                raise BenchmarkError(_ENDED) from None
            for process in family:
                if self._members.get(process.pid) != process:  # else a number that was given out anew
                    self._members[process.pid] = process

    def _total(self) -> float:
        self._look()
        total = 0.0
        for pid, process in list(self._members.items()):
            try:
                total += own_seconds(process)
            except psutil.NoSuchProcess:
                if pid in self._roots:
                    raise BenchmarkError(_ENDED) from None
                del self._members[pid]
        if total < self._last - _TOLERANCE_S:
            raise BenchmarkError("the CPU time of a process is lost: it ended, and its parent before it")
        self._last = total
        return total
