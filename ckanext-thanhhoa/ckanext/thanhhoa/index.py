"""Commit first, index after: what is still to be indexed, and sending it to Solr.

CKAN writes to Solr before it commits, dataset by dataset. Here its package index is replaced by
one that adds a row to ``thanhhoa.to_index`` in the transaction of the write (the one seam, held by
a canary test); once the transaction is committed the datasets are read back and sent in batches.
A Solr that is down therefore blocks no write, and a write that fails leaves nothing in Solr. Rows
that could not be sent stay, and a worker's `flush` sends them later; `reconciler` compares.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeout
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

import flask
import pysolr
import sqlalchemy as sa
from ckan import model
from ckan.lib import search
from ckan.lib.search import index as ckan_index
from ckanext.thanhhoa import config, leases
from ckanext.thanhhoa.index_documents import Shows
from ckanext.thanhhoa.index_sending import send_documents
from ckanext.thanhhoa.model import to_index
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

#: Key of the session's note of what it has marked since its last commit.
_MARKED = "thanhhoa_to_index"
#: PostgreSQL advisory lock: one flush at a time, so that an older state never overtakes a newer.
LOCK = 7_463_021_115_001
#: A document that could not be built or was refused is tried again after this long.
_RETRY = sa.text("now() + interval '60 seconds'")

_deferred: ContextVar[bool] = ContextVar("thanhhoa_index_deferred", default=False)
_gathered: ContextVar[dict[str, None] | None] = ContextVar("thanhhoa_index_gathered", default=None)

#: A dataset as its writer has just committed it, with the id of the row it has left in `to_index`:
#: (row, by the default schema, by the portal's own schema).
Show = tuple[int, dict[str, Any], dict[str, Any]]


class _Flusher:
    """The process's flushing thread: apart from the request's session, and one only."""

    def __init__(self) -> None:
        self.app: flask.Flask | None = None
        self.healthy = True
        self.begin_anew()
        os.register_at_fork(after_in_child=self.begin_anew)

    def begin_anew(self) -> None:
        """Threads do not survive a fork: the child starts its own when it needs one."""
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="index")
        self._thread: int | None = None

    def submit(
        self, dataset_ids: Collection[str] | None, shows: Mapping[str, Show] = MappingProxyType({})
    ) -> Future[int]:
        return self._pool.submit(self._run, dataset_ids, shows)

    def is_me(self) -> bool:
        return self._thread == threading.get_ident()

    def _run(self, dataset_ids: Collection[str] | None, shows: Mapping[str, Show]) -> int:
        self._thread = threading.get_ident()
        if self.app is None:
            raise RuntimeError("indexing needs the web application, which has not been made")
        try:
            # A context of its own: addresses in a document must not carry a visitor's language.
            with self.app.test_request_context():
                done = _flush(dataset_ids, shows)
            self.healthy = True
            return done
        except (search.SearchIndexError, pysolr.SolrError, OSError, DBAPIError) as error:
            self.healthy = False
            log.warning("not indexed for now, the rows stay: %s", str(error)[:500])
            return 0
        finally:
            model.Session.remove()


_flusher = _Flusher()


class DeferredPackageIndex(ckan_index.PackageSearchIndex):
    """CKAN's package index, which only notes what is to be indexed once it is committed."""

    def update_dict(self, pkg_dict: dict[str, Any], defer_commit: bool = False) -> None:
        mark([pkg_dict["id"]])

    def remove_dict(self, pkg_dict: dict[str, Any]) -> None:
        mark([pkg_dict["id"]])


def install() -> None:
    """Puts the seam in place; harmless when it is there already."""
    search._INDICES["package"] = DeferredPackageIndex
    if not event.contains(model.Session, "after_commit", _after_commit):
        event.listen(model.Session, "after_commit", _after_commit)
        event.listen(model.Session, "after_rollback", _after_rollback)


def serve(app: flask.Flask) -> None:
    """Gives the application in whose context documents are built."""
    _flusher.app = app


