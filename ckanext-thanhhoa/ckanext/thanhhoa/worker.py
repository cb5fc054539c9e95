"""A worker process: takes runs as they come, keeps the schedule, tidies up what others left."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable

import flask
from ckan import model
from ckanext.thanhhoa import datastore, index, jobs, runs
from ckanext.thanhhoa.ledger import Ledger
from ckanext.thanhhoa.work import work

log = logging.getLogger(__name__)

#: Seconds between two looks for due sources and for runs whose worker is gone.
SWEEP_EVERY = 2.0
#: Seconds between two looks for datasets to index and for table swaps to finish.
TEND_EVERY = 5.0
#: A run is not announced again within this many seconds.
WAKE_AGAIN = 15.0
#: Seconds that running work has to come to a stop when the process is asked to end.
STOP_WITHIN = 20.0


class Worker:
    """Runs until SIGTERM or SIGINT, with `concurrency` runs at a time.

    When asked to end, each run gives its lease back at its next heartbeat, so that another worker
    (or this one, started again) goes on with it at once.
    """

    def __init__(self, app: flask.Flask, concurrency: int):
        self._app = app
        self._concurrency = concurrency
        self._stopping = threading.Event()
        self._woken: dict[str, float] = {}

    def run(self) -> None:
        """Blocks until the process is asked to end; raises what makes the jobs unreachable."""
        jobs.prepare()
        threads = [
            threading.Thread(target=self._repeat, args=args, daemon=True)
            for args in ((self.sweep, SWEEP_EVERY), (self.tend, TEND_EVERY))
        ]
        for thread in threads:
            thread.start()
        try:
            asyncio.run(self._serve())
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join(timeout=STOP_WITHIN)

    async def _serve(self) -> None:
        app = jobs.worker_app(self._work)
        async with app.open_async():
            serving = asyncio.create_task(
                app.run_worker_async(
                    queues=[jobs.QUEUE],
                    concurrency=self._concurrency,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=STOP_WITHIN,
                )
            )
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop, serving)
            try:
                await serving
            except asyncio.CancelledError:
                if not self._stopping.is_set():
                    raise
        log.info("worker %d ends", os.getpid())

    def _stop(self, serving: asyncio.Task[None]) -> None:
        self._stopping.set()
        serving.cancel()

    def _work(self, run_id: str) -> None:
        with self._app.test_request_context():
            try:
                state = work(run_id, self._stopping.is_set)
            except Exception:
                # The lease expires and the run is taken up again; see runs.ATTEMPTS.
                log.exception("run %s: reference %s", run_id, secrets.token_hex(4))
                return
        log.info("run %s: %s", run_id, state or "left to another worker")

    def sweep(self) -> None:
        """Asks for what the schedule says and wakes a worker for every run that is free."""
        runs.request_due()
        now = time.monotonic()
        free = runs.free_runs()
        model.Session.commit()
        self._woken = {id_: at for id_, at in self._woken.items() if now - at < WAKE_AGAIN}
        fresh = [run_id for run_id in free if run_id not in self._woken]
        jobs.wake(fresh)
        self._woken |= dict.fromkeys(fresh, now)

    def tend(self) -> None:
        """Finishes table swaps that a crash interrupted, and indexes what was left over."""
        datastore.recover(Ledger())
        model.Session.commit()
        index.flush()

    def _repeat(self, job: Callable[[], None], seconds: float) -> None:
        while not self._stopping.wait(seconds):
            try:
                with self._app.test_request_context():
                    job()
            except Exception:
                # A database that restarts must not end the sweeper: it tries again.
                log.exception("%s: reference %s", job.__name__, secrets.token_hex(4))
            finally:
                model.Session.remove()
