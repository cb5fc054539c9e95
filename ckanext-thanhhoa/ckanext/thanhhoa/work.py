"""One run, done by this process: lease, heartbeat, engine. Used by workers and the command line."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from types import TracebackType

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa import config, runs, sources
from ckanext.thanhhoa.catalog import CkanCatalog
from ckanext.thanhhoa.ledger import Ledger
from ckanext.thanhhoa.model import run as run_table

from harvesters.errors import HarvestError, LeaseLost
from harvesters.ports import Run, RunState
from harvesters.run import Ports, execute

log = logging.getLogger(__name__)

#: After its deadline a run that does not look up any more loses its lease within this time.
_GRACE = sa.literal_column("interval '5 minutes'")


def owner() -> str:
    """Who holds a lease, for the log and for people: host, process and thread."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_native_id()}"


def work(
    run_id: str,
    stopping: Callable[[], bool] = lambda: False,
    progress: Callable[[str, int], None] = lambda phase, done: None,
) -> RunState | None:
    """Does what is left of a run; None when another process has it or has taken it over.

    Needs an application context. Whatever happens, the session is clean afterwards.
    """
    try:
        run = runs.acquire(run_id, owner())
        if run is None:
            return None
        return _execute(run, stopping, progress)
    except LeaseLost:
        log.info("run %s is left to another worker", run_id)
        return None
    finally:
        model.Session.remove()


def _execute(
    run: Run, stopping: Callable[[], bool], progress: Callable[[str, int], None]
) -> RunState:
    ledger = Ledger(stopping)
    problem = runs.abandon_if_hopeless(run)
    if problem is not None:
        ledger.finish(run, "failed", problem)
        return "failed"
    try:
        fetch = sources.fetcher(sources.by_id(run.source.id))
    except HarvestError as error:
        ledger.finish(run, "failed", error.problem)
        return "failed"
    model.Session.commit()
    with fetch, Heartbeat(run):
        return execute(run, Ports(ledger, CkanCatalog(ledger), fetch, progress))


class Heartbeat:
    """Prolongs a lease from a thread of its own, while the run waits for a slow source.

    Uses a connection of its own. It ends by itself when the lease is lost, or some time after the
    run's deadline: then whoever takes the run over ends it.
    """

    def __init__(self, run: Run):
        self._run = run
        self._seconds = config.lease_seconds()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease {run.id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join(timeout=self._seconds)

    def _beat(self) -> None:
        while not self._done.wait(self._seconds / 4):
            try:
                if not self._prolong():
                    return
            except sa.exc.DBAPIError as error:
                # The database may come back within the lease; the run itself notices as well.
                log.warning("lease of run %s not prolonged: %s", self._run.id, error.orig)

    def _prolong(self) -> bool:
        lease = sa.literal_column(f"interval '{self._seconds} seconds'")
        query = (
            sa.update(run_table)
            .where(
                run_table.c.id == self._run.id,
                run_table.c.token == self._run.token,
                run_table.c.state == "running",
                run_table.c.deadline_at + _GRACE > sa.func.now(),
            )
            .values(lease_until=sa.func.clock_timestamp() + lease)
        )
        with model.ensure_engine().begin() as connection:
            return connection.execute(query).rowcount == 1
