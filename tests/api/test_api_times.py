"""Histograms of our own show what those of the Prometheus client show."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from osler.api.times import Times

BUCKETS = (0.005, 0.01, 0.25, 1.0, 10.0)
SECONDS = st.one_of(st.floats(0, 20, width=32), st.sampled_from(BUCKETS))


def lines(registry: CollectorRegistry) -> list[str]:
    return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]


@given(st.lists(st.tuples(st.sampled_from(("open", "sign")), SECONDS)))
def test_the_same_exposition(observed: list[tuple[str, float]]) -> None:
    own, usual = CollectorRegistry(), CollectorRegistry()
    times = Times("osler_t_seconds", "Time.", ("step",), BUCKETS)
    own.register(times)
    histogram = Histogram("osler_t_seconds", "Time.", ["step"], registry=usual, buckets=BUCKETS)
    for step, seconds in observed:
        times.observe(seconds, step)
        histogram.labels(step).observe(seconds)
    assert lines(own) == lines(usual)


def test_one_without_labels_is_there_from_the_start() -> None:
    own, usual = CollectorRegistry(), CollectorRegistry()
    own.register(Times("osler_t_seconds", "Time.", (), BUCKETS))
    Histogram("osler_t_seconds", "Time.", registry=usual, buckets=BUCKETS)
    assert lines(own) == lines(usual)
