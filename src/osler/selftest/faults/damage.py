"""A database that was damaged: a page overwritten with noise, a broken header, a file cut short, a lost log.

Each ends in one clear error and leaves the file as it is, or the damage lies where nothing looks; an answer is the
right one or none.
"""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

from osler.selftest.faults import kept
from osler.selftest.faults.client import Answer, Mark, ask
from osler.selftest.faults.forks import Forks, forking
from osler.selftest.faults.site import PATIENT, QUESTION, DidNotStart, Site, copied, prepared
from osler.selftest.scenario import Broken, Scene

PAGE = 4096
PAGES = 5
"""Pages that are overwritten, each in a database of its own."""

NAMED = ("damaged", "not a database", "do not match", "does not match")


def run(scene: Scene) -> str:
    """Damage a copy of the workspace in each way, and look at what servers, commands and `osler doctor` make of it."""
    chance = random.Random(scene.seed)
    site = prepared(scene.folder / "whole")
    refused = 0
    with forking() as forks:
        _add_long_text(forks, site)
        with forks.serving(site) as url:
            right = said(ask(url, QUESTION, patient=PATIENT))
        kinds = _kinds(site.database, chance)
        for name, spoil in kinds.items():
            damaged = copied(site, scene.folder / "damaged")
            spoil(damaged.database)
            refused += _looked_at(forks, damaged, right, name)
        _without_log(forks, copied(site, scene.folder / "log"), right)
    return (
        f"{len(kinds)} kinds of damage (seed {scene.seed}): `osler doctor` named each, `osler serve` refused {refused} "
        "at its start and left the file as it was, and no answer was wrong; a lost write-ahead log shows with "
        "`osler audit verify --head`"
    )


def said(answer: Answer) -> str:
    """The text of an answer. Raises Broken when there is none."""
    if answer.status != 200:
        raise Broken(f"a whole workspace gives {answer.status}: {answer.error}")
    text: str = answer.body["choices"][0]["message"]["content"]
    return text


def _kinds(database: Path, chance: random.Random) -> dict[str, Callable[[Path], None]]:
    whole = database.read_bytes()
    pages = [chance.randrange(1, len(whole) // PAGE) for _ in range(PAGES)]
    text = _page_of_text(database, whole)
    kinds: dict[str, Callable[[Path], None]] = {
        f"page {page}": _overwriting(page * PAGE, chance.randbytes(PAGE)) for page in pages
    }
    kinds["inside a text"] = _overwriting(text * PAGE + 1000, chance.randbytes(2000))
    kinds["header"] = _overwriting(0, chance.randbytes(100))
    kinds["cut short"] = lambda path: _cut(path, len(whole) // 2 // PAGE * PAGE)
    kinds["cut in a page"] = lambda path: _cut(path, len(whole) // 3 // PAGE * PAGE + 777)
    kinds["emptied"] = lambda path: _cut(path, 100)
    return kinds


def _add_long_text(forks: Forks, site: Site) -> None:
    file = site.folder / "long.txt"
    file.write_text(" ".join(f"Sentence {number} of a long text says nothing." for number in range(2000)))
    added = forks.run(site, "kb", "add", str(file))
    if added.code:
        raise Broken(f"`osler kb add` ended with code {added.code}")


def _page_of_text(database: Path, whole: bytes) -> int:
    """A page that holds nothing but the middle of a long text: SQLite itself does not notice what happens to it."""
    with kept.sql(database) as connection:
        (text,) = connection.execute(
            "SELECT text FROM documents ORDER BY length(text) DESC LIMIT 1"
        ).fetchone()
    for at in range(PAGE, len(text) - 200, 50):
        found = whole.find(text[at : at + 40].encode())
        if 900 < found % PAGE < 1100:
            return found // PAGE
    raise Broken("no page with nothing but text was found to damage")


def _overwriting(at: int, noise: bytes) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(noise)

    return spoil


def _cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


def _looked_at(forks: Forks, site: Site, right: str, name: str) -> bool:
    """Whether the server refused to start. Raises Broken when the damage does harm, or is not named."""
    before = _digest(site.database)
    doctor = forks.run(site, "doctor")
    if doctor.code != 3 or not any(words in doctor.output for words in NAMED):
        raise Broken(f"`osler doctor` does not name the damage ({name})")
    if _digest(site.database) != before:
        raise Broken(f"`osler doctor` wrote to the damaged database ({name})")
    try:
        with forks.serving(site) as url:
            answer = ask(url, QUESTION, patient=PATIENT)
            if answer.status == 200 and said(answer) != right:
                raise Broken(f"a damaged database gave another answer ({name})")
            if answer.status not in (200, 503):
                raise Broken(f"a damaged database gave {answer.status} ({name})")
        return False
    except DidNotStart as end:
        if end.code != 9 or not any(words in end.said for words in NAMED):
            raise Broken(f"`osler serve` does not name the damage ({name}): {end.said}") from None
        if _digest(site.database) != before:
            raise Broken(f"`osler serve` wrote to the damaged database ({name})") from None
        return True


def _without_log(forks: Forks, site: Site, right: str) -> None:
    """Kill a server and lose its write-ahead log: an older state that holds, and a head that was kept shows it."""
    server = forks.serve(site)
    url = server.address()
    marks: list[Mark] = []
    while len(marks) < 3:
        try:
            mark = ask(url, QUESTION, patient=PATIENT).mark
        except ConnectionRefusedError:
            continue
        if mark is None:
            raise Broken("a whole workspace gives no signed answer")
        marks.append(mark)
    server.kill()
    for ending in ("-wal", "-shm"):
        site.database.with_name(site.database.name + ending).unlink(missing_ok=True)
    number, hash_ = marks[-1]
    verified = forks.run(site, "audit", "verify", "--head", f"{number}:{hash_}")
    if verified.code != 7 or "removed or rewritten" not in verified.output:
        raise Broken("a lost write-ahead log does not show with a head that was kept")
    kept.chain(site.workspace)
    kept.texts(site.database)
    with forks.serving(site) as url:
        if said(ask(url, QUESTION, patient=PATIENT)) != right:
            raise Broken("without its write-ahead log the workspace gave another answer")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
