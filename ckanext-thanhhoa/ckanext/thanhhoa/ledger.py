"""Port Ledger in PostgreSQL: records, plans, blobs, and the lease of a run.

Everything goes through `ckan.model.Session`, so that the catalogue's batch and its ledger rows
commit together. Each method that a run calls is one transaction of its own that first checks the
fencing token; `guard`, `settle` and `settle_failed` are for the catalogue's transaction and never
commit. A database that goes away raises LeaseLost: the run is taken up again when it is back; one
that has no room raises `portal_unavailable`: the run is put off.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa import config, leases, rulings
from ckanext.thanhhoa.ledger_rows import (
    add_problems,
    as_done,
    end_plan,
    record_values,
    retire_waiting,
    revise_lines,
    settle_lines,
    storable,
    upsert_record,
)
from ckanext.thanhhoa.model import blob, plan_item, record, run_problem
from ckanext.thanhhoa.model import part as part_table
from ckanext.thanhhoa.model import run as run_table
from ckanext.thanhhoa.outages import outage
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from harvesters import retries
from harvesters.codec import change_from_json, change_to_json
from harvesters.errors import Cancelled, HarvestError, LeaseLost, Problem
from harvesters.model import Action, Change, Done, Known
from harvesters.ports import Run, RunState, Verdict

log = logging.getLogger(__name__)

#: Rows fetched together.
_AT_ONCE = 5000
#: One written change: the change, the dataset's name, what undo would put back.
Settled = tuple[Change, str, Mapping[str, Any] | None]


class Ledger:
    """The ledger of one worker. `stopping` says whether this process has been asked to end."""

    def __init__(self, stopping: Callable[[], bool] = lambda: False):
        self._stopping = stopping
        self._owner = leases.owner()

    def known(self, source_id: str) -> dict[str, Known]:
        columns = (
            record.c.remote_id,
            record.c.dataset_id,
            record.c.hash,
            record.c.mark,
            record.c.version,
            record.c.active,
        )
        query = sa.select(*columns).where(record.c.source_id == source_id)
        found: dict[str, Known] = {}
        with _reading() as session:
            # By a cursor of the server: otherwise all rows lie here twice for a moment.
            for row in session.execute(query.execution_options(yield_per=_AT_ONCE)):
                id_, dataset_id, hash_, mark, version, active = row
                known = Known(id_, dataset_id, "", hash_, mark, sys.intern(version), active)
                found[id_] = known
        return found

    def recall(self, source_id: str, remote_ids: Sequence[str]) -> dict[str, Known]:
        columns = (
            record.c.remote_id,
            record.c.dataset_id,
            record.c.name,
            record.c.hash,
            record.c.mark,
            record.c.version,
            record.c.active,
            record.c.title,
            record.c.base,
        )
        query = sa.select(*columns).where(
            record.c.source_id == source_id, record.c.remote_id.in_(remote_ids)
        )
        with _reading() as session:
            return {row.remote_id: Known(*row) for row in session.execute(query)}

    def put_blob(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        aging = blob.c.created_at < sa.func.now() - sa.literal_column("interval '1 hour'")
        held = sa.select(aging).where(blob.c.sha256 == sha256)
        with _writing() as session:
            is_aging = session.execute(held).scalar()
            if is_aging is None:
                values = {"sha256": sha256, "size": len(content), "content": content}
                session.execute(insert(blob).values(values).on_conflict_do_nothing())
            elif is_aging:
                # Needed again: young blobs are not dropped before a plan names them.
                young = sa.update(blob).where(blob.c.sha256 == sha256)
                session.execute(young.values(created_at=sa.func.now()))
        return sha256

    def get_blob(self, sha256: str) -> bytes:
        query = sa.select(blob.c.content).where(blob.c.sha256 == sha256)
        with _reading() as session:
            content = session.execute(query).scalar()
        if content is None:
            raise LookupError(f"no blob {sha256}")
        return bytes(content)

    def begin_plan(self, run: Run) -> None:
        with self._transaction(run) as session:
            session.execute(sa.delete(plan_item).where(plan_item.c.run_id == run.id))
            session.execute(sa.delete(run_problem).where(run_problem.c.run_id == run.id))
            session.execute(_this(run).values(plan_digest=None))

    def spool(self, run: Run, changes: Sequence[Change], problems: Sequence[Problem]) -> None:
        items = [
            {
                "run_id": run.id,
                "remote_id": change.remote_id,
                "dataset_id": change.dataset_id,
                "action": change.action,
                "change": storable(change_to_json(change)),
            }
            for change in changes
        ]
        with self._transaction(run) as session:
            if items:
                session.execute(sa.insert(plan_item), items)
            add_problems(run.id, problems)

    def discard(self, run: Run, remote_id: str) -> Action | None:
        query = (
            sa.delete(plan_item)
            .where(plan_item.c.run_id == run.id, plan_item.c.remote_id == remote_id)
            .returning(plan_item.c.action)
        )
        with self._transaction(run) as session:
            return session.execute(query).scalar()

    def judge(self, run: Run, verdict: Verdict) -> RunState:
        with self._transaction(run, seize=True) as session:
            ruling, digest = rulings.ruling(run, verdict.held_because)
            add_problems(run.id, [ruling.note] if ruling.note else [])
            values: dict[str, Any] = {
                "state": ruling.state,
                "phase": "applying",
                "complete": verdict.complete,
                "counts": dict(verdict.counts),
                "held_because": list(ruling.held_because),
                "plan_digest": digest,
                "approved_digest": None,
                "attempts": 0,
            }
            if ruling.state != "running":
                values |= {"ended_at": sa.func.now(), "lease_until": None, "lease_owner": None}
                retire_waiting(run, ["planned"] if run.kind == "plan" else ["held", "planned"])
            session.execute(_this(run).values(values))
        return ruling.state

    def done(self, run_id: str, after: int, limit: int) -> list[Done]:
        query = sa.select(plan_item.c.seq, plan_item.c.change, plan_item.c.pre_image).where(
            plan_item.c.run_id == run_id,
            plan_item.c.seq > after,
            plan_item.c.state == "done",
            plan_item.c.action != "keep",
        )
        with _reading() as session:
            return [as_done(row) for row in session.execute(query.order_by("seq").limit(limit))]

    def divide(self, run: Run, lines: int) -> None:
        with self._transaction(run, seize=True):
            leases.divide(run, lines)

    def claim(self, run: Run) -> Run | None:
        with self._transaction(run):
            part = leases.claim(run, self._owner)
            if part is None:
                return None
            claimed = replace(run, part=part)
            if part.careful and leases.is_deadly(run, part):
                self._give_up(claimed)
            return claimed

    def _give_up(self, run: Run) -> None:
        """The next line of the part is what kills workers: it is refused, the rest goes on."""
        for change in self._pending(run, 1):
            log.error("run %s: workers die on record %s", run.id, change.remote_id)
            params = {"run": run.id, "attempts": str(leases.DEADLY_FROM)}
            problem = Problem("interrupted", record=change.remote_id, params=params)
            self.settle_failed(run, change, problem)

    def close(self, run: Run) -> None:
        if run.part is None:
            raise ValueError("only a part can be closed")
        with self._transaction(run):
            if not leases.close(run, run.part):
                raise LeaseLost(run.id)

    def give_back(self, run: Run) -> None:
        model.Session.rollback()
        if run.part is not None:
            with _writing(run):
                leases.release_part(run, run.part)

    def is_settled(self, run: Run) -> bool:
        with _reading() as session:
            return not session.execute(sa.select(leases.open_part(run.id))).scalar()

    def pending(self, run: Run, limit: int) -> list[Change]:
        with _reading():
            return self._pending(run, limit)

    def _pending(self, run: Run, limit: int) -> list[Change]:
        query = sa.select(plan_item.c.change).where(
            plan_item.c.run_id == run.id, plan_item.c.state == "pending"
        )
        if run.part is not None:
            query = query.where(plan_item.c.seq.between(run.part.first, run.part.last))
        rows = model.Session.execute(query.order_by(plan_item.c.seq).limit(limit)).scalars()
        return [change_from_json(data) for data in rows]

    def refresh(self, run: Run, changes: Sequence[Change]) -> None:
        names = sa.select(model.Package.id, model.Package.name).where(
            model.Package.id.in_([change.dataset_id for change in changes])
        )
        with self._transaction(run) as session:
            name_of = dict(session.execute(names).tuples().all())
            self.settle_many(
                run, [(change, name_of.get(change.dataset_id, ""), None) for change in changes]
            )

    def revise(self, run: Run, changes: Sequence[Change]) -> None:
        with self._transaction(run):
            revise_lines(run.id, changes)

    def leave(self, run: Run, left: Sequence[tuple[Change, Problem]]) -> None:
        ids = [change.remote_id for change, _ in left]
        lines = sa.update(plan_item).where(
            plan_item.c.run_id == run.id, plan_item.c.remote_id.in_(ids)
        )
        with self._transaction(run) as session:
            session.execute(lines.values(state="discarded", settled_at=sa.func.now()))
            add_problems(run.id, [problem for _, problem in left])

    def finish(self, run: Run, state: RunState, problem: Problem | None = None) -> RunState:
        with self._ending(run) as session:
            add_problems(run.id, [problem] if problem else [])
            values: dict[str, Any] = {"ended_at": sa.func.now(), "put_off_because": None}
            values |= {"lease_until": None, "lease_owner": None, "not_before": None}
            if state == "failed" and rulings.waits_again(run):
                again = {"state": "held", "phase": "applying", "approved_digest": None}
                session.execute(_this(run).values(values | again))
                return "held"
            counts = end_plan(run.id)
            session.execute(_this(run).values(values | {"state": state, "counts": counts}))
            rulings.remember(run)
            if state == "applied" or any(
                counts.get(n) for n in ("created", "updated", "withdrawn")
            ):
                retire_waiting(run, ["held", "planned"])
        return state

    def put_off(self, run: Run, problem: Problem) -> bool:
        with self._ending(run) as session:
            row = session.execute(sa.select(run_table).where(leases.mine(run))).one()
            by_person = row.requested_by is not None
            chance = secrets.SystemRandom().random
            seconds = retries.pause(problem, row.tries, row.retries, by_person, chance)
            if seconds is None or row.cancel_requested:
                return False
            then = sa.func.now() + sa.literal_column(f"interval '{seconds:.3f} seconds'")
            values = {
                "state": "queued",
                "not_before": then,
                "tries": run_table.c.tries + 1,
                "attempts": 0,
                "put_off_because": storable(problem.to_json()),
                "lease_until": None,
                "lease_owner": None,
            }
            of_run = sa.update(part_table).where(part_table.c.run_id == run.id)
            session.execute(of_run.values(lease_until=None, attempts=0))
            in_time = _this(run).where(run_table.c.deadline_at > then)
            return bool(session.execute(in_time.values(values)).rowcount == 1)

    def beat(self, run: Run) -> None:
        if self._stopping():
            self.release(run)
            raise LeaseLost(run.id)
        asked = (run_table.c.cancel_requested, run_table.c.deadline_at < sa.func.now())
        with _writing(run) as session:
            if run.part is not None:
                prolonged = sa.update(part_table).where(leases.my_part(run, run.part))
                if not session.execute(prolonged.values(lease_until=leases.lease_end())).rowcount:
                    raise LeaseLost(run.id)
            if run.helping:
                row = session.execute(sa.select(*asked).where(leases.mine(run))).first()
            else:
                prolonged = _this(run).values(lease_until=leases.lease_end())
                row = session.execute(prolonged.returning(*asked)).first()
        if row is None:
            raise LeaseLost(run.id)
        cancel_requested, too_late = row
        if cancel_requested:
            raise Cancelled(run.id)
        if too_late:
            limit = str(config.run_deadline())
            raise HarvestError("deadline", where=run.source.name, limit=limit)

    def release(self, run: Run) -> None:
        """Gives the lease back, so that the next worker goes on at once."""
        self.give_back(run)
        with _writing(run) as session:
            if not run.helping:
                fewer = sa.func.greatest(run_table.c.attempts - 1, 0)
                values = {"lease_until": sa.func.now(), "lease_owner": None, "attempts": fewer}
                session.execute(_this(run).values(values))

    def guard(self, run: Run) -> None:
        """First statement of a batch's transaction: locks the run, and its part, until the commit.

        Nobody can take either over while it is locked, so what commits was written by the holder of
        the lease. Raises LeaseLost, after rolling back, when a token is stale.
        """
        if not leases.hold(run):
            model.Session.rollback()
            raise LeaseLost(run.id)

    def settle(
        self, run: Run, change: Change, name: str, pre_image: Mapping[str, Any] | None = None
    ) -> None:
        """A change was written to the dataset called `name`; `pre_image` is what undo restores."""
        self.settle_many(run, [(change, name, pre_image)])

    def settle_many(self, run: Run, settled: Sequence[Settled]) -> None:
        """`settle` for a batch, in three statements. Part of the caller's transaction."""
        settle_lines(run, [(change.remote_id, image) for change, _, image in settled])
        written = [record_values(run, change, name) for change, name, _ in settled]
        present = [values for values in written if values["active"]]
        gone = [values["remote_id"] for values in written if not values["active"]]
        if present:
            model.Session.execute(upsert_record(), present)
        if gone:
            tombstones = sa.update(record).where(
                record.c.source_id == run.source.id, record.c.remote_id.in_(gone)
            )
            model.Session.execute(
                tombstones.values(active=False, run_id=run.id, updated_at=sa.func.now())
            )

    def settle_failed(self, run: Run, change: Change, problem: Problem) -> None:
        """A change could not be written; the record stays as it was."""
        line = sa.update(plan_item).where(
            plan_item.c.run_id == run.id, plan_item.c.remote_id == change.remote_id
        )
        values = {"state": "failed", "problem": storable(problem.to_json())}
        model.Session.execute(line.values(settled_at=sa.func.now(), **values))

    @contextmanager
    def _ending(self, run: Run) -> Iterator[Any]:
        """The transaction that ends a run or puts it off.

        What cannot even write that gives the run up: it is taken over after its lease.
        """
        model.Session.rollback()
        try:
            with self._transaction(run, seize=True) as session:
                yield session
        except LeaseLost:
            raise
        except HarvestError as error:
            raise LeaseLost(run.id) from error

    @contextmanager
    def _transaction(self, run: Run, *, seize: bool = False) -> Iterator[Any]:
        """One transaction under the run's token; `seize` keeps every helper out as well."""
        with _writing(run) as session:
            if not (leases.seize(run) if seize else leases.hold(run)):
                raise LeaseLost(run.id)
            yield session


