"""Three versions of a dataset into one: a steward's edits survive the next harvest. Pure.

*base* is the record as last harvested, *source* the record as harvested now, *portal* what the
catalogue holds. Who did not change a value follows the one who did; where both did, the owner of
the field has the last word, and without an owner the portal's value stays and the conflict is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harvesters.model import FieldChange, MappedDataset, MappedResource
from harvesters.settings import Ownership

#: The field of the access class, and its codes from open to closed (codelist access_class).
ACCESS = "access_rights"
_CLASSES = ("PUBLIC", "RESTRICTED", "NON_PUBLIC")
#: Where a dataset comes from is not for the portal to say.
_OF_THE_SOURCE = ("identifier", "harvest_source")
#: Fields that are merged as sets of words.
_SETS = ("tags",)
#: What belongs to the bytes of a resource is kept or replaced together: a file of one version
#: never stands under the name, the checksum or the columns of another.
_CONTENT = (
    "file", "table", "url", "filename", "mimetype", "size", "hash", "hash_algorithm",
    "table_schema",
)  # fmt: skip
#: The name under which a conflict over a whole resource is told.
RESOURCE = "resource"

_MERGE = Ownership()


@dataclass(frozen=True)
class Merged:
    """The result. `conflicts` have the portal's value, which stays, as `before`, and the source's
    as `after`.
    """

    dataset: MappedDataset
    conflicts: tuple[FieldChange, ...] = ()


def merge(
    base: MappedDataset | None,
    source: MappedDataset,
    portal: MappedDataset,
    ownership: Ownership = _MERGE,
) -> Merged:
    """What the catalogue is to hold. Without a `base`, the source's word holds where it has one."""
    if base is None:
        base = _as_if_harvested(source, portal)
    owners = _Owners(ownership.default, ownership.fields)
    fields, conflicts = _merge_fields(base.fields, source.fields, portal.fields, owners, None)
    if ACCESS in portal.fields:
        fields[ACCESS] = _access_class(base.fields, source.fields, portal.fields)
        conflicts = [c for c in conflicts if c.field != ACCESS]
        conflicts += _access_conflict(base.fields, source.fields, portal.fields, fields)
    resources, more = _merge_resources(base, source, portal, ownership)
    return Merged(MappedDataset(source.id, fields, resources), (*conflicts, *more))


@dataclass(frozen=True)
class _Owners:
    default: str
    fields: Mapping[str, str]

    def of(self, field: str) -> str:
        if field in _OF_THE_SOURCE:
            return "source"
        return self.fields.get(field, self.default)


def _as_if_harvested(source: MappedDataset, portal: MappedDataset) -> MappedDataset:
    """A base with which the source is right wherever it speaks, and the rest is the portal's."""
    fields = {k: v for k, v in portal.fields.items() if k in source.fields}
    theirs = {resource.id: resource for resource in source.resources}
    resources = tuple(
        replace(r, fields={k: v for k, v in r.fields.items() if k in theirs[r.id].fields})
        for r in portal.resources
        if r.id in theirs
    )
    return MappedDataset(portal.id, fields, resources)


def _merge_fields(
    base: Mapping[str, Any],
    source: Mapping[str, Any],
    portal: Mapping[str, Any],
    owners: _Owners,
    resource: str | None,
) -> tuple[dict[str, Any], list[FieldChange]]:
    merged: dict[str, Any] = {}
    conflicts = []
    for name in dict.fromkeys([*portal, *source]):
        b, s, p = base.get(name), source.get(name), portal.get(name)
        value, conflict = _value(name, b, s, p, owners.of(name))
        if value is not None:
            merged[name] = value
        if conflict:
            conflicts.append(FieldChange(name, p, s, resource))
    return merged, conflicts


def _value(name: str, base: Any, source: Any, portal: Any, owner: str) -> tuple[Any, bool]:
    """The merged value, None for none, and whether it is the portal's against the source's."""
    if base == source or source == portal:
        # The source has nothing new to say; its own field goes back to its word all the same.
        return (source if owner == "source" and source is not None else portal), False
    if owner == "portal":
        return portal, False
    if owner == "source" or portal == base:
        return source, False
    if name in _SETS:
        return _set(base, source, portal), False
    return portal, True


def _set(base: Any, source: Any, portal: Any) -> list[Any] | None:
    b, s, p = set(base or ()), set(source or ()), set(portal or ())
    return sorted((b & s & p) | (s - b) | (p - b)) or None


def _access_class(
    base: Mapping[str, Any], source: Mapping[str, Any], portal: Mapping[str, Any]
) -> Any:
    """A source opens only what it closed itself, and by a word, not by its silence.

    Who changed the class in the portal has the last word until the source changes its own; then
    the stricter of the two holds.
    """
    ours, theirs = portal[ACCESS], source.get(ACCESS)
    before = base.get(ACCESS, _CLASSES[0])
    if theirs is None or theirs == before:
        return ours
    return theirs if ours == before else max(ours, theirs, key=_strictness)


