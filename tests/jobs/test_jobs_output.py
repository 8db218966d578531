"""The state of a run: refused, resumed or started, and recoverable from whatever moment it was killed at."""

import json
import shutil
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from osler.core.errors import InputError
from osler.jobs import Done, Position, Seed, Tally, Target
from osler.jobs.output import opened

SEED = Seed(key=b"k" * 32, day=date(2026, 1, 2))
IDENTITY = {"mode": "spans", "input": "abc"}


def target(folder: Path) -> Target:
    return Target(streams=(folder / "out",), state=folder / "out.state.json")


def done(text: str, **files: str) -> Done:
    return Done(
        streams=(text.encode(),),
        files=tuple((name, content.encode()) for name, content in files.items()),
        tally=Tally(records=1, found={"NAME": 1}),
    )


def start(folder: Path, *texts: str, finish: bool = False, **options: object) -> None:
    with opened(target(folder), IDENTITY, "stamp", overwrite=False, seed=SEED) as output:
        for n, text in enumerate(texts, 1):
            output.take(done(text), Position(offset=n, number=n))
        output.commit()
        if finish:
            output.finish()


def test_a_run_goes_on_from_where_it_was(tmp_path: Path) -> None:
    start(tmp_path, "a\n", "b\n")
    with opened(target(tmp_path), IDENTITY, "stamp", overwrite=False) as output:
        assert output.state.at == Position(offset=2, number=2)
        assert output.state.tally == Tally(records=2, found={"NAME": 2})
        assert output.state.seed == SEED
        output.take(done("c\n"), Position(offset=3, number=3))
        output.finish()
    assert (tmp_path / "out").read_bytes() == b"a\nb\nc\n"


def test_what_a_kill_left_half_written_is_cut_off(tmp_path: Path) -> None:
    start(tmp_path, "a\n")
    with (tmp_path / "out").open("ab") as file:
        file.write(b"b\nhalf of a li")
    (tmp_path / "out.state.json.new").write_text('{"half')
    start(tmp_path, "b\n", finish=True)
    assert (tmp_path / "out").read_bytes() == b"a\nb\n"


def test_every_moment_of_a_run_is_recoverable(tmp_path: Path) -> None:
    """The folder is copied after each step, as a kill would leave it, and the run taken up from the copy."""
    lines = [f"line {n}\n" for n in range(6)]
    run = tmp_path / "run"
    run.mkdir()
    copies = []

    def copy() -> None:
        copies.append(tmp_path / f"copy{len(copies)}")
        shutil.copytree(run, copies[-1])

    with opened(target(run), IDENTITY, "stamp", overwrite=False) as output:
        copy()
        for n, line in enumerate(lines, 1):
            output.take(done(line), Position(offset=n, number=n))
            copy()
            if n % 2:
                output.commit()
                copy()
        output.finish()
        copy()
    assert len(copies) > 10
    for folder in copies:
        with opened(target(folder), IDENTITY, "stamp", overwrite=False) as output:
            for n in range(output.state.at.number + 1, len(lines) + 1):
                output.take(done(lines[n - 1]), Position(offset=n, number=n))
            assert output.state.tally.records == len(lines)
            output.finish()
        assert (folder / "out").read_text() == "".join(lines)


def test_the_secret_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    start(tmp_path, "a\n")
    path = tmp_path / "out.state.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["key"]
    start(tmp_path, finish=True)
    assert json.loads(path.read_text())["key"] == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def foreign(folder: Path) -> None:
    (folder / "out.state.json").unlink()


def shorter(folder: Path) -> None:
    (folder / "out").write_bytes(b"a")


def no_state(folder: Path) -> None:
    (folder / "out.state.json").write_text("[]")


def garbled(folder: Path) -> None:
    (folder / "out.state.json").write_text('{"version": 1, "identity"')


def longer_although_finished(folder: Path) -> None:
    start(folder, finish=True)
    with (folder / "out").open("ab") as file:
        file.write(b"more\n")


@pytest.mark.parametrize("spoil", [foreign, shorter, no_state, garbled, longer_although_finished])
def test_another_s_output_is_refused_and_left_as_it_is(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    start(tmp_path, "a\n", "b\n")
    spoil(tmp_path)
    before = (tmp_path / "out").read_bytes()
    with (
        pytest.raises(InputError, match="--overwrite"),
        opened(target(tmp_path), IDENTITY, "stamp", overwrite=False),
    ):
        pass
    assert (tmp_path / "out").read_bytes() == before
    with opened(target(tmp_path), IDENTITY, "stamp", overwrite=True) as output:
        assert output.state.at == Position()
        output.finish()
    assert (tmp_path / "out").read_bytes() == b""


def test_what_differs_is_named(tmp_path: Path) -> None:
    start(tmp_path, "a\n")
    other = {**IDENTITY, "mode": "redact", "input": "xyz"}
    with (
        pytest.raises(InputError, match="other input, mode"),
        opened(target(tmp_path), other, "stamp", overwrite=False),
    ):
        pass


def test_what_came_nowhere_is_no_output(tmp_path: Path) -> None:
    """As when the configuration was wrong, and is put right."""
    start(tmp_path)
    with opened(target(tmp_path), {**IDENTITY, "mode": "redact"}, "stamp", overwrite=False) as output:
        assert output.state.seed != SEED
    start(tmp_path)
    with opened(target(tmp_path), IDENTITY, "stamp", overwrite=False) as output:
        assert output.state.seed == SEED, "and the same goes on"


def test_an_output_that_was_taken_away_is_begun_anew_with_a_new_secret(tmp_path: Path) -> None:
    start(tmp_path, "a\n")
    (tmp_path / "out").unlink()
    with opened(target(tmp_path), IDENTITY, "stamp", overwrite=False) as output:
        assert output.state.at == Position()
        assert output.state.seed.key != SEED.key


def test_an_empty_file_that_is_there_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    start(tmp_path, "a\n", finish=True)
    assert (tmp_path / "out").read_bytes() == b"a\n"


def test_two_runs_do_not_write_to_one_output(tmp_path: Path) -> None:
    with (
        opened(target(tmp_path), IDENTITY, "stamp", overwrite=False),
        pytest.raises(InputError, match="Another run"),
        opened(target(tmp_path), IDENTITY, "stamp", overwrite=True),
    ):
        pass


def test_files_are_whole_or_not_there(tmp_path: Path) -> None:
    place = Target(
        streams=(tmp_path / "o" / "log",), folder=tmp_path / "o", state=tmp_path / "o" / "log.state.json"
    )
    with opened(place, IDENTITY, "stamp", overwrite=False) as output:
        output.take(done("x\n", **{"sub/a.txt": "A", "b.txt": "B"}), Position(offset=1, number=1))
        output.finish()
    assert (tmp_path / "o" / "sub" / "a.txt").read_text() == "A"
    assert sorted(p.name for p in (tmp_path / "o").rglob("*") if p.is_file()) == [
        "a.txt",
        "b.txt",
        "log",
        "log.state.json",
    ]
