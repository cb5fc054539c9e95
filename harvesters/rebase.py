"""A plan's changes as they are to be written now: what was edited since the plan stays. Pure.

A plan was merged with what the catalogue held while the source was read. Between that moment and
the writing lie the guards, perhaps a person's approval, perhaps a crash. So each update is merged
once more, with what the catalogue holds when it is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harvesters import conflicts
from harvesters.decide import merged_into
from harvesters.errors import Problem
from harvesters.merge import same
from harvesters.model import Change, Known, MappedDataset
from harvesters.settings import Ownership


@dataclass
class Rebased:
    """`write` as they are to be written; `revised` are those of them that are no longer as planned.

    `kept` need no writing any more; `left` are not to be touched, each with its note.
    """

    write: list[Change] = field(default_factory=list)
    revised: list[Change] = field(default_factory=list)
    kept: list[Change] = field(default_factory=list)
    left: list[tuple[Change, Problem]] = field(default_factory=list)


def rebase(
    changes: Sequence[Change],
    held: Mapping[str, Known],
    current: Mapping[str, MappedDataset],
    ownership: Ownership,
) -> Rebased:
    """Sorts the changes of a part of a plan.

    `held` are the records as last harvested, by remote id; `current` what the catalogue holds of
    the datasets to be updated and, in an undo, of all of its datasets.
    """
    result = Rebased()
    for change in changes:
        now = current.get(change.dataset_id)
        if change.action != "update":
            _sort_undo(change, now, result)
            continue
        if now is None:
            result.left.append((change, conflicts.left_deleted(change.remote_id, change.title)))
            continue
        _sort(change, _again(change, held.get(change.remote_id), now, ownership), result)
    return result


def _sort_undo(change: Change, now: MappedDataset | None, result: Rebased) -> None:
    """What an undo withdraws must still be what it saw; what it brings back, still be gone."""
    expected = change.seen if change.action == "withdraw" else change.dataset
    if now is None or expected is None or same(now, expected):
        result.write.append(change)
    else:
        result.left.append((change, conflicts.changed_since(change.remote_id, change.title)))


def _again(change: Change, known: Known | None, now: MappedDataset, ownership: Ownership) -> Change:
    tables = {table.resource: table for table in change.tables}
    if change.seen is not None:
        # An undo: what it does is the step from what it saw to what it wants.
        wanted = change.dataset or change.seen
        return merged_into(change, change.seen, wanted, now, tables, Ownership())
    if change.base is None:
        return change
    before = MappedDataset.from_json(known.base) if known and known.base else None
    return merged_into(change, before, change.base, now, tables, ownership)


def _sort(planned: Change, now: Change, result: Rebased) -> None:
    if now.action == "keep":
        result.kept.append(now)
        return
    result.write.append(now)
    if now.dataset != planned.dataset:
        result.revised.append(now)
