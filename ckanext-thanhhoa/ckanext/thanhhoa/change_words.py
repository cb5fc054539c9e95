"""A run's changes in words for people: "12 new datasets, 3 changes, 1 to withdraw"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ckan.plugins import toolkit
from ckanext.thanhhoa import helpers, page_helpers

import schemas
from harvesters import conflicts
from harvesters.mapping import CODED

#: A value longer than this is cut on the page; the API has it whole.
SHOWN = 400


def get_helpers() -> dict[str, Callable[..., Any]]:
    """Template helpers of this module."""
    return {
        "thanhhoa_field_label": thanhhoa_field_label,
        "thanhhoa_change_value": thanhhoa_change_value,
        "thanhhoa_told_changes": thanhhoa_told_changes,
    }


def letter(report: Mapping[str, Any]) -> str:
    """The counts of a report as one sentence; what is zero is left out."""
    if report["kind"] == "undo":
        return _undo_letter(report)
    created, updated, unchanged = report["created"], report["updated"], report["unchanged"]
    failed = report["failed"]
    said = [
        _counted(created, toolkit.ungettext("{n} new dataset", "{n} new datasets", created)),
        _counted(updated, toolkit.ungettext("{n} change", "{n} changes", updated)),
        _withdrawn(report),
        _counted(unchanged, toolkit.ungettext("{n} unchanged", "{n} unchanged", unchanged)),
        _counted(failed, toolkit.ungettext("{n} failed", "{n} failed", failed)),
    ]
    told = ", ".join(part for part in said if part)
    return told or toolkit._("nothing to change")


def _undo_letter(report: Mapping[str, Any]) -> str:
    back, restored, failed = report["created"], report["updated"], report["failed"]
    said = [
        _counted(back, toolkit.ungettext("{n} brought back", "{n} brought back", back)),
        _counted(restored, toolkit.ungettext("{n} put back", "{n} put back", restored)),
        _withdrawn(report),
        _counted(failed, toolkit.ungettext("{n} failed", "{n} failed", failed)),
    ]
    return ", ".join(part for part in said if part) or toolkit._("nothing to take back")


def _withdrawn(report: Mapping[str, Any]) -> str:
    gone = report["withdrawn"]
    if report["state"] == "applied":
        return _counted(gone, toolkit.ungettext("{n} withdrawn", "{n} withdrawn", gone))
    return _counted(gone, toolkit.ungettext("{n} to withdraw", "{n} to withdraw", gone))


def _counted(number: int, words: str) -> str:
    return words.format(n=helpers.thanhhoa_number(number)) if number else ""


def thanhhoa_field_label(field: str, of_resource: bool = False) -> str:
    """A field's title in the reader's language; its own name where it has none."""
    return conflicts.label(field, of_resource=of_resource)[helpers.language() != "vi"]


def thanhhoa_told_changes(fields: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Changed fields without the columns where these are still called the same.

    Which values a column has the table's own changes tell.
    """
    return [
        field
        for field in fields
        if field["field"] != "table_schema"
        or thanhhoa_change_value("table_schema", field["before"])
        != thanhhoa_change_value("table_schema", field["after"])
    ]


def thanhhoa_change_value(field: str, value: Any, other: Any = None) -> str:
    """A field's value, before or after a change or as mapped, as a person reads it.

    `other` is the other side of the change: where both would read alike, all of the value is said.
    """
    said = _in_words(field, value)
    if other is not None and other != value and said == _in_words(field, other):
        said = _joined(value, _plain)
    return said if len(said) <= SHOWN else said[:SHOWN] + "…"


def _in_words(field: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return "–"
    if field in ("table", "file"):
        return toolkit._("content {checksum}").format(checksum=str(value)[:8])
    if field == "table_schema" and isinstance(value, Mapping):
        return ", ".join(str(f.get("title") or f["name"]) for f in value.get("fields", []))
    if field == "resource_order":
        return toolkit._("another order")
    return _joined(value, _WRITTEN.get(field, _plain))


def _joined(value: Any, written: Callable[[Any], str]) -> str:
    parts = value if isinstance(value, (list, tuple)) else [value]
    return "; ".join(written(part) for part in parts if part not in (None, "", {})) or "–"


def _coded(codelist: str) -> Callable[[Any], str]:
    def written(code: Any) -> str:
        item = schemas.codelist(codelist).get(str(code))
        return f"{item.label(helpers.language())} ({code})" if item else str(code)

    return written


def _period(row: Any) -> str:
    return (page_helpers.row_period(row) if isinstance(row, Mapping) else "") or _plain(row)


def _place(row: Any) -> str:
    code = row.get("code") if isinstance(row, Mapping) else None
    if not code:
        return _plain(row)
    named = f"{row.get('text') or helpers.thanhhoa_place(str(code))} ({code})"
    day = row.get("valid_on")
    as_of = toolkit._("as of {date}").format(date=helpers.thanhhoa_date(day)) if day else ""
    return f"{named}, {as_of}" if as_of else named


_WRITTEN: dict[str, Callable[[Any], str]] = {
    **{field: _coded(codelist) for field, codelist in CODED.items()},
    "issued": helpers.day_and_time,
    "modified": helpers.day_and_time,
    "period": helpers.thanhhoa_period,
    "temporal_coverage": _period,
    "spatial_coverage": _place,
}


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(_plain(part) for part in value.values() if part not in (None, ""))
    if isinstance(value, (list, tuple)):
        return "; ".join(_plain(part) for part in value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return helpers.thanhhoa_number(value)
    return str(value)
