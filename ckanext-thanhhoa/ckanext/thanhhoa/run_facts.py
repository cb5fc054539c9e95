"""What the ledger tells of a run, in the shape of the one report (`harvesters.report`)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa import runs, undo
from ckanext.thanhhoa.model import plan_item, run_problem
from ckanext.thanhhoa.run_causes import cause, causes

from harvesters.codec import change_from_json
from harvesters.errors import Problem
from harvesters.model import Change
from harvesters.report import RunFacts, report

#: How many errors one report lists; the total stands beside them.
ERRORS_LISTED = 1000


def run_report(
    run_id: str, lang: str = "vi", *, changes: int = 1000, offset: int = 0
) -> dict[str, Any]:
    """The report of a run with at most `changes` changes from `offset` on.

    Raises `run_unknown`.
    """
    row = runs.find(run_id)
    listed, total = _changes(row.id, changes, offset)
    problems, problems_total = _problems(row.id)
    caused = causes(row.id, lang) if problems_total else []
    if row.put_off_because:
        put_off = Problem.from_json(row.put_off_because)
        problems, problems_total = [put_off, *problems], problems_total + 1
        caused = [cause(put_off, lang), *caused]
    return report(
        RunFacts(
            run=row.id,
            source=row.source_name,
            state=row.state,
            complete=row.complete,
            counts=row.counts,
            held_because=row.held_because,
            problems=problems,
            started=row.started_at,
            ended=row.ended_at,
            changes=listed,
            changes_total=total,
            kind=row.kind,
            extra={
                "errors_total": problems_total,
                "causes": caused,
                "changes_offset": offset,
                "phase": row.phase,
                "requested_at": _iso(row.requested_at),
                "started_at": _iso(row.started_at),
                "ended_at": _iso(row.ended_at),
                "by_schedule": row.requested_by is None,
                "undoes": row.undoes,
                "undone_by": undo.undone_by(row.id),
                "can_undo": undo.can_be_undone(row),
                "expired_at": _iso(row.expired_at),
                "tries": row.tries,
                "not_before": _iso(row.not_before),
            },
        ),
        lang,
    )


def _changes(run_id: str, limit: int, offset: int) -> tuple[list[Change], int]:
    of_run = (plan_item.c.run_id == run_id, plan_item.c.action != "keep")
    total = model.Session.execute(sa.select(sa.func.count()).where(*of_run)).scalar() or 0
    if limit <= 0:
        return [], int(total)
    query = sa.select(plan_item.c.change).where(*of_run).order_by(plan_item.c.seq)
    rows = model.Session.execute(query.limit(limit).offset(offset)).scalars()
    return [change_from_json(data) for data in rows], int(total)


def _problems(run_id: str) -> tuple[list[Problem], int]:
    """Problems of the whole run and of its records, then notes; and how many are no notes."""
    said = sa.select(
        run_problem.c.problem, sa.literal(0).label("part"), run_problem.c.id.label("place")
    ).where(run_problem.c.run_id == run_id)
    failed = sa.select(plan_item.c.problem, sa.literal(1), plan_item.c.seq).where(
        plan_item.c.run_id == run_id, plan_item.c.state == "failed"
    )
    both = sa.union_all(said, failed).subquery()
    is_note = both.c.problem.has_key("note")
    errors = sa.select(sa.func.count()).select_from(both).where(~is_note)
    total = model.Session.execute(errors).scalar() or 0
    order = (is_note, both.c.part, both.c.place)
    query = sa.select(both.c.problem).order_by(*order).limit(ERRORS_LISTED)
    return [Problem.from_json(p) for p in model.Session.execute(query).scalars()], int(total)


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
