"""Canonical JSON and the hash chain: one form for one value, and no change to a chain that goes unseen."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from fuzz_oracle import in_time
from fuzz_profile import examples
from hypothesis import assume, given
from hypothesis import strategies as st

from osler.core.audit import (
    AuditEntry,
    AuditRecord,
    ChainVerdict,
    Head,
    canonical_json,
    hash_of,
    seal,
    verify,
)

words = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
plain = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), words)
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(words, inner, max_size=4),
    ),
    max_leaves=12,
)
bodies = st.dictionaries(words, values, max_size=4)
entries = st.builds(
    AuditEntry,
    kind=st.sampled_from(("answer", "opened", "closed", "kb.add")), time=words, body=bodies, request_id=words, instance=words,
)  # fmt: skip


def listed(value: Any) -> Any:
    """Tuples as lists: canonical JSON does not tell them apart."""
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    return [listed(item) for item in value] if isinstance(value, list | tuple) else value


def turned(value: Any) -> Any:
    """The same value, every table's keys in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


def exactly(value: Any) -> Any:
    """The value so that 1 and true differ, as Python's own comparison does not have it."""
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    return [exactly(item) for item in value] if isinstance(value, list) else (type(value).__name__, value)


@examples(80)
@given(values)
def test_canonical_json_reads_back_and_has_one_form(value: Any) -> None:
    written = canonical_json(value)
    assert exactly(json.loads(written)) == exactly(listed(value))
    assert canonical_json(turned(listed(value))) == written
    assert canonical_json(json.loads(written)) == written
    assert b"\n" not in written


@examples(80)
@given(values, values)
def test_different_values_have_different_forms(one: Any, other: Any) -> None:
    same = exactly(listed(one)) == exactly(listed(other))
    assert (canonical_json(one) == canonical_json(other)) == same


FOREIGN: tuple[Any, ...] = (0.5, float("nan"), float("inf"), b"x", {1: 2}, {None: 1}, {"s"}, object(), 1j)


@examples(30)
@given(values, st.sampled_from(FOREIGN), st.lists(st.booleans(), max_size=6))
def test_what_has_no_one_form_is_refused_at_any_depth(value: Any, foreign: Any, way: list[bool]) -> None:
    for table in way:
        foreign = {"a": value, "b": foreign} if table else [value, foreign]
    with pytest.raises(TypeError):
        canonical_json(foreign)
    with pytest.raises(ValueError, match="surrogates"):
        canonical_json([value, "\ud800"])


def chain(given_: list[AuditEntry]) -> list[AuditRecord]:
    records: list[AuditRecord] = []
    for entry in given_:
        last = records[-1] if records else None
        records.append(seal(Head(number=last.number, hash=last.hash) if last else Head(), entry))
    return records


def head_of(records: list[AuditRecord]) -> Head:
    return Head(number=records[-1].number, hash=records[-1].hash) if records else Head()


@examples(30)
@given(st.lists(entries, max_size=6), entries)
def test_a_chain_holds_and_goes_on_holding_when_it_grows(given_: list[AuditEntry], more: AuditEntry) -> None:
    records = chain(given_)
    verdict = verify(records, head_of(records))
    assert (verdict.ok, verdict.records, verdict.head) == (True, len(records), head_of(records))
    longer = [*records, seal(head_of(records), more)]
    assert verify(longer, head_of(longer)).ok
    assert not verify(longer, head_of(records)).ok, "a record beyond the stored head was not seen"


@examples(60)
@given(st.lists(entries, min_size=2, max_size=6), st.data())
def test_any_change_to_a_chain_is_seen_at_its_place(given_: list[AuditEntry], data: st.DataObject) -> None:
    records = chain(given_)
    at = data.draw(st.integers(0, len(records) - 1))
    what = data.draw(
        st.sampled_from((*(f.name for f in fields(AuditRecord)), "removed", "swapped", "doubled", "resealed"))
    )
    broken = list(records)
    if what == "removed":
        del broken[at]
    elif what == "swapped":
        other = data.draw(st.integers(0, len(records) - 1).filter(lambda n: n != at))
        broken[at], broken[other] = broken[other], broken[at]
        at = min(at, other)
    elif what == "doubled":
        broken.insert(at, broken[at])
        at += 1
    elif what == "resealed":  # the whole record made anew with another body, its hash right
        given_[at] = replace(given_[at], body={**given_[at].body, "changed": True})
        broken[at] = chain(given_)[at]
        at = min(at + 1, len(records))
    else:
        old = getattr(records[at], what)
        new = data.draw(_other(old))
        assume(exactly(listed(new)) != exactly(listed(old)))
        broken[at] = replace(records[at], **{what: new})
    verdict = verify(broken, head_of(records))
    assert not verdict.ok
    # What shows at the hash alone shows at once; the last record's hash shows at the head.
    assert verdict.broken_at in (at + 1, at + 2) if what == "hash" else verdict.broken_at == at + 1
    assert verdict.reason


def _other(old: Any) -> st.SearchStrategy[Any]:
    if isinstance(old, int):
        return st.integers(-3, 20)
    if isinstance(old, dict):
        return st.one_of(bodies, st.just({"x": 0.5}), st.just({"x": "\ud800"}))
    flipped = st.just(old[:-1] + chr(ord(old[-1]) ^ 1) if old else "x")
    return st.one_of(words, flipped, st.just(old + " "), st.just(old.swapcase()))


@pytest.mark.parametrize("depth", [100, 5_000])
def test_a_record_nested_too_deeply_is_one_that_cannot_be_read(depth: int) -> None:
    record = chain([AuditEntry(kind="answer", time="t", body={})])[0]
    deep: Any = 1
    for _ in range(depth):
        deep = [deep]
    forged = replace(record, body={"x": deep})
    assert verify([forged], Head(number=1, hash=record.hash)) == ChainVerdict(
        ok=False, records=0, head=Head(), broken_at=1,
        reason="record 1 cannot be read" if depth > 1000 else "record 1 was changed after it was written",
    )  # fmt: skip


def test_a_long_body_takes_time_in_proportion() -> None:
    record = chain([AuditEntry(kind="answer", time="t", body={"x": ["word"] * 100_000})])[0]
    with in_time(700_000):
        assert hash_of(record) == record.hash
