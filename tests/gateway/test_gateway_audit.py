"""Canonical JSON and the hash chain, as pure functions."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.core.audit import GENESIS, AuditEntry, AuditRecord, Head, canonical_json, hash_of, seal, verify

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(st.text(max_size=8), values, max_size=4)


def chain(entries: list[dict[str, object]]) -> list[AuditRecord]:
    records: list[AuditRecord] = []
    head = Head()
    for body in entries:
        records.append(seal(head, AuditEntry(kind="answer", time="2026-11-20T08:00:00.000Z", body=body)))
        head = Head(number=records[-1].number, hash=records[-1].hash)
    return records


def end(records: list[AuditRecord]) -> Head:
    return Head(number=records[-1].number, hash=records[-1].hash) if records else Head()


def test_a_known_record_has_a_known_hash() -> None:
    """Computed by hand: printf '%s' JSON | sha256sum. Guards the format against silent change."""
    record = seal(
        Head(), AuditEntry(kind="answer", time="t", body={"b": 1, "a": "é"}, request_id="r", instance="i")
    )
    text = (
        '{"body":{"a":"é","b":1},"instance":"i","kind":"answer","number":1,"prev":"'
        + GENESIS
        + '","request_id":"r","time":"t"}'
    )
    assert (
        canonical_json(
            {"number": 1, "kind": "answer", "time": "t", "request_id": "r", "instance": "i", "prev": GENESIS,
             "body": {"b": 1, "a": "é"}}
        )
        == text.encode()
    )  # fmt: skip
    assert record.hash == "b4bf56f75aae9dd399165d5a9d85d1c1d11ef325849a85fb652b21b576434447"


@pytest.mark.parametrize("foreign", [1.5, float("nan"), b"x", {1: "x"}, object(), {"a": [1.0]}])
def test_foreign_types_have_no_canonical_form(foreign: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(foreign)


@given(value=values)
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: object) -> None:
    def turned(item: object) -> object:
        if isinstance(item, dict):
            return {k: turned(v) for k, v in reversed(item.items())}
        return [turned(v) for v in item] if isinstance(item, list) else item

    assert canonical_json(value) == canonical_json(turned(value))


@given(entries=st.lists(bodies, max_size=6))
def test_a_whole_chain_holds(entries: list[dict[str, object]]) -> None:
    records = chain(entries)
    verdict = verify(records, end(records))
    assert verdict.ok
    assert verdict.records == len(entries)


@given(at=st.integers(0, 5), how=st.sampled_from(["body", "time", "drop", "swap", "hash", "kind", "tail"]))
def test_any_change_is_found_and_named(at: int, how: str) -> None:
    records = chain([{"n": n} for n in range(7)])
    head = end(records)
    if how == "drop":
        del records[at]
    elif how == "tail":
        del records[at + 1 :]
    elif how == "swap":
        records[at], records[at + 1] = records[at + 1], records[at]
    elif how == "hash":
        # Whoever rewrites a record and its hash breaks the next one's link.
        changed = replace(records[at], body={"n": 99})
        records[at] = replace(changed, hash=hash_of(changed))
    else:
        new = {"body": {"n": 99}, "time": "later", "kind": "other"}[how]
        records[at] = replace(records[at], **{how: new})
    verdict = verify(records, head)
    assert not verdict.ok
    assert verdict.broken_at in (at + 1, at + 2)
    assert verdict.reason


def test_open_streams_are_counted() -> None:
    head, records = Head(), []
    for kind, request in (
        ("opened", "a"),
        ("opened", "b"),
        ("closed", "a"),
        ("opened", "c"),
        ("interrupted", "c"),
    ):
        records.append(seal(head, AuditEntry(kind=kind, time="t", body={}, request_id=request)))
        head = Head(number=records[-1].number, hash=records[-1].hash)
    assert verify(records, head).open_streams == 1
