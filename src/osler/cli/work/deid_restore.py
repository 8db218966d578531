"""Work of `osler deid restore`: originals for surrogates, with a reason, recorded before anything is shown."""

import hashlib
import hmac
import json as json_format
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from osler import __version__
from osler.app.build import Stores
from osler.cli.deid import Restore
from osler.cli.work.session import opened, print_json, sign, utf8
from osler.cli.work.vault import fit_reason
from osler.core.errors import InputError, UnsupportedFormat
from osler.core.ports.vault import FoundMap, SurrogateMaps
from osler.deid.keyed import WayBack
from osler.deid.keyed.maps import digest_of

_HANDLES_A_RECORD = 500


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What became of the records."""

    exact: int = 0
    edited: int = 0
    unknown: int = 0
    handles: set[str] = field(default_factory=set)


def restore(*, options: Restore) -> None:
    """Put originals back. Nothing is written out before the audit log has who was named and why."""
    lines = _is_jsonl(options)
    _require_places(options)
    with opened(options.config, options.workspace, new=False) as (_, stores):
        reason = fit_reason(options.reason)
        sign(stores, "restore", {"stage": "begun", "reason": reason, "osler": __version__})
        with _draft(options) as (draft, file):
            tally = _Tally()
            digest = hmac.new(stores.vault.subject(None).key, digestmod=hashlib.sha256)
            for piece in (_restored_lines if lines else _restored_text)(options, stores.maps, tally):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
            _record(stores, tally, digest.hexdigest())
            if not tally.handles:
                raise InputError(
                    "The vault has no way back for this input.",
                    remedy="Restore what `osler deid run --mode surrogate --vault` wrote into this workspace; "
                    "name records with --id if the text was changed.",
                )
            _release(draft, options)
    _show(tally, options)


def _record(stores: Stores, tally: _Tally, digest: str) -> None:
    """Who was named goes into the log in full, then the outcome; when either cannot be written, nothing is released."""
    handles = sorted(tally.handles)
    for at in range(0, len(handles), _HANDLES_A_RECORD):
        named: Sequence[str] = handles[at : at + _HANDLES_A_RECORD]
        sign(stores, "restore", {"stage": "named", "patients": list(named), "osler": __version__})
    body = {"exact": tally.exact, "edited": tally.edited, "unknown": tally.unknown, "restored": digest}
    sign(stores, "restore", {"stage": "done", "patients": len(handles), **body, "osler": __version__})


# -- records


def _restored_text(options: Restore, maps: SurrogateMaps, tally: _Tally) -> Iterator[bytes]:
    text = utf8(_read(options.input), "The input")
    yield _one(text, options.ids or (), maps, tally).encode("utf-8", "surrogatepass")


def _restored_lines(options: Restore, maps: SurrogateMaps, tally: _Tally) -> Iterator[bytes]:
    """Lines with their `text` restored; lines without a text, and those not asked for, as they are."""
    wanted = set(options.ids or ())
    try:
        with Path(options.input).open("rb") as file:
            for number, line in enumerate(file, 1):
                value = _parsed(line, number)
                name = str(value.get("id", number)) if isinstance(value, dict) else ""
                text = value.get("text") if isinstance(value, dict) else None
                if not isinstance(text, str) or (wanted and name not in wanted):
                    yield line if line.endswith(b"\n") else line + b"\n"
                    continue
                new = _one(text, (name,), maps, tally)
                yield json_format.dumps({**value, "text": new}, ensure_ascii=False).encode() + b"\n"
    except OSError as error:
        raise _unreadable(error) from None


def _one(text: str, names: Sequence[str], maps: SurrogateMaps, tally: _Tally) -> str:
    found = maps.by_digest(digest_of(text))
    # the same replaced text may stand for two: then the record's id decides
    named = [f for f in found if f.map.record in names] or list(found)
    originals = {WayBack([f.map]).exact(text): f for f in named}
    if len(originals) == 1:
        (restored, source), *_ = originals.items()
        tally.exact += 1
        tally.handles.add(source.handle)
        return restored or ""
    if len(originals) > 1:
        raise InputError(
            "A text of the input was made from more than one record.", remedy="Name the record with --id."
        )
    known: list[FoundMap] = [f for name in names for f in maps.by_record(name)]
    restored_ = WayBack([f.map for f in known]).edited(text)
    if restored_ == text:
        tally.unknown += 1
        return text
    tally.edited += 1
    tally.handles.update(f.handle for f in known)
    return restored_


def _parsed(line: bytes, number: int) -> Any:
    if not line.strip():
        return None
    try:
        return json_format.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise UnsupportedFormat(
            f"Line {number} of the input is not JSON.", remedy="Say --format text for a text."
        ) from None


# -- files


def _is_jsonl(options: Restore) -> bool:
    if options.format not in ("", "jsonl", "text"):
        raise InputError("--format is not known.", remedy="Use jsonl or text.")
    if options.format:
        return options.format == "jsonl"
    return Path(options.input).suffix.lower() in (".jsonl", ".ndjson")


def _require_places(options: Restore) -> None:
    given = Path(options.input)
    if not options.input or not given.is_file():
        raise InputError("There is no such input.", remedy="Name a file.")
    if options.output == "-":
        return
    out = Path(options.output)
    if not options.output or out.is_dir() or not out.parent.is_dir():
        raise InputError(
            "--output is no place for a file.", remedy="Name a file in a folder that exists, or -."
        )
    if out.exists() and out.resolve() == given.resolve():
        raise InputError("The output would replace the input.", remedy="Name another file with --output.")
    if out.exists() and not options.overwrite:
        raise InputError("The output exists.", remedy="Name another file, or say --overwrite.")


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> InputError:
    return InputError(
        f"The input cannot be read ({type(error).__name__}).", remedy="Name a file that this user may read."
    )


@contextmanager
def _draft(options: Restore) -> Iterator[tuple[Path, IO[bytes]]]:
    """A file for its owner only, beside the output, that is gone afterwards unless it became the output."""
    folder = options.workspace if options.output == "-" else Path(options.output).parent
    descriptor, name = tempfile.mkstemp(prefix=".restore-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield Path(name), file
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _release(draft: Path, options: Restore) -> None:
    if options.output != "-":
        os.replace(draft, options.output)
        return
    with draft.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)


def _show(tally: _Tally, options: Restore) -> None:
    to = sys.stderr if options.output == "-" else sys.stdout
    patients = len(tally.handles)
    if options.json and options.output != "-":
        body = {"exact": tally.exact, "edited": tally.edited, "unknown": tally.unknown, "patients": patients}
        print_json(body)
    else:
        print(
            f"{tally.exact} texts restored exactly, {tally.edited} as far as their surrogates show, "
            f"of {patients} patients.",
            file=to,
        )
    if tally.edited:
        print(
            "Those that were changed since: check them, a word may be a surrogate by chance.", file=sys.stderr
        )
    if tally.unknown:
        raise InputError(
            f"{tally.unknown} texts have no way back in the vault; they are as they were.",
            remedy="Their map has expired, was shredded, or is in another workspace.",
        )
