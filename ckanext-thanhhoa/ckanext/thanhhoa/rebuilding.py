"""A full rebuild of the search index beside the one that is searched, by several processes.

The datasets are divided into parts; processes take them one by one and send their documents to a
new core or collection (`solr_targets`). What is changed meanwhile goes to the old index as ever,
and is noted; when all parts are done it is sent to the new one as well, the last of it while
nothing else is indexed, and then the new index takes the old one's place. A rebuild that was
broken off goes on where it was: what is done of it is in the ledger.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import multiprocessing.connection
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import pysolr
import sqlalchemy as sa
from ckan import model
from ckan.lib import search
from ckanext.thanhhoa import index, page_versions, solr_connection, solr_targets
from ckanext.thanhhoa.index_sending import send_documents
from ckanext.thanhhoa.model import rebuild, rebuild_change, rebuild_part
from sqlalchemy.engine import Connection

log = logging.getLogger(__name__)

#: Datasets of a part, sent in one request.
PART = 200
#: So few changes may be left for the moment in which nothing else is indexed.
FEW = 50
#: PostgreSQL advisory lock: one rebuild at a time.
_ONE = 7_463_021_115_002
#: Seconds after which PostgreSQL ends the last step of a process that stands still in it: longer
#: than Solr may take for any one thing of it.
_LAST_STEP = solr_targets.PATIENCE + 60

Progress = Callable[[int, int], None]


class AlreadyRunning(Exception):
    """Another process rebuilds the index."""


class Unfinished(Exception):
    """Processes ended before all was sent; the next rebuild goes on with what is left."""


@dataclass(frozen=True)
class Rebuilt:
    """What was done: datasets sent, those without a document, seconds, whether it was resumed."""

    indexed: int
    refused: int
    seconds: float
    resumed: bool


def rebuild_beside(
    processes: int = 0,
    configset: str = "",
    anew: bool = False,
    tell: Progress = lambda done, total: None,
) -> Rebuilt:
    """Rebuilds the index and has it searched. Commits.

    `anew`: a rebuild that was broken off is thrown away. Raises AlreadyRunning, Unfinished,
    CannotRebuild, pysolr.SolrError.
    """
    began = time.monotonic()
    target = solr_targets.target(configset)
    with model.ensure_engine().connect() as alone:
        if not alone.scalar(sa.select(sa.func.pg_try_advisory_lock(_ONE))):
            raise AlreadyRunning
        alone.commit()
        try:
            number, name, resumed = _begin(target, anew)
            _fill(number, name, processes or os.cpu_count() or 1, tell)
            _finish(number, name, target)
        finally:
            alone.execute(sa.select(sa.func.pg_advisory_unlock(_ONE)))
            alone.commit()
    in_index, refused = _counts()
    return Rebuilt(in_index, refused, time.monotonic() - began, resumed)


def _begin(target: solr_targets.Target, anew: bool) -> tuple[int, str, bool]:
    """Number and target of the rebuild that was broken off, or of a new one."""
    engine = model.ensure_engine()
    with engine.begin() as connection:
        left = connection.execute(sa.select(rebuild.c.id, rebuild.c.target)).all()
    names = target.names()
    for number, name in left:
        if not anew and name in names and target.goes_on(name):
            return number, name, True
    with engine.begin() as connection:
        connection.execute(rebuild.delete())
    for name in names:
        target.remove(name)
    name = target.create()
    with engine.begin() as connection:
        # Committed before anything is read: from here on every change is noted.
        new = rebuild.insert().values(target=name).returning(rebuild.c.id)
        number = connection.execute(new).scalar_one()
    with engine.begin() as connection:
        connection.execute(_divide(), {"rebuild": number, "size": PART})
    return number, name, False


def _divide() -> sa.TextClause:
    return sa.text(
        "INSERT INTO thanhhoa.rebuild_part (rebuild_id, first_id, last_id, datasets)"
        " SELECT :rebuild, min(id), max(id), count(*) FROM"
        " (SELECT id, (row_number() OVER (ORDER BY id) - 1) / :size AS part FROM package) AS p"
        " GROUP BY part ORDER BY part"
    )


def _fill(number: int, name: str, processes: int, tell: Progress) -> None:
    """Has processes send the parts. Raises Unfinished when they could not."""
    total, done = _progress(number)
    wanted = min(processes, -(-(total - done) // PART))
    tell(done, total)
    # A fork has CKAN loaded already; it makes connections of its own.
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_work, args=(number, name)) for _ in range(wanted)]
    model.Session.remove()
    # What is loaded stays: no process looks through it for garbage again and again.
    gc.collect()
    gc.freeze()
    for worker in workers:
        worker.start()
    gc.unfreeze()
    try:
        while alive := [worker.sentinel for worker in workers if worker.is_alive()]:
            multiprocessing.connection.wait(alive, timeout=0.5)
            now = _progress(number)[1]
            if now != done:
                tell(done := now, total)
    finally:
        for worker in workers:
            worker.terminate()  # only when this process is told to stop
            worker.join()
    done = _progress(number)[1]
    if done < total:
        raise Unfinished(f"{total - done} of {total}")


def _work(number: int, name: str) -> None:
    """A process's work: parts, as long as there are any."""
    model.ensure_engine().dispose(close=False)
    model.Session.remove()
    try:
        while _send_part(number, name):
            pass
    except (pysolr.SolrError, search.SearchIndexError, OSError, sa.exc.DBAPIError) as error:
        log.error("the rebuild of the index stops here: %s", str(error)[:500])
        code = 1
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    # Nothing of the parent's must be tidied up twice.
    os._exit(code)


