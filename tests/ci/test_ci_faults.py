"""Every fault scenario of `osler selftest`, with 200 kills in all."""

from pathlib import Path

import pytest

from osler.selftest.faults import SCENARIOS
from osler.selftest.scenario import Scenario, Scene, outcome

KILLS = 200
SEED = 20261120


@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_fault_ends_in_a_clear_state(
    scenario: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = outcome(scenario, Scene(folder=tmp_path, seed=SEED, rounds=KILLS))
    with capsys.disabled():
        print(f"\n{result.state} {result.name} ({result.seconds:.0f} s): {result.found}")
    if result.state == "skipped":
        pytest.skip(result.found)
    assert result.state == "ok", result.found
