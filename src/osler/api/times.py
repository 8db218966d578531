"""Histograms that cost little: what is observed for every request, several times, is one count and one sum.

The Prometheus client's own take a lock for each of these and look at each bucket in turn. Here only the event loop
observes, and whoever reads may see an observation half done: its count a moment before its sum.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class Times(Collector):
    """A histogram of seconds by labels, which are configured names and codes, so that they are few."""

    def __init__(self, name: str, what: str, labels: Sequence[str], buckets: Sequence[float]) -> None:
        self._name, self._what, self.labels = name, what, tuple(labels)
        self._bounds = tuple(buckets)
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}
        if not self.labels:
            self._counts[()], self._sums[()] = self._empty(), 0.0

    def observe(self, seconds: float, *labels: str) -> None:
        """Count one."""
        counts = self._counts.get(labels)
        if counts is None:
            counts = self._counts[labels] = self._empty()
            self._sums[labels] = 0.0
        counts[bisect_left(self._bounds, seconds)] += 1
        self._sums[labels] += seconds

    def _empty(self) -> list[int]:
        return [0] * (len(self._bounds) + 1)

    def describe(self) -> Iterator[HistogramMetricFamily]:
        """The name, so that no other may have it."""
        yield HistogramMetricFamily(self._name, self._what, labels=self.labels)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """All that was observed."""
        family = HistogramMetricFamily(self._name, self._what, labels=self.labels)
        for labels, counts in tuple(self._counts.items()):
            total, buckets = 0, []
            for bound, count in zip((*self._bounds, math.inf), tuple(counts), strict=True):
                total += count
                buckets.append(("+Inf" if math.isinf(bound) else repr(bound), total))
            family.add_metric(labels, buckets, self._sums[labels])
        yield family
