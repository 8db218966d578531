"""Version 4: what callers have used up of their budgets."""

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table
from sqlalchemy import Text as _Text

_metadata = MetaData()

Text = _Text().with_variant(_Text(collation="C"), "postgresql")

Table(
    "spending",
    _metadata,
    Column("account", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    Column("micro_usd", BigInteger, nullable=False),
)


def upgrade(connection: Connection) -> None:
    """One table is added."""
    _metadata.create_all(connection)
