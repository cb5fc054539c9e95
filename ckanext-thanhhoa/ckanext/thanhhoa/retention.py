"""How long what an undo needs is kept: for the last runs of a source, or for some weeks.

Plan lines, pre-images, problems, kept tables and original files of a run expire together. The row
of the run stays for a year, so that its age is what an undo is refused for. What a resource holds
now, what a plan refers to that waits, and what another run still needs, stays.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa import config, originals
from ckanext.thanhhoa.model import blob, plan_item, resource_content, run_problem, upkeep
from ckanext.thanhhoa.model import run as run_table
from sqlalchemy.dialects.postgresql import insert

log = logging.getLogger(__name__)

#: How often it is looked for what has expired.
EVERY = sa.literal_column("interval '1 hour'")
#: How long the bare row of an expired run stays.
ROWS_STAY = sa.literal_column("interval '365 days'")
#: Bytes that are younger may belong to a plan that is only being read.
_YOUNG = "greatest(interval '1 day', 2 * interval '{seconds} seconds')"
_GOING_ON = ("queued", "running", "held", "planned")

#: Digests that lines of a plan refer to: what is to be written, what is to be put back.
_PLACES = (("p.change", "$.dataset"), ("p.change", "$.seen"), ("p.pre_image", "$"))
_PATHS = tuple(
    f"jsonb_path_query({column}, '{place}.resources[*].{kind} ? (@ != null)') #>> '{{}}'"
    for column, place in _PLACES
    for kind in ("table", "file")
)


def expire_when_due() -> int:
    """`expire` by the first worker that finds it is time; the others leave it to that one."""
    new = insert(upkeep).values(task="retention", done_at=sa.func.now())
    claim = new.on_conflict_do_update(
        index_elements=["task"],
        set_={"done_at": sa.func.now()},
        where=upkeep.c.done_at < sa.func.now() - EVERY,
    ).returning(upkeep.c.task)
    mine = model.Session.execute(claim).first() is not None
    model.Session.commit()
    return expire() if mine else 0


def expire() -> int:
    """Lets go of what is too old; returns the number of runs that expired. Commits.

    May stop at any point: what is left is done the next time.
    """
    number = _mark()
    for run_id in _with_lines():
        _clear(run_id)
    tables = _drop_blobs()
    _drop_rows()
    if number or tables:
        log.info("%d runs expired, %d kept tables and files dropped", number, tables)
    return number


def _mark() -> int:
    """From here on an undo is refused. A run that is just being undone waits for that."""
    place = sa.func.row_number().over(
        partition_by=run_table.c.source_id, order_by=run_table.c.requested_at.desc()
    )
    ranked = sa.select(run_table.c.id, place.label("place")).subquery()
    undo = run_table.alias()
    being_undone = sa.exists().where(undo.c.undoes == run_table.c.id, undo.c.state.in_(_GOING_ON))
    old = sa.func.now() - sa.literal_column(f"interval '{config.keep_days()} days'")
    due = (
        sa.update(run_table)
        .where(
            run_table.c.id == ranked.c.id,
            ranked.c.place > config.keep_runs(),
            run_table.c.state.not_in(_GOING_ON),
            run_table.c.expired_at.is_(None),
            sa.func.coalesce(run_table.c.ended_at, run_table.c.requested_at) < old,
            ~being_undone,
        )
        .values(expired_at=sa.func.now())
    )
    number = model.Session.execute(due).rowcount
    model.Session.commit()
    return int(number)


def _with_lines() -> list[str]:
    lines = sa.exists().where(plan_item.c.run_id == run_table.c.id)
    problems = sa.exists().where(run_problem.c.run_id == run_table.c.id)
    query = sa.select(run_table.c.id).where(
        run_table.c.expired_at.is_not(None), sa.or_(lines, problems)
    )
    return list(model.Session.execute(query).scalars())


def _clear(run_id: str) -> None:
    """First the files that nobody else needs, then the lines that name them."""
    latest = model.Session.execute(sa.select(sa.func.max(plan_item.c.seq))).scalar() or 0
    for digest in _unused_files(run_id):
        originals.remove_unless(digest, lambda d=digest: _is_needed_since(d, latest))
    for table in (plan_item, run_problem):
        model.Session.execute(sa.delete(table).where(table.c.run_id == run_id))
    model.Session.commit()


def _unused_files(run_id: str) -> list[str]:
    """Files that the run's lines name, no resource has, and no run needs that has not expired."""
    lines = f"FROM {plan_item.fullname} p JOIN {run_table.fullname} r ON r.id = p.run_id"
    paths = [path for path in _PATHS if ".file" in path]
    its = " UNION ".join(f"SELECT {path} {lines} WHERE r.id = :run" for path in paths)
    others = " UNION ".join(
        f"SELECT {path} {lines} WHERE r.expired_at IS NULL AND r.id <> :run" for path in paths
    )
    held = f"SELECT file_digest FROM {resource_content.fullname}"  # noqa: S608 - our own names
    query = f"({its}) EXCEPT ({others}) EXCEPT {held}"
    found = list(model.Session.execute(sa.text(query), {"run": run_id}).scalars())
    model.Session.commit()
    return found


def _is_needed_since(digest: str, seq: int) -> bool:
    """Whether a resource has the file by now, or a line names it that is younger than `seq`."""
    conditions = " OR ".join(
        f"jsonb_path_exists({column}, '{place}.resources[*] ? (@.file == $d)', "
        "jsonb_build_object('d', CAST(:digest AS text)))"
        for column, place in _PLACES
    )
    query = sa.text(
        f"SELECT EXISTS (SELECT FROM {resource_content.fullname} "  # noqa: S608 - our own names
        "WHERE file_digest = :digest) OR "
        f"EXISTS (SELECT FROM {plan_item.fullname} p WHERE p.seq > :seq AND ({conditions}))"
    )
    return bool(model.Session.execute(query, {"digest": digest, "seq": seq}).scalar())


def _drop_blobs() -> int:
    """Tables and files that no resource holds, no swap awaits and no line names."""
    used: Iterable[str] = (
        "SELECT table_digest FROM thanhhoa.resource_content",
        "SELECT file_digest FROM thanhhoa.resource_content",
        "SELECT digest FROM thanhhoa.to_load",
        *(f"SELECT {path} FROM {plan_item.fullname} p" for path in _PATHS),  # noqa: S608
    )
    young = _YOUNG.format(seconds=config.run_deadline())
    statement = sa.text(
        f"WITH used(digest) AS ({' UNION '.join(used)}) DELETE FROM {blob.fullname} b "  # noqa: S608
        f"WHERE b.created_at < now() - {young} "
        "AND NOT EXISTS (SELECT FROM used u WHERE u.digest = b.sha256)"
    )
    result: Any = model.Session.execute(statement)
    model.Session.commit()
    return int(result.rowcount)


def _drop_rows() -> None:
    gone = sa.delete(run_table).where(run_table.c.expired_at < sa.func.now() - ROWS_STAY)
    model.Session.execute(gone)
    model.Session.commit()
