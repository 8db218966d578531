"""Version 3: a note that the content was moved to another database."""

from sqlalchemy import Column, Connection, Integer, MetaData, Table
from sqlalchemy import Text as _Text

_metadata = MetaData()

Text = _Text().with_variant(_Text(collation="C"), "postgresql")

Table(
    "store_moved",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("destination", Text, nullable=False),
    Column("moved", Text, nullable=False),
)


def upgrade(connection: Connection) -> None:
    """One table is added."""
    _metadata.create_all(connection)
