"""In-memory fakes of the engine's ports, held to the same contracts as the real ones."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from harvesters.approval import Said, rule
from harvesters.codec import change_from_json, change_to_json
from harvesters.errors import Cancelled, HarvestError, LeaseLost, Problem
from harvesters.model import (
    Action,
    Change,
    Done,
    End,
    Item,
    Known,
    MappedDataset,
    Outcome,
    SourceType,
)
from harvesters.ports import Part, Run, RunState, Source, Verdict
from harvesters.retries import pause
from harvesters.settings import SourceConfig, parse_config

ORG = "5f0c3a52-0000-4000-8000-000000000001"


def make_source(
    type_: str = "fake", url: str = "fake:", config: Mapping[str, Any] | None = None
) -> Source:
    """A source as the ledger would give it."""
    parsed = parse_config(config) if config else SourceConfig()
    return Source(str(uuid.uuid4()), "nguon", type_, url, ORG, parsed)


@dataclass
class Line:
    """A line of a spooled plan."""

    change: dict[str, Any]
    state: str = "pending"
    problem: Problem | None = None
    before: MappedDataset | None = None
    record: Known | None = None


@dataclass
class HeldPart:
    """A part of a plan and who may write it."""

    part: Part
    run_token: int = 0
    expired: bool = True
    open: bool = True


@dataclass
class FakeLedger:
    """Port Ledger in dictionaries. Changes pass through JSON, as they do in PostgreSQL."""

    records: dict[str, dict[str, Known]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    plans: dict[str, dict[str, Line]] = field(default_factory=dict)
    problems: dict[str, list[Problem]] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    states: dict[str, RunState] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    digests: dict[str, str] = field(default_factory=dict)
    approved: dict[str, str] = field(default_factory=dict)
    undone: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    held: dict[str, tuple[str, ...]] = field(default_factory=dict)
    parts: dict[str, list[HeldPart]] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    retries: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def start(self, source: Source, kind: str = "run") -> Run:
        """A new run with its lease."""
        run = Run(f"run-{next(self._numbers)}", source, kind, "reading", 1)  # type: ignore[arg-type]
        self.tokens[run.id], self.states[run.id] = 1, "running"
        self.plans[run.id], self.problems[run.id] = {}, []
        return run

    def steal(self, run: Run) -> Run:
        """The lease goes to another worker."""
        self.tokens[run.id] += 1
        return replace(run, token=self.tokens[run.id])

    def approve(self, run: Run) -> Run:
        """A person says yes to a held or planned run: it is read again."""
        self.states[run.id] = "running"
        self.approved[run.id] = self.digests[run.id]
        return replace(self.steal(run), phase="reading")

    def reject(self, run: Run) -> None:
        """A person says no."""
        self.states[run.id] = "rejected"

    def undo(self, run: Run) -> Run:
        """A run that takes another back."""
        return replace(self.start(run.source, "undo"), undoes=run.id)

    def known(self, source_id: str) -> dict[str, Known]:
        return {
            id_: replace(known, name="", title="", base=None)
            for id_, known in self.records.get(source_id, {}).items()
        }

    def recall(self, source_id: str, remote_ids: Sequence[str]) -> dict[str, Known]:
        held = self.records.get(source_id, {})
        return {id_: held[id_] for id_ in remote_ids if id_ in held}

    def put_blob(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.blobs[sha256] = content
        return sha256

    def get_blob(self, sha256: str) -> bytes:
        return self.blobs[sha256]

    def begin_plan(self, run: Run) -> None:
        self._check(run)
        self.digests.pop(run.id, None)
        self.plans[run.id], self.problems[run.id] = {}, []

    def spool(self, run: Run, changes: Sequence[Change], problems: Sequence[Problem]) -> None:
        self._check(run)
        for change in changes:
            self.plans[run.id][change.remote_id] = Line(change_to_json(change))
        self.problems[run.id].extend(problems)

    def discard(self, run: Run, remote_id: str) -> Action | None:
        self._check(run)
        line = self.plans[run.id].pop(remote_id, None)
        return line.change["action"] if line else None

    def judge(self, run: Run, verdict: Verdict) -> RunState:
        self._check(run)
        self.verdicts[run.id] = verdict
        changes = [change_from_json(line.change) for line in self.plans[run.id].values()]
        writes = [c for c in changes if c.action != "keep"]
        digest = str(sorted((c.action, c.dataset_id, c.hash, c.version) for c in writes))
        undone = self.undone.get(run.source.id, {})
        redoes = any(undone.get(c.remote_id) == _memory(c.action, c.hash) for c in writes)
        last, before = next(reversed(self.digests.items()), ("", ""))
        rejected = before if self.states.get(last) == "rejected" else None
        self.digests[run.id] = digest
        said = Said(self.approved.get(run.id), rejected, last, redoes)
        ruling = rule(run.kind, verdict.held_because, digest, bool(writes), said)
        self.held[run.id] = ruling.held_because
        self.problems[run.id].extend([ruling.note] if ruling.note else [])
        self.states[run.id] = ruling.state
        return ruling.state

    def done(self, run_id: str, after: int, limit: int) -> list[Done]:
        lines = enumerate(self.plans[run_id].values(), 1)
        found = (
            Done(seq, change_from_json(line.change), line.before, line.record)
            for seq, line in lines
            if seq > after and line.state == "done" and line.change["action"] != "keep"
        )
        return list(itertools.islice(found, limit))

    def divide(self, run: Run, lines: int) -> None:
        self._check(run)
        if run.id in self.parts:
            return
        at = [n for n, line in enumerate(self.plans[run.id].values()) if line.state == "pending"]
        cuts = [at[start : start + lines] for start in range(0, len(at), lines)]
        self.parts[run.id] = [
            HeldPart(Part(number, 0, cut[0], cut[-1])) for number, cut in enumerate(cuts)
        ]

    def claim(self, run: Run) -> Run | None:
        self._check(run)
        for held in self.parts.get(run.id, []):
            if held.open and (held.expired or held.run_token != run.token):
                held.part = replace(held.part, token=held.part.token + 1)
                held.run_token, held.expired = run.token, False
                return replace(run, part=held.part)
        return None

    def expire(self, run: Run) -> None:
        """The worker that holds the run's part gives no sign of life any more."""
        assert run.part is not None
        self.parts[run.id][run.part.number].expired = True

    def close(self, run: Run) -> None:
        self._check(run)
        assert run.part is not None
        self.parts[run.id][run.part.number].open = False

    def give_back(self, run: Run) -> None:
        self.expire(run)

    def is_settled(self, run: Run) -> bool:
        return not any(held.open for held in self.parts.get(run.id, []))

    def pending(self, run: Run, limit: int) -> list[Change]:
        first, last = (run.part.first, run.part.last) if run.part else (0, len(self.plans[run.id]))
        all_lines = itertools.islice(self.plans[run.id].values(), first, last + 1)
        lines = (line for line in all_lines if line.state == "pending")
        return [change_from_json(line.change) for line in itertools.islice(lines, limit)]

    def revise(self, run: Run, changes: Sequence[Change]) -> None:
        self._check(run)
        for change in changes:
            self.plans[run.id][change.remote_id].change = change_to_json(change)

    def leave(self, run: Run, left: Sequence[tuple[Change, Problem]]) -> None:
        self._check(run)
        for change, problem in left:
            self.plans[run.id][change.remote_id].state = "discarded"
            self.problems[run.id].append(problem)

    def refresh(self, run: Run, changes: Sequence[Change]) -> None:
        for change in changes:
            self.settle(run, change)

    def settle(
        self,
        run: Run,
        change: Change,
        problem: Problem | None = None,
        before: MappedDataset | None = None,
    ) -> None:
        """What the catalogue calls inside its transaction."""
        self._check(run)
        line = self.plans[run.id][change.remote_id]
        if problem is not None:
            line.state, line.problem = "failed", problem
            self.problems[run.id].append(problem)
            return
        line.state = "done"
        records = self.records.setdefault(run.source.id, {})
        old = records.get(change.remote_id)
        line.before, line.record = before, old
        if change.action == "withdraw":
            records[change.remote_id] = replace(records[change.remote_id], active=False)
            return
        records[change.remote_id] = Known(
            change.remote_id,
            change.dataset_id,
            old.name if old else change.dataset_id,
            change.hash,
            change.mark,
            change.version,
            True,
            change.title or (old.title if old else ""),
            change.base.to_json() if change.base else old.base if old else None,
        )

    def finish(self, run: Run, state: RunState, problem: Problem | None = None) -> RunState:
        self._check(run)
        if state == "failed" and run.id in self.approved and run.id in self.digests:
            state = "held" if run.phase == "reading" else state
        self.states[run.id] = state
        if problem is not None:
            self.problems[run.id].append(problem)
        if state == "applied":
            self._remember(run)
        return state

    def _remember(self, run: Run) -> None:
        """What was undone is remembered until it is done again, or something else is."""
        undone = self.undone.setdefault(run.source.id, {})
        for done in self.done(run.id, 0, 10**9):
            record = done.change.remote_id
            undone.pop(record, None)
            if run.kind == "undo":
                action = "withdraw" if done.change.action == "create" else "update"
                undone[record] = _memory(action, done.record.hash if done.record else "")
        if run.kind == "undo":
            self.states[run.undoes] = "undone"

    def put_off(self, run: Run, problem: Problem) -> bool:
        self._check(run)
        seconds = pause(problem, self.tries.get(run.id, 0), self.retries, False, lambda: 1.0)
        if seconds is None:
            return False
        self.tries[run.id] = self.tries.get(run.id, 0) + 1
        self.states[run.id] = "queued"
        return True

    def beat(self, run: Run) -> None:
        self._check(run)
        if run.id in self.cancelled:
            raise Cancelled(run.id)

    def _check(self, run: Run) -> None:
        if self.tokens[run.id] != run.token or self.states[run.id] != "running":
            raise LeaseLost(run.id)
        if run.part is not None:
            held = self.parts[run.id][run.part.number]
            if not held.open or held.part.token != run.part.token:
                raise LeaseLost(run.id)


