"""One run, done by this process, or a part of one that another holds.

Used by workers and the command line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from ckan import model
from ckanext.thanhhoa import config, leases, runs, sources
from ckanext.thanhhoa.catalog import CkanCatalog
from ckanext.thanhhoa.ledger import Ledger

from harvesters.errors import HarvestError, LeaseLost
from harvesters.ports import Run, RunState
from harvesters.run import Ports, execute, help_apply

log = logging.getLogger(__name__)

Progress = Callable[[str, int], None]


def work(
    run_id: str,
    stopping: Callable[[], bool] = lambda: False,
    progress: Progress = lambda phase, done: None,
) -> RunState | None:
    """Does what is left of a run; None when another process has it or has taken it over.

    Needs an application context. Whatever happens, the session is clean afterwards.
    """
    try:
        run = runs.acquire(run_id, leases.owner())
        if run is None:
            return None
        return _execute(run, stopping, progress)
    except LeaseLost:
        log.info("run %s is left to another worker", run_id)
        return None
    finally:
        model.Session.remove()


def help_with(run_id: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Does free parts of a run that another process applies; returns the number of changes done.

    What becomes of the run is for its holder to say: here nothing is raised but bugs.
    """
    ledger = Ledger(stopping)
    try:
        run = runs.join(run_id)
        if run is None:
            return 0
        with sources.fetcher(sources.by_id(run.source.id)) as fetch, leases.Heartbeat(run):
            ports = Ports(ledger, CkanCatalog(ledger), fetch, batch=config.batch())
            return help_apply(run, ports)
    except LeaseLost:
        return 0
    except HarvestError as error:
        log.info("run %s is helped no more: %s", run_id, error.code)
        return 0
    finally:
        model.Session.remove()


def _execute(run: Run, stopping: Callable[[], bool], progress: Progress) -> RunState:
    ledger = Ledger(stopping)
    problem = runs.abandon_if_hopeless(run)
    if problem is not None:
        return ledger.finish(run, "failed", problem)
    try:
        fetch = sources.fetcher(sources.by_id(run.source.id))
    except HarvestError as error:
        return ledger.finish(run, "failed", error.problem)
    model.Session.commit()
    # Whoever reads for a run that is no longer his is not left waiting for a slow source.
    with fetch, leases.Heartbeat(run, lost=fetch.cut):
        ports = Ports(ledger, CkanCatalog(ledger), fetch, progress, config.batch())
        return execute(run, ports)
