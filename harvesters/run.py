"""The one loop: read -> map -> decide -> apply. Knows no concrete source and no catalogue.

A run is done in two phases. *Reading* (`harvesters.plan`) spools a plan to the ledger and writes
nothing else; it can be begun anew at any time. *Applying* settles the plan in parts, each leased
by itself, so that several workers share a large one; who holds the run ends it when every part is
settled. So a run survives the death of any of its processes at any point.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping

from harvesters.errors import Cancelled, HarvestError, LeaseLost
from harvesters.model import Change, MappedDataset
from harvesters.plan import Planner, Ports, internal
from harvesters.ports import Run, RunState
from harvesters.rebase import Rebased, rebase
from harvesters.undoing import plan_undo

__all__ = ["Ports", "apply", "execute", "help_apply"]

#: Times that a change is merged once more because its dataset was edited while it was written.
#: What is never as it was read a moment ago (a plugin may show the time) is then written as merged.
MERGES = 5
#: Seconds between two looks at the parts that other workers have under way.
LOOK_EVERY = 0.25


def execute(run: Run, ports: Ports) -> RunState:
    """Does what is left of a run and returns its state. Raises LeaseLost; nothing else."""
    try:
        ports.ledger.beat(run)
        if run.phase == "reading":
            state = plan_undo(run, ports) if run.kind == "undo" else Planner(run, ports).plan()
            if state != "running":
                return state
        apply(run, ports)
        return ports.ledger.finish(run, "applied")
    except LeaseLost:
        raise
    except Cancelled as stop:
        return ports.ledger.finish(run, "cancelled", stop.problem)
    except HarvestError as error:
        if ports.ledger.put_off(run, error.problem):
            return "queued"
        return ports.ledger.finish(run, "failed", error.problem)
    except Exception as error:
        return ports.ledger.finish(run, "failed", internal(error))


def apply(run: Run, ports: Ports) -> None:
    """Settles the plan part by part, and waits for the parts that others have under way.

    A part whose worker dies is free again after its lease.
    """
    ports.ledger.divide(run, ports.batch)
    done = 0
    while True:
        done = _work_off(run, ports, done)
        if ports.ledger.is_settled(run):
            return
        time.sleep(LOOK_EVERY)
        ports.ledger.beat(run)


def help_apply(run: Run, ports: Ports) -> int:
    """Settles free parts of a run that another worker holds; returns how many changes it did.

    Returns when no part is free. Raises what ends the help: LeaseLost, Cancelled, an error of the
    portal; the holder of the run judges what becomes of the run.
    """
    return _work_off(run, ports, 0)


def _work_off(run: Run, ports: Ports, done: int) -> int:
    while (part := ports.ledger.claim(run)) is not None:
        try:
            done = _settle(part, ports, done)
        except LeaseLost:
            raise
        except HarvestError:
            ports.ledger.give_back(part)
            raise
        ports.ledger.close(part)
    ports.catalog.wait_for_index()
    return done


def _settle(run: Run, ports: Ports, done: int) -> int:
    """Every pending change of one part; line by line where workers died on it."""
    settled: set[str] = set()
    moves: Counter[str] = Counter()
    limit = 1 if run.part and run.part.careful else ports.batch
    while changes := ports.ledger.pending(run, limit):
        if again := settled.intersection(change.remote_id for change in changes):
            raise RuntimeError(f"applied but still pending: {sorted(again)[:3]}")
        settled = {change.remote_id for change in changes}
        ports.ledger.beat(run)
        kept = [change for change in changes if change.action == "keep"]
        to_write = [change for change in changes if change.action != "keep"]
        now, current = _as_of_now(run, to_write, ports)
        if kept or now.kept:
            ports.ledger.refresh(run, [*kept, *now.kept])
        if now.write:
            often = {c.dataset_id for c in now.write if moves[c.remote_id] >= MERGES}
            seen = {id_: dataset for id_, dataset in current.items() if id_ not in often}
            outcomes = ports.catalog.apply(run, now.write, seen)
            # Edited while its tables were staged: it is pending, and is merged once more.
            moved = [outcome.remote_id for outcome in outcomes if outcome.moved]
            moves.update(moved)
            settled.difference_update(moved)
        done += len(settled)
        ports.progress("applying", done)
    return done


def _as_of_now(
    run: Run, changes: list[Change], ports: Ports
) -> tuple[Rebased, Mapping[str, MappedDataset]]:
    """Merges the updates once more with what the catalogue holds; the plan is made to say so.

    In an undo whatever it touches is looked at: it takes back nothing that was edited since.
    Returns what it was merged with, too, by dataset id.
    """
    touched = [c for c in changes if c.action == "update" or run.kind == "undo"]
    if not touched:
        return Rebased(write=changes), {}
    held = ports.ledger.recall(run.source.id, [change.remote_id for change in touched])
    current = ports.catalog.current([change.dataset_id for change in touched])
    now = rebase(changes, held, current, run.source.config.ownership)
    if now.revised or now.kept:
        ports.ledger.revise(run, [*now.revised, *now.kept])
    if now.left:
        ports.ledger.leave(run, now.left)
    return now, current
