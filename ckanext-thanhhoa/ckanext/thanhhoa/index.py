"""Commit first, index after: what is still to be indexed, and sending it to Solr.

CKAN writes to Solr before it commits, dataset by dataset. Here its package index is replaced by
one that adds a row to ``thanhhoa.to_index`` in the transaction of the write (the one seam, held by
a canary test); once the transaction is committed the datasets are read back and sent in batches.
A Solr that is down therefore blocks no write, and a write that fails leaves nothing in Solr. Rows
that could not be sent stay, and a worker's `flush` sends them later.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeout
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import flask
import pysolr
import sqlalchemy as sa
from ckan import model
from ckan.lib import search
from ckan.lib.search import index as ckan_index
from ckanext.thanhhoa import config, leases
from ckanext.thanhhoa.index_documents import Shows, document_id, documents
from ckanext.thanhhoa.model import to_index, upkeep
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

#: Key of the session's note of what it has marked since its last commit.
_MARKED = "thanhhoa_to_index"
#: PostgreSQL advisory lock: one flush at a time, so that an older state never overtakes a newer.
_LOCK = 7_463_021_115_001
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
            refused = _send(ids, _current(shows, rows))
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
        sa.func.pg_advisory_xact_lock(_LOCK),
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


def _send(dataset_ids: Collection[str], shows: Mapping[str, Shows]) -> set[str]:
    """Brings Solr to the committed state of these datasets; returns those it would not take."""
    made, gone, refused = documents(dataset_ids, shows)
    solr = search.make_connection()
    if made:
        try:
            solr.add(list(made.values()), commit=False)
        except pysolr.SolrError as error:
            if not _is_refusal(error):
                raise
            refused |= _send_singly(solr, made)
    # What may no longer be seen by everybody must not stay as it was, even if its new form is bad.
    gone |= {id_ for id_ in refused if id_ in made and _is_closed(made[id_])}
    if gone:
        solr.delete(id=[document_id(id_) for id_ in gone], commit=False)
    solr.commit(softCommit=True)
    return refused


def _is_closed(document: Mapping[str, Any]) -> bool:
    return document.get("capacity") == "private" or document.get("state") != "active"


def _is_refusal(error: pysolr.SolrError) -> bool:
    """Whether Solr answered that a document is wrong, rather than did not answer."""
    return "(HTTP 400)" in str(error)


def _send_singly(solr: pysolr.Solr, made: Mapping[str, dict[str, Any]]) -> set[str]:
    refused = set()
    for dataset_id, document in made.items():
        try:
            solr.add([document], commit=False)
        except pysolr.SolrError as error:
            if not _is_refusal(error):
                raise
            log.error("Solr refuses dataset %s: %s", dataset_id, str(error)[:1000])
            refused.add(dataset_id)
    return refused


@dataclass(frozen=True)
class Difference:
    """A dataset of which database and Solr say different things."""

    dataset_id: str
    kind: Literal["missing", "stale", "phantom", "visibility"]


def check() -> list[Difference]:
    """Every difference between database and Solr. What only waits to be sent is one, too."""
    in_database, in_solr = _database_facts(), _solr_facts()
    found = [Difference(id_, "phantom") for id_ in in_solr if id_ not in in_database]
    for id_, facts in in_database.items():
        indexed = in_solr.get(id_)
        if indexed is None:
            found.append(Difference(id_, "missing"))
        elif indexed.visibility != facts.visibility:
            found.append(Difference(id_, "visibility"))
        elif indexed != facts:
            found.append(Difference(id_, "stale"))
    return found


def reconcile() -> int:
    """Mends every difference and returns how many datasets were sent or removed."""
    return _send_again(difference.dataset_id for difference in check())


def reconcile_when_due() -> int:
    """`reconcile` by the first worker that finds it is time; the others leave it to that one.

    When it was last done is noted where all workers look: in a row of the ledger's `upkeep`.
    """
    minutes = config.reconcile_minutes()
    if minutes <= 0:
        return 0
    new = insert(upkeep).values(task="reconcile", done_at=sa.func.now())
    due = upkeep.c.done_at < sa.func.now() - sa.literal_column(f"interval '{minutes} minutes'")
    claim = new.on_conflict_do_update(
        index_elements=["task"], set_={"done_at": sa.func.now()}, where=due
    ).returning(upkeep.c.task)
    mine = model.Session.execute(claim).first() is not None
    model.Session.commit()
    if not mine:
        return 0
    mended = reconcile()
    if mended:
        log.warning("%d datasets differed between database and index, and were mended", mended)
    return mended


def rebuild() -> int:
    """Sends every dataset anew and removes what should not be there. Searching goes on."""
    return _send_again([*_database_facts(), *_solr_facts()])


def _send_again(dataset_ids: Iterable[str]) -> int:
    ids = list(dict.fromkeys(dataset_ids))
    with deferred():
        mark(ids)
        model.Session.commit()
    return flush()


class _Facts(NamedTuple):
    """What is compared: who may see it, where it belongs, and when it changed (milliseconds)."""

    visibility: tuple[str, str]
    modified: str


def _database_facts() -> dict[str, _Facts]:
    query = model.Session.query(
        model.Package.id,
        model.Package.private,
        model.Package.state,
        model.Package.metadata_modified,
    )
    if search.config.get("ckan.search.remove_deleted_packages"):
        query = query.filter(model.Package.state != "deleted")
    return {
        id_: _Facts(
            ("private" if private else "public", state), modified.isoformat(timespec="milliseconds")
        )
        for id_, private, state, modified in query
    }


def _solr_facts() -> dict[str, _Facts]:
    solr = search.make_connection(decode_dates=False)
    query = {
        "fq": f'+site_id:"{search.config["ckan.site_id"]}" +entity_type:package',
        "fl": "id,capacity,state,metadata_modified",
        "sort": "index_id asc",
        "rows": 1000,
        "cursorMark": "*",
    }
    return {
        document["id"]: _Facts(
            (document.get("capacity", ""), document.get("state", "")),
            _milliseconds(document.get("metadata_modified", "")),
        )
        for document in solr.search("*:*", **query)
    }


def _milliseconds(moment: str) -> str:
    """Solr leaves trailing zeros of a second's fraction out."""
    whole, _, fraction = moment.rstrip("Z").partition(".")
    return f"{whole}.{fraction:0<3.3}"
