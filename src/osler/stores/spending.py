"""What callers have used up: the port Spending on the one database."""

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, delete, insert, select, tuple_, update

from osler.core.ports.spending import Spent
from osler.stores.database import Database
from osler.stores.tables import spending

_ADD = (
    update(spending)
    .where(spending.c.account == bindparam("of"), spending.c.period == bindparam("during"))
    .values(
        tokens=spending.c.tokens + bindparam("more_tokens"),
        micro_usd=spending.c.micro_usd + bindparam("more_usd"),
    )
)
_AT_ONCE = 400
"""Sums that are asked for in one statement."""


class SqlSpending:
    """Sums by account and period: implements the port Spending. Safe for threads. Errors: StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, amounts: Mapping[tuple[str, str], Spent]) -> None:
        """Add to the sums, all in one transaction."""
        if not amounts:
            return
        with self._database.write("access") as connection:
            for (account, period), spent in sorted(amounts.items()):
                changed = connection.execute(
                    _ADD,
                    {
                        "of": account,
                        "during": period,
                        "more_tokens": spent.tokens,
                        "more_usd": spent.micro_usd,
                    },
                )
                if not changed.rowcount:
                    connection.execute(
                        insert(spending),
                        {
                            "account": account,
                            "period": period,
                            "tokens": spent.tokens,
                            "micro_usd": spent.micro_usd,
                        },
                    )

    def read(self, wanted: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Spent]:
        """The sums of these; those that nothing was added to are left out."""
        found: dict[tuple[str, str], Spent] = {}
        with self._database.read() as connection:
            for at in range(0, len(wanted), _AT_ONCE):
                places = tuple_(spending.c.account, spending.c.period).in_(list(wanted[at : at + _AT_ONCE]))
                for row in connection.execute(select(spending).where(places)):
                    found[row.account, row.period] = Spent(tokens=row.tokens, micro_usd=row.micro_usd)
        return found

    def forget(self, *, before: str) -> None:
        """Remove sums of periods before this one."""
        with self._database.write("access") as connection:
            connection.execute(delete(spending).where(spending.c.period < before))
