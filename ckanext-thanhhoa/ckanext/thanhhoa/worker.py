"""A worker process: takes runs as they come, helps with large ones, keeps the schedule, tidies up.

Each run has a thread of its own, so that a slow source keeps nothing waiting but its own slot. One
slot is kept for people: however many slow sources the schedule has begun, a run that a person asks
for begins at once.
"""

from __future__ import annotations

import gc
import logging
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import flask
from ckan import model
from ckanext.thanhhoa import datastore, index, jobs, leases, notices, reconciler, retention, runs
from ckanext.thanhhoa.ledger import Ledger
from ckanext.thanhhoa.work import help_with, work
from sqlalchemy.exc import OperationalError

log = logging.getLogger(__name__)

#: Seconds between two looks for due sources and free runs; a waking comes sooner.
SWEEP_EVERY = 2.0
#: Seconds between two looks for datasets to index and for table swaps to finish.
TEND_EVERY = 5.0
#: Seconds between two looks for news to send to people, and for the index to be compared.
INFORM_EVERY, COMPARE_EVERY = 15.0, 60.0
#: Seconds until the waking is tried again when its database is away.
LISTEN_AGAIN = 5.0
#: Seconds that a run is left alone after it could not be taken or helped.
LEAVE_ALONE = 5.0
#: Seconds that running work has to come to a stop when the process is asked to end.
STOP_WITHIN = 20.0


@dataclass(frozen=True)
class Slot:
    """What one thread of the worker is busy with. `by_person`: somebody waits for it."""

    thread: threading.Thread
    by_person: bool


def has_room(busy: int, by_schedule: int, concurrency: int, by_person: bool) -> bool:
    """Whether another run may begin beside `busy` ones, `by_schedule` of which nobody waits for.

    >>> [has_room(3, 3, 4, person) for person in (True, False)]
    [True, False]
    """
    if busy >= concurrency:
        return False
    return by_person or by_schedule < max(1, concurrency - 1)


