"""What is tried: any JSON, a JSON value with one thing in it changed, bytes of seeds spliced and cut."""

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any

from fuzz_oracle import CANARY
from hypothesis import strategies as st

texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ("", CANARY, "\x00", "\ud800", "\u2028", "é", "e\u0301", "\U0001f9d1", "2026-02-30", "1e999", "-0")
    ),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from((2**63, -(2**63) - 1, 10**400, 0.5, 1e308, float("inf"), float("nan"))),
    texts,
)
names = st.text(max_size=12)


def nested(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Any JSON, and more than JSON: numbers that are none."""
    return st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
        max_leaves=6,
    )


anything = nested(texts)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value: the keys and numbers that lead there."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


@st.composite
def changed(
    draw: st.DrawFn, values: Sequence[Any], keys: st.SearchStrategy[str] = texts, most: int = 3
) -> Any:
    """One of `values` with up to `most` places replaced, removed, doubled, renamed or deepened."""
    value = copy.deepcopy(draw(st.sampled_from(values)))
    for _ in range(draw(st.integers(1, most))):
        value = _with_change(draw, value, keys)
    return value


def _with_change(draw: st.DrawFn, value: Any, keys: st.SearchStrategy[str]) -> Any:
    path = draw(st.sampled_from(list(places(value))))
    if not path:
        return draw(nested(keys)) if draw(st.integers(0, 9)) == 0 else value
    around = value
    for key in path[:-1]:
        around = around[key]
    key, what = path[-1], draw(st.sampled_from(("replace", "remove", "add", "wrap", "deepen", "swap")))
    if what == "replace":
        around[key] = draw(nested(keys))
    elif what == "remove":
        del around[key]
    elif what == "wrap":
        around[key] = draw(
            st.sampled_from(([around[key]], {"value": around[key]}, [around[key], around[key]]))
        )
    elif what == "deepen":
        deep = around[key]
        for _ in range(draw(st.sampled_from((5, 60, 200)))):
            deep = [deep] if draw(st.booleans()) else {"extension": deep}
        around[key] = deep
    elif isinstance(around, list):
        around.insert(0, around[key] if what == "swap" else draw(nested(keys)))
    else:
        around[draw(keys)] = around[key] if what == "swap" else draw(nested(keys))
    return value


@st.composite
def spliced(draw: st.DrawFn, seeds: Sequence[bytes], tokens: Sequence[str]) -> bytes:
    """A seed cut, doubled, joined with another one, or with tokens and bytes put in."""
    data = draw(st.sampled_from(seeds))
    words = [token.encode("utf-8", "backslashreplace") for token in tokens]
    for _ in range(draw(st.integers(1, 6))):
        at, to = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
        what = draw(st.sampled_from(("token", "bytes", "cut", "double", "join", "truncate")))
        if what == "token":
            data = data[:at] + draw(st.sampled_from(words)) + data[at:]
        elif what == "bytes":
            data = data[:at] + draw(st.binary(max_size=4)) + data[at + 1 :]
        elif what == "cut":
            data = data[:at] + data[to:]
        elif what == "double":
            data = data[:to] + data[at:to] + data[to:]
        elif what == "join":
            data = data[:at] + draw(st.sampled_from(seeds))[to:]
        else:
            data = data[:at]
    return data[:50_000]


def as_json(value: Any) -> bytes:
    """The value as a careless program writes it: half surrogates escaped, numbers that JSON has not."""
    return json.dumps(value).encode()
