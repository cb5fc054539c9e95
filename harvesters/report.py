"""A run's report: one shape for the CLI's `--json`, the API and the page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from harvesters.codec import canonical_number
from harvesters.errors import Problem
from harvesters.messages import held_reasons, report_entry
from harvesters.model import CellChange, Change, Scalar, TableChange

COUNTS = ("created", "updated", "unchanged", "withdrawn", "failed")


@dataclass(frozen=True)
class RunFacts:
    """What the ledger knows of a run. `counts` are planned ones until the run is applied.

    `changes` may be cut; `changes_total` is the whole number. `titles` are the datasets' titles by
    remote id where they help a reader.
    """

    run: str
    source: str
    state: str
    complete: bool
    counts: Mapping[str, int]
    held_because: Sequence[str] = ()
    problems: Sequence[Problem] = ()
    started: datetime | None = None
    ended: datetime | None = None
    changes: Sequence[Change] = ()
    changes_total: int = 0
    kind: str = "run"
    extra: Mapping[str, Any] = field(default_factory=dict)


def report(facts: RunFacts, lang: str = "vi") -> dict[str, Any]:
    """The report as JSON-able data, messages and hints in the reader's language."""
    seconds = _seconds(facts)
    counts = {name: int(facts.counts.get(name, 0)) for name in COUNTS}
    records = sum(counts.values())
    return {
        "run": facts.run,
        "source": facts.source,
        "kind": facts.kind,
        "state": facts.state,
        "complete": facts.complete,
        **counts,
        "seconds": seconds,
        "records_per_second": round(records / seconds, 1) if seconds else None,
        "held_because": list(facts.held_because),
        "held_reasons": held_reasons(list(facts.held_because), lang),
        "errors": [report_entry(problem, lang) for problem in facts.problems if not problem.note],
        "notes": [report_entry(problem, lang) for problem in facts.problems if problem.note],
        "changes": [
            change_entry(change, lang) for change in facts.changes if change.action != "keep"
        ],
        "changes_total": facts.changes_total,
        **facts.extra,
    }


def change_entry(change: Change, lang: str = "vi") -> dict[str, Any]:
    """One record's line of `changes`. A table's `titles` name the columns that it speaks of."""
    names, titles = _names(change), _column_titles(change, lang)
    return {
        "record": change.remote_id,
        "dataset": change.dataset_id,
        "title": change.title,
        "action": change.action,
        "fields": [
            {
                "field": f.field,
                "before": f.before,
                "after": f.after,
                **({"resource": f.resource} if f.resource else {}),
            }
            for f in change.fields
        ],
        "tables": [_table_entry(t, names, titles.get(t.resource, {})) for t in change.tables],
        "conflicts": [
            {
                "field": c.field,
                "portal": c.before,
                "source": c.after,
                **({"resource": c.resource} if c.resource else {}),
            }
            for c in change.conflicts
        ],
    }


def _names(change: Change) -> dict[str, str]:
    resources = change.dataset.resources if change.dataset else ()
    return {resource.id: str(resource.fields.get("name", "")) for resource in resources}


def _column_titles(change: Change, lang: str) -> dict[str, dict[str, str]]:
    """By resource, the title of each column, of those before the change as well."""
    old = [(f.resource or "", f.before) for f in change.fields if f.field == "table_schema"]
    resources = change.dataset.resources if change.dataset else ()
    new = [(resource.id, resource.fields.get("table_schema")) for resource in resources]
    found: dict[str, dict[str, str]] = {}
    for resource, schema in (*old, *new):
        columns = schema.get("fields") if isinstance(schema, Mapping) else None
        for column in columns or ():
            title = (column.get("title_en") if lang == "en" else "") or column.get("title")
            if title:
                found.setdefault(resource, {})[column["name"]] = title
    return found


def _table_entry(
    table: TableChange, names: Mapping[str, str], titles: Mapping[str, str]
) -> dict[str, Any]:
    changed = (*table.columns_added, *table.columns_removed, *table.columns_retyped)
    spoken_of = dict.fromkeys([*(cell.column for cell in table.cells), *changed])
    return {
        "resource": table.resource,
        "name": names.get(table.resource, ""),
        "rows_added": table.rows_added,
        "rows_removed": table.rows_removed,
        "columns_added": list(table.columns_added),
        "columns_removed": list(table.columns_removed),
        "columns_retyped": list(table.columns_retyped),
        "cells": [_cell_entry(cell) for cell in table.cells],
        "cells_total": table.cells_total,
        "titles": {name: titles[name] for name in spoken_of if name in titles},
    }


def _cell_entry(cell: CellChange) -> dict[str, Any]:
    return {
        "row": cell.row,
        "column": cell.column,
        "before": plain(cell.before),
        "after": plain(cell.after),
    }


def plain(value: Scalar) -> Any:
    """A cell as JSON: numbers as numbers, dates as ISO text."""
    if isinstance(value, Decimal):
        text = canonical_number(value)
        return float(text) if "." in text else int(text)
    return value.isoformat() if isinstance(value, date) else value


def _seconds(facts: RunFacts) -> float | None:
    if facts.started is None or facts.ended is None:
        return None
    return round((facts.ended - facts.started).total_seconds(), 2)
