"""The lines of a run's plan: spooled while a source is read, settled as they are written.

`settle`, `settle_many` and `settle_failed` are for the catalogue's transaction and never commit;
every other method is a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa.ledger_rows import (
    add_problems,
    as_done,
    record_values,
    revise_lines,
    settle_lines,
    storable,
    upsert_record,
)
from ckanext.thanhhoa.ledger_transactions import reading, this, transaction
from ckanext.thanhhoa.model import plan_item, record, run_problem

from harvesters.codec import change_from_json, change_to_json
from harvesters.errors import Problem
from harvesters.model import Action, Change, Done
from harvesters.ports import Run

#: One written change: the change, the dataset's name, what undo would put back.
Settled = tuple[Change, str, Mapping[str, Any] | None]


class PlanLines:
    """The part of the ledger that a plan is kept in."""

    def begin_plan(self, run: Run) -> None:
        with transaction(run) as session:
            session.execute(sa.delete(plan_item).where(plan_item.c.run_id == run.id))
            session.execute(sa.delete(run_problem).where(run_problem.c.run_id == run.id))
            session.execute(this(run).values(plan_digest=None))

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
        with transaction(run) as session:
            if items:
                session.execute(sa.insert(plan_item), items)
            add_problems(run.id, problems)

    def discard(self, run: Run, remote_id: str) -> Action | None:
        query = (
            sa.delete(plan_item)
            .where(plan_item.c.run_id == run.id, plan_item.c.remote_id == remote_id)
            .returning(plan_item.c.action)
        )
        with transaction(run) as session:
            return session.execute(query).scalar()

    def pending(self, run: Run, limit: int) -> list[Change]:
        with reading():
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
        with transaction(run) as session:
            name_of = dict(session.execute(names).tuples().all())
            self.settle_many(
                run, [(change, name_of.get(change.dataset_id, ""), None) for change in changes]
            )

    def revise(self, run: Run, changes: Sequence[Change]) -> None:
        with transaction(run):
            revise_lines(run.id, changes)

    def leave(self, run: Run, left: Sequence[tuple[Change, Problem]]) -> None:
        ids = [change.remote_id for change, _ in left]
        lines = sa.update(plan_item).where(
            plan_item.c.run_id == run.id, plan_item.c.remote_id.in_(ids)
        )
        with transaction(run) as session:
            session.execute(lines.values(state="discarded", settled_at=sa.func.now()))
            add_problems(run.id, [problem for _, problem in left])

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

    def done(self, run_id: str, after: int, limit: int) -> list[Done]:
        query = sa.select(plan_item.c.seq, plan_item.c.change, plan_item.c.pre_image).where(
            plan_item.c.run_id == run_id,
            plan_item.c.seq > after,
            plan_item.c.state == "done",
            plan_item.c.action != "keep",
        )
        with reading() as session:
            return [as_done(row) for row in session.execute(query.order_by("seq").limit(limit))]
