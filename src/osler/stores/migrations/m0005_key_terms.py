"""Version 5: what API keys are held to: tenant, scopes, last day, requests a minute."""

from sqlalchemy import Connection, text
from sqlalchemy import Text as _Text

Text = _Text().with_variant(_Text(collation="C"), "postgresql")


def upgrade(connection: Connection) -> None:
    """Four columns are added to the API keys; keys that are there may do what they could."""
    kept = Text.compile(dialect=connection.dialect)
    for column in (
        f"tenant {kept} NOT NULL DEFAULT 'default'",
        f"scopes {kept} NOT NULL DEFAULT ''",
        f"expires {kept}",
        "per_minute INTEGER",
    ):
        connection.execute(text(f"ALTER TABLE api_keys ADD COLUMN {column}"))
