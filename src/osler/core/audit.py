"""The audit record and its hash chain: pure values and functions, no storage.

A record's hash is SHA-256 over the canonical JSON of everything in it but the hash itself, and so
over the previous record's hash: change, remove or reorder one record and every later one stops
matching. What a chain alone cannot show is that its newest records were cut off together with the
stored head; keep a head (`number:hash`) elsewhere to see that.

Canonical JSON: keys sorted by code point, no white space, UTF-8 unescaped, integers, strings,
booleans, null, arrays and objects only (no floats: their text differs between writers).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_LEAVES = (str, int, type(None))
_OWN = frozenset({*_LEAVES, bool})
"""The same and no class of its own: what almost every leaf is, and faster to tell."""
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)

GENESIS = "0" * 64
"""The hash that the first record names as its predecessor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What is to be recorded: a kind, when, and a body of JSON values without PHI.

    `canonical` is the body as canonical JSON, where that was made before; else it is made when it is needed.
    """

    kind: str
    time: str
    body: Mapping[str, object]
    request_id: str = ""
    instance: str = ""
    canonical: str = field(default="", repr=False, compare=False)

    @property
    def text(self) -> str:
        """The body as canonical JSON. TypeError when it has none."""
        return self.canonical or canonical_json(self.body).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An entry with its place in the chain."""

    number: int
    kind: str
    time: str
    request_id: str
    instance: str
    body: Mapping[str, object] = field(repr=False)
    prev: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest record's number and hash; `Head()` is the head of an empty chain."""

    number: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainVerdict:
    """Whether a chain holds. `broken_at` is the first record that does not; `reason` says why."""

    ok: bool
    records: int
    head: Head
    broken_at: int | None = None
    reason: str = ""
    open_streams: int = 0


def canonical_json(value: object) -> bytes:
    """`value` in the one form that is hashed. Raises TypeError for floats and other foreign types."""
    return written(_plain(value)).encode("utf-8", "strict")


def plain(body: Mapping[str, object]) -> dict[str, object]:
    """A copy of a body, made of nothing but what canonical JSON has. Raises TypeError for what it has not."""
    copy: dict[str, object] = {}
    for key, item in body.items():
        if type(key) is not str and not isinstance(key, str):
            raise TypeError("canonical JSON takes string keys only")
        copy[key] = item if type(item) in _OWN or isinstance(item, _LEAVES) else _plain(item)
    return copy


def _plain(value: object) -> object:
    # Leaves are looked at in their parent's loop, and dict stands before Mapping: this is half the cost of a record.
    if isinstance(value, _LEAVES):
        return value
    if isinstance(value, (dict, Mapping)):
        return plain(value)
    if isinstance(value, (list, tuple)):
        return [item if type(item) in _OWN or isinstance(item, _LEAVES) else _plain(item) for item in value]
    raise TypeError(f"canonical JSON has no form for {type(value).__name__}")


def written(value: object) -> str:
    """What `plain` gave, as canonical JSON."""
    return _ENCODER.encode(value)


def hash_of(record: AuditRecord) -> str:
    """The hash that `record` ought to carry."""
    return _hash(record, canonical_json(record.body).decode(), record.number, record.prev)


def seal(head: Head, entry: AuditEntry) -> AuditRecord:
    """`entry` as the record after `head`."""
    number = head.number + 1
    return AuditRecord(
        number=number,
        kind=entry.kind,
        time=entry.time,
        request_id=entry.request_id,
        instance=entry.instance,
        body=entry.body,
        prev=head.hash,
        hash=_hash(entry, entry.text, number, head.hash),
    )


def _hash(of: AuditEntry | AuditRecord, body: str, number: int, prev: str) -> str:
    """SHA-256 over the canonical JSON of all but the hash. `body` stands in it as it is: a body is written out once."""
    quoted = _ENCODER.encode
    return hashlib.sha256(
        f'{{"body":{body},"instance":{quoted(of.instance)},"kind":{quoted(of.kind)},"number":{number:d}'
        f',"prev":{quoted(prev)},"request_id":{quoted(of.request_id)},"time":{quoted(of.time)}}}'.encode()
    ).hexdigest()


def verify(records: Iterable[AuditRecord], head: Head) -> ChainVerdict:
    """Walk `records` in stored order and say whether they are one whole chain that ends at `head`."""
    last, seen, opened = Head(), 0, set[str]()
    for record in records:
        reason = _fault(last, record)
        if reason:
            return ChainVerdict(ok=False, records=seen, head=last, broken_at=last.number + 1, reason=reason)
        last, seen = Head(number=record.number, hash=record.hash), seen + 1
        if record.kind == "opened":
            opened.add(record.request_id)
        elif record.kind in ("closed", "interrupted"):
            opened.discard(record.request_id)
    if last != head:
        return ChainVerdict(
            ok=False,
            records=seen,
            head=last,
            broken_at=last.number + 1,
            reason=f"the stored head names record {head.number}, but the chain ends at {last.number} "
            "or ends with another hash",
        )
    return ChainVerdict(ok=True, records=seen, head=last, open_streams=len(opened))


def _fault(last: Head, record: AuditRecord) -> str:
    if record.number != last.number + 1:
        return f"record {last.number + 1} is missing: after {last.number} comes {record.number}"
    if record.prev != last.hash:
        return f"record {record.number} does not follow from record {last.number}"
    try:
        expected = hash_of(record)
    except (TypeError, ValueError, RecursionError):
        return f"record {record.number} cannot be read"
    if expected != record.hash:
        return f"record {record.number} was changed after it was written"
    return ""
