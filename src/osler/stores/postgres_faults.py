"""What PostgreSQL's faults become: one sentence, one remedy, no value, no SQL, nothing of the URL.

By the server's SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html): the whole code first, then its class.
"""

from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from osler.core.errors import InputError, OslerError, StoreError

_DAMAGED = "Stop Osler and restore the database from a backup."
_BUSY = (
    "The database is locked by another process.",
    "Wait until that process has finished, or stop it, and try again.",
)
_FAULTS: dict[str, tuple[str, str]] = {
    "55P03": _BUSY,
    "40": _BUSY,
    "28": (
        "The PostgreSQL server does not let this user in.",
        "Check the user and the password in the database's URL, and the server's pg_hba.conf.",
    ),
    "3D000": (
        "The PostgreSQL server has no such database.",
        "Create it (createdb), or correct the database's name in the URL.",
    ),
    "3F000": (
        "The PostgreSQL database has no such schema.",
        "Create it, or correct `search_path` in the URL.",
    ),
    "42501": (
        "The database's user lacks a right that Osler needs.",
        "Let it own its schema: GRANT ALL ON SCHEMA … TO …; Osler creates its tables itself.",
    ),
    "25006": (
        "The PostgreSQL server only lets itself be read: it is a replica, or set to read-only.",
        "Name the primary server in the database's URL.",
    ),
    "53100": (
        "The disk of the PostgreSQL server is full.",
        "Free some space there and try again; nothing of this write was kept.",
    ),
    "53300": (
        "The PostgreSQL server takes no more connections.",
        "Raise its max_connections (each Osler process uses up to 34), or run fewer processes.",
    ),
    "53": ("The PostgreSQL server has run out of a resource.", "Look into the server's own log."),
    "57014": (
        "The PostgreSQL server cancelled a statement.",
        "Look into its statement_timeout, and its log.",
    ),
    "57": ("The PostgreSQL server is stopping, starting, or ended the connection.", "Try again in a moment."),
    "25P03": ("A transaction stood still too long, and the PostgreSQL server ended it.", "Try again."),
    "23": (
        "The database refused a row that contradicts what it holds.",
        "Run `osler audit verify` and `osler doctor`; the database may have been changed by hand.",
    ),
    "54000": ("A text is too long for the database's search.", "Split the document into smaller ones."),
    "42": (
        "The PostgreSQL database lacks something that Osler put there.",
        "Run `osler doctor`; the database may have been changed by hand. Restore it from a backup.",
    ),
    "XX001": ("The PostgreSQL database is damaged.", _DAMAGED),
    "XX002": ("An index of the PostgreSQL database is damaged.", "Run REINDEX DATABASE on the server."),
    "58": (
        "The PostgreSQL server failed to read or write its files.",
        "Check the server's disk and its log.",
    ),
    "08": (
        "The PostgreSQL server cannot be reached.",
        "Check that it runs, and the host, port and TLS settings in the database's URL.",
    ),
}


_REFUSALS = (
    (("password", "authentication failed", "pg_hba.conf", 'role "'), "28"),
    (('database "',), "3D000"),
    (("too many clients", "connection slots", "too many connections"), "53300"),
    (("starting up", "shutting down", "recovery mode", "not yet accepting"), "57"),
)
"""A server that turns a connection down gives no SQLSTATE to the driver, only a sentence (in English, mostly)."""


def _refused(sentence: str) -> str:
    """The class of a connection that did not come about or broke off."""
    if "fatal:" not in sentence:
        return "08"
    return next((state for words, state in _REFUSALS if any(word in sentence for word in words)), "08")


def is_busy(error: Exception) -> bool:
    """Whether `error` only says that another writer holds the lock."""
    return _state(error) in ("55P03", "40001", "40P01")


def busy() -> StoreError:
    """What a writer is told who waited in vain."""
    message, remedy = _BUSY
    return StoreError(message, remedy=remedy)


def fault(error: Exception) -> OslerError:
    """`error` as one of Osler's. `error` itself forgets its text: the server puts values of rows into it."""
    state, told_before = _state(error), str(getattr(error, "orig", "")).lower()
    for told in (error, getattr(error, "orig", None)):
        if isinstance(told, Exception):
            told.args = (type(told).__name__,)
    if not state and isinstance(error, DataError):
        return InputError(
            "A text that was to be stored or looked up holds a NUL character, which PostgreSQL cannot keep.",
            remedy="Remove the NUL characters from the text or file.",
        )
    if not state and isinstance(error, OperationalError | InterfaceError):
        state = _refused(told_before)
    if isinstance(error, PoolTimeout):
        state = "53300"
    found = _FAULTS.get(state) or _FAULTS.get(state[:2])
    if found is not None:
        message, remedy = found
        return StoreError(message, remedy=remedy)
    cause = error.orig if isinstance(error, DBAPIError) else error
    return StoreError(
        f"The database failed ({type(cause).__name__}, SQLSTATE {state or 'none'}).",
        remedy="Run `osler doctor`; if it finds nothing, report this message.",
    )


def _state(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlstate", None) or "")
