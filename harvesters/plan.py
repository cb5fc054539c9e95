"""Reading a source into a plan: prepare, map, decide, spool, and let the guards judge.

Writes nothing but the ledger's spool, so it can be begun anew at any time.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harvesters import conflicts, decide, mapping, preparing
from harvesters.ahead import ReadAhead
from harvesters.codec import decode_table
from harvesters.errors import Cancelled, HarvestError, LeaseLost, Problem
from harvesters.fetch import Fetch
from harvesters.model import (
    Change,
    End,
    Failure,
    Item,
    Known,
    MappedDataset,
    Record,
    TableChange,
    Unchanged,
)
from harvesters.ports import Catalog, Ledger, Run, RunState, Verdict
from harvesters.registry import settings_of, source_type
from harvesters.retries import is_of_the_portal
from harvesters.table_diff import changed_tables

log = logging.getLogger(__name__)

#: Records mapped and compared together.
BATCH = 100
#: Marks that moved on, spooled together.
KEPT_TOGETHER = 500
#: Seconds between two heartbeats while reading.
BEAT_EVERY = 5.0


@dataclass(frozen=True)
class Ports:
    """The outside of one run. `progress` is told the phase and how many records are through it.

    `batch` is how many changes of a plan are leased and written together.
    """

    ledger: Ledger
    catalog: Catalog
    fetch: Fetch
    progress: Callable[[str, int], None] = lambda phase, done: None
    batch: int = BATCH


def internal(error: Exception) -> Problem:
    """A bug, logged with its traceback under a reference that a person can quote."""
    reference = secrets.token_hex(4)
    log.error("harvest error %s", reference, exc_info=error)
    return Problem("internal", params={"reference": reference})


@dataclass
class Planner:
    """The state of one reading: what was seen, what is buffered, what the guards will be told."""

    run: Run
    ports: Ports
    known: dict[str, Known] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    seen: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    anonymous_failures: int = 0
    unchanged: int = 0
    begun: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    buffer: list[decide.Candidate] = field(default_factory=list)
    kept: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    tally: decide.Tally = field(default_factory=decide.Tally)
    last_beat: float = 0.0

    def plan(self) -> RunState:
        """Reads the whole listing, spools the plan, lets the guards judge it."""
        source = self.run.source
        kind = source_type(source.type)
        settings = settings_of(source.type, source.url, source.config.read)
        self.rules = mapping.combine(kind.mapping, source.config.mapping)
        mapping.check_mapping(self.rules)
        self.version = mapping.version_of(self.rules)
        self.known = self.ports.ledger.known(source.id)
        self.removed = self.ports.catalog.removed(source.id)
        self.tally.active = sum(record.active for record in self.known.values())
        self.tally.active -= len(self.removed)
        end = self._read(kind.read(settings, self.ports.fetch, self._marks()))
        if self.anonymous_failures:
            # Nobody knows which records these were, so nobody knows what is missing.
            end = replace(end, complete=False)
        self._flush()
        if end.complete:
            self._withdraw()
        elif end.problem is not None:
            self.problems.append(end.problem)
        self.tally.listed = len(self.seen)
        self._spool([])
        counts = {
            "created": self.counts.get("create", 0),
            "updated": self.counts.get("update", 0),
            "unchanged": self.unchanged + self.counts.get("keep", 0),
            "withdrawn": self.counts.get("withdraw", 0),
            "failed": len(self.failed) + self.anonymous_failures,
        }
        held = decide.judge(self.tally, source.config.guards)
        return self.ports.ledger.judge(self.run, Verdict(end.complete, counts, held))

    def _marks(self) -> dict[str, str]:
        return {
            record.remote_id: record.mark
            for record in self.known.values()
            if record.active and record.mark and record.version == self.version
        }

    def _read(self, items: Iterator[Item]) -> End:
        try:
            with ReadAhead(items, self._beat, lambda: self.ports.fetch.cut()) as ahead:
                for item in ahead:
                    if isinstance(item, End):
                        return item
                    self._take(item)
                    self._beat()
        except (LeaseLost, Cancelled):
            raise
        except HarvestError as error:
            nothing_came = not self.seen and not self.failed
            if nothing_came or is_of_the_portal(error.problem):
                raise
            return End(False, problem=error.problem)
        return End(
            False, problem=Problem("incomplete_listing", params={"seen": str(len(self.seen))})
        )

    def _take(self, item: Record | Unchanged | Failure) -> None:
        if isinstance(item, Failure):
            self._fail(item.problem)
            return
        if isinstance(item, Record) and not mapping.wanted(item, self.rules):
            return
        if item.remote_id in self.seen:
            self._duplicate(item.remote_id)
            return
        self.seen.add(item.remote_id)
        if item.remote_id in self.removed:
            held = self.ports.ledger.recall(self.run.source.id, [item.remote_id])
            self._leave_deleted(item.remote_id, held[item.remote_id].title)
            return
        if isinstance(item, Unchanged):
            self.unchanged += 1
            return
        self.problems.extend(note.as_note(item.remote_id) for note in item.notes)
        self._attempt(item)
        if len(self.buffer) >= BATCH:
            self._flush()

    def _attempt(self, record: Record) -> None:
        """One bad record never stops a run; a portal that is out of order is no fault of it."""
        try:
            self._prepare(record)
        except LeaseLost:
            raise
        except HarvestError as error:
            if is_of_the_portal(error.problem):
                raise
            self._fail(error.problem.of(record.remote_id))
        except Exception as error:
            self._fail(internal(error).of(record.remote_id))

    def _prepare(self, record: Record) -> None:
        brought = preparing.contents(record, self.run.source.config.fetch.max_cells)
        digests = {name: contents.digests() for name, contents in brought.items()}
        hash_ = preparing.record_hash(mapping.settled(record, self.rules), digests)
        known = self.known.get(record.remote_id)
        # A dataset that still waits to be indexed needs no write either: its row in the list of
        # what is to be indexed was committed with the dataset, and is worked off without us.
        if known and decide.is_unchanged(known, hash_, self.version):
            if known.mark != record.mark:
                self._remember_mark(known, record, hash_)
            else:
                self.unchanged += 1
            return
        for problem in preparing.personal_data(record):
            self.tally.personal = True
            self.problems.append(problem)
        stored = {name: contents.store(self.ports.ledger) for name, contents in brought.items()}
        dataset, notes = mapping.map_record(self.run.source.id, record, self.rules, stored)
        dataset = self._with_origin(dataset, record)
        self.problems.extend(notes)
        self.buffer.append(
            decide.Candidate(record.remote_id, dataset, hash_, record.mark, self.version)
        )

    def _with_origin(self, dataset: MappedDataset, record: Record) -> MappedDataset:
        """Where the dataset comes from: its source in the portal, its id there."""
        origin = {"identifier": record.remote_id, "harvest_source": self.run.source.name}
        return replace(dataset, fields={**origin, **dataset.fields})

    def _remember_mark(self, known: Known, record: Record, hash_: str) -> None:
        """The content is the same although the source's mark moved on: nothing to write."""
        change = Change(
            "keep",
            record.remote_id,
            known.dataset_id,
            hash=hash_,
            mark=record.mark,
            version=self.version,
        )
        self.kept.append(change)
        if len(self.kept) >= KEPT_TOGETHER:
            self._flush_kept()

    def _flush_kept(self) -> None:
        kept, self.kept = self.kept, []
        if kept:
            self._spool(kept)

    def _flush(self) -> None:
        self._flush_kept()
        candidates, self.buffer = self.buffer, []
        if not candidates:
            self._spool([])
            return
        # Marks and hashes of the whole source are held; what was harvested last is fetched here.
        held = self.ports.ledger.recall(self.run.source.id, [c.remote_id for c in candidates])
        current = self.ports.catalog.current([c.dataset.id for c in candidates])
        changes = []
        for candidate in candidates:
            now = current.get(candidate.dataset.id)
            known = held.get(candidate.remote_id)
            if now is None and known is not None and known.active:
                self._leave_deleted(candidate.remote_id, known.title)
                continue
            tables = self._table_changes(candidate.dataset, now)
            ownership = self.run.source.config.ownership
            change = decide.compare(candidate, known, now, tables, ownership)
            self.problems.extend(conflicts.notes(change))
            changes.append(change)
        self._spool(changes)

    def _leave_deleted(self, remote_id: str, title: str) -> None:
        """A person deleted the dataset in the portal: it stays so, whatever the source says."""
        self.unchanged += 1
        self.problems.append(conflicts.left_deleted(remote_id, title))

    def _table_changes(
        self, new: MappedDataset, current: MappedDataset | None
    ) -> Mapping[str, TableChange]:
        ledger = self.ports.ledger
        return changed_tables(new, current, lambda digest: decode_table(ledger.get_blob(digest)))

    def _spool(self, changes: list[Change]) -> None:
        for change in changes:
            self.counts[change.action] = self.counts.get(change.action, 0) + 1
            self.tally.add(change, self.run.source.config.guards)
        problems, self.problems = self.problems, []
        self._begin()
        if changes or problems:
            self.ports.ledger.spool(self.run, changes, problems)
        self.ports.progress("reading", len(self.seen))

    def _begin(self) -> None:
        """Forgets an earlier plan of this run only once the source answers.

        Until then a person can still approve it.
        """
        if not self.begun:
            self.ports.ledger.begin_plan(self.run)
            self.begun = True

    def _withdraw(self) -> None:
        listed = self.seen | self.removed
        gone = [id_ for id_, known in self.known.items() if known.active and id_ not in listed]
        for start in range(0, len(gone), BATCH):
            held = self.ports.ledger.recall(self.run.source.id, gone[start : start + BATCH])
            self._spool(decide.withdrawals(held.values(), set()))
            self._beat()

    def _fail(self, problem: Problem) -> None:
        self.problems.append(problem)
        if problem.record is None:
            self.anonymous_failures += 1
        else:
            self.seen.add(problem.record)
            self.failed.add(problem.record)

    def _duplicate(self, remote_id: str) -> None:
        """Nobody can tell which of the two is meant: the catalogue keeps what it has."""
        if remote_id in self.failed:
            return
        self._flush()
        action = self.ports.ledger.discard(self.run, remote_id)
        if action is not None:
            self.counts[action] -= 1
        self._fail(Problem("duplicate_id", record=remote_id, params={"id": remote_id}))

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self.last_beat >= BEAT_EVERY:
            self.ports.ledger.beat(self.run)
            self.last_beat = now
