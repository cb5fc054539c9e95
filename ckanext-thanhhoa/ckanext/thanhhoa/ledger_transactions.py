"""The ledger's transactions: under a run's token, to its end, or only to read.

A database that goes away raises LeaseLost: the run is taken up again when it is back; one that has
no room raises `portal_unavailable`: the run is put off.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa import leases
from ckanext.thanhhoa.model import run as run_table
from ckanext.thanhhoa.outages import outage
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from harvesters.errors import HarvestError, LeaseLost
from harvesters.ports import Run

log = logging.getLogger(__name__)


@contextmanager
def transaction(run: Run, *, seize: bool = False) -> Iterator[Any]:
    """One transaction under the run's token; `seize` keeps every helper out as well."""
    with writing(run) as session:
        if not (leases.seize(run) if seize else leases.hold(run)):
            raise LeaseLost(run.id)
        yield session


@contextmanager
def ending(run: Run) -> Iterator[Any]:
    """The transaction that ends a run or puts it off.

    What cannot even write that gives the run up: it is taken over after its lease.
    """
    model.Session.rollback()
    try:
        with transaction(run, seize=True) as session:
            yield session
    except LeaseLost:
        raise
    except HarvestError as error:
        raise LeaseLost(run.id) from error


@contextmanager
def writing(run: Run | None = None) -> Iterator[Any]:
    """One transaction. A database that is gone means that the lease is, too."""
    try:
        yield model.Session
        model.Session.commit()
    except DBAPIError as error:
        model.Session.rollback()
        which = run.id if run else ""
        later = _later(error, which)
        if later is None:
            raise
        log.warning("run %s is left for later: %s", which, type(error.orig).__name__)
        raise later from error
    except BaseException:
        model.Session.rollback()
        raise


@contextmanager
def reading() -> Iterator[Any]:
    """Ends the transaction if it began here: none stays open while a source is read."""
    began_here = not model.Session().in_transaction()
    try:
        yield model.Session
        if began_here:
            model.Session.commit()
    except DBAPIError as error:
        model.Session.rollback()
        later = _later(error, "")
        if later is None:
            raise
        raise later from error


def this(run: Run) -> Any:
    """The run's row, if this is its current token."""
    return sa.update(run_table).where(leases.mine(run))


def _later(error: DBAPIError, run_id: str) -> HarvestError | None:
    """What to raise when the database did not do its work, rather than refuse what it was given."""
    away = isinstance(error, (OperationalError, InterfaceError))
    return outage(error, run_id) or (LeaseLost(run_id) if away else None)
