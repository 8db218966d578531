"""Version 2: which master key seals a row of the vault, and the sealed surrogate maps of batches."""

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    insert,
    text,
)
from sqlalchemy import Text as _Text

_metadata = MetaData()

_Number = BigInteger().with_variant(Integer(), "sqlite")

Text = _Text().with_variant(_Text(collation="C"), "postgresql")

Table("vault", _metadata, Column("handle", Text, primary_key=True))

_state = Table(
    "vault_state",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key_id", Text, nullable=False),
)

_shredded = Table(
    "vault_shredded",
    _metadata,
    Column("handle", Text, primary_key=True),
    Column("created", Text, nullable=False),
    Column("shredded", Text, nullable=False),
)

_maps = Table(
    "surrogate_maps",
    _metadata,
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


def upgrade(connection: Connection) -> None:
    """Rows get a key id, empty until the vault is next opened with its key; three tables are added."""
    kept = Text.compile(dialect=connection.dialect)
    connection.execute(text(f"ALTER TABLE vault ADD COLUMN key_id {kept} NOT NULL DEFAULT ''"))
    _metadata.create_all(connection, tables=[_state, _shredded, _maps])
    connection.execute(insert(_state), {"id": 1, "key_id": ""})
