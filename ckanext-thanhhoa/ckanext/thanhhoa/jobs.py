"""Waking workers. The truth about runs is in the ledger; here only "look at run X" is passed on.

procrastinate keeps these jobs in a database of their own (`ckanext.thanhhoa.jobs_url`). A job that
gets lost, comes twice or comes late does no harm: the lease decides who works, and every worker's
sweeper asks again for what is due.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import procrastinate
import psycopg
import psycopg_pool
from ckanext.thanhhoa import config
from procrastinate import jobs as procrastinate_jobs
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.schema import SchemaManager

log = logging.getLogger(__name__)

QUEUE = "harvest"
WORK = "thanhhoa.work"
#: Any number; two processes that prepare the database at once wait for each other.
_LOCK = 7_463_021_115_002
_opening = threading.Lock()


def wake(run_ids: Iterable[str], priority: int = 0) -> None:
    """Tells the workers that these runs wait. Call it after the commit; it never raises.

    Without a jobs database, or while it is away, the workers' sweepers find the runs themselves.
    """
    if not config.jobs_url():
        return
    try:
        task = _deferrer(os.getpid(), config.jobs_url())
        for run_id in run_ids:
            _defer(task, run_id, priority)
    except (psycopg.Error, psycopg_pool.PoolTimeout, ConnectorException) as error:
        log.warning("workers not woken, they will look by themselves: %s", error)


def _defer(app: procrastinate.App, run_id: str, priority: int) -> None:
    job = app.configure_task(WORK, queue=QUEUE, queueing_lock=run_id, priority=priority)
    try:
        job.defer(run_id=run_id)
    except AlreadyEnqueued:
        log.debug("run %s is already waiting for a worker", run_id)


@cache
def _deferrer(process: int, url: str) -> procrastinate.App:
    """One small pool a process: a forked one must not use its parent's connections."""
    with _opening:
        connector = procrastinate.SyncPsycopgConnector(
            conninfo=url, min_size=0, max_size=2, timeout=3, max_idle=60
        )
        app = procrastinate.App(connector=connector)
        app.task(name=WORK, queue=QUEUE)(_placeholder)
        app.open()
        return app


def _placeholder(run_id: str) -> None:
    raise RuntimeError(f"this process only wakes workers: {run_id}")


def listen(look: Callable[[], None], ending: threading.Event) -> None:
    """Calls `look` whenever a run is announced, until `ending` is set. Blocks.

    Raises what makes the jobs database unreachable: the caller tries again.
    """
    prepare()
    asyncio.run(_listen(look, ending))


async def _listen(look: Callable[[], None], ending: threading.Event) -> None:
    app = _listener(look)
    async with app.open_async():
        serving = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE], delete_jobs="always", install_signal_handlers=False
            )
        )
        while not serving.done() and not ending.is_set():
            await asyncio.wait([serving], timeout=0.5)
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


def _listener(look: Callable[[], None]) -> procrastinate.App:
    """An announced run is only looked at: who takes it, and when, the ledger decides."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=config.jobs_url()))

    @app.task(name=WORK, queue=QUEUE)
    async def announced(run_id: str) -> None:
        look()

    @app.periodic(cron="*/5 * * * *")
    @app.task(name="thanhhoa.tidy", queue=QUEUE, queueing_lock="tidy", pass_context=True)
    async def tidy(context: Any, timestamp: int) -> None:
        """Announcements whose worker died: the sweepers have long seen their runs."""
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=60):
            await app.job_manager.finish_job(job, procrastinate_jobs.Status.ABORTED, True)

    return app


def prepare() -> None:
    """Makes procrastinate's tables in the jobs database, unless they are there."""
    with psycopg.connect(config.jobs_url(), autocommit=True, connect_timeout=10) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        row = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
        if row is None or row[0] is None:
            connection.execute(SchemaManager.get_schema())