def mark(dataset_ids: Collection[str]) -> None:
    """Notes in the current transaction that these datasets are to be indexed. Commits nothing."""
    if not dataset_ids or _flusher.is_me():
        return
    gathered = _gathered.get()
    if gathered is not None:
        gathered.update(dict.fromkeys(dataset_ids))
        return
    model.Session.execute(to_index.insert(), [{"dataset_id": id_} for id_ in dataset_ids])
    model.Session().info.setdefault(_MARKED, set()).update(dataset_ids)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Within it commits do not index: the caller flushes once, after its batch."""
    token = _deferred.set(True)
    try:
        yield
    finally:
        _deferred.reset(token)


@contextlib.contextmanager
def gathered() -> Iterator[dict[str, int]]:
    """Within it marks are gathered and written in one statement when it ends.

    Gives a dict that then holds the id of each dataset's row in `to_index`.
    """
    marks: dict[str, None] = {}
    rows: dict[str, int] = {}
    token = _gathered.set(marks)
    try:
        yield rows
    finally:
        _gathered.reset(token)
    if marks:
        new = to_index.insert().returning(to_index.c.id, to_index.c.dataset_id)
        written = model.Session.execute(new, [{"dataset_id": id_} for id_ in marks])
        rows.update({dataset_id: row for row, dataset_id in written})
        model.Session().info.setdefault(_MARKED, set()).update(marks)


def flush(dataset_ids: Collection[str] | None = None) -> int:
    """Sends to Solr what is marked (of these datasets, or all) and returns how many datasets.

    Call it after the commit. A Solr that is down or slow is no error: the rows stay.
    """
    return _flusher.submit(dataset_ids).result()


def catch_up(dataset_ids: Collection[str]) -> None:
    """Sends these datasets' rows and waits a while; while Solr is known to be down, not at all."""
    wait_for(_flusher.submit(dataset_ids))


def send(shows: Mapping[str, Show]) -> Future[int]:
    """Begins to send datasets that the caller has just committed; they are not read again."""
    return _flusher.submit(list(shows), shows)


def wait_for(sending: Future[int]) -> None:
    """Waits a while for a sending to end; while Solr is known to be down, not at all."""
    try:
        sending.result(timeout=config.index_wait() if _flusher.healthy else 0)
    except WaitTimeout:
        log.info("indexing goes on in the background")


def _after_commit(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint, not yet the commit
        return
    marked = session.info.pop(_MARKED, None)
    if not marked or _deferred.get():
        return
    catch_up(marked)


def _after_rollback(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_MARKED, None)


def _flush(
    dataset_ids: Collection[str] | None, shows: Mapping[str, Show] = MappingProxyType({})
) -> int:
    engine = model.ensure_engine()
    done = 0
    while True:
        with _sending(engine) as (connection, sent):
            connection.execute(_alone())
            rows = connection.execute(_due(dataset_ids)).all()
            if not rows:
                return done
            ids = list(dict.fromkeys(row.dataset_id for row in rows))
            sent.extend(ids)
            refused = send_documents(ids, _current(shows, rows))
            connection.execute(_tell_the_rebuild(), {"ids": ids})
            seen = [row.id for row in rows if row.dataset_id not in refused]
            later = [row.id for row in rows if row.dataset_id in refused]
            connection.execute(to_index.delete().where(to_index.c.id.in_(seen)))
            if later:
                connection.execute(
                    to_index.update().where(to_index.c.id.in_(later)).values(since=_RETRY)
                )
            done += len(ids) - len(refused)


def _alone() -> sa.Select[Any]:
    """Takes the lock; a flusher that stands still with it loses it, or nobody could send."""
    still = f"{leases.stands_still()}s"
    return sa.select(
        sa.func.set_config("idle_in_transaction_session_timeout", still, True),
        sa.func.pg_advisory_xact_lock(LOCK),
    )


@contextlib.contextmanager
def _sending(engine: Engine) -> Iterator[tuple[Connection, list[str]]]:
    """A transaction and the datasets that are sent within it.

    Who loses the database, and so the lock, while it sends may send an older state after a newer
    one of another flusher: these datasets are marked again.
    """
    sent: list[str] = []
    try:
        with engine.begin() as connection:
            yield connection, sent
    except DBAPIError:
        if sent:
            with engine.begin() as connection:
                connection.execute(to_index.insert(), [{"dataset_id": id_} for id_ in sent])
        raise


def _tell_the_rebuild() -> sa.TextClause:
    """A rebuild that goes on may have read these datasets before: it sends them once more."""
    return sa.text(
        "INSERT INTO thanhhoa.rebuild_change (rebuild_id, dataset_id)"
        " SELECT id, unnest(CAST(:ids AS text[])) FROM thanhhoa.rebuild ON CONFLICT DO NOTHING"
    )


def _due(dataset_ids: Collection[str] | None) -> sa.Select[Any]:
    query = (
        sa.select(to_index.c.id, to_index.c.dataset_id)
        .where(to_index.c.since <= sa.func.clock_timestamp())
        .order_by(to_index.c.id)
        .limit(config.index_batch())
    )
    return query if dataset_ids is None else query.where(to_index.c.dataset_id.in_(dataset_ids))


def _current(shows: Mapping[str, Show], rows: Sequence[Any]) -> dict[str, Shows]:
    """What still is the committed state: nobody but that writer has left a row.

    A writer whose row cannot be seen yet has not committed, and is sent after its commit. Of two
    rows nobody can tell which was committed first: rows are numbered when they are written.
    """
    marks: dict[str, list[int]] = {}
    for row in rows if shows else ():
        marks.setdefault(row.dataset_id, []).append(row.id)
    return {
        id_: (default, own) for id_, (row, default, own) in shows.items() if marks.get(id_) == [row]
    }
