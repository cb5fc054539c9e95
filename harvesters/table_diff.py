"""What changed between two tables, figure by figure. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harvesters.model import CellChange, Column, MappedDataset, Scalar, Table, TableChange

#: How many changed cells a plan lists for one table; the total stands beside them.
CELLS_LISTED = 1000


def changed_tables(
    wanted: MappedDataset, current: MappedDataset | None, load: Callable[[str], Table]
) -> dict[str, TableChange]:
    """What changes in the tables of a dataset, by resource id; `load` gives a table by digest."""
    held = {r.id: r.table for r in current.resources} if current else {}
    changes = {}
    for resource in wanted.resources:
        before = held.get(resource.id)
        if resource.table is None or resource.table == before:
            continue
        old = load(before) if before else None
        change = compare_tables(resource.id, old, load(resource.table))
        if change is not None:
            changes[resource.id] = change
    return changes


def compare_tables(resource: str, before: Table | None, after: Table) -> TableChange | None:
    """The change of one table, or None when the figures and columns are the same.

    Rows are matched by the values of their dimension and time columns where those are unique in
    both tables, else by all text columns, else by position.
    """
    if before is None:
        return TableChange(resource, rows_added=len(after.rows), rows_after=len(after.rows))
    old, new = {c.name: c for c in before.columns}, {c.name: c for c in after.columns}
    shared = [name for name in new if name in old]
    key = _key_columns(before, after, shared)
    rows_before, rows_after = _by_key(before, key), _by_key(after, key)
    cells = _cells(before, after, rows_before, rows_after, shared, key)
    change = TableChange(
        resource,
        rows_added=sum(k not in rows_before for k in rows_after),
        rows_removed=sum(k not in rows_after for k in rows_before),
        cells=tuple(cells[:CELLS_LISTED]),
        cells_total=len(cells),
        columns_added=tuple(name for name in new if name not in old),
        columns_removed=tuple(name for name in old if name not in new),
        columns_retyped=tuple(name for name in shared if _retyped(old[name], new[name])),
        rows_before=len(before.rows),
        rows_after=len(after.rows),
    )
    changed = (
        change.rows_added
        or change.rows_removed
        or cells
        or change.columns_added
        or change.columns_removed
        or change.columns_retyped
    )
    return change if changed else None


def _retyped(before: Column, after: Column) -> bool:
    """Whole numbers that get their first decimals are the same column still."""
    return before.type != after.type and {before.type, after.type} != {"integer", "number"}


def _key_columns(before: Table, after: Table, shared: Sequence[str]) -> list[str]:
    columns = [c for c in after.columns if c.name in shared]
    for names in (
        [c.name for c in columns if c.role in ("dimension", "time")],
        [c.name for c in columns if c.type == "text" and c.role != "note"],
    ):
        if names and _unique(before, names) and _unique(after, names):
            return names
    return []


def _unique(table: Table, names: Sequence[str]) -> bool:
    places = _places(table.columns, names)
    keys = [tuple(row[i] for i in places) for row in table.rows]
    return len(set(keys)) == len(keys)


def _by_key(table: Table, key: Sequence[str]) -> dict[tuple[Scalar, ...], tuple[Scalar, ...]]:
    if not key:
        return {(number,): row for number, row in enumerate(table.rows, 1)}
    places = _places(table.columns, key)
    return {tuple(row[i] for i in places): row for row in table.rows}


def _places(columns: Sequence[Column], names: Sequence[str]) -> list[int]:
    position = {column.name: i for i, column in enumerate(columns)}
    return [position[name] for name in names]


def _cells(
    before: Table,
    after: Table,
    rows_before: dict[tuple[Scalar, ...], tuple[Scalar, ...]],
    rows_after: dict[tuple[Scalar, ...], tuple[Scalar, ...]],
    shared: Sequence[str],
    key: Sequence[str],
) -> list[CellChange]:
    compared = [name for name in shared if name not in key]
    old_places, new_places = _places(before.columns, compared), _places(after.columns, compared)
    changes = []
    for row_key, row in rows_after.items():
        old = rows_before.get(row_key)
        if old is None or old == row:
            continue
        for name, i, j in zip(compared, old_places, new_places, strict=True):
            if old[i] != row[j]:
                changes.append(CellChange(_say_key(row_key), name, old[i], row[j]))
    return changes


def _say_key(key: tuple[Scalar, ...]) -> str:
    return " · ".join("" if part is None else str(part) for part in key)
