"""What people said of plans before, as the ledger knows it; and what was undone.

All in the caller's transaction; what follows from it is decided by `harvesters.approval`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa.ledger_rows import plan_digest
from ckanext.thanhhoa.model import plan_item, undone
from ckanext.thanhhoa.model import run as run_table
from sqlalchemy.dialects.postgresql import insert

from harvesters.approval import Ruling, Said, rule
from harvesters.ports import Run

#: What is remembered of an undone line: that a record was written, or that it was withdrawn.
WRITE, WITHDRAW = "write", "withdraw"


def ruling(run: Run, held: tuple[str, ...]) -> tuple[Ruling, str]:
    """What becomes of the plan that the run has spooled, and the plan's digest."""
    digest = str(model.Session.execute(sa.select(plan_digest(run.id))).scalar())
    lines = sa.exists().where(plan_item.c.run_id == run.id, plan_item.c.action != "keep")
    writes = bool(model.Session.execute(sa.select(lines)).scalar())
    return rule(run.kind, held, digest, writes, _said(run)), digest


def _said(run: Run) -> Said:
    query = sa.select(run_table.c.approved_digest).where(run_table.c.id == run.id)
    approved = model.Session.execute(query).scalar()
    last = (
        sa.select(run_table.c.id, run_table.c.state, run_table.c.plan_digest)
        .where(
            run_table.c.source_id == run.source.id,
            run_table.c.id != run.id,
            run_table.c.plan_digest.is_not(None),
            # Who only looks at a plan has not changed his mind.
            sa.or_(run_table.c.kind == "run", run_table.c.state == "rejected"),
        )
        .order_by(run_table.c.requested_at.desc())
        .limit(1)
    )
    row = model.Session.execute(last).first()
    rejected = row.plan_digest if row is not None and row.state == "rejected" else None
    return Said(approved, rejected, row.id if row is not None else "", _redoes(run))


def _redoes(run: Run) -> bool:
    written = sa.and_(
        undone.c.action == WRITE,
        plan_item.c.action.in_(["create", "update"]),
        plan_item.c.change["hash"].astext == undone.c.hash,
    )
    withdrawn = sa.and_(undone.c.action == WITHDRAW, plan_item.c.action == "withdraw")
    again = sa.exists().where(
        undone.c.source_id == run.source.id,
        plan_item.c.run_id == run.id,
        plan_item.c.remote_id == undone.c.remote_id,
        sa.or_(written, withdrawn),
    )
    return bool(model.Session.execute(sa.select(again)).scalar())


def waits_again(run: Run) -> bool:
    """Whether the run's approved plan still lies there although it could not be read again."""
    query = sa.select(run_table.c.id).where(
        run_table.c.id == run.id,
        run_table.c.phase == "reading",
        run_table.c.approved_digest == run_table.c.plan_digest,
    )
    return model.Session.execute(query).first() is not None


def remember(run: Run) -> None:
    """After a run: what it wrote is no longer undone; what an undo took back is."""
    lines: Any = (
        plan_item.c.run_id == run.id,
        plan_item.c.state == "done",
        plan_item.c.action != "keep",
    )
    written = sa.select(plan_item.c.remote_id).where(*lines)
    model.Session.execute(
        sa.delete(undone).where(
            undone.c.source_id == run.source.id, undone.c.remote_id.in_(written)
        )
    )
    if run.kind != "undo":
        return
    # What came back had been withdrawn; of the others the record's version is remembered.
    came_back = plan_item.c.action == "create"
    hash_ = sa.func.coalesce(plan_item.c.pre_image["record"]["hash"].astext, "")
    memory = sa.select(
        sa.literal(run.source.id),
        plan_item.c.remote_id,
        sa.case((came_back, WITHDRAW), else_=WRITE),
        sa.case((came_back, ""), else_=hash_),
        sa.literal(run.undoes),
    ).where(*lines)
    columns = ["source_id", "remote_id", "action", "hash", "run_id"]
    model.Session.execute(insert(undone).from_select(columns, memory))
    failed = sa.exists().where(plan_item.c.run_id == run.id, plan_item.c.state == "failed")
    # Where something could not be taken back, the undo can be asked for again.
    model.Session.execute(
        sa.update(run_table).where(run_table.c.id == run.undoes, ~failed).values(state="undone")
    )
