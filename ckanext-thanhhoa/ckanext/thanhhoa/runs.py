"""The life of a run around the engine: asked for, leased, approved, rejected, cancelled, told.

The lease, its fencing token and the rule of one active run a source live in the table `run` only.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa import config, leases, sources
from ckanext.thanhhoa.ledger_rows import add_problems, end_plan
from ckanext.thanhhoa.model import plan_item, record
from ckanext.thanhhoa.model import run as run_table
from ckanext.thanhhoa.model import source as source_table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from harvesters.codec import change_to_json
from harvesters.decide import withdrawals
from harvesters.errors import HarvestError, Problem
from harvesters.model import Known
from harvesters.ports import Run
from harvesters.retries import RETRIES_OF_SCHEDULE

log = logging.getLogger(__name__)

#: A person who waits comes before the schedule.
PERSON, SCHEDULE = 10, 0
#: A run whose worker died this often while it was read is ended: it is what kills them.
ATTEMPTS = 10

_ACTIVE = run_table.c.state.in_(["queued", "running"])


def find(run_id: str) -> Any:
    """The row of a run, with `source_name` and `org_id`. Raises `run_unknown`.

    The beginning of an id will do where it is that of one run only.
    """
    query = (
        sa.select(run_table, source_table.c.name.label("source_name"), source_table.c.org_id)
        .join(source_table, source_table.c.id == run_table.c.source_id)
        .where(run_table.c.id.startswith(run_id, autoescape=True))
        .limit(2)
    )
    rows = model.Session.execute(query).all() if len(run_id) >= 6 else []
    if len(rows) != 1:
        raise HarvestError("run_unknown", run=run_id)
    return rows[0]


def latest(source_id: str, limit: int = 20) -> list[str]:
    """Ids of the source's runs, the newest first."""
    query = sa.select(run_table.c.id).where(run_table.c.source_id == source_id)
    query = query.order_by(run_table.c.requested_at.desc()).limit(limit)
    return list(model.Session.execute(query).scalars())


def request(
    source: Any, kind: str, by: str | None, priority: int = PERSON, tries_again: int = 0
) -> str:
    """Asks for a run of a source (its row); returns the run's id. Does not commit.

    After a failure that may pass by itself it is tried again so many times. Raises
    `already_running` when one is queued or under way; one that only waits for the schedule's turn,
    or for its next attempt, goes on at once when a person asks.
    """
    if by is not None:
        hastened = _hasten(source, kind, by, tries_again)
        if hastened is not None:
            return hastened
    return insert_run(source, kind=kind, requested_by=by, priority=priority, retries=tries_again)


def _hasten(source: Any, kind: str, by: str, tries_again: int) -> str | None:
    waiting = sa.update(run_table).where(
        run_table.c.source_id == source.id,
        run_table.c.kind == kind,
        run_table.c.state == "queued",
        sa.or_(run_table.c.requested_by.is_(None), run_table.c.not_before.is_not(None)),
    )
    values = {
        "requested_by": by,
        "priority": PERSON,
        "not_before": None,
        "tries": 0,
        "retries": tries_again,
    }
    query = waiting.values(values).returning(run_table.c.id)
    return model.Session.execute(query).scalar()


def request_withdrawal(source: Any, by: str | None) -> str | None:
    """Asks for a run that withdraws every dataset of a source; None where there is none.

    A person wants it, so no guard is asked. Does not commit.
    """
    query = sa.select(record).where(record.c.source_id == source.id, record.c.active)
    known = [
        Known(
            row.remote_id,
            row.dataset_id,
            row.name,
            row.hash,
            row.mark,
            row.version,
            title=row.title,
        )
        for row in model.Session.execute(query)
    ]
    changes = withdrawals(known, set())
    if not changes:
        return None
    run_id = insert_run(
        source,
        kind="run",
        requested_by=by,
        priority=PERSON,
        phase="applying",
        complete=True,
        counts={"withdrawn": len(changes)},
    )
    lines = [
        {
            "run_id": run_id,
            "remote_id": change.remote_id,
            "dataset_id": change.dataset_id,
            "action": change.action,
            "change": change_to_json(change),
        }
        for change in changes
    ]
    model.Session.execute(sa.insert(plan_item), lines)
    return run_id


