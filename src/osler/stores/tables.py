"""The schema, as the newest migration leaves it: one for SQLite and PostgreSQL.

Times are ISO 8601 text in UTC, as `core.clock.timestamp` writes them. JSON is kept as text, because
the audit hashes it and nothing queries into it. The full-text table over `passages` is not here: it
differs by database and is made of what is here (see `fulltext/`).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
)
from sqlalchemy import Text as _Text

metadata = MetaData()

# On SQLite only INTEGER PRIMARY KEY is the row's own number.
_Number = BigInteger().with_variant(Integer(), "sqlite")

# PostgreSQL would sort by the rules of some language; bytewise is how SQLite does, and the same everywhere.
Text = _Text().with_variant(_Text(collation="C"), "postgresql")

audit = Table(
    "audit",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("time", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("instance", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
"""The chain. `body` is canonical JSON."""

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", _Number, nullable=False),
    Column("hash", Text, nullable=False),
)
"""One row, id 1: the newest record's number and hash."""

audit_open = Table(
    "audit_open",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("request_id", Text, nullable=False, index=True),
    Column("instance", Text, nullable=False),
)
"""The "opened" records that nothing closed yet, so that they are found without walking the chain.

`instance` is the process that wrote the record.
"""

vault = Table(
    "vault",
    metadata,
    Column("handle", Text, primary_key=True),
    Column("lookup", LargeBinary, nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", Text, nullable=False),
    Column("key_id", Text, nullable=False),
)
"""Handles. `lookup` is a keyed digest of the patient's id, `sealed` the id and their key, encrypted.

`key_id` names the master key that seals the row.
"""

vault_state = Table(
    "vault_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key_id", Text, nullable=False),
)
"""One row, id 1: the master key that new rows are sealed under; empty until the vault is first opened."""

vault_shredded = Table(
    "vault_shredded",
    metadata,
    Column("handle", Text, primary_key=True),
    Column("created", Text, nullable=False),
    Column("shredded", Text, nullable=False),
)
"""Handles whose key was destroyed: that there was someone, nothing more."""

surrogate_maps = Table(
    "surrogate_maps",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("handle", Text, ForeignKey("vault.handle", ondelete="CASCADE"), nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", Text, nullable=False),
    Column("expires", Text),
    Index("ix_surrogate_maps_handle_record_text", "handle", "record", "text", unique=True),
    Index("ix_surrogate_maps_record", "record"),
    Index("ix_surrogate_maps_text", "text"),
    Index("ix_surrogate_maps_expires", "expires"),
)
"""Ways back from surrogates. `record` and `text` are keyed digests of the record's id and of the replaced text."""

store_moved = Table(
    "store_moved",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("destination", Text, nullable=False),
    Column("moved", Text, nullable=False),
)
"""At most one row: that the content was moved, when, and to what kind of database."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("created", Text, nullable=False),
    Column("revoked", Text),
    Column("tenant", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("expires", Text),
    Column("per_minute", Integer),
)
"""API keys: only the SHA-256 of each. `scopes` are words with commas between; `expires` is a day, ISO 8601."""

patients = Table(
    "patients",
    metadata,
    Column("patient", Text, primary_key=True),
    Column("birth_date", Text),
    Column("gender", Text, nullable=False),
)

identifiers = Table(
    "identifiers",
    metadata,
    Column("patient", Text, ForeignKey("patients.patient", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("label", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("birth", Boolean, nullable=False),
)
"""Every identifier known of a patient, in order."""

documents = Table(
    "documents",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=False),
    Column("doc", Text, nullable=False, unique=True),
    Column("collection", Text, nullable=False, index=True),
    Column("patient", Text),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("published", Text, nullable=False),
    Column("opened", Text, nullable=False),
    Column("keywords", Text, nullable=False),
    Column("item_type", Text),
    Column("item_category", Text),
    Column("item_status", Text),
    Column("item_active", Boolean),
    Column("item_display", Text),
    Column("item_codes", Text),
    Column("item_when", Text),
    Column("item_value", Text),
    Column("item_text", Text),
    Column("digest", Text, nullable=False),
    Index("ix_documents_patient_item_type", "patient", "item_type"),
)
"""Source texts. `sha256` is the text's, `digest` that of all that is stored of the document.

The `item_…` columns are null for a document without a structured side; `item_text` is null where it
is the document's own text. `keywords` and `item_codes` are JSON arrays.
"""

passages = Table(
    "passages",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=False),
    Column("document", _Number, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("section", Text, nullable=False),
)
"""Stretches of documents that are searched as one; offsets are code points of the document's text."""

spending = Table(
    "spending",
    metadata,
    Column("account", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    Column("micro_usd", BigInteger, nullable=False),
)
"""What was used up of budgets: by budget and key or tenant (ids, no names), and day or month."""
