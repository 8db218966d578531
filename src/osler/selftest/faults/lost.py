"""Parts of the workspace that were lost: the search over the texts, the folder of locks, the vault's key.

Each is named with what to do, and doing it works.
"""

import os
import shutil
from pathlib import Path

from osler.selftest.faults import kept
from osler.selftest.faults.client import ask
from osler.selftest.faults.damage import said
from osler.selftest.faults.forks import Forks, forking
from osler.selftest.faults.site import PATIENT, QUESTION, DidNotStart, Site, prepared
from osler.selftest.scenario import Broken, Scene

SEARCHED = "How is chronic kidney disease treated?"
"""What can only be answered by a search: a question about a patient also draws on the chart."""

_BROKEN_SEARCHES = (
    "DROP TABLE passages_fts",
    "DELETE FROM passages_fts WHERE rowid % 3 = 0",
    "UPDATE passages_fts_data SET block = randomblob(length(block))",
    "DROP TABLE passages_fts_config",
)


def search(scene: Scene) -> str:
    """Break the search in several ways; `osler kb rebuild` mends it, under a running server too."""
    site = prepared(scene.folder)
    with forking() as forks:
        with forks.serving(site) as url:
            right = said(ask(url, SEARCHED))
            _broken(site, _BROKEN_SEARCHES[0])
            answer = ask(url, SEARCHED)
            if answer.status != 503 or "osler kb rebuild" not in answer.error:
                raise Broken(f"without its search the server gives {answer.status}: {answer.error}")
            _rebuilt(forks, site)
            if said(ask(url, SEARCHED)) != right:
                raise Broken("after `osler kb rebuild` the server gives another answer")
        for statement in _BROKEN_SEARCHES:
            _broken(site, statement)
            _require_refused(forks, site, "osler kb rebuild")
            _rebuilt(forks, site)
            with forks.serving(site) as url:
                if said(ask(url, SEARCHED)) != right:
                    raise Broken("after `osler kb rebuild` the server gives another answer")
    return (
        f"{len(_BROKEN_SEARCHES)} broken searches were each refused by name, and made anew by `osler kb rebuild`: the "
        "same answers as before, without a restart"
    )


def _broken(site: Site, statement: str) -> None:
    with kept.sql(site.database, write=True) as connection:
        connection.execute(statement)


def _rebuilt(forks: Forks, site: Site) -> None:
    done = forks.run(site, "kb", "rebuild")
    if done.code:
        raise Broken(f"`osler kb rebuild` ended with code {done.code}: {done.output.strip()[-200:]}")
    kept.texts(site.database)


def _require_refused(forks: Forks, site: Site, words: str) -> None:
    """Raise Broken unless `osler doctor` and `osler serve` both say `words`."""
    doctor = forks.run(site, "doctor")
    if doctor.code != 3 or words not in doctor.output:
        raise Broken(f"`osler doctor` does not say {words!r}")
    try:
        with forks.serving(site):
            raise Broken(f"`osler serve` starts where it should say {words!r}")
    except DidNotStart as end:
        if words not in end.said:
            raise Broken(f"`osler serve` does not say {words!r} but: {end.said}") from None


def keys(scene: Scene) -> str:
    """Lose, cut and exchange the vault's key; put back, everything is there."""
    site = prepared(scene.folder)
    key = site.workspace / "vault.key"
    right = key.read_bytes()
    before = kept.texts(site.database)
    with forking() as forks:
        key.unlink()
        _require_refused(forks, site, "Restore vault.key")
        if key.exists():
            raise Broken("a new vault key stands in the way of the lost one")
        for wrong in (right[:16], b"", os.urandom(len(right))):
            _write(key, wrong)
            _require_refused(forks, site, "Restore vault.key")
        _write(key, right)
        with forks.serving(site) as url:
            said(ask(url, QUESTION, patient=PATIENT))
    if kept.texts(site.database) != before:
        raise Broken("with its key back the workspace is not what it was")
    return "a lost, a cut, an empty and a foreign vault key were each refused by name; with the right one all was there"


def _write(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(data)


def locks(scene: Scene) -> str:
    """Lose the folder `instances/` with and without a server at work."""
    site = prepared(scene.folder)
    folder = site.workspace / "instances"
    with forking() as forks:
        shutil.rmtree(folder)
        with forks.serving(site) as url:
            said(ask(url, QUESTION, patient=PATIENT))
            shutil.rmtree(folder)
            said(ask(url, QUESTION, patient=PATIENT))
            if ask(url, QUESTION, patient=PATIENT, stream=True).mark is None:
                raise Broken("without the folder instances/ a stream is not signed")
            if forks.run(site, "audit", "verify").code:
                raise Broken("without the folder instances/ the audit log cannot be verified")
        with forks.serving(site) as url:
            said(ask(url, QUESTION, patient=PATIENT))
    kept.chain(site.workspace).require_ended_once()
    return (
        "the folder instances/ was made anew each time; every answer was signed and every stream ended once"
    )
