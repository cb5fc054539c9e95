"""Taking a run back: asked for here, planned and applied by the engine like any run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa import runs, sources
from ckanext.thanhhoa.catalog import CkanCatalog
from ckanext.thanhhoa.ledger import Ledger
from ckanext.thanhhoa.model import plan_item
from ckanext.thanhhoa.model import run as run_table

from harvesters.errors import HarvestError
from harvesters.messages import report_entry
from harvesters.report import change_entry
from harvesters.undo import reverse
from harvesters.undoing import table_changes

#: States of a run that may have written something.
_WROTE = ("applied", "failed", "cancelled")
#: Lines that a preview shows.
SHOWN = 100


def request(run_id: str, by: str | None) -> str:
    """Asks for a run that takes a run back; returns its id. Does not commit.

    Raises `not_undoable`, `undo_expired`, `already_running`.
    """
    row = undoable(run_id)
    source = sources.by_id(row.source_id)
    return runs.insert_run(
        source, kind="undo", requested_by=by, priority=runs.PERSON, undoes=row.id
    )


def undoable(run_id: str) -> Any:
    """The row of a run that can be taken back. Raises `not_undoable`, `undo_expired`."""
    row = runs.find(run_id)
    if row.expired_at is not None:
        raise HarvestError("undo_expired", run=row.id)
    if not can_be_undone(row):
        raise HarvestError("not_undoable", run=row.id, state=row.state)
    return row


def can_be_undone(row: Any) -> bool:
    """Whether the run wrote something that was not taken back yet."""
    if row.kind == "undo" or row.state not in _WROTE or row.expired_at is not None:
        return False
    written = sa.exists().where(
        plan_item.c.run_id == row.id, plan_item.c.state == "done", plan_item.c.action != "keep"
    )
    return bool(model.Session.execute(sa.select(written)).scalar())


def undone_by(run_id: str) -> str | None:
    """The latest undo of a run."""
    query = sa.select(run_table.c.id).where(run_table.c.undoes == run_id)
    query = query.order_by(run_table.c.requested_at.desc()).limit(1)
    return model.Session.execute(query).scalar()


def preview(run_id: str, lang: str, limit: int = SHOWN) -> dict[str, Any]:
    """What an undo would do now, of the first `limit` lines: `changes`, `notes`, `lines_total`.

    Writes nothing. Raises as `request` does.
    """
    row = undoable(run_id)
    ledger = Ledger()
    done = ledger.done(row.id, 0, limit)
    current = CkanCatalog(ledger).current([line.change.dataset_id for line in done])
    taken = reverse(done, current, table_changes(ledger))
    total = sa.select(sa.func.count()).where(
        plan_item.c.run_id == row.id, plan_item.c.state == "done", plan_item.c.action != "keep"
    )
    notes: list[Mapping[str, Any]] = [report_entry(note, lang) for note in taken.notes]
    return {
        "run": row.id,
        "source": row.source_name,
        "changes": [change_entry(change, lang) for change in taken.changes],
        "notes": notes,
        "lines": len(done),
        "lines_total": int(model.Session.execute(total).scalar() or 0),
    }