def _send_part(number: int, name: str) -> bool:
    """Sends one part; False when none is left. A process that dies leaves its part to others."""
    solr = solr_connection.connection_to(solr_targets.address(name))
    mine = (
        sa.select(rebuild_part.c.id, rebuild_part.c.first_id, rebuild_part.c.last_id)
        .where(rebuild_part.c.rebuild_id == number, rebuild_part.c.done_at.is_(None))
        .order_by(rebuild_part.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with model.ensure_engine().begin() as connection:
        part = connection.execute(mine).first()
        if part is None:
            return False
        ids = model.Session.scalars(
            sa.select(model.Package.id).where(model.Package.id.between(part.first_id, part.last_id))
        ).all()
        _send(connection, ids, solr)
        connection.execute(
            rebuild_part.update().where(rebuild_part.c.id == part.id).values(done_at=sa.func.now())
        )
    return True


def _send(connection: Connection, ids: list[str], solr: pysolr.Solr) -> None:
    """Sends datasets; those without a document are marked, to be tried again as ever."""
    refused = send_documents(ids, solr=solr, commit=False)
    if refused:
        marks = [{"dataset_id": dataset_id} for dataset_id in refused]
        connection.execute(index.to_index.insert(), marks)


def _finish(number: int, name: str, target: solr_targets.Target) -> None:
    """Sends what was changed meanwhile, and has the new index searched."""
    solr = solr_connection.connection_to(solr_targets.address(name))
    while True:
        while _send_changes(number, solr):
            pass
        solr.commit(waitSearcher=True)
        if _taken_over(number, solr, target, name):
            return


def _taken_over(number: int, solr: pysolr.Solr, target: solr_targets.Target, name: str) -> bool:
    """The last step, in which nothing else is indexed; False, and nothing done, when it is long."""
    engine = model.ensure_engine()
    with engine.begin() as alone:
        still = f"{_LAST_STEP}s"
        alone.execute(
            sa.select(
                sa.func.set_config("idle_in_transaction_session_timeout", still, True),
                sa.func.pg_advisory_xact_lock(index.LOCK),
            )
        )
        left = _left(alone, number)
        if left > FEW:
            return False
        while _send_changes(number, solr):
            pass
        if left:
            solr.commit(waitSearcher=True)
        with engine.begin() as connection:
            # Before the swap: after it that name may stand for the old index.
            connection.execute(rebuild.delete().where(rebuild.c.id == number))
        # Whether this still is the only one that indexes: PostgreSQL may have ended it.
        alone.execute(sa.select(1))
        try:
            before = target.take_over(name)
        finally:
            page_versions.note_change()
    target.remove(before)
    return True


def _send_changes(number: int, solr: pysolr.Solr) -> bool:
    """Sends a part of what was changed meanwhile; whether there was any."""
    with model.ensure_engine().begin() as connection:
        ids = _take_changes(connection, number)
        if ids:
            _send(connection, ids, solr)
    return bool(ids)


def _take_changes(connection: Connection, number: int) -> list[str]:
    mine = rebuild_change.c.rebuild_id == number
    some = sa.select(rebuild_change.c.dataset_id).where(mine).limit(PART).with_for_update()
    taken = rebuild_change.delete().where(mine, rebuild_change.c.dataset_id.in_(some))
    return list(connection.scalars(taken.returning(rebuild_change.c.dataset_id)))


def _left(connection: Connection, number: int) -> int:
    changes = sa.select(sa.func.count()).select_from(rebuild_change)
    return int(connection.scalar(changes.where(rebuild_change.c.rebuild_id == number)) or 0)


def _progress(number: int) -> tuple[int, int]:
    """Datasets in all, and those of the parts that are done."""
    size = rebuild_part.c.datasets
    query = sa.select(
        sa.func.coalesce(sa.func.sum(size), 0),
        sa.func.coalesce(sa.func.sum(size).filter(rebuild_part.c.done_at.is_not(None)), 0),
    ).where(rebuild_part.c.rebuild_id == number)
    with model.ensure_engine().connect() as connection:
        total, done = connection.execute(query).one()
    return int(total), int(done)


def _counts() -> tuple[int, int]:
    """Documents in the index that is searched now, and datasets that wait for one."""
    site = f'+site_id:"{search.config["ckan.site_id"]}" +entity_type:package'
    found = search.make_connection(decode_dates=False).search("*:*", fq=site, rows=0).hits
    with model.ensure_engine().connect() as connection:
        waiting = sa.select(sa.func.count(sa.distinct(index.to_index.c.dataset_id)))
        return int(found), int(connection.scalar(waiting) or 0)