def refuse_if_active(source: Any) -> None:
    """Raises `already_running` while a run of the source is queued or under way."""
    query = sa.select(run_table.c.id).where(run_table.c.source_id == source.id, _ACTIVE)
    if model.Session.execute(query).first() is not None:
        raise _already_running(source.id, source.name)


def insert_run(source: Any, **values: Any) -> str:
    """A queued run of the source; returns its id. Raises `already_running`. Does not commit."""
    new = insert(run_table).values(
        id=str(uuid.uuid4()), source_id=source.id, state="queued", **values
    )
    added = new.on_conflict_do_nothing(
        index_elements=[run_table.c.source_id],
        index_where=sa.text("state IN ('queued', 'running')"),
    ).returning(run_table.c.id)
    run_id = model.Session.execute(added).scalar()
    if run_id is None:
        raise _already_running(source.id, source.name)
    return str(run_id)


def acquire(run_id: str, owner: str) -> Run | None:
    """Takes the lease of a run that is queued or whose holder is gone; None if it is neither.

    Commits. The token grows, so that whoever held the run before can write nothing more.
    """
    free = sa.select(run_table.c.id).where(run_table.c.id == run_id, leases.FREE)
    deadline = sa.literal_column(f"interval '{config.run_deadline()} seconds'")
    taken = (
        sa.update(run_table)
        .where(run_table.c.id.in_(free.with_for_update(skip_locked=True)))
        .values(
            state="running",
            token=run_table.c.token + 1,
            attempts=run_table.c.attempts + 1,
            lease_owner=owner,
            lease_until=leases.lease_end(),
            not_before=None,
            started_at=sa.func.coalesce(run_table.c.started_at, sa.func.now()),
            deadline_at=sa.func.coalesce(run_table.c.deadline_at, sa.func.now() + deadline),
        )
        .returning(run_table)
    )
    row = model.Session.execute(taken).first()
    if row is None:
        model.Session.commit()
        return None
    try:
        source = sources.as_source(sources.by_id(row.source_id))
    except HarvestError as error:
        _fail(row.id, error.problem)
        return None
    model.Session.commit()
    log.info("run %s of %s: %s, attempt %d", row.id, source.name, row.phase, row.attempts)
    return Run(row.id, source, row.kind, row.phase, row.token, undoes=row.undoes or "")


def join(run_id: str) -> Run | None:
    """A run that another process holds and whose plan it applies, for a helper; else None."""
    query = sa.select(run_table).where(run_table.c.id == run_id, _HELPABLE)
    row = model.Session.execute(query).first()
    source = sources.as_source(sources.by_id(row.source_id)) if row else None
    model.Session.commit()
    if row is None or source is None:
        return None
    undoes = row.undoes or ""
    return Run(row.id, source, row.kind, row.phase, row.token, helping=True, undoes=undoes)


def _fail(run_id: str, problem: Problem) -> None:
    """A source whose configuration no longer is valid cannot even begin."""
    failed = sa.update(run_table).where(run_table.c.id == run_id)
    model.Session.execute(
        failed.values(state="failed", ended_at=sa.func.now(), lease_until=None, lease_owner=None)
    )
    add_problems(run_id, [problem])
    model.Session.commit()


def attempts(run_id: str) -> int:
    """How often the run was taken up since anything of it was settled."""
    query = sa.select(run_table.c.attempts).where(run_table.c.id == run_id)
    return int(model.Session.execute(query).scalar() or 0)


#: A plan that is being applied by another process, with a part that nobody works on.
_HELPABLE = sa.and_(
    run_table.c.state == "running",
    run_table.c.phase == "applying",
    ~run_table.c.cancel_requested,
    leases.free_part(run_table.c.id, run_table.c.token),
)
_TURN = (run_table.c.priority.desc(), run_table.c.requested_at)


def free_runs(limit: int = 100) -> list[tuple[str, bool]]:
    """The runs that a worker could take now, and whether a person waits for it.

    People's come first, then the oldest.
    """
    query = sa.select(run_table.c.id, run_table.c.priority).where(leases.FREE)
    rows = model.Session.execute(query.order_by(*_TURN).limit(limit))
    return [(row.id, row.priority >= PERSON) for row in rows]


def helpable_runs(limit: int = 100) -> list[str]:
    """Ids of the runs of which a worker could do a part, people's first."""
    query = sa.select(run_table.c.id).where(_HELPABLE).order_by(*_TURN).limit(limit)
    return list(model.Session.execute(query).scalars())


