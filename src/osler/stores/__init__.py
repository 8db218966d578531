"""What Osler keeps, in one database per workspace: `<workspace>/osler.db`.

    Database      the file, its transactions, its migrations
    SqlAuditLog   the chained audit log, group-committed, shared by all processes of the workspace
    SqlVault      random handles and keys per patient, sealed under `<workspace>/vault.key`
    SqlAccess     API keys
    SqlIndex      source texts and the search over them
    SqlRecords    the structured side of patients' records

Each implements the port of `core.ports` that it is named for. Only `app.build` imports this room.
"""

from osler.stores.access import SqlAccess
from osler.stores.audit_log import SqlAuditLog
from osler.stores.database import Database
from osler.stores.index import SqlIndex
from osler.stores.records import SqlRecords
from osler.stores.vault import SqlVault, load_or_create_key

__all__ = [
    "Database",
    "SqlAccess",
    "SqlAuditLog",
    "SqlIndex",
    "SqlRecords",
    "SqlVault",
    "load_or_create_key",
]
