"""Mapped values in the form the catalogue will give them back in, so that equal means equal.

The rules are the schema's own: each portal field names its validators, and the pure functions
behind them (`schemas.rules`) are applied here before anything is compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import schemas
from harvesters.errors import HarvestError
from schemas import rules
from schemas.rules import RuleError

Rule = Callable[[Any], Any]

_BY_VALIDATOR: Mapping[str, Rule] = {
    "thanhhoa_date": rules.iso_date,
    "thanhhoa_period_span": rules.period_span,
    "thanhhoa_phone": lambda value: rules.phone(str(value)),
    "thanhhoa_web_url": lambda value: rules.web_url(str(value)),
    "thanhhoa_resource_url": lambda value: rules.resource_url(str(value)),
    "thanhhoa_format": lambda value: rules.resource_format(str(value)),
    "thanhhoa_table_schema": lambda value: json.loads(rules.table_schema(value)),
    "thanhhoa_text": lambda value: rules.clean_text(str(value)),
}
#: Fields of rows that are completed as a whole: reporting periods, places.
_ROWS: Mapping[str, Rule] = {
    "temporal_coverage": rules.complete_period,
    "spatial_coverage": rules.complete_place,
}


def normalise(fields: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The fields in normal form; `kind` is ``dataset`` or ``resource``.

    Raises HarvestError `bad_value` with the rule's own sentence as detail.
    """
    known = _rules(kind)
    return {name: _apply(name, value, known.get(name)) for name, value in fields.items()}


@cache
def _rules(kind: str) -> Mapping[str, Rule]:
    presets = {
        preset["preset_name"]: preset["values"] for preset in schemas.load("presets")["presets"]
    }
    found: dict[str, Rule] = {}
    for field in schemas.load("dataset")[f"{kind}_fields"]:
        name = field["field_name"]
        if "repeating_subfields" in field:
            found[name] = _rows(field["repeating_subfields"], presets, _ROWS.get(name))
        elif (rule := _rule(field, presets)) is not None:
            found[name] = rule
    return found


def _rule(field: Mapping[str, Any], presets: Mapping[str, Any]) -> Rule | None:
    preset = presets.get(field.get("preset", ""), {})
    names = (field.get("validators") or preset.get("validators") or "").split()
    return next((rule for name, rule in _BY_VALIDATOR.items() if name in names), None)


def _rows(subfields: Any, presets: Mapping[str, Any], complete: Rule | None) -> Rule:
    by_name = {field["field_name"]: _rule(field, presets) for field in subfields}

    def rule(value: Any) -> Any:
        rows = [value] if isinstance(value, Mapping) else value
        return [one for one in (_row(row) for row in rows) if one]

    def _row(row: Mapping[str, Any]) -> dict[str, Any]:
        cleaned = {
            key: (by_name.get(key) or (lambda cell: cell))(cell)
            for key, cell in row.items()
            if key in by_name and cell not in (None, "")
        }
        return complete(cleaned) if complete is not None and cleaned else cleaned

    return rule


def _apply(name: str, value: Any, rule: Rule | None) -> Any:
    if rule is None or value in (None, "", [], {}):
        return value
    try:
        return rule(value)
    except RuleError as error:
        raise HarvestError(
            "bad_value",
            field=name,
            value=str(value)[:80],
            detail=error.message("vi"),
            detail_en=error.message("en"),
        ) from error
