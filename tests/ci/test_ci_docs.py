"""Every command of the documentation is run, page by page; what is not run is printed with its reason."""

from pathlib import Path

import pytest

from docs_pages import ROOT, Block, not_run, pages, read
from docs_runner import matches, runner

RUN = ("sh", "bash", "console", "python")
PAGES = [p for p in pages() if any(b.language in RUN and b.marker("not run") is None for b in read(p).blocks)]
NOT_RUN = not_run()


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
@pytest.mark.timeout(240)
def test_the_commands_of_a_page_do_what_it_says(path: Path, tmp_path: Path) -> None:
    page = read(path)
    with runner(page, tmp_path) as running:
        for block in page.blocks:
            running.run(block)
    assert running.count, "nothing was run"


@pytest.mark.parametrize(("block", "reason"), NOT_RUN, ids=[b.place for b, _ in NOT_RUN])
def test_a_block_that_is_not_run(block: Block, reason: str) -> None:
    pytest.skip(f"{block.place} is not run: {reason}")


@pytest.mark.parametrize(
    ("wanted", "got", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\nb", "a\nc", False),
        ("a … c", "a b c", True),
        ("a\n…\nd", "a\nb\nc\nd", True),
        ("a\n…\nd", "a\nd", True),
        ("a\n…\nd", "a\nb\nc", False),
        ("a", "a\nb", False),
        ("", "b", False),
    ],
)
def test_outputs_are_compared_with_wildcards(wanted: str, got: str, same: bool) -> None:
    assert matches(wanted, got) is same