class Worker:
    """Runs until SIGTERM or SIGINT, with at most `concurrency` runs at a time.

    When asked to end, each run gives its lease back at its next heartbeat, so that another worker
    (or this one, started again) goes on with it at once.
    """

    def __init__(self, app: flask.Flask, concurrency: int):
        self._app = app
        self._concurrency = concurrency
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._slots: dict[str, Slot] = {}
        self._left_alone: dict[str, float] = {}
        self._runs_wait = False

    def run(self) -> None:
        """Blocks until the process is asked to end."""
        _spare_the_collector()
        leases.let_go_in_the_end(model.ensure_engine())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: self.stop())
        helpers = [
            threading.Thread(target=target, name=target.__name__, daemon=True)
            for target in (
                self._load,
                self._index,
                self._listen,
                self._inform,
                self._compare,
                self._expire,
            )
        ]
        for thread in helpers:
            thread.start()
        self._repeat(self.sweep, self._next_sweep)
        end = time.monotonic() + STOP_WITHIN
        with self._lock:
            busy = [slot.thread for slot in self._slots.values()]
        for thread in [*busy, *helpers]:
            thread.join(timeout=max(0.0, end - time.monotonic()))
        log.info("worker %d ends", os.getpid())

    def stop(self) -> None:
        """Begins no more work; what is under way is given back."""
        self._stopping.set()
        self._wake.set()

    def _next_sweep(self) -> bool:
        self._wake.wait(SWEEP_EVERY)
        self._wake.clear()
        return self._stopping.is_set()

    def sweep(self) -> None:
        """Asks for what the schedule says and begins what is free, people's runs first."""
        runs.request_due()
        free, helpable = runs.free_runs(), runs.helpable_runs()
        model.Session.commit()
        begun = [self._begin(run_id, by_person, self._work) for run_id, by_person in free]
        self._runs_wait = not all(begun)
        for run_id in helpable:
            if not self._runs_wait:
                self._begin(run_id, False, self._help)

    def _begin(self, run_id: str, by_person: bool, target: Callable[[str], bool]) -> bool:
        """Gives the run a thread; False when there is no room for it."""
        with self._lock:
            if run_id in self._slots or self._left_alone.get(run_id, 0.0) > time.monotonic():
                return True
            by_schedule = sum(not slot.by_person for slot in self._slots.values())
            if not has_room(len(self._slots), by_schedule, self._concurrency, by_person):
                return False
            thread = threading.Thread(
                target=self._in_slot, args=(run_id, target), name=f"run {run_id}", daemon=True
            )
            self._slots[run_id] = Slot(thread, by_person)
        thread.start()
        return True

    def _in_slot(self, run_id: str, target: Callable[[str], bool]) -> None:
        did_something = False
        try:
            with self._app.test_request_context():
                did_something = target(run_id)
        except Exception:
            # The lease expires and the run is taken up again; see runs.ATTEMPTS.
            log.exception("run %s: reference %s", run_id, secrets.token_hex(4))
        finally:
            model.Session.remove()
            with self._lock:
                del self._slots[run_id]
                if not did_something:
                    self._left_alone[run_id] = time.monotonic() + LEAVE_ALONE
                self._left_alone = {
                    id_: until
                    for id_, until in self._left_alone.items()
                    if until > time.monotonic()
                }
            if did_something:
                self._wake.set()

    def _work(self, run_id: str) -> bool:
        state = work(run_id, self._stopping.is_set)
        log.info("run %s: %s", run_id, state or "left to another worker")
        return state is not None

    def _help(self, run_id: str) -> bool:
        changes = help_with(run_id, lambda: self._stopping.is_set() or self._runs_wait)
        log.info("run %s: helped with %d changes", run_id, changes)
        return changes > 0

    def load(self) -> None:
        """Finishes table swaps that a crash interrupted."""
        datastore.recover(Ledger())
        model.Session.commit()

    def index(self) -> None:
        """Indexes what was left over."""
        index.flush()

    def _load(self) -> None:
        self._repeat(self.load, lambda: self._stopping.wait(TEND_EVERY))

    def _index(self) -> None:
        self._repeat(self.index, lambda: self._stopping.wait(TEND_EVERY))

    def _inform(self) -> None:
        """Apart from the rest: a mail server may take its time."""
        self._repeat(notices.send_due, lambda: self._stopping.wait(INFORM_EVERY))

    def _compare(self) -> None:
        """Mends what the index lacks, when it is time; one worker for all."""
        self._repeat(reconciler.reconcile_when_due, lambda: self._stopping.wait(COMPARE_EVERY))

    def _expire(self) -> None:
        """Lets go of what is too old to be undone; one worker for all."""
        self._repeat(retention.expire_when_due, lambda: self._stopping.wait(COMPARE_EVERY))

    def _listen(self) -> None:
        """Looks as soon as somebody asks for a run. Without it, `sweep` finds the run as well."""
        while not self._stopping.is_set():
            try:
                jobs.listen(self._wake.set, self._stopping)
            except Exception as error:
                log.warning("not woken for now: %s", str(error)[:500])
                self._stopping.wait(LISTEN_AGAIN)

    def _repeat(self, job: Callable[[], None], ending: Callable[[], bool]) -> None:
        while not ending():
            try:
                with self._app.test_request_context():
                    job()
            except OperationalError as error:
                log.warning("%s: the database is away: %s", job.__name__, str(error.orig).strip())
            except Exception:
                # Whatever it was must not end the sweeper: it tries again.
                log.exception("%s: reference %s", job.__name__, secrets.token_hex(4))
            finally:
                model.Session.remove()


def _spare_the_collector() -> None:
    """A batch makes objects by the hundred thousand, and CKAN's own, which stay, are as many again:
    by Python's defaults the collector would go through all of them several times a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
