"""Typed tables in CKAN's DataStore: staged, then swapped in one transaction of its database.

CKAN wants the DataStore in another database, so no transaction spans a dataset and its tables.
The writer therefore notes its intent in ``thanhhoa.to_load`` together with the dataset; the swap
leaves the table's digest as the comment of the table; `recover` compares the two and finishes what
a crash interrupted. Readers see the old table or the new one, never a part.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

import sqlalchemy as sa
from ckan import model
from ckanext.datastore.backend import postgres
from ckanext.thanhhoa import config, datastore_table
from ckanext.thanhhoa.model import to_load
from ckanext.thanhhoa.outages import outage
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from harvesters.codec import decode_table
from harvesters.errors import HarvestError
from harvesters.model import Table
from harvesters.ports import Ledger

log = logging.getLogger(__name__)

#: An intent younger than this belongs to a writer that is still at work.
_ABANDONED = sa.text("now() - interval '60 seconds'")
#: Readers of the old table are waited for this long; then `recover` tries again.
_LOCK_TIMEOUT = "10s"


class Load:
    """An open transaction with tables that nobody sees before `swap`.

    Use as a context manager: left without `swap`, it leaves the DataStore as it was.
    """

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._staged: dict[str, str] = {}

    def __enter__(self) -> Load:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def staged(self) -> dict[str, str]:
        """Digests by resource id of what `swap` will put in place."""
        return dict(self._staged)

    def stage(self, resource_id: str, digest: str, table: Table) -> None:
        """Loads a table beside the one in use.

        HarvestError when the database refuses it, or is away.
        """
        connection = self._open()
        try:
            datastore_table.stage(connection, resource_id, digest, table)
        except SQLAlchemyError as error:
            self.__exit__()
            out_of_order = outage(error)
            if out_of_order is not None:
                raise out_of_order from error
            detail = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise HarvestError("refused_by_catalogue", detail=detail) from error
        self._staged[resource_id] = digest

    def leave_out(self, resource_ids: Collection[str]) -> None:
        """Forgets tables that were staged in vain: their dataset was refused."""
        for resource_id in self._staged.keys() & set(resource_ids):
            del self._staged[resource_id]
            datastore_table.unstage(self._open(), resource_id)

    def swap(self) -> None:
        """Puts the staged tables in place of the old ones and commits."""
        if self._connection is None:
            return
        self._connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
        for resource_id in self._staged:
            datastore_table.put_in_place(self._connection, resource_id)
        self._connection.commit()
        self.__exit__()

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = postgres.get_write_engine().connect()
            # Who loads the same tables waits for this transaction: if this process stands still,
            # it ends, and the tables are loaded anew.
            still = f"{config.lease_seconds() + 30}s"
            self._connection.execute(
                sa.text(f"SET LOCAL idle_in_transaction_session_timeout = '{still}'")
            )
        return self._connection


def digests(resource_ids: Collection[str]) -> dict[str, str]:
    """The version markers of the tables in use, by resource id; without one: empty text."""
    query = sa.text(
        "SELECT relname, coalesce(obj_description(oid, 'pg_class'), '') FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
        "AND relname = ANY(CAST(:ids AS text[]))"
    )
    with postgres.get_write_engine().connect() as connection:
        rows = connection.execute(query, {"ids": list(resource_ids)})
        return {name: comment for name, comment in rows}


def awaited(resource_ids: Collection[str]) -> set[str]:
    """Those whose table is still to be swapped or dropped. Locks these intents until the commit."""
    query = sa.select(to_load.c.resource_id).where(to_load.c.resource_id.in_(resource_ids))
    query = query.order_by(to_load.c.resource_id).with_for_update()
    return set(model.Session.execute(query).scalars())


def intend(loads: Iterable[tuple[str, str]]) -> None:
    """Notes (resource id, digest) in CKAN's current transaction; digest '' drops the table."""
    rows = [{"resource_id": resource_id, "digest": digest} for resource_id, digest in loads]
    if rows:
        new = insert(to_load)
        values = {"digest": new.excluded.digest, "since": sa.func.now()}
        upsert = new.on_conflict_do_update(index_elements=["resource_id"], set_=values)
        model.Session.execute(upsert, rows)


def settle(loads: Iterable[tuple[str, str]]) -> None:
    """Forgets the intents that are fulfilled, and commits."""
    for resource_id, digest in loads:
        model.Session.execute(
            to_load.delete().where(to_load.c.resource_id == resource_id, to_load.c.digest == digest)
        )
    model.Session.commit()


def drop(resource_ids: Collection[str]) -> None:
    """Removes tables with their aliases, where nobody has noted another intent since. Idempotent.

    The intents stay locked until the caller commits.
    """
    noted = sa.select(to_load.c.resource_id).where(
        to_load.c.resource_id.in_(resource_ids), to_load.c.digest == ""
    )
    resource_ids = model.Session.execute(noted.with_for_update()).scalars().all()
    with postgres.get_write_engine().begin() as connection:
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
        for resource_id in resource_ids:
            datastore_table.drop(connection, resource_id)


def recover(ledger: Ledger) -> int:
    """Finishes the swaps that a crash left open; returns how many. For a worker, now and then.

    A table that still cannot be swapped stays noted, is logged, and holds up no other.
    """
    done = 0
    query = sa.select(to_load).where(to_load.c.since < _ABANDONED).order_by(to_load.c.since)
    abandoned = model.Session.execute(query.with_for_update(skip_locked=True)).all()
    in_use = digests([row.resource_id for row in abandoned]) if abandoned else {}
    fulfilled = []
    for row in abandoned:
        try:
            _fulfil(ledger, row.resource_id, row.digest, in_use.get(row.resource_id))
        except (SQLAlchemyError, HarvestError, LookupError):
            log.exception("table of resource %s could not be finished", row.resource_id)
            continue
        fulfilled.append((row.resource_id, row.digest))
        done += 1
    settle(fulfilled)
    return done


def _fulfil(ledger: Ledger, resource_id: str, digest: str, in_use: str | None) -> None:
    if not digest:
        drop([resource_id])
    elif in_use != digest:
        with Load() as load:
            load.stage(resource_id, digest, decode_table(ledger.get_blob(digest)))
            load.swap()
