"""The series of one metric by their labels, each looked up once: what is counted for every request must cost little."""

from typing import Generic, TypeVar

from prometheus_client.metrics import MetricWrapperBase

M = TypeVar("M", bound=MetricWrapperBase)


class Children(dict[tuple[str, ...], M], Generic[M]):
    """`children["a", "b"]` is the series with these labels. Labels are configured names and codes, so they are few."""

    def __init__(self, metric: M) -> None:
        super().__init__()
        self._metric = metric

    def __missing__(self, labels: tuple[str, ...]) -> M:
        child = self[labels] = self._metric.labels(*labels)
        return child
