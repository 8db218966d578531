"""What Osler keeps, in one database per workspace: `<workspace>/osler.db`.

    Database      the file, its transactions, its migrations
    SqlAuditLog   the chained audit log, group-committed, shared by all processes of the workspace
    SqlVault      random handles and keys per patient, sealed under `<workspace>/vault.key`
    SqlSurrogateMaps, SqlVaultKeeper  the ways back from surrogates; shredding, expiry, rotation
    SqlAccess     API keys
    SqlSpending   what callers have used up of their budgets
    SqlIndex      source texts and the search over them
    SqlRecords    the structured side of patients' records

Each implements the port of `core.ports` that it is named for. Only `app.build` imports this room.
"""

from osler.stores.access import SqlAccess
from osler.stores.audit_log import SqlAuditLog
from osler.stores.database import Database
from osler.stores.index import SqlIndex
from osler.stores.records import SqlRecords
from osler.stores.spending import SqlSpending
from osler.stores.vault import SqlVault, load_or_create_key
from osler.stores.vault_keeping import SqlVaultKeeper
from osler.stores.vault_keys import FileKeys, FixedKeys
from osler.stores.vault_maps import SqlSurrogateMaps

__all__ = [
    "Database",
    "FileKeys",
    "FixedKeys",
    "SqlAccess",
    "SqlAuditLog",
    "SqlIndex",
    "SqlRecords",
    "SqlSpending",
    "SqlSurrogateMaps",
    "SqlVault",
    "SqlVaultKeeper",
    "load_or_create_key",
]
