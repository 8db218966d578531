"""Version 1: the audit chain, the vault, API keys, source texts with their passages, patients."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    insert,
)
from sqlalchemy import Text as _Text

from osler.core.audit import GENESIS
from osler.stores import fulltext

_metadata = MetaData()

_Number = BigInteger().with_variant(Integer(), "sqlite")

Text = _Text().with_variant(_Text(collation="C"), "postgresql")

Table(
    "audit",
    _metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("time", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("instance", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

_audit_head = Table(
    "audit_head",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", _Number, nullable=False),
    Column("hash", Text, nullable=False),
)

Table(
    "audit_open",
    _metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("request_id", Text, nullable=False, index=True),
    Column("instance", Text, nullable=False),
)

Table(
    "vault",
    _metadata,
    Column("handle", Text, primary_key=True),
    Column("lookup", LargeBinary, nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", Text, nullable=False),
)

Table(
    "api_keys",
    _metadata,
    Column("number", _Number, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("created", Text, nullable=False),
    Column("revoked", Text),
)

Table(
    "patients",
    _metadata,
    Column("patient", Text, primary_key=True),
    Column("birth_date", Text),
    Column("gender", Text, nullable=False),
)

Table(
    "identifiers",
    _metadata,
    Column("patient", Text, ForeignKey("patients.patient", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("label", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("birth", Boolean, nullable=False),
)

Table(
    "documents",
    _metadata,
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

Table(
    "passages",
    _metadata,
    Column("id", _Number, primary_key=True, autoincrement=False),
    Column("document", _Number, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("section", Text, nullable=False),
)


def upgrade(connection: Connection) -> None:
    """Make all tables, and the head of an empty chain."""
    _metadata.create_all(connection)
    connection.execute(insert(_audit_head), {"id": 1, "number": 0, "hash": GENESIS})
    fulltext.create(connection)
