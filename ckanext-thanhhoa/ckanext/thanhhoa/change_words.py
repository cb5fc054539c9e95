"""A run's changes in words for people: "12 new datasets, 3 changes, 1 to withdraw"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ckan.plugins import toolkit
from ckanext.thanhhoa import helpers

import schemas

#: What a harvest compares beside the schema's fields.
_OWN = {
    "table": "Table",
    "file": "File as published",
    "resource": "Resource",
    "resource_order": "Order of the resources",
    "tags": "Keywords",
}
#: A value longer than this is cut on the page; the API has it whole.
SHOWN = 400


def get_helpers() -> dict[str, Callable[..., Any]]:
    """Template helpers of this module."""
    return {"thanhhoa_change_value": thanhhoa_change_value}


def letter(report: Mapping[str, Any]) -> str:
    """The counts of a report as one sentence; what is zero is left out."""
    said = [
        _counted(report["created"], "{n} new dataset", "{n} new datasets"),
        _counted(report["updated"], "{n} change", "{n} changes"),
        _withdrawn(report),
        _counted(report["unchanged"], "{n} unchanged", "{n} unchanged"),
        _counted(report["failed"], "{n} failed", "{n} failed"),
    ]
    told = ", ".join(part for part in said if part)
    return told or toolkit._("nothing to change")


def _withdrawn(report: Mapping[str, Any]) -> str:
    if report["state"] == "applied":
        return _counted(report["withdrawn"], "{n} withdrawn", "{n} withdrawn")
    return _counted(report["withdrawn"], "{n} to withdraw", "{n} to withdraw")


def _counted(number: int, singular: str, plural: str) -> str:
    if not number:
        return ""
    words: str = toolkit.ungettext(singular, plural, number)
    return words.format(n=helpers.thanhhoa_number(number))


def field_labels() -> dict[str, str]:
    """Names of fields, of datasets and resources, in the reader's language."""
    labels = {name: toolkit._(words) for name, words in _OWN.items()}
    schema = schemas.load("dataset")
    lang = helpers.language()
    for field in (*schema["resource_fields"], *schema["dataset_fields"]):
        label = field["label"]
        labels[field["field_name"]] = label if isinstance(label, str) else label[lang]
    return labels


def thanhhoa_change_value(field: str, value: Any) -> str:
    """A field's value before or after a change, as a person reads it."""
    if value in (None, "", [], {}):
        return "–"
    if field in ("table", "file"):
        return toolkit._("content {checksum}").format(checksum=str(value)[:8])
    if field == "table_schema" and isinstance(value, Mapping):
        return ", ".join(str(f.get("title") or f["name"]) for f in value.get("fields", []))
    if field == "resource_order":
        return toolkit._("another order")
    shown = _plain(value)
    return shown if len(shown) <= SHOWN else shown[:SHOWN] + "…"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(_plain(part) for part in value.values() if part not in (None, ""))
    if isinstance(value, (list, tuple)):
        return "; ".join(_plain(part) for part in value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return helpers.thanhhoa_number(value)
    return str(value)
