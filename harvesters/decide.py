"""What is to be done with each record, and whether the whole may be applied. Pure.

`compare` turns (what the ledger knows, what was seen, what the catalogue holds) into a Change;
`judge` looks at the whole plan and says why it must wait for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harvesters.merge import merge, title_of
from harvesters.model import (
    Action,
    Change,
    FieldChange,
    Known,
    MappedDataset,
    MappedResource,
    TableChange,
)
from harvesters.settings import Guards, Ownership
from schemas.text import fold


def is_unchanged(known: Known | None, hash_: str, version: str) -> bool:
    """Whether record, mapping, schema and codelists are all what was last harvested."""
    return known is not None and known.active and known.hash == hash_ and known.version == version


@dataclass(frozen=True)
class Candidate:
    """A record that was read and mapped, with what the ledger will remember of it."""

    remote_id: str
    dataset: MappedDataset
    hash: str
    mark: str
    version: str


def compare(
    candidate: Candidate,
    known: Known | None,
    current: MappedDataset | None,
    tables: Mapping[str, TableChange],
    ownership: Ownership,
) -> Change:
    """Create, update or keep one record.

    `tables` are the table changes by resource id, for resources that are in `current`; those that
    the merge does not take over are left out.
    """
    change = Change(
        "create",
        candidate.remote_id,
        candidate.dataset.id,
        dataset=candidate.dataset,
        base=candidate.dataset,
        hash=candidate.hash,
        mark=candidate.mark,
        version=candidate.version,
        title=str(candidate.dataset.fields.get("title", "")),
    )
    if current is None:
        return replace(change, tables=tuple(tables.values()))
    base = MappedDataset.from_json(known.base) if known and known.base else None
    return merged_into(change, base, candidate.dataset, current, tables, ownership)


def merged_into(
    change: Change,
    base: MappedDataset | None,
    wanted: MappedDataset,
    current: MappedDataset,
    tables: Mapping[str, TableChange],
    ownership: Ownership,
) -> Change:
    """The change as it is to be written where the catalogue holds `current`: update or keep."""
    merged = merge(base, wanted, current, ownership)
    fields = tuple(differences(current, merged.dataset))
    taken = {r.id: r.table for r in wanted.resources}
    shown = tuple(
        tables[r.id]
        for r in merged.dataset.resources
        if r.id in tables and r.table == taken.get(r.id)
    )
    action: Action = "update" if fields or shown else "keep"
    return replace(
        change,
        action=action,
        dataset=merged.dataset if action == "update" else None,
        fields=fields,
        tables=shown,
        conflicts=merged.conflicts,
    )


def differences(before: MappedDataset, after: MappedDataset) -> Iterable[FieldChange]:
    """Field by field, then resource by resource; a whole resource is the field `resource`."""
    yield from _field_changes(before.fields, after.fields, None)
    old = {resource.id: resource for resource in before.resources}
    new = {resource.id: resource for resource in after.resources}
    for id_, resource in new.items():
        if id_ not in old:
            yield FieldChange("resource", None, title_of(resource), id_)
            continue
        yield from _field_changes(_content(old[id_]), _content(resource), id_)
    for id_, resource in old.items():
        if id_ not in new:
            yield FieldChange("resource", title_of(resource), None, id_)
    shared = [id_ for id_ in old if id_ in new]
    if shared != [id_ for id_ in new if id_ in old]:
        yield FieldChange("resource_order", list(old), list(new))


def _content(resource: MappedResource) -> dict[str, Any]:
    content = {**resource.fields, "table": resource.table, "file": resource.file}
    return {k: v for k, v in content.items() if v is not None}


def _field_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], resource: str | None
) -> Iterable[FieldChange]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield FieldChange(name, before.get(name), after.get(name), resource)


def withdrawals(known: Iterable[Known], listed: set[str]) -> list[Change]:
    """Tombstones for active records that a complete listing did not name."""
    return [
        Change("withdraw", record.remote_id, record.dataset_id, title=record.title)
        for record in known
        if record.active and record.remote_id not in listed
    ]


@dataclass
class Tally:
    """What the guards need to know of a plan, gathered while it is spooled."""

    active: int = 0
    listed: int = 0
    withdrawn_titles: list[str] = field(default_factory=list)
    created_titles: list[str] = field(default_factory=list)
    drifted: bool = False
    collapsed: bool = False
    personal: bool = False

    def add(self, change: Change, guards: Guards) -> None:
        """Takes one change into account."""
        if change.action == "create":
            self.created_titles.append(change.title)
        elif change.action == "withdraw":
            self.withdrawn_titles.append(change.title)
        for table in change.tables:
            if not table.rows_before:
                continue
            self.drifted |= bool(table.columns_removed or table.columns_retyped)
            self.collapsed |= table.rows_after < guards.rows_at_least_share * table.rows_before


def withdrawal_quota(active: int, guards: Guards) -> int:
    """How many datasets may go without asking: the source's own number or min(20, 10 %)."""
    if guards.withdraw_at_most is not None:
        return guards.withdraw_at_most
    return min(20, active // 10)


def judge(tally: Tally, guards: Guards) -> tuple[str, ...]:
    """Codes of `held_because`, in a fixed order; none means the plan may be applied."""
    withdrawn = len(tally.withdrawn_titles)
    empty = tally.active > 0 and tally.listed == 0
    reasons = {
        "empty_listing": empty,
        "deletion_quota": not empty and withdrawn > withdrawal_quota(tally.active, guards),
        "ids_changed": _ids_changed(tally),
        "schema_drift": tally.drifted,
        "rows_collapsed": tally.collapsed,
        "personal_data": tally.personal and guards.personal_data == "hold",
    }
    return tuple(code for code, held in reasons.items() if held)


def _ids_changed(tally: Tally) -> bool:
    """Half or more of what goes comes back under the same title with another id."""
    gone = {fold(title) for title in tally.withdrawn_titles}
    back = {fold(title) for title in tally.created_titles}
    return len(gone) >= 2 and len(gone & back) * 2 >= len(gone)
