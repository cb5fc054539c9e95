"""What a run needs of the outside: the catalogue it writes and the ledger it remembers in.

Each port has a contract suite (`tests/contracts/`) that runs on the in-memory fake and on the
real thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, Protocol

from harvesters.errors import Problem
from harvesters.model import Action, Change, Done, Known, MappedDataset, Outcome
from harvesters.settings import SourceConfig

RunState = Literal[
    "queued",
    "running",
    "planned",
    "held",
    "applied",
    "rejected",
    "failed",
    "cancelled",
    "undone",
]


@dataclass(frozen=True)
class Source:
    """A registered source. `allow` is the grant: `host:port` or folders; empty reaches nothing."""

    id: str
    name: str
    type: str
    url: str
    org: str
    config: SourceConfig
    allow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A stretch of a run's plan that one worker holds the lease of: the lines `first` to `last`.

    `token` is its own fencing token. `careful` says that workers died on it: its lines are written
    one by one, so that the one that kills them is found.
    """

    number: int
    token: int
    first: int
    last: int
    careful: bool = False


@dataclass(frozen=True)
class Run:
    """A run that this process holds the lease of, or helps to apply.

    `token` is the fencing token: a write with an older one is refused. `phase` says where to go
    on: `reading` starts the plan anew, `applying` goes on with what is pending. With a `part`, a
    write needs the part's token as well. `helping` is set where another process holds the run.
    `undoes` is the run that a run of kind `undo` takes back.
    """

    id: str
    source: Source
    kind: Literal["run", "plan", "undo"]
    phase: Literal["reading", "applying"]
    token: int
    part: Part | None = None
    helping: bool = False
    undoes: str = ""


@dataclass(frozen=True)
class Verdict:
    """How the listing ended and what the guards say of the whole plan.

    `counts` has the report's keys: created, updated, unchanged, withdrawn, failed (planned).
    """

    complete: bool
    counts: Mapping[str, int]
    held_because: tuple[str, ...] = ()


class Ledger(Protocol):
    """The memory of sources, runs, plans and records. Raises LeaseLost on a stale token."""

    def known(self, source_id: str) -> dict[str, Known]:
        """Every record of the source, tombstones included, by remote id.

        Without `name`, `title` and `base`, so that a source of 100,000 records fits in memory.
        """

    def recall(self, source_id: str, remote_ids: Sequence[str]) -> dict[str, Known]:
        """Some of these records, whole; unknown ones are left out."""

    def put_blob(self, content: bytes) -> str:
        """Keeps bytes (a table, a file) and returns their SHA-256; the same bytes are kept once."""

    def get_blob(self, sha256: str) -> bytes: ...

    def begin_plan(self, run: Run) -> None:
        """Forgets what an interrupted reading of this run has spooled."""

    def spool(self, run: Run, changes: Sequence[Change], problems: Sequence[Problem]) -> None:
        """Adds to the plan of the run. Changes with action `keep` carry new marks or versions.

        Without a title or base they leave those that the record has.
        """

    def discard(self, run: Run, remote_id: str) -> Action | None:
        """Takes a record's change out of the plan (its id came twice); says what it was."""

    def judge(self, run: Run, verdict: Verdict) -> RunState:
        """The reading is over; what people said of plans before counts as well (`approval.rule`).

        Returns `held`, `planned` (kind plan), `rejected` or `running` (apply now).
        """

    def done(self, run_id: str, after: int, limit: int) -> list[Done]:
        """Lines of a run that were written, `keep` left out, in plan order from `after` on."""

    def divide(self, run: Run, lines: int) -> None:
        """Cuts the plan into parts of so many lines; a plan that is cut already stays as it is."""

    def claim(self, run: Run) -> Run | None:
        """Leases the next part that nobody works on; None when there is none at the moment.

        The run that comes back carries the part: what is written with it is refused as soon as the
        part, or the run, was taken over.
        """

    def close(self, run: Run) -> None:
        """The part of this run is settled, every line of it."""

    def give_back(self, run: Run) -> None:
        """The part of this run is free again, unharmed: whatever went wrong, it was not its."""

    def is_settled(self, run: Run) -> bool:
        """Whether no part of the plan is open, neither free nor leased."""

    def pending(self, run: Run, limit: int) -> list[Change]:
        """The next changes that are neither applied nor failed, in plan order.

        Of the run's part where it carries one, else of the whole plan.
        """

    def refresh(self, run: Run, changes: Sequence[Change]) -> None:
        """Settles `keep` changes: marks and versions move on, the catalogue is not touched."""

    def revise(self, run: Run, changes: Sequence[Change]) -> None:
        """Writes into the plan what these changes are now: they are written otherwise than planned.

        One that needs no writing any more has become `keep`.
        """

    def leave(self, run: Run, left: Sequence[tuple[Change, Problem]]) -> None:
        """Takes changes out of the pending ones without a trace in the records; notes why."""

    def finish(self, run: Run, state: RunState, problem: Problem | None = None) -> RunState:
        """Ends the run: `applied`, `failed` or `cancelled`. Returns the state that it has now.

        A run whose approved plan could not be read again before anything came waits again: `held`.
        """

    def put_off(self, run: Run, problem: Problem) -> bool:
        """Queues the run again for later, because the problem may pass by itself.

        False, and nothing done, when it may not, or when the run has no more time or attempts.
        """

    def beat(self, run: Run) -> None:
        """Prolongs the lease. Raises LeaseLost, or Cancelled when a person asked for it."""


class Catalog(Protocol):
    """The catalogue of datasets."""

    def current(self, dataset_ids: Sequence[str]) -> dict[str, MappedDataset]:
        """What the catalogue holds now, in the portal's words; deleted ones are left out.

        Only the fields and resource fields that a harvest can set; `table` and `file` as digests.
        """

    def removed(self, source_id: str) -> set[str]:
        """Remote ids of the source's active records whose dataset a person deleted."""

    def apply(
        self,
        run: Run,
        changes: Sequence[Change],
        merged_with: Mapping[str, MappedDataset] = MappingProxyType({}),
    ) -> list[Outcome]:
        """Writes the changes, each together with its ledger rows in one transaction.

        `merged_with` is what `current` gave for the updates, in an undo for every change: one whose
        dataset is no longer that when it is about to be written is left pending and comes back as
        `moved`.

        The ledger rows are: the record (or its tombstone) as `Known`, the line of the plan
        settled, the pre-image. A change that fails leaves the catalogue as it was for that record
        and comes back with its problem. Raises LeaseLost before anything is committed.
        """

    def wait_for_index(self) -> None:
        """Waits, for a while only, until what was applied can be found."""


#: JSON-able values that a page, the API and the CLI show alike.
Json = dict[str, Any]
