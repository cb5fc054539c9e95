"""Taking a run back: what it did, turned round, as far as nobody has built on it since. Pure.

Undo is a merge as well: *base* is what the run wrote, *source* what was there before it, *portal*
what the catalogue holds now. What is still as the run wrote it goes back; what a steward edited or
a later run changed stays and is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harvesters import conflicts
from harvesters.decide import merged_into
from harvesters.errors import Problem
from harvesters.merge import same
from harvesters.model import Change, Done, Known, MappedDataset, TableChange
from harvesters.settings import Ownership

#: Table changes from the first dataset to the second, by resource id.
Tables = Callable[[MappedDataset, MappedDataset], Mapping[str, TableChange]]


@dataclass
class Reverse:
    """The lines of an undo's plan, and what is reported instead of undone."""

    changes: list[Change] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many datasets are written, by action."""
        counted: dict[str, int] = {}
        for change in self.changes:
            counted[change.action] = counted.get(change.action, 0) + 1
        return counted


def reverse(done: list[Done], current: Mapping[str, MappedDataset], tables: Tables) -> Reverse:
    """Lines that take these lines of a run back, where the catalogue holds `current`.

    A dataset that was created is withdrawn, one that was withdrawn comes back, one that was changed
    gets back what it had. What is undone already is left alone, so that an undo can be repeated.
    """
    result = Reverse()
    for line in done:
        now = current.get(line.change.dataset_id)
        if line.change.action == "withdraw":
            _bring_back(line, now, result)
        elif line.before is None:
            _withdraw(line, now, result)
        else:
            _restore(line, line.before, now, tables, result)
    return result


def _bring_back(line: Done, now: MappedDataset | None, result: Reverse) -> None:
    if line.before is None or (now is not None and same(now, line.before)):
        return
    if now is not None:
        result.notes.append(_changed_since(line))
        return
    change = _with_record(line, "create")
    result.changes.append(replace(change, dataset=line.before))


def _withdraw(line: Done, now: MappedDataset | None, result: Reverse) -> None:
    if now is None:
        return
    if line.change.dataset is None or not same(now, line.change.dataset):
        result.notes.append(_changed_since(line))
        return
    known = line.change
    result.changes.append(
        Change("withdraw", known.remote_id, known.dataset_id, title=known.title, seen=now)
    )


def _restore(
    line: Done, before: MappedDataset, now: MappedDataset | None, tables: Tables, result: Reverse
) -> None:
    if now is None or line.change.dataset is None:
        result.notes.append(_changed_since(line))
        return
    change = replace(_with_record(line, "update"), seen=now)
    change = merged_into(change, line.change.dataset, before, now, tables(before, now), Ownership())
    result.notes.extend(
        conflicts.conflict_note("undo_field_changed", change, conflict)
        for conflict in change.conflicts
    )
    if change.action == "update":
        result.changes.append(replace(change, conflicts=()))


def _with_record(line: Done, action: Any) -> Change:
    """A line after which the ledger holds of the record what it held before the run."""
    known = line.record or Known(line.change.remote_id, line.change.dataset_id, "", "", "", "")
    title = str(line.before.fields.get("title", "")) if line.before else line.change.title
    return Change(
        action,
        line.change.remote_id,
        line.change.dataset_id,
        base=MappedDataset.from_json(known.base) if known.base else None,
        hash=known.hash,
        mark=known.mark,
        version=known.version,
        title=title,
    )


def _changed_since(line: Done) -> Problem:
    return conflicts.changed_since(line.change.remote_id, line.change.title)
