"""The statements of the ledger: records, plan lines, counts. In the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa.model import part, plan_item, record, run, run_problem
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, insert

from harvesters.codec import change_from_json, change_to_json
from harvesters.errors import Problem
from harvesters.model import Change, Done, Known, MappedDataset
from harvesters.ports import Run

_COUNTED = {"create": "created", "update": "updated", "withdraw": "withdrawn"}


def record_values(holder: Run, change: Change, name: str) -> dict[str, Any]:
    """The row that the ledger keeps of a record once a change is written."""
    return {
        "source_id": holder.source.id,
        "remote_id": change.remote_id,
        "dataset_id": change.dataset_id,
        "name": name,
        "title": change.title,
        "hash": change.hash,
        "mark": change.mark,
        "version": change.version,
        "active": change.action != "withdraw",
        "base": storable(change.base.to_json()) if change.base else None,
        "conflicts": _conflicts(change),
        "run_id": holder.id,
    }


def _conflicts(change: Change) -> dict[str, str]:
    """Names of the fields in conflict; those of a resource as ``resource id/field``."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {f"{c.resource}/{c.field}" if c.resource else c.field: now for c in change.conflicts}


def upsert_record() -> Any:
    """For `execute` with a list of `record_values`.

    An empty name, an empty title and no base leave what is held.
    """
    new = insert(record)
    columns = ("dataset_id", "hash", "mark", "version", "active", "run_id")
    return new.on_conflict_do_update(
        index_elements=[record.c.source_id, record.c.remote_id],
        set_={
            **{column: new.excluded[column] for column in columns},
            "name": sa.func.coalesce(sa.func.nullif(new.excluded.name, ""), record.c.name),
            "title": sa.func.coalesce(sa.func.nullif(new.excluded.title, ""), record.c.title),
            "base": sa.func.coalesce(new.excluded.base, record.c.base),
            "conflicts": sa.func.coalesce(record.c.conflicts, sa.text("'{}'::jsonb")).op("||")(
                new.excluded.conflicts
            ),
            "updated_at": sa.func.now(),
        },
    )


def settle_lines(holder: Run, images: Sequence[tuple[str, Any]]) -> None:
    """Lines of the plan are done: (remote id, pre-image). One statement for all of them.

    Before the records are written: the pre-image takes along what was known of the record.
    """
    lines = [{"remote_id": remote_id, "image": storable(image)} for remote_id, image in images]
    statement = sa.text(
        f"UPDATE {plan_item.fullname} p SET state = 'done', settled_at = now(), "  # noqa: S608
        "pre_image = CASE WHEN p.action = 'keep' THEN NULL ELSE coalesce(v.image, '{}'::jsonb) || "
        "jsonb_build_object('record', (SELECT jsonb_build_object('name', r.name, 'hash', r.hash, "
        "'mark', r.mark, 'version', r.version, 'active', r.active, 'title', r.title, "
        f"'base', r.base) FROM {record.fullname} r "
        "WHERE r.source_id = :source_id AND r.remote_id = v.remote_id)) END "
        "FROM jsonb_to_recordset(:lines) AS v(remote_id text, image jsonb) "
        "WHERE p.run_id = :run_id AND p.remote_id = v.remote_id"
    ).bindparams(sa.bindparam("lines", type_=JSONB))
    values = {"run_id": holder.id, "source_id": holder.source.id, "lines": lines}
    model.Session.execute(statement, values)


def as_done(row: Any) -> Done:
    """A settled line with what it replaced; `row` has `seq`, `change` and `pre_image`."""
    change = change_from_json(row.change)
    image = row.pre_image or {}
    held = image.get("record")
    record_before = Known(change.remote_id, change.dataset_id, **held) if held else None
    there = image.get("state") == "active" and "fields" in image
    before = MappedDataset.from_json(image) if there else None
    return Done(row.seq, change, before, record_before)


