"""What a merge leaves for a person to settle, as notes of the run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import schemas
from harvesters.errors import Problem
from harvesters.merge import RESOURCE, title_of
from harvesters.model import Change, FieldChange, MappedDataset, MappedResource

#: Characters of a value that a note quotes.
QUOTED = 80
_LABELS = {
    "resource": ("Tệp hoặc bảng", "Resource"),
    "resource_order": ("Thứ tự các tệp và bảng", "Order of the resources"),
    "table": ("Bảng số liệu", "Table"),
    "file": ("Tệp gốc", "File as published"),
    "tags": ("Từ khóa", "Keywords"),
}


def notes(change: Change) -> Iterator[Problem]:
    """One note for each field that the portal kept against the source."""
    for conflict in change.conflicts:
        yield conflict_note("conflict", change, conflict)


def conflict_note(code: str, change: Change, conflict: FieldChange) -> Problem:
    """The note `code` on one field: ``before`` is the portal's value, ``after`` the other one."""
    vi, en = label(conflict.field, of_resource=conflict.resource is not None)
    params = {
        "title": change.title or change.remote_id,
        "field": vi,
        "field_en": en,
        "portal": _quoted(conflict.before),
        "source": _quoted(conflict.after),
    }
    return Problem(code, record=change.remote_id, params=params, note=True)


def still_open(
    names: Iterable[str], source: MappedDataset, portal: MappedDataset
) -> list[FieldChange]:
    """Those of the fields in which source and portal differ now, as conflicts.

    `names` are fields of the dataset, and ``resource id/field`` for those of a resource; `source`
    is the record as last harvested.
    """
    here, there = ({r.id: r for r in d.resources} for d in (portal, source))
    found = []
    for name in names:
        id_, slash, field = name.rpartition("/")
        ours, theirs = (portal, source) if not slash else (here.get(id_), there.get(id_))
        if field == RESOURCE:
            before, after = (title_of(r) if r else None for r in (here.get(id_), there.get(id_)))
            differs = (before is None) != (after is None)
        else:
            before, after = _held(ours, field), _held(theirs, field)
            differs = before != after and ours is not None and theirs is not None
        if differs:
            found.append(FieldChange(field, before, after, id_ or None))
    return found


def _held(place: MappedDataset | MappedResource | None, field: str) -> Any:
    if isinstance(place, MappedResource) and field in ("table", "file"):
        return getattr(place, field)
    return place.fields.get(field) if place is not None else None


def left_deleted(remote_id: str, title: str) -> Problem:
    """The note on a dataset that a person deleted in the portal."""
    params = {"title": title or remote_id}
    return Problem("deleted_by_steward", record=remote_id, params=params, note=True)


def changed_since(remote_id: str, title: str) -> Problem:
    """The note on a dataset that an undo leaves as it is."""
    params = {"title": title or remote_id}
    return Problem("undo_changed_since", record=remote_id, params=params, note=True)


def label(field: str, *, of_resource: bool = False) -> tuple[str, str]:
    """A field's name in Vietnamese and English; its own name where the schema has no label."""
    return _labels("resource_fields" if of_resource else "dataset_fields").get(
        field, (field, field)
    )


@cache
def _labels(kind: str) -> dict[str, tuple[str, str]]:
    found = dict(_LABELS)
    for field in schemas.load("dataset")[kind]:
        said: Any = field["label"]
        both = (said, said) if isinstance(said, str) else (said["vi"], said["en"])
        found[field["field_name"]] = both
    return found


def _quoted(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, (list, tuple)):
        text = "; ".join(_quoted(part) for part in value)
    elif isinstance(value, dict):
        text = ", ".join(_quoted(part) for part in value.values())
    else:
        text = str(value)
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"
