"""A workspace that became read-only: every command says so and what to do, and nothing in it changes."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from osler.selftest.faults import kept
from osler.selftest.faults.client import ask
from osler.selftest.faults.mounts import read_only
from osler.selftest.faults.site import PATIENT, QUESTION, Site, prepared
from osler.selftest.scenario import Broken, NotHere, Scene


def run(scene: Scene) -> str:
    """Try to serve, add and verify; look whether `osler doctor` names it; make it writable and serve."""
    site = prepared(scene.folder)
    note = scene.folder / "note.txt"
    note.write_text("Nothing of anybody.")
    before = _digests(site.workspace)
    with _read_only(site) as locked:
        for command in (("serve", "--port", "0"), ("kb", "add", str(note))):
            done = locked.run(*command)
            if done.code != 9 or not {"writable", "write"} & set(re.findall(r"\w+", done.errors)):
                raise Broken(
                    f"`osler {command[0]}` ends with {done.code}: {done.errors.strip()[-300:] or done.output[-300:]}"
                )
        checked = locked.run("doctor")
        if checked.code != 3 or "read-only" not in checked.output:
            raise Broken("`osler doctor` does not name the read-only workspace")
    if _digests(site.workspace) != before:
        raise Broken("something in the read-only workspace changed")
    with site.serving() as server:
        if ask(server.url, QUESTION, patient=PATIENT).mark is None:
            raise Broken("the workspace is writable again, but the server does not answer")
    kept.texts(site.database)
    return "`osler serve` and `osler kb add` ended with code 9 and said what to make writable; made so, all was there"


@contextlib.contextmanager
def _read_only(site: Site) -> Iterator[Site]:
    """The site with its workspace read-only: by a mount where that is allowed, else by its mode."""
    with contextlib.ExitStack() as stack:
        try:
            before = stack.enter_context(read_only(site.workspace))
        except NotHere:
            if os.geteuid() == 0:  # no mode keeps root from writing
                raise
            stack.enter_context(_closed(site.workspace))
            before = ()
        yield Site(folder=site.folder, before=before)


@contextlib.contextmanager
def _closed(folder: Path) -> Iterator[None]:
    everything = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in everything}
    for path in everything:
        path.chmod(modes[path] & 0o555)
    try:
        yield
    finally:
        for path in everything:
            path.chmod(modes[path])


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
