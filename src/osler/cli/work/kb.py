"""Work of `osler kb`."""

import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from osler.app.build import Stores, build_library, load_starter
from osler.cli.work.session import opened, patient_id, print_json, sign
from osler.cli.work.terminal import plain
from osler.core.errors import InputError, OslerError, StoreError, TooLarge
from osler.core.ports.index import Added, IndexUpkeep
from osler.core.ports.reader import Source
from osler.knowledge.ingest import Library
from osler.knowledge.readers.fhir_references import PATIENT_MISSING
from osler.knowledge.search import Search, passages
from osler.lexicon import drugs

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(slots=True)
class Tally:
    """What happened to the files of one `kb add`."""

    files: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    patients: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    failed: list[dict[str, str]] = field(default_factory=list)

    def count_again(self, first: Added, second: Added) -> None:
        """Take in what a file brought that was added twice."""
        before = first.new + first.changed
        self.count(
            replace(
                second,
                new=first.new + second.new,
                changed=first.changed + second.changed,
                unchanged=max(0, second.unchanged - before),
            )
        )

    def count(self, added: Added) -> None:
        """Take in what one file brought."""
        self.files += 1
        self.new += added.new
        self.changed += added.changed
        self.unchanged += added.unchanged
        self.patients += added.patients
        for reason, number in added.skipped.items():
            self.skipped[reason] = self.skipped.get(reason, 0) + number


def add(
    *, paths: list[str], collection: str | None, json: bool, config: Path | None, workspace: Path
) -> None:
    """Add files; each whole or not at all. Ends with exit code 4 when any file was refused."""
    _require_name(collection)
    files = [f for path in paths for f in _files(path)]
    tally = Tally()
    with opened(config, workspace) as (loaded, stores):
        library = build_library(loaded, stores)
        load_starter(loaded, library)
        limit = loaded.knowledge.max_file_mb * 2**20
        # Signed before the first file is stored: an addition that is killed leaves its mark too.
        sign(stores, "kb.add", {"stage": "begun", "files": len(files)})
        with _progress(len(files)) as progress:
            task = progress.add_task("adding", total=len(files))
            waiting: list[tuple[Path, Added]] = []
            for file in files:
                added = _add_one(file, collection, limit, library, stores, tally)
                if added and len(files) > 1 and PATIENT_MISSING in added.skipped:
                    waiting.append((file, added))  # the patient may stand in a later file
                elif added:
                    tally.count(added)
                progress.advance(task)
            for file, first in waiting:
                second = _add_one(file, collection, limit, library, stores, tally)
                if second:
                    tally.count_again(first, second)
        sign(stores, "kb.add", {"stage": "done", **_body(tally)})
    _report(tally, json=json)
    if tally.failed:
        refused = f"{len(tally.failed)} of {len(files)} files"
        raise InputError(f"{refused} could not be added; nothing of them was written.", remedy="See above.")


def search(
    *, query: str, k: int, patient: str | None, collection: str | None,
    json: bool, config: Path | None, workspace: Path,
) -> None:  # fmt: skip
    """Print the best passages."""
    with opened(config, workspace) as (loaded, stores):
        load_starter(loaded, build_library(loaded, stores))
        chosen = patient_id(patient)
        _require_record(stores, chosen)
        wanted = Search(patient=chosen, collection=collection, k=k)
        found = passages(query, wanted, stores.index, drugs.load())
    if json:
        print_json(
            [
                {
                    "doc": f.doc, "title": f.title, "section": f.section, "collection": f.collection,
                    "score": round(f.score, 4), "start": f.start, "end": f.end, "text": f.text, "sha256": f.sha256,
                }
                for f in found
            ]
        )  # fmt: skip
        return
    if not found:
        print("Nothing found.")
    for rank, passage in enumerate(found, 1):
        print(plain(f"{rank:>2}. {passage.score:7.3f}  {passage.doc}  {passage.title}"))
        print(plain(f"     {' '.join(passage.text.split())[:300]}"))


def list_(*, json: bool, config: Path | None, workspace: Path) -> None:
    """Print collections and patients."""
    with opened(config, workspace, new=False) as (_, stores):
        collections, patients = stores.index.collections(), stores.records.patients()
    if json:
        print_json(
            {
                "collections": [
                    {"collection": c.collection, "documents": c.documents, "passages": c.passages}
                    for c in collections
                ],
                "patients": list(patients),
            }
        )
        return
    for c in collections:
        print(f"{c.collection:<16} {c.documents:>8} documents {c.passages:>8} passages")
    for patient in patients:
        print(f"Patient/{patient}")