def revise_lines(run_id: str, changes: Sequence[Change]) -> None:
    """Lines of the plan say what is written now. One statement for all of them."""
    lines = [
        {"remote_id": c.remote_id, "action": c.action, "change": storable(change_to_json(c))}
        for c in changes
    ]
    statement = sa.text(
        f"UPDATE {plan_item.fullname} p SET action = v.action, change = v.change "  # noqa: S608
        "FROM jsonb_to_recordset(:lines) AS v(remote_id text, action text, change jsonb) "
        "WHERE p.run_id = :run_id AND p.remote_id = v.remote_id"
    ).bindparams(sa.bindparam("lines", type_=JSONB))
    model.Session.execute(statement, {"run_id": run_id, "lines": lines})


def add_problems(run_id: str, problems: Sequence[Problem]) -> None:
    """Notes what a person should know of the run."""
    rows = [{"run_id": run_id, "problem": storable(problem.to_json())} for problem in problems]
    if rows:
        model.Session.execute(sa.insert(run_problem), rows)


def plan_digest(run_id: str) -> Any:
    """SHA-256 over what the plan would write: the same plan twice gives the same digest."""
    line = sa.func.concat_ws(
        " ",
        plan_item.c.action,
        plan_item.c.dataset_id,
        plan_item.c.change["hash"].astext,
        plan_item.c.change["version"].astext,
    )
    text = sa.func.string_agg(line, aggregate_order_by(sa.literal("\n"), plan_item.c.dataset_id))
    hashed = sa.func.sha256(sa.func.convert_to(sa.func.coalesce(text, ""), "UTF8"))
    return (
        sa.select(sa.func.encode(hashed, "hex"))
        .where(plan_item.c.run_id == run_id, plan_item.c.action != "keep")
        .scalar_subquery()
    )


def end_plan(run_id: str) -> dict[str, int]:
    """Nothing more of the plan is written; returns the counts of what was."""
    left = sa.update(plan_item).where(plan_item.c.run_id == run_id, plan_item.c.state == "pending")
    model.Session.execute(left.values(state="discarded"))
    model.Session.execute(sa.delete(part).where(part.c.run_id == run_id))
    return final_counts(run_id)


def final_counts(run_id: str) -> dict[str, int]:
    """What was really done. Without a judged plan there is nothing to count."""
    planned = model.Session.execute(sa.select(run.c.counts).where(run.c.id == run_id)).scalar()
    if not planned:
        return {}
    per_line = sa.select(plan_item.c.action, plan_item.c.state, sa.func.count()).where(
        plan_item.c.run_id == run_id
    )
    rows = model.Session.execute(per_line.group_by(plan_item.c.action, plan_item.c.state)).all()
    counts = dict.fromkeys(_COUNTED.values(), 0)
    counts |= {"unchanged": planned.get("unchanged", 0), "failed": planned.get("failed", 0)}
    for action, state, number in rows:
        if state == "failed":
            counts["failed"] += number
        elif state == "done" and action in _COUNTED:
            counts[_COUNTED[action]] += number
    return counts


def retire_waiting(holder: Run, states: Sequence[str]) -> None:
    """Plans that wait for a person are overtaken by this run: approving them would undo it."""
    overtaken = (
        sa.update(run)
        .where(
            run.c.source_id == holder.source.id,
            run.c.id != holder.id,
            run.c.state.in_(states),
        )
        .values(state="cancelled")
        .returning(run.c.id)
    )
    for run_id in model.Session.execute(overtaken).scalars().all():
        add_problems(run_id, [Problem("plan_overtaken", params={"run": holder.id})])


def storable(data: Any) -> Any:
    """JSON as PostgreSQL takes it: it knows neither NUL nor half of a surrogate pair."""
    if data is None:
        return None
    text = json.dumps(data, ensure_ascii=False)
    if "\\u0000" not in text and _encodable(text):
        return data
    return _without_nul(data)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _without_nul(data: Any) -> Any:
    if isinstance(data, str):
        return data.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(data, Mapping):
        return {_without_nul(key): _without_nul(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_without_nul(value) for value in data]
    return data