def same(one: MappedDataset, other: MappedDataset) -> bool:
    """Whether two datasets say the same; a class that is not named is the open one."""
    fields = [{ACCESS: _CLASSES[0], **dataset.fields} for dataset in (one, other)]
    return fields[0] == fields[1] and one.resources == other.resources


def _strictness(access: Any) -> int:
    return _CLASSES.index(access) if access in _CLASSES else len(_CLASSES)


def _access_conflict(
    base: Mapping[str, Any],
    source: Mapping[str, Any],
    portal: Mapping[str, Any],
    merged: Mapping[str, Any],
) -> list[FieldChange]:
    ours, theirs = portal[ACCESS], source.get(ACCESS)
    changed = theirs is not None and theirs != base.get(ACCESS, _CLASSES[0])
    return [FieldChange(ACCESS, ours, theirs)] if changed and merged[ACCESS] != theirs else []


def _merge_resources(
    base: MappedDataset, source: MappedDataset, portal: MappedDataset, ownership: Ownership
) -> tuple[tuple[MappedResource, ...], list[FieldChange]]:
    b, s, p = _by_id(base.resources), _by_id(source.resources), _by_id(portal.resources)
    merged: dict[str, MappedResource] = {}
    conflicts: list[FieldChange] = []
    for id_ in dict.fromkeys([*s, *p]):
        resource, told = _resource(b.get(id_), s.get(id_), p.get(id_), ownership)
        conflicts.extend(told)
        if resource is not None:
            merged[id_] = resource
    order = _order(list(b), list(s), list(p))
    return tuple(merged[id_] for id_ in order if id_ in merged), conflicts


def _by_id(resources: Iterable[MappedResource]) -> dict[str, MappedResource]:
    return {resource.id: resource for resource in resources}


def _resource(
    base: MappedResource | None,
    source: MappedResource | None,
    portal: MappedResource | None,
    ownership: Ownership,
) -> tuple[MappedResource | None, list[FieldChange]]:
    if source is None:
        return _dropped(base, portal, ownership.default)
    if portal is None:
        return _removed_here(base, source, ownership.default)
    owners = _Owners(ownership.default, ownership.resource_fields)
    return _merge_resource(base or MappedResource(source.id, {}), source, portal, owners)


def _dropped(
    base: MappedResource | None, portal: MappedResource | None, owner: str
) -> tuple[MappedResource | None, list[FieldChange]]:
    """The source does not list it: a steward's own stays, and so does what a steward edited."""
    if base is None or portal is None or owner == "portal":
        return portal, []
    if owner == "source" or _flat(portal) == _flat(base):
        return None, []
    return portal, [FieldChange(RESOURCE, title_of(portal), None, portal.id)]


def _removed_here(
    base: MappedResource | None, source: MappedResource, owner: str
) -> tuple[MappedResource | None, list[FieldChange]]:
    """New in the source, or removed by a steward: then it stays removed, unless the source rules.

    That the source changed it in the meantime is told.
    """
    if base is None or owner == "source":
        return source, []
    if owner == "portal" or _flat(base) == _flat(source):
        return None, []
    return None, [FieldChange(RESOURCE, None, title_of(source), source.id)]


def _merge_resource(
    base: MappedResource, source: MappedResource, portal: MappedResource, owners: _Owners
) -> tuple[MappedResource, list[FieldChange]]:
    rest, conflicts = _merge_fields(
        _rest(base), _rest(source), _rest(portal), owners, resource=source.id
    )
    b, s, p = _content(base), _content(source), _content(portal)
    owner = next(
        (owners.fields[name] for name in _CONTENT if name in owners.fields), owners.default
    )
    content, conflict = _value("content", b, s, p, owner)
    if conflict:
        name = next((name for name in _CONTENT if p.get(name) != s.get(name)), "url")
        conflicts.append(FieldChange(name, p.get(name), s.get(name), source.id))
    content = dict(content or {})
    table, file = content.pop("table", None), content.pop("file", None)
    return MappedResource(source.id, {**rest, **content}, table, file), conflicts


def _flat(resource: MappedResource) -> dict[str, Any]:
    flat = {**resource.fields, "table": resource.table, "file": resource.file}
    return {name: value for name, value in flat.items() if value is not None}


def _content(resource: MappedResource) -> dict[str, Any]:
    return {name: value for name, value in _flat(resource).items() if name in _CONTENT}


def _rest(resource: MappedResource) -> dict[str, Any]:
    return {name: value for name, value in _flat(resource).items() if name not in _CONTENT}


def _order(base: list[str], source: list[str], portal: list[str]) -> list[str]:
    """The order of who changed it; where both did, the portal's, and what is new at the end."""
    if source == base:
        first, then = portal, source
    elif portal == base or [i for i in portal if i in base] == [i for i in base if i in portal]:
        first, then = source, portal
    else:
        first, then = portal, source
    return list(dict.fromkeys([*first, *then]))


def title_of(resource: MappedResource) -> str:
    """What a person calls a resource."""
    return str(resource.fields.get("name") or resource.fields.get("url") or resource.id)
