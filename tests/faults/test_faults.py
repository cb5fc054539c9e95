"""The fault suite, short: each fault a few times. `./portal bench faults` does each many times."""

from __future__ import annotations

import pytest

from tests.faults.scenarios import SCENARIOS, World


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_or_doubled(world: World, name: str) -> None:
    scenario, times, _ = SCENARIOS[name]
    scenario(world, times)