def show(*, doc: str, patient: str | None, json: bool, config: Path | None, workspace: Path) -> None:
    """Print one stored source."""
    with opened(config, workspace, new=False) as (_, stores):
        stored = stores.index.document(doc, patient=patient_id(patient))
    if stored is None:
        raise InputError(
            "There is no such document.",
            remedy="Give the id as a citation names it; a record's resource needs --patient as well.",
        )
    document = stored.document
    if json:
        print_json(
            {
                "doc": document.doc, "title": document.title, "collection": document.collection,
                "text": document.text, "sha256": stored.sha256, "basis": document.basis, "source": document.source,
                "published": document.published, "opened": document.opened,
            }
        )  # fmt: skip
        return
    print(plain(f"{document.title}  [{document.basis}]  sha256 {stored.sha256}"))
    if document.source:
        print(plain(f"source: {document.source} (opened {document.opened or 'unknown'})"))
    print(f"\n{plain(document.text) if sys.stdout.isatty() else document.text}")


def rebuild(*, json: bool, config: Path | None, workspace: Path) -> None:
    """Make the search anew from the stored texts."""
    with opened(config, workspace, new=False) as (_, stores):
        if not isinstance(stores.index, IndexUpkeep):
            raise InputError("This store makes no search of its own.", remedy="Nothing needs rebuilding.")
        passages_ = stores.index.rebuild()
        sign(stores, "kb.rebuild", {"passages": passages_})
    if json:
        print_json({"passages": passages_})
        return
    print(f"{passages_} passages can be searched again.")


def _add_one(
    file: Path, collection: str | None, limit: int, library: Library, stores: Stores, tally: Tally
) -> Added | None:
    """Add one file. None, and a line in the tally, when it was refused."""
    try:
        source = Source(
            name=file.name,
            data=_bytes(file, limit),
            collection=collection,
            known_patients=frozenset(stores.records.patients()),
        )
        return library.add(source)
    except StoreError:
        raise
    except OslerError as error:
        tally.failed.append({"file": str(file), "error": error.code, "message": str(error)})
        return None


def _require_name(collection: str | None) -> None:
    if collection is not None and _NAME.fullmatch(collection) is None:
        raise InputError(
            "--collection is not a name.",
            remedy="Use letters, digits, '.', '_' and '-', 64 at most, a letter or digit first.",
        )


def _files(given: str) -> Iterator[Path]:
    """A file itself; of a folder, every file in it, sorted, hidden ones and hidden folders left out."""
    if not given:
        raise InputError(
            "A path is empty; nothing was added.", remedy="Check the variable that it came from."
        )
    path = Path(given)
    if path.is_dir():
        inside = sorted(_inside(path))
        if not inside:
            raise InputError(
                f"The folder {path} holds no file.", remedy="Name files, or a folder that holds some."
            )
        yield from inside
        return
    if not path.exists():
        raise InputError(f"There is no file {path}.", remedy="Check the path; nothing was added.")
    yield path


def _inside(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise InputError(
            f"The folder {error.filename} cannot be read ({type(error).__name__}); nothing was added.",
            remedy="Make it readable, or name the files.",
        )

    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and (Path(place) / name).is_file():
                yield Path(place) / name


def _bytes(file: Path, limit: int) -> bytes:
    """The file's content; its size is looked at before it is read."""
    try:
        state = file.stat()
        if not stat.S_ISREG(state.st_mode):
            raise InputError("It is not a regular file.", remedy="Name a file.")
        if state.st_size > limit:
            raise TooLarge(
                f"The file has {state.st_size / 2**20:.0f} MB; the limit is {limit // 2**20} MB.",
                remedy="Split it, or raise knowledge.max_file_mb in osler.toml.",
            )
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            f"The file cannot be read ({type(error).__name__}).", remedy="Check its permissions."
        ) from None


def _require_record(stores: Stores, patient: str | None) -> None:
    if patient is not None and stores.records.identity(patient) is None:
        raise InputError(
            "No record of that patient is in this workspace.", remedy="`osler kb list` names them."
        )


def _progress(total: int) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=total < 2 or not sys.stderr.isatty(),
        transient=True,
    )


def _body(tally: Tally) -> dict[str, object]:
    return {
        "files": tally.files, "new": tally.new, "changed": tally.changed,
        "unchanged": tally.unchanged, "patients": tally.patients, "failed": len(tally.failed),
    }  # fmt: skip


def _report(tally: Tally, *, json: bool) -> None:
    if json:
        print_json({**_body(tally), "skipped": tally.skipped, "failed": tally.failed})
        return
    print(
        f"{tally.files} files: {tally.new} documents new, {tally.changed} changed, "
        f"{tally.unchanged} unchanged; {tally.patients} patient records touched."
    )
    if tally.skipped:
        print(
            "Left out: " + ", ".join(f"{number} {reason}" for reason, number in sorted(tally.skipped.items()))
        )
    for failure in tally.failed:
        print(plain(f"{failure['file']}: {failure['message']}"), file=sys.stderr)
