"""The one loop: read -> map -> decide -> apply. Knows no concrete source and no catalogue.

A run is done in two phases. *Reading* (`harvesters.plan`) spools a plan to the ledger and writes
nothing else; it can be begun anew at any time. *Applying* settles the plan change by change;
whoever holds the lease goes on with what is pending. So a run survives the death of the process
at any point.
"""

from __future__ import annotations

from harvesters.errors import Cancelled, HarvestError, LeaseLost
from harvesters.plan import BATCH, Planner, Ports, internal
from harvesters.ports import Run, RunState

__all__ = ["Ports", "apply", "execute"]


def execute(run: Run, ports: Ports) -> RunState:
    """Does what is left of a run and returns its state. Raises LeaseLost; nothing else."""
    try:
        if run.phase == "reading":
            state = Planner(run, ports).plan()
            if state != "running":
                return state
        apply(run, ports)
        ports.ledger.finish(run, "applied")
        return "applied"
    except LeaseLost:
        raise
    except Cancelled as stop:
        ports.ledger.finish(run, "cancelled", stop.problem)
        return "cancelled"
    except HarvestError as error:
        ports.ledger.finish(run, "failed", error.problem)
        return "failed"
    except Exception as error:
        ports.ledger.finish(run, "failed", internal(error))
        return "failed"


def apply(run: Run, ports: Ports) -> None:
    """Settles the pending changes of the plan, batch by batch."""
    done = 0
    settled: set[str] = set()
    while changes := ports.ledger.pending(run, BATCH):
        if again := settled.intersection(change.remote_id for change in changes):
            raise RuntimeError(f"applied but still pending: {sorted(again)[:3]}")
        settled = {change.remote_id for change in changes}
        ports.ledger.beat(run)
        kept = [change for change in changes if change.action == "keep"]
        if kept:
            ports.ledger.refresh(run, kept)
        to_write = [change for change in changes if change.action != "keep"]
        if to_write:
            ports.catalog.apply(run, to_write)
        done += len(changes)
        ports.progress("applying", done)
