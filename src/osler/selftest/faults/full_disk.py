"""A full disk: one clear refusal that names the remedy, nothing acknowledged lost, no restart once there is room."""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from osler.knowledge.ingest import sample_sources
from osler.selftest.faults import kept
from osler.selftest.faults.client import Answer, Mark, ask
from osler.selftest.faults.mounts import small_disk
from osler.selftest.faults.site import PATIENT, QUESTION, Server, Site
from osler.selftest.scenario import Broken, Scene

MEGABYTES = 12
MOST_ANSWERS = 400
"""Answers that the full disk may still take: into room that the database had taken before."""


def run(scene: Scene) -> str:
    """Fill the disk under a running server, free it, and look at what is left."""
    plain = Site(folder=scene.folder)
    plain.workspace.mkdir()
    with small_disk(plain.workspace, megabytes=MEGABYTES) as before:
        site = Site(folder=scene.folder, before=before)
        added = site.run("kb", "add", str(_samples(scene.folder / "samples")))
        if added.code:
            raise Broken(f"`osler kb add` failed: {added.errors.strip()}")
        with site.serving() as server:
            marks = [_signed(server) for _ in range(3)]
            _fill(before, site.workspace)
            refusals, more = _refused(server)
            _require_add_refused(site)
            _command(before, "rm", str(site.workspace / "filler"))
            marks += [*more, _signed_again(server)]
        _command(before, "cp", "-a", str(site.workspace), str(scene.folder / "after"))
    chain = kept.chain(scene.folder / "after")
    chain.require(marks)
    chain.require_ended_once()
    kept.texts(scene.folder / "after" / "osler.db")
    return (
        f"{len(refusals)} requests were refused with 503 and the remedy, all {len(marks)} signed answers are kept, and "
        "the same server answers again since there is room"
    )


def _samples(folder: Path) -> Path:
    folder.mkdir()
    for source in sample_sources():
        (folder / source.name).write_bytes(source.data)
    return folder


def _signed(server: Server) -> Mark:
    answer = ask(server.url, QUESTION, patient=PATIENT)
    if answer.mark is None:
        raise Broken(f"with room on the disk the server refuses: {answer.status} {answer.error}")
    return answer.mark


def _signed_again(server: Server) -> Mark:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        mark = ask(server.url, QUESTION, patient=PATIENT).mark
        if mark is not None:
            return mark
        time.sleep(0.2)
    raise Broken("the server does not answer although there is room on the disk again")


def _fill(before: Sequence[str], folder: Path) -> None:
    # dd ends with an error when the disk is full: that is its task
    filler = ["dd", "if=/dev/zero", f"of={folder / 'filler'}", "bs=4k"]
    subprocess.run([*before, *filler], capture_output=True, timeout=60)


def _command(before: Sequence[str], *command: str) -> None:
    subprocess.run([*before, *command], check=True, capture_output=True, timeout=60)


def _refused(server: Server) -> tuple[list[Answer], list[Mark]]:
    """Ask until the full disk shows: the refusals of both kinds of request, and the answers that were still signed."""
    refused: list[Answer] = []
    marks: list[Mark] = []
    for number in range(MOST_ANSWERS):
        stream = bool(number % 2)
        answer = ask(server.url, QUESTION, patient=PATIENT, stream=stream)
        if answer.mark is not None:
            marks.append(answer.mark)
            continue
        if (
            answer.status not in (200, 503)
            or "disk" not in answer.error
            or "Free some space" not in answer.error
        ):
            raise Broken(f"on a full disk the server answers {answer.status} {answer.error!r}")
        refused.append(answer)
        if len(refused) == 8:
            return refused, marks
    raise Broken("answers are signed although the disk is full")


def _require_add_refused(site: Site) -> None:
    note = site.folder / "note.txt"
    note.write_text("A note that finds no room. " * 40_000)
    done = site.run("kb", "add", str(note))
    if done.code != 9 or "Free some space" not in done.errors:
        raise Broken(f"on a full disk `osler kb add` ends with {done.code}: {done.errors.strip()[-200:]}")