def _this(run: Run) -> Any:
    """The run's row, if this is its current token."""
    return sa.update(run_table).where(leases.mine(run))


@contextmanager
def _writing(run: Run | None = None) -> Iterator[Any]:
    """One transaction. A database that is gone means that the lease is, too."""
    try:
        yield model.Session
        model.Session.commit()
    except DBAPIError as error:
        model.Session.rollback()
        which = run.id if run else ""
        later = _later(error, which)
        if later is None:
            raise
        log.warning("run %s is left for later: %s", which, type(error.orig).__name__)
        raise later from error
    except BaseException:
        model.Session.rollback()
        raise


def _later(error: DBAPIError, run_id: str) -> HarvestError | None:
    """What to raise when the database did not do its work, rather than refuse what it was given."""
    away = isinstance(error, (OperationalError, InterfaceError))
    return outage(error, run_id) or (LeaseLost(run_id) if away else None)


@contextmanager
def _reading() -> Iterator[Any]:
    """Ends the transaction if it began here: none stays open while a source is read."""
    began_here = not model.Session().in_transaction()
    try:
        yield model.Session
        if began_here:
            model.Session.commit()
    except DBAPIError as error:
        model.Session.rollback()
        later = _later(error, "")
        if later is None:
            raise
        raise later from error
