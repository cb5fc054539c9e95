"""What is to be done with each record, and whether the whole may be applied. Pure.

`compare` turns (what the ledger knows, what was seen, what the catalogue holds) into a Change;
`judge` looks at the whole plan and says why it must wait for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harvesters.model import (
    Change,
    FieldChange,
    Known,
    MappedDataset,
    MappedResource,
    TableChange,
)
from harvesters.settings import Guards
from schemas.text import fold

#: The field of the access class, and its codes from open to closed (codelist access_class).
ACCESS = "access_rights"
_CLASSES = ("PUBLIC", "RESTRICTED", "NON_PUBLIC")


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
) -> Change:
    """Create, update or keep one record.

    `tables` are the table changes by resource id, for resources that are in `current`. Fields the
    source does not speak of, and never did, stay as the catalogue has them; so do resources that
    did not come from the source.
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
    merged = merge(candidate.dataset, base, current)
    fields = tuple(differences(current, merged))
    if not fields and not tables:
        return replace(change, action="keep", dataset=None)
    return replace(
        change, action="update", dataset=merged, fields=fields, tables=tuple(tables.values())
    )


def merge(new: MappedDataset, base: MappedDataset | None, current: MappedDataset) -> MappedDataset:
    """What the catalogue is to hold: the source's word where it has one, the rest untouched."""
    resources = {resource.id: resource for resource in current.resources}
    of_base = {resource.id: resource for resource in base.resources} if base else {}
    from_source = [
        replace(
            resource,
            fields=_merge_fields(
                resource.fields,
                of_base[resource.id].fields if resource.id in of_base else {},
                resources[resource.id].fields if resource.id in resources else {},
            ),
        )
        for resource in new.resources
    ]
    taken = {resource.id for resource in new.resources} | set(of_base)
    added_here = [resource for resource in current.resources if resource.id not in taken]
    base_fields = base.fields if base else {}
    fields = _merge_fields(new.fields, base_fields, current.fields)
    if ACCESS in current.fields:
        fields[ACCESS] = _access_class(new.fields, base_fields, current.fields)
    return MappedDataset(new.id, fields, (*from_source, *added_here))


def _access_class(
    new: Mapping[str, Any], base: Mapping[str, Any], current: Mapping[str, Any]
) -> Any:
    """A source opens only what it closed itself, and by a word, not by its silence.

    Who changed the class in the portal has the last word until the source changes its own; then
    the stricter of the two holds.
    """
    ours, theirs = current[ACCESS], new.get(ACCESS)
    before = base.get(ACCESS, _CLASSES[0])
    if theirs is None or theirs == before:
        return ours
    return theirs if ours == before else max(ours, theirs, key=_strictness)


def _strictness(access: Any) -> int:
    return _CLASSES.index(access) if access in _CLASSES else len(_CLASSES)


def _merge_fields(
    new: Mapping[str, Any], base: Mapping[str, Any], current: Mapping[str, Any]
) -> dict[str, Any]:
    kept = {k: v for k, v in current.items() if k not in base or k in new}
    return {**kept, **new}


def differences(before: MappedDataset, after: MappedDataset) -> Iterable[FieldChange]:
    """Field by field, then resource by resource; a whole resource is the field `resource`."""
    yield from _field_changes(before.fields, after.fields, None)
    old = {resource.id: resource for resource in before.resources}
    new = {resource.id: resource for resource in after.resources}
    for id_, resource in new.items():
        if id_ not in old:
            yield FieldChange("resource", None, _title(resource), id_)
            continue
        yield from _field_changes(_content(old[id_]), _content(resource), id_)
    for id_, resource in old.items():
        if id_ not in new:
            yield FieldChange("resource", _title(resource), None, id_)
    shared = [id_ for id_ in old if id_ in new]
    if shared != [id_ for id_ in new if id_ in old]:
        yield FieldChange("resource_order", list(old), list(new))


def _content(resource: MappedResource) -> dict[str, Any]:
    content = {**resource.fields, "table": resource.table, "file": resource.file}
    return {k: v for k, v in content.items() if v is not None}


def _title(resource: MappedResource) -> str:
    return str(resource.fields.get("name") or resource.fields.get("url") or resource.id)


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
