"""Doing a run in this process, or following it where another worker has it, until it ends."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click
from ckan import model
from ckanext.thanhhoa import leases, runs
from ckanext.thanhhoa.cli.command import lang, note
from ckanext.thanhhoa.run_facts import run_report
from ckanext.thanhhoa.schedule import ZONE
from ckanext.thanhhoa.words import word
from ckanext.thanhhoa.work import work

from harvesters.errors import HarvestError

#: Seconds between two looks at a run that another process does.
LOOK_EVERY = 0.5
#: Seconds between two lines of progress where stderr is no terminal.
LINE_EVERY = 5.0


def follow(run_id: str) -> dict[str, Any]:
    """Blocks until the run ends or is held; returns its report.

    This process takes the lease like any worker and passes it on when it dies; Ctrl-C cancels.
    """
    progress = _Progress()
    cancelling = said = False
    leases.let_go_in_the_end(model.ensure_engine())  # Ctrl-Z
    with _interruptible() as interrupted:
        while True:
            if interrupted.is_set() and not cancelling:
                cancelling = True
                _cancel(run_id)
            state = work(run_id, _stopper(interrupted, cancelling), progress) or _state(run_id)
            if state not in ("queued", "running"):
                break
            said = said or _say_why(run_id, interrupted)
            time.sleep(LOOK_EVERY)
    progress.end()
    return run_report(run_id, lang())


def _say_why(run_id: str, interrupted: threading.Event) -> bool:
    """Why it is waited for: another worker has the run, or the portal is out of order."""
    row = runs.find(run_id)
    model.Session.commit()
    if interrupted.is_set():
        return False
    if row.not_before is None:
        note("elsewhere")
    else:
        note("put_off", moment=row.not_before.astimezone(ZONE).strftime("%H:%M:%S"))
    return True


def _stopper(interrupted: threading.Event, cancelling: bool) -> Callable[[], bool]:
    """Asked to stop, the run is first given back, then taken up once more to be cancelled."""
    return (lambda: False) if cancelling else interrupted.is_set


def _state(run_id: str) -> str:
    state = runs.find(run_id).state
    model.Session.commit()
    return str(state)


def _cancel(run_id: str) -> None:
    try:
        runs.cancel(run_id, "cli")
    except HarvestError as error:
        if error.code != "not_under_way":
            raise
    model.Session.commit()


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """The first Ctrl-C sets the event, the second one ends the process."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return

    def stop(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        note("stopping")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


class _Progress:
    """One line that renews itself on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._next = time.monotonic() + (0.0 if self._terminal else LINE_EVERY)
        self._shown = False

    def __call__(self, phase: str, done: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.2 if self._terminal else LINE_EVERY)
        line = word(phase, lang(), done=done)
        click.echo(f"\r\x1b[K{line}" if self._terminal else line, err=True, nl=not self._terminal)
        self._shown = True

    def end(self) -> None:
        """Clears the line."""
        if self._terminal and self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