def request_due() -> list[str]:
    """Asks for a run of every source whose time has come; returns their ids. Commits.

    A source that is being run is due again at its next time.
    """
    requested = []
    for row in sources.due():
        sources.scheduled_again(row)
        try:
            requested.append(request(row, "run", None, SCHEDULE, RETRIES_OF_SCHEDULE))
        except HarvestError as error:
            log.info("schedule: %s", error)
    model.Session.commit()
    return requested


def approve(run_id: str, by: str | None) -> None:
    """A held or planned run is read again, and applied if it still is what was planned.

    The source may have changed since: then the run is held once more, with the new plan. Raises
    `not_waiting`, `already_running`. Does not commit.
    """
    row = find(run_id)
    approved = _waiting(row).values(
        state="queued",
        phase="reading",
        approved_digest=run_table.c.plan_digest,
        judged_by=by,
        priority=PERSON,
        attempts=0,
        started_at=None,
        ended_at=None,
        deadline_at=None,
        cancel_requested=False,
        not_before=None,
        tries=0,
        put_off_because=None,
    )
    try:
        with model.Session.begin_nested():
            done = model.Session.execute(approved.returning(run_table.c.id)).first()
    except IntegrityError as error:
        raise _already_running(row.source_id, row.source_name) from error
    if done is None:
        raise HarvestError("not_waiting", run=row.id, state=row.state)


def reject(run_id: str, by: str | None) -> None:
    """A held or planned run is not to be applied. Raises `not_waiting`. Does not commit."""
    row = find(run_id)
    rejected = _waiting(row).values(state="rejected", judged_by=by).returning(run_table.c.id)
    if model.Session.execute(rejected).first() is None:
        raise HarvestError("not_waiting", run=row.id, state=row.state)


def cancel(run_id: str, by: str | None) -> None:
    """Stops a run: at once while it waits or reads, else after the part that is being written.

    Who reads for it can write nothing more, since the token grows. Raises `not_under_way`. Does
    not commit.
    """
    row = find(run_id)
    locked = sa.select(run_table).where(run_table.c.id == row.id).with_for_update()
    now = model.Session.execute(locked).one()
    this = sa.update(run_table).where(run_table.c.id == row.id)
    if now.state == "queued" or (now.state == "running" and now.phase == "reading"):
        values = {"state": "cancelled", "ended_at": sa.func.now(), "judged_by": by}
        values |= {"counts": end_plan(row.id), "token": run_table.c.token + 1}
        values |= {"not_before": None, "lease_until": None, "lease_owner": None}
        model.Session.execute(this.values(values | {"put_off_because": None}))
        add_problems(row.id, [Problem("cancelled", params={"run": row.id})])
    elif now.state == "running":
        model.Session.execute(this.values(cancel_requested=True, judged_by=by))
    else:
        raise HarvestError("not_under_way", run=row.id, state=now.state)


def drop_waiting(source_id: str, by: str | None) -> None:
    """Plans of a source that is removed can no longer be approved. Does not commit."""
    waiting = sa.update(run_table).where(
        run_table.c.source_id == source_id, run_table.c.state.in_(["held", "planned"])
    )
    dropped = waiting.values(state="cancelled", judged_by=by).returning(run_table.c.id)
    for run_id in model.Session.execute(dropped).scalars().all():
        add_problems(run_id, [Problem("cancelled", params={"run": run_id})])


def _waiting(row: Any) -> Any:
    return sa.update(run_table).where(
        run_table.c.id == row.id, run_table.c.state.in_(["held", "planned"])
    )


def _already_running(source_id: str, name: str) -> HarvestError:
    query = sa.select(run_table.c.id).where(run_table.c.source_id == source_id, _ACTIVE)
    return HarvestError(
        "already_running", source=name, run=model.Session.execute(query).scalar() or "—"
    )


def abandon_if_hopeless(run: Run) -> Problem | None:
    """The problem with which a run is to be ended because its reading was interrupted too often.

    While a plan is applied, it is the parts that are counted.
    """
    tried = attempts(run.id)
    if run.phase != "reading" or tried <= ATTEMPTS:
        return None
    return Problem("interrupted", params={"run": run.id, "attempts": str(tried - 1)})