def _memory(action: str, hash_: str) -> tuple[str, str]:
    return ("withdraw", "") if action == "withdraw" else ("write", hash_)


@dataclass
class FakeCatalog:
    """Port Catalog in a dictionary. `refuse` says which datasets are poisonous."""

    ledger: FakeLedger
    datasets: dict[str, MappedDataset] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    writes: int = 0
    refuse: Callable[[Change], bool] = lambda change: False
    after_each: Callable[[Change], None] = lambda change: None
    before_each: Callable[[Change], None] = lambda change: None

    def current(self, dataset_ids: Sequence[str]) -> dict[str, MappedDataset]:
        return {
            id_: self.datasets[id_]
            for id_ in dataset_ids
            if id_ in self.datasets and id_ not in self.deleted
        }

    def removed(self, source_id: str) -> set[str]:
        records = self.ledger.records.get(source_id, {}).values()
        return {
            record.remote_id
            for record in records
            if record.active and not self.current([record.dataset_id])
        }

    def apply(
        self,
        run: Run,
        changes: Sequence[Change],
        merged_with: Mapping[str, MappedDataset] = MappingProxyType({}),
    ) -> list[Outcome]:
        return [self._apply_one(run, change, merged_with) for change in changes]

    def wait_for_index(self) -> None:
        """What was written can be found at once."""

    def _apply_one(
        self, run: Run, change: Change, merged_with: Mapping[str, MappedDataset]
    ) -> Outcome:
        self.before_each(change)
        seen = merged_with.get(change.dataset_id)
        if seen is not None and self.current([change.dataset_id]) != {change.dataset_id: seen}:
            return Outcome(change.remote_id, moved=True)
        if self.refuse(change):
            problem = Problem("refused_by_catalogue", "", change.remote_id, {"detail": "…"})
            self.ledger.settle(run, change, problem)
            return Outcome(change.remote_id, problem)
        before = self.current([change.dataset_id]).get(change.dataset_id)
        self.ledger.settle(run, change, before=before)
        self.writes += 1
        if change.action == "withdraw":
            self.deleted.add(change.dataset_id)
        elif change.dataset is not None:
            self.datasets[change.dataset_id] = change.dataset
            self.deleted.discard(change.dataset_id)
        self.after_each(change)
        return Outcome(change.remote_id)


@dataclass(frozen=True)
class FakeSettings:
    """Settings of the scripted source."""

    url: str


@dataclass
class Script:
    """A scripted source type: yields `items`, then End(complete), or raises `error` instead."""

    items: Sequence[Item] = ()
    complete: bool = True
    error: HarvestError | None = None
    asked: list[Mapping[str, str]] = field(default_factory=list)

    def read(self, settings: Any, fetch: Any, since: Mapping[str, str]) -> Iterator[Item]:
        """What a source's `read` does."""
        self.asked.append(dict(since))
        yield from self.items
        if self.error is not None:
            raise self.error
        yield End(self.complete, expected=len(self.items))

    def source_type(self) -> SourceType:
        """The script as a source type of the registry."""
        return SourceType("fake", {"vi": "Giả", "en": "Fake"}, FakeSettings, self.read, _no_probe)


def _no_probe(url: str, fetch: Any) -> None:
    return None
