"""A random history on the real thing: changes, edits, runs, approvals, undos, crashes, all mixed.

After each step the portal comes to rest and nothing may be wrong with it. The same histories run by
the hundred, and with a model of what each dataset ought to hold, on in-memory ports:
`tests/harvesters/test_histories.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.ckan_source import serving
from tests.faults.invariants import violations
from tests.faults.portal import OwnPortal
from tests.faults.scenarios import World, kill_one

DATASETS = 24
#: What goes wrong while a run is under way.
FAULTS = st.sampled_from(["nothing", "kill", "kill", "postgres"])
_seeds = itertools.count(1)
_portals: list[tuple[OwnPortal, Path]] = []


class History(RuleBasedStateMachine):
    """One portal for all examples; each example has a source of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.portal, folder = _portals[-1]
        self.world = World(self.portal, next(_seeds), folder)
        self.ending = ExitStack()
        self.runs: list[str] = []

    @initialize()
    def begin(self) -> None:
        self.catalogue = self.ending.enter_context(serving(DATASETS))
        self.source = self.world.add_catalogue(self.catalogue)
        while len(self.portal.workers()) < 2:
            self.portal.start_worker()
        self._run()

    def teardown(self) -> None:
        self.ending.close()

    @rule(
        touch=st.integers(0, DATASETS),
        drop=st.sampled_from([0.0, 0.0, 0.1, 0.5]),
        edits=st.lists(st.integers(0, DATASETS - 1), max_size=3),
        verb=st.sampled_from(["run", "undo", "approve"]),
        fault=FAULTS,
        lines=st.integers(0, 15),
    )
    def a_day(
        self, touch: int, drop: float, edits: list[int], verb: str, fault: str, lines: int
    ) -> None:
        """The source changes, a steward edits, somebody asks for something, something dies."""
        self.catalogue.switch(touch=touch, drop=drop)
        for at in edits:
            self._edit(at, f"Bản {at}")
        asked = {"run": self._run, "undo": self._undo, "approve": self._approve}[verb]()
        # What cannot be undone or approved now is read anew.
        self._suffer(asked or self._run(), fault, lines)

    def _edit(self, at: int, word: str) -> None:
        mine = (
            "SELECT p.id FROM thanhhoa.record r JOIN package p ON p.id = r.dataset_id "
            "JOIN thanhhoa.source s ON s.id = r.source_id "
            "WHERE s.name = %s AND p.state = 'active' ORDER BY p.id OFFSET %s LIMIT 1"
        )
        for (dataset_id,) in self.portal.rows(mine, self.source, at):
            data = {"id": dataset_id, "title_en": word, "notes": word}
            self.portal.agent("action", "package_patch", data)

    def _run(self) -> list[str]:
        asked = self.world.request(self.source)
        self.runs += asked
        return asked

    def _undo(self) -> list[str]:
        asked = self.portal.agent("undo", self.runs[-1]) if self.runs else None
        return [asked] if asked else []

    def _approve(self) -> list[str]:
        waiting = (
            "SELECT r.id FROM thanhhoa.run r JOIN thanhhoa.source s ON s.id = r.source_id "
            "WHERE s.name = %s AND r.state = 'held' ORDER BY r.requested_at DESC LIMIT 1"
        )
        asked = [run_id for (run_id,) in self.portal.rows(waiting, self.source)]
        for run_id in asked:
            self.portal.agent("approve", run_id)
        return asked

    def _suffer(self, asked: list[str], fault: str, lines: int) -> None:
        if not asked or fault == "nothing":
            return
        self.world.until_under_way(lines)
        if fault == "postgres":
            self.portal.restart_postgres_at_once()
        else:
            kill_one(self.world)
            self.portal.start_worker()

    @invariant()
    def nothing_is_lost_doubled_or_left_standing(self) -> None:
        self.portal.wait_until_quiet()
        assert violations(self.portal) == []


@pytest.fixture
def portal(broken_portal: OwnPortal, tmp_path: Path) -> Iterator[OwnPortal]:
    _portals.append((broken_portal, tmp_path))
    yield broken_portal
    _portals.pop()
    broken_portal.stop_workers()


def test_whatever_happens_the_invariants_hold(portal: OwnPortal) -> None:
    few = settings(
        max_examples=3,
        stateful_step_count=8,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(History, settings=few)
