"""What commands share: opening a workspace, printing JSON, parsing a patient's id, signing an act."""

import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from osler.app import config as configuration
from osler.app.build import Stores, open_stores, require_stores
from osler.app.config import Config
from osler.core.audit import AuditEntry, AuditRecord
from osler.core.clock import SystemClock, timestamp
from osler.core.errors import InputError, UnsupportedFormat


@contextmanager
def opened(config: Path | None, workspace: Path, *, new: bool = True) -> Iterator[tuple[Config, Stores]]:
    """The configuration and the workspace's stores, closed at the end.

    They are made where there are none; with `new` false that is an error instead.
    """
    loaded = configuration.load(config)
    if not new:
        require_stores(loaded, workspace)
    stores = open_stores(loaded, workspace)
    try:
        yield loaded, stores
    finally:
        stores.close()


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def sign(stores: Stores, kind: str, body: dict[str, object]) -> AuditRecord:
    """Record an act of the command line. `body` holds no PHI."""
    return stores.audit.append_now(
        AuditEntry(
            kind=kind,
            time=timestamp(SystemClock().now()),
            body=body,
            request_id=f"cli_{secrets.token_hex(8)}",
            instance=stores.audit.instance,
        )
    )


def standard_input() -> str:
    """All of standard input, as UTF-8 text. Raises InputError, UnsupportedFormat."""
    if sys.stdin is None:
        raise InputError("Standard input is closed.", remedy="Pipe a text into the command.")
    return utf8(sys.stdin.buffer.read(), "The input")


def utf8(data: bytes, what: str) -> str:
    """`data` as text; `what` names it in the error. Raises UnsupportedFormat."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnsupportedFormat(f"{what} is not UTF-8 text.", remedy="Convert it to UTF-8 first.") from None


def argument(text: str, what: str) -> str:
    """An argument's text, unless its bytes were no UTF-8. Raises UnsupportedFormat."""
    return utf8(text.encode("utf-8", "surrogateescape"), what)


def patient_id(text: str | None) -> str | None:
    """A bare FHIR id from `ID` or `Patient/ID`; None stays None."""
    if text is None:
        return None
    bare = text.strip().removeprefix("Patient/")
    if not bare or len(bare) > 64 or not all((c.isalnum() and c.isascii()) or c in "-." for c in bare):
        raise InputError("--patient is not a FHIR id.", remedy="Give ID or Patient/ID, as the record has it.")
    return bare
