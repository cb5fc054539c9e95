"""How each source stands, as a traffic light with words: what a clerk sees first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa.model import record
from ckanext.thanhhoa.model import run as run_table

Light = Literal["good", "working", "attention", "idle"]


@dataclass(frozen=True)
class Status:
    """A source's light, its last run and its last good reading. Moments are aware."""

    light: Light
    state: str = ""
    run: str = ""
    kind: str = ""
    requested_at: datetime | None = None
    ended_at: datetime | None = None
    good_at: datetime | None = None
    failed: int = 0
    complete: bool = True
    datasets: int = 0

    @property
    def waits_for_a_person(self) -> bool:
        """Whether a plan lies there to be approved or rejected."""
        return self.state in ("held", "planned")


def light_of(state: str, kind: str, failed: int, complete: bool) -> Light:
    """Good when the last run was applied whole; a plan asked for is no trouble, a held run is."""
    if not state:
        return "idle"
    if state in ("queued", "running"):
        return "working"
    if state == "applied" and not failed and complete:
        return "good"
    if state in ("rejected", "cancelled", "undone") or (state == "planned" and kind == "plan"):
        return "idle"
    return "attention"


def statuses(source_ids: Sequence[str]) -> dict[str, Status]:
    """The status of each source, in three statements whatever their number."""
    if not source_ids:
        return {}
    good = _good_readings(source_ids)
    datasets = _dataset_counts(source_ids)
    found = {}
    for row in _last_runs(source_ids):
        failed = int((row.counts or {}).get("failed", 0))
        state = "undone" if row.kind == "undo" and row.state == "applied" else row.state
        complete = row.complete or row.state in ("queued", "running")
        found[row.source_id] = Status(
            light_of(state, row.kind, failed, complete),
            state,
            row.id,
            row.kind,
            row.requested_at,
            row.ended_at,
            good.get(row.source_id),
            failed,
            complete,
            datasets.get(row.source_id, 0),
        )
    idle = Status("idle")
    return {id_: found.get(id_, idle) for id_ in source_ids}


def _last_runs(source_ids: Sequence[str]) -> Sequence[Any]:
    query = (
        sa.select(run_table)
        .where(run_table.c.source_id.in_(source_ids))
        .distinct(run_table.c.source_id)
        .order_by(run_table.c.source_id, run_table.c.requested_at.desc())
    )
    return model.Session.execute(query).all()


def _good_readings(source_ids: Sequence[str]) -> Mapping[str, datetime]:
    query = (
        sa.select(run_table.c.source_id, sa.func.max(run_table.c.ended_at))
        .where(
            run_table.c.source_id.in_(source_ids),
            run_table.c.state == "applied",
            run_table.c.complete,
            run_table.c.kind != "undo",
        )
        .group_by(run_table.c.source_id)
    )
    return {row[0]: row[1] for row in model.Session.execute(query)}


def _dataset_counts(source_ids: Sequence[str]) -> Mapping[str, int]:
    query = (
        sa.select(record.c.source_id, sa.func.count())
        .where(record.c.source_id.in_(source_ids), record.c.active)
        .group_by(record.c.source_id)
    )
    return {row[0]: row[1] for row in model.Session.execute(query)}
