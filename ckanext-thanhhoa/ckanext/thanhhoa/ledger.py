"""Port Ledger in PostgreSQL: here the life of a run and its lease; records and plans beside it.

Everything goes through `ckan.model.Session`, so that the catalogue's batch and its ledger rows
commit together. Each method that a run calls is one transaction of its own that first checks the
fencing token; `guard` and the `settle…` are for the catalogue's transaction and never commit.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa import config, leases, rulings
from ckanext.thanhhoa.ledger_plan import PlanLines
from ckanext.thanhhoa.ledger_records import Records
from ckanext.thanhhoa.ledger_rows import add_problems, end_plan, retire_waiting, storable
from ckanext.thanhhoa.ledger_transactions import ending, reading, this, transaction, writing
from ckanext.thanhhoa.model import part as part_table
from ckanext.thanhhoa.model import run as run_table

from harvesters import retries
from harvesters.errors import Cancelled, HarvestError, LeaseLost, Problem
from harvesters.ports import Run, RunState, Verdict

log = logging.getLogger(__name__)


class Ledger(Records, PlanLines):
    """The ledger of one worker. `stopping` says whether this process has been asked to end."""

    def __init__(self, stopping: Callable[[], bool] = lambda: False):
        self._stopping = stopping
        self._owner = leases.owner()

    def judge(self, run: Run, verdict: Verdict) -> RunState:
        with transaction(run, seize=True) as session:
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
            session.execute(this(run).values(values))
        return ruling.state

    def divide(self, run: Run, lines: int) -> None:
        with transaction(run, seize=True):
            leases.divide(run, lines)

    def claim(self, run: Run) -> Run | None:
        with transaction(run):
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
            params = {"attempts": str(leases.DEADLY_FROM)}
            problem = Problem("deadly_record", record=change.remote_id, params=params)
            self.settle_failed(run, change, problem)

    def close(self, run: Run) -> None:
        if run.part is None:
            raise ValueError("only a part can be closed")
        with transaction(run):
            if not leases.close(run, run.part):
                raise LeaseLost(run.id)

    def give_back(self, run: Run) -> None:
        model.Session.rollback()
        if run.part is not None:
            with writing(run):
                leases.release_part(run, run.part)

    def is_settled(self, run: Run) -> bool:
        with reading() as session:
            return not session.execute(sa.select(leases.open_part(run.id))).scalar()

    def finish(self, run: Run, state: RunState, problem: Problem | None = None) -> RunState:
        with ending(run) as session:
            add_problems(run.id, [problem] if problem else [])
            values: dict[str, Any] = {"ended_at": sa.func.now(), "put_off_because": None}
            values |= {"lease_until": None, "lease_owner": None, "not_before": None}
            if state == "failed" and rulings.waits_again(run):
                again = {"state": "held", "phase": "applying", "approved_digest": None}
                session.execute(this(run).values(values | again))
                return "held"
            counts = end_plan(run.id)
            session.execute(this(run).values(values | {"state": state, "counts": counts}))
            rulings.remember(run)
            if state == "applied" or any(
                counts.get(n) for n in ("created", "updated", "withdrawn")
            ):
                retire_waiting(run, ["held", "planned"])
        return state

    def put_off(self, run: Run, problem: Problem) -> bool:
        with ending(run) as session:
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
            in_time = this(run).where(run_table.c.deadline_at > then)
            return bool(session.execute(in_time.values(values)).rowcount == 1)

    def beat(self, run: Run) -> None:
        if self._stopping():
            self.release(run)
            raise LeaseLost(run.id)
        asked = (run_table.c.cancel_requested, run_table.c.deadline_at < sa.func.now())
        with writing(run) as session:
            if run.part is not None:
                prolonged = sa.update(part_table).where(leases.my_part(run, run.part))
                if not session.execute(prolonged.values(lease_until=leases.lease_end())).rowcount:
                    raise LeaseLost(run.id)
            if run.helping:
                row = session.execute(sa.select(*asked).where(leases.mine(run))).first()
            else:
                prolonged = this(run).values(lease_until=leases.lease_end())
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
        with writing(run) as session:
            if not run.helping:
                fewer = sa.func.greatest(run_table.c.attempts - 1, 0)
                values = {"lease_until": sa.func.now(), "lease_owner": None, "attempts": fewer}
                session.execute(this(run).values(values))

    def guard(self, run: Run) -> None:
        """First statement of a batch's transaction: locks the run, and its part, until the commit.

        Nobody can take either over while it is locked, so what commits was written by the holder of
        the lease. Raises LeaseLost, after rolling back, when a token is stale.
        """
        if not leases.hold(run):
            model.Session.rollback()
            raise LeaseLost(run.id)
