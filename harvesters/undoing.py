"""Planning an undo: the lines of a run, turned round and spooled, then applied like any plan.

Writes nothing but the ledger's spool, so it can be begun anew at any time.
"""

from __future__ import annotations

from collections.abc import Mapping

from harvesters.codec import decode_table
from harvesters.model import MappedDataset, TableChange
from harvesters.plan import Ports
from harvesters.ports import Ledger, Run, RunState, Verdict
from harvesters.table_diff import changed_tables
from harvesters.undo import Tables, reverse


def plan_undo(run: Run, ports: Ports) -> RunState:
    """Spools the plan that takes `run.undoes` back."""
    ledger = ports.ledger
    ledger.begin_plan(run)
    counts: dict[str, int] = {}
    after = 0
    while done := ledger.done(run.undoes, after, ports.batch):
        after = done[-1].seq
        current = ports.catalog.current([line.change.dataset_id for line in done])
        taken = reverse(done, current, table_changes(ledger))
        ledger.spool(run, taken.changes, taken.notes)
        for action, number in taken.counts().items():
            counts[action] = counts.get(action, 0) + number
        ledger.beat(run)
        ports.progress("reading", sum(counts.values()))
    told = {
        "created": counts.get("create", 0),
        "updated": counts.get("update", 0),
        "withdrawn": counts.get("withdraw", 0),
    }
    return ledger.judge(run, Verdict(True, {**told, "unchanged": 0, "failed": 0}))


def table_changes(ledger: Ledger) -> Tables:
    """How the tables of a dataset differ from those that it holds now, from the ledger's blobs."""

    def between(wanted: MappedDataset, now: MappedDataset) -> Mapping[str, TableChange]:
        return changed_tables(wanted, now, lambda digest: decode_table(ledger.get_blob(digest)))

    return between
