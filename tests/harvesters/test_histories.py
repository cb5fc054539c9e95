"""Random histories: sources change, stewards edit, runs are read, shared, killed, undone, approved.

Whatever happens in whatever order, the catalogue holds exactly what the runs that were applied had
read, as far as it was not taken back; nothing is written twice by one run, and what a steward added
is still there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from harvesters import registry
from harvesters.errors import HarvestError, LeaseLost
from harvesters.mapping import dataset_id
from harvesters.model import Change, Record
from harvesters.ports import Run
from harvesters.run import Ports, execute, help_apply
from tests.fakes import FakeCatalog, FakeLedger, Script, make_source

IDS = st.sampled_from([f"r{number}" for number in range(9)])
WORDS = st.sampled_from(["một", "hai", "ba"])
#: After how many writes the worker dies; None: it lives.
DEATHS = st.lists(st.one_of(st.none(), st.integers(0, 12)), min_size=0, max_size=4)


class Killed(BaseException):
    """The worker's process ends here."""


class Histories(RuleBasedStateMachine):
    """The engine on in-memory ports beside a model of what ought to be."""

    def __init__(self) -> None:
        super().__init__()
        self.script = Script()
        self.ledger = FakeLedger()
        self.catalog = FakeCatalog(self.ledger)
        self.source = make_source(config={"guards": {"withdraw_at_most": 4}})
        kinds = MappingProxyType({"fake": self.script.source_type()})
        self.patched = patch.object(registry, "source_types", lambda: kinds)
        self.patched.start()
        #: What the source has, what the catalogue ought to have, what stewards wrote there.
        self.there: dict[str, str] = {}
        self.expected: dict[str, str] = {}
        self.english: dict[str, str] = {}
        self.held: Run | None = None
        self.written: Counter[tuple[str, str]] = Counter()
        self.cut_after: int | None = None
        #: The last applied run while it can be taken back, with what there was before and after it.
        self.last: tuple[Run, dict[str, str], dict[str, str]] | None = None
        #: What a steward edited since then.
        self.edited: set[str] = set()

    def teardown(self) -> None:
        self.patched.stop()

    # What happens outside

    @initialize(first=st.dictionaries(IDS, WORDS, min_size=1))
    def begin(self, first: dict[str, str]) -> None:
        self.there = dict(first)

    @rule(changes=st.dictionaries(IDS, WORDS, min_size=1, max_size=6))
    def the_source_changes(self, changes: dict[str, str]) -> None:
        self.there.update(changes)

    @rule(gone=st.sets(IDS, max_size=6))
    def records_go(self, gone: set[str]) -> None:
        for remote_id in gone:
            self.there.pop(remote_id, None)

    @rule(after=st.integers(0, 8))
    def the_next_listing_is_cut(self, after: int) -> None:
        self.cut_after = after

    @rule(remote_id=IDS, word=WORDS)
    def a_steward_translates(self, remote_id: str, word: str) -> None:
        if remote_id not in self.expected:
            return
        id_ = dataset_id(self.source.id, remote_id)
        here = self.catalog.datasets[id_]
        self.catalog.datasets[id_] = replace(here, fields={**here.fields, "title_en": word})
        if self.english.get(remote_id) != word:
            self.edited.add(remote_id)
        self.english[remote_id] = word

    # Runs

    @rule(deaths=DEATHS, helped=st.booleans())
    def a_run(self, deaths: list[int | None], helped: bool) -> None:
        read, complete = self._listing()
        before = dict(self.expected)
        run = self.ledger.start(self.source)
        state, run = self._work(run, deaths, helped)
        self.cut_after = None
        if state == "failed":
            assert not read
            assert not complete
        elif state == "held":
            assert self.expected == before
            self.held = run
        else:
            assert state == "applied"
            self._applied(run, read, complete)
            self.held = None

    @precondition(lambda self: self.held is not None)
    @rule(deaths=DEATHS, helped=st.booleans())
    def a_person_approves(self, deaths: list[int | None], helped: bool) -> None:
        """The source is read again: only the plan that was approved is applied."""
        assert self.held is not None
        run, self.held = self.held, None
        read, complete = self._listing()
        self.cut_after = None
        state, run = self._work(self.ledger.approve(run), deaths, helped)
        if state == "applied":
            self._applied(run, read, complete)
        else:
            assert state == "held"
            self.held = run

    @precondition(lambda self: self.last is not None)
    @rule(deaths=DEATHS, helped=st.booleans())
    def the_last_run_is_undone(self, deaths: list[int | None], helped: bool) -> None:
        assert self.last is not None
        (run, expected, english), self.last = self.last, None
        state, _ = self._work(self.ledger.undo(run), deaths, helped)
        assert state == "applied"
        assert self.ledger.states[run.id] == "undone"
        for remote_id in self.expected.keys() - expected.keys() - self.edited:
            del self.expected[remote_id]
            self.english.pop(remote_id, None)
        for remote_id, notes in expected.items():
            if remote_id not in self.expected and remote_id in english:
                self.english[remote_id] = english[remote_id]
            self.expected[remote_id] = notes
        self.held = None

    def _listing(self) -> tuple[dict[str, str], bool]:
        listed = dict(list(self.there.items())[: self.cut_after])
        self.script.items = [
            Record(remote_id, {"title": f"Bộ {remote_id}", "notes": notes})
            for remote_id, notes in listed.items()
        ]
        cut = self.cut_after is not None
        self.script.error = HarvestError("truncated", where="nguon") if cut else None
        return listed, not cut

    def _work(self, run: Run, deaths: list[int | None], helped: bool) -> tuple[str, Run]:
        """Does the run, with workers that die one after another; the last one lives."""
        ports = Ports(self.ledger, self.catalog, fetch=None, batch=3)  # type: ignore[arg-type]
        for death in [*deaths, None]:
            left = [death]
            busy = [False]

            def after_each(
                change: Change, run: Run = run, left: Any = left, busy: Any = busy
            ) -> None:
                self.written[run.id, change.remote_id] += 1
                if helped and not busy[0]:
                    busy[0] = True
                    help_apply(replace(run, helping=True), ports)
                if left[0] is not None:
                    left[0] -= 1
                    if left[0] < 0:
                        raise Killed

            self.catalog.after_each = after_each
            try:
                return str(execute(run, ports)), run
            except Killed:
                stale = run
                run = self.ledger.steal(run)
                if run.id in self.ledger.verdicts:
                    run = replace(run, phase="applying")
                self._writes_nothing(stale, ports)
        raise AssertionError("the last worker lives")

    def _writes_nothing(self, stale: Run, ports: Ports) -> None:
        writes = self.catalog.writes
        try:
            execute(stale, ports)
        except LeaseLost:
            assert self.catalog.writes == writes
            return
        raise AssertionError("who lost the run went on with it")

    def _applied(self, run: Run, read: dict[str, str], complete: bool) -> None:
        self.last = (run, dict(self.expected), dict(self.english))
        self.edited = set()
        if complete:
            self.expected = dict(read)
        else:
            self.expected.update(read)
        self.english = {k: v for k, v in self.english.items() if k in self.expected}

    # What always holds

    @invariant()
    def the_catalogue_holds_what_was_read(self) -> None:
        current = self.catalog.current(list(self.catalog.datasets))
        held = {
            str(dataset.fields["identifier"]): (
                dataset.fields.get("notes"),
                dataset.fields.get("title_en"),
            )
            for dataset in current.values()
        }
        wanted = {id_: (notes, self.english.get(id_)) for id_, notes in self.expected.items()}
        assert held == wanted
        assert len(current) == len(held)

    @invariant()
    def the_ledger_agrees(self) -> None:
        known = self.ledger.known(self.source.id)
        active = {id_ for id_, record in known.items() if record.active}
        assert active == set(self.expected)
        for id_ in active:
            assert known[id_].dataset_id in self.catalog.datasets
            assert known[id_].dataset_id not in self.catalog.deleted

    @invariant()
    def nothing_is_written_twice_or_left_over(self) -> None:
        assert all(times == 1 for times in self.written.values())
        for run_id, state in self.ledger.states.items():
            if state == "applied":
                assert all(line.state == "done" for line in self.ledger.plans[run_id].values())
            assert state != "running"


Histories.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestHistories = Histories.TestCase
