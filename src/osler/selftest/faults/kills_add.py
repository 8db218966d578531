"""kill -9 over `osler kb add`: each file is there whole or not at all, and the same command again adds the rest."""

import json
import random
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osler.app.build import Stores, build_library, open_stores
from osler.app.config import Config
from osler.core.ports.index import Scope
from osler.core.ports.reader import Source
from osler.knowledge.ingest import sample_sources
from osler.selftest.faults import kept
from osler.selftest.faults.forks import Forked, Forks, forking
from osler.selftest.faults.site import Site, last_line
from osler.selftest.scenario import Broken, Scene

NOTES = 30
STATES = ("older", "newer")


def run(scene: Scene) -> str:
    """Kill additions to new workspaces, and additions that change what an earlier one had stored."""
    chance = random.Random(scene.seed)
    older, newer = (_State.made(scene.folder, state) for state in STATES)
    ended = 0
    with forking() as forks:
        begun = time.monotonic()
        filled = _fresh(scene.folder / "filled")
        _add(forks, filled, older)
        usual = time.monotonic() - begun
        for number in range(scene.rounds):
            site = _fresh(scene.folder / "killed")
            before, adding = (older, newer) if number % 2 else (None, older)
            if before is not None:
                shutil.copytree(filled.workspace, site.workspace)
            ended += _killed(forks, site, adding, before, moment=chance.uniform(0.0, usual))
            adding.require(site, before=before, whole=False)
            _add(forks, site, adding)
            adding.require(site, before=before, whole=True)
            scene.progress(number + 1, scene.rounds)
    return (
        f"{scene.rounds} kills (seed {scene.seed}), {ended} of them after the command's end: each file was there whole "
        "or not at all, and the same command again added the rest"
    )


def _fresh(folder: Path) -> Site:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Site(folder=folder)


def _started(forks: Forks, site: Site, state: "_State") -> Forked:
    return forks.start(
        site.folder, "osler", "kb", "add", str(state.folder), "--workspace", str(site.workspace)
    )


def _add(forks: Forks, site: Site, state: "_State") -> None:
    adding = _started(forks, site, state)
    code = adding.ended(60)
    if code != 0:
        raise Broken(f"after a kill `osler kb add` ended with code {code}: {last_line(adding.log)}")


def _killed(forks: Forks, site: Site, state: "_State", before: "_State | None", *, moment: float) -> bool:
    """Kill an addition; whether it had ended, and so had said that everything is added."""
    adding = _started(forks, site, state)
    time.sleep(moment)
    code = adding.kill()
    if code > 0:
        raise Broken(f"`osler kb add` ended with code {code}: {last_line(adding.log)}")
    if code == 0:
        state.require(site, before=before, whole=True)
    return code == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """A folder of files, and what each of them makes of a workspace: document ids to digests."""

    name: str
    folder: Path
    files: Mapping[str, Mapping[str, str]]

    @classmethod
    def made(cls, scratch: Path, name: str) -> "_State":
        folder = scratch / name
        folder.mkdir()
        for number in range(NOTES):
            text = (
                f"Note {number}. " + f"The word is zq{name}. " + "It says nothing of anybody. " * (number * 5)
            )
            (folder / f"note-{number}.txt").write_text(text)
        source = next(s for s in sample_sources() if s.name.startswith("ckd"))
        (folder / "record.json").write_text(json.dumps(_record(source, later=name == "newer")))
        return cls(name=name, folder=folder, files=_read(folder, scratch / f"read-{name}"))

    def require(self, site: Site, *, before: "_State | None", whole: bool) -> None:
        """Raise Broken unless each file is there in this state, or, if not `whole`, as it was before."""
        if not site.database.exists():
            if whole:
                raise Broken("an acknowledged document is not there")
            return
        found = kept.texts(site.database) if _has_tables(site) else {}
        there = 0
        for name, docs in self.files.items():
            now = {doc: found[doc] for doc in docs if doc in found}
            if now == docs:
                there += name.endswith(".txt")
            elif whole:
                raise Broken("an acknowledged document is not there")
            elif now != (before.files[name] if before else {}):
                raise Broken("a file was added by half")
        if found:
            shown = dict.fromkeys(STATES, 0) | {self.name: there}
            if before is not None:
                shown[before.name] = NOTES - there
            _require_searched(site, shown)


def _has_tables(site: Site) -> bool:
    with kept.sql(site.database) as connection:
        return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'documents'").fetchall())


def _require_searched(site: Site, wanted: Mapping[str, int]) -> None:
    stores = open_stores(Config(), site.workspace)
    try:
        for state, number in wanted.items():
            hits = {hit.doc for hit in stores.index.search([[f"zq{state}"]], Scope(), 10 * NOTES)}
            if len(hits) != number:
                raise Broken("the search shows another state than the stored texts")
    finally:
        stores.close()


def _record(source: Source, *, later: bool) -> dict[str, Any]:
    """A sample record; `later` with other values in it."""
    bundle: dict[str, Any] = json.loads(source.data)
    for entry in bundle["entry"]:
        quantity = entry["resource"].get("valueQuantity")
        if later and quantity:
            quantity["value"] += 1
    return bundle


def _read(folder: Path, scratch: Path) -> dict[str, dict[str, str]]:
    """Each file to its documents, found by adding it to a workspace that is thrown away."""
    stores = open_stores(Config(), scratch)
    try:
        ids = {file.name: _docs(stores, file) for file in sorted(folder.iterdir())}
    finally:
        stores.close()
    digests = kept.texts(scratch / "osler.db")
    return {name: {doc: digests[doc] for doc in docs} for name, docs in ids.items()}


def _docs(stores: Stores, file: Path) -> tuple[str, ...]:
    library = build_library(Config(), stores)
    source = Source(name=file.name, data=file.read_bytes())
    reading = library.read(source)
    library.add(source)
    return tuple(document.doc for document in reading.documents)
