"""The typed table made of a cube.

One row per combination of the categories of all dimensions but the *contents* one, and one measure
column per category of that (``Diện tích``, ``Dân số trung bình``); without a contents dimension
there is one measure column ``gia_tri``.

Combinations of which the source says nothing at all (null, no symbol) are left out; those with a
symbol for a missing figure (``..``) are kept, with the symbol in the column ``ghi_chu``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from harvesters.errors import HarvestError
from harvesters.model import Column, Scalar, Table
from harvesters.tables.cube import (
    MAX_CELLS,
    Cube,
    Dimension,
    clean,
    measure_unit,
    period_of,
    plain_title,
    too_many,
    with_roles,
)
from harvesters.tables.hierarchy import by_indent, by_parents
from schemas.text import column_name, fold


@dataclass(frozen=True)
class _Axis:
    """The columns that a dimension gives, and for each of its categories their cells."""

    columns: tuple[Column, ...]
    cells: tuple[tuple[Scalar, ...], ...]
    notes: tuple[str, ...]


def to_table(cube: Cube, where: str = "", cells: int = MAX_CELLS) -> Table:
    """The cube as a table. Raises `no_table` without any figure, `too_large` beyond `cells`."""
    if len(cube.values) > cells:
        raise too_many(where, cells)
    if not any(value is not None for value in cube.values.values()):
        raise HarvestError("no_table", where=where)
    cube = with_roles(cube)
    contents = next((i for i, d in enumerate(cube.dimensions) if d.role == "contents"), None)
    axes = [None if i == contents else _axis(d) for i, d in enumerate(cube.dimensions)]
    measures = _measures(cube, contents)
    rows = _rows(cube, axes, contents, measures)
    columns = [column for axis in axes if axis for column in axis.columns]
    note = Column("ghi_chu", "text", "Ghi chú", "Notes", role="note")
    typed = _typed(cube, contents, measures, rows, len(columns))
    named = _unique([*columns, *typed, note])
    if not any(row[-1] for row in rows):
        named, rows = named[:-1], [row[:-1] for row in rows]
    return Table(tuple(named), tuple(rows), plain_title(cube), tuple(map(clean, cube.notes)))


def _axis(dimension: Dimension) -> _Axis:
    if dimension.role == "time":
        return _time_axis(dimension)
    labels = [clean(c.label) for c in dimension.categories]
    title, name = clean(dimension.label), column_name(dimension.label)
    role: Literal["dimension", "note"] = "dimension"
    columns = [Column(name, "text", title, clean(dimension.label_en), role=role)]
    cells: list[list[Scalar]] = [[label] for label in labels]
    if _codes_say_something(dimension, labels):
        columns.append(Column(_joined("ma", name), "text", f"Mã {title}", role=role))
        for row, category in zip(cells, dimension.categories, strict=True):
            row.append(clean(category.code))
    tree = by_parents(dimension.categories) or by_indent([c.label for c in dimension.categories])
    if tree:
        twice = len(set(labels)) < len(labels)
        columns += [
            Column(_joined("cap", name), "integer", f"Cấp của {title}", role="note"),
            Column(
                _joined("thuoc", name),
                "text",
                f"{title} cấp trên",
                role="dimension" if twice else "note",
            ),
        ]
        for row, (level, parent) in zip(cells, tree, strict=True):
            row += [level, None if parent is None else labels[parent]]
    return _Axis(tuple(columns), tuple(map(tuple, cells)), ("",) * len(cells))


def _joined(prefix: str, name: str) -> str:
    return column_name(f"{prefix} {name}".replace("_", " "))


def _codes_say_something(dimension: Dimension, labels: Sequence[str]) -> bool:
    """Bare positions and copies of the labels are no codes; they help only where labels repeat."""
    codes = [c.code for c in dimension.categories]
    if len(set(labels)) < len(labels) and not by_parents(dimension.categories):
        return True
    positions = [str(i) for i in range(len(codes))], [str(i + 1) for i in range(len(codes))]
    told = [fold(label).replace(" ", "") for label in labels]
    return codes not in positions and [fold(c).replace(" ", "") for c in codes] != told


def _time_axis(dimension: Dimension) -> _Axis:
    """The time as a year (integer) where all are years, else the period's text; states as notes."""
    found = [period_of(category) for category in dimension.categories]
    labels = [clean(c.label) for c in dimension.categories]
    texts = [p.text if p else label for p, label in zip(found, labels, strict=True)]
    states = [p.state if p else "" for p in found]
    if len(set(texts)) < len(texts):
        texts, states = labels, [""] * len(labels)
        found = [None] * len(labels)
    name, title = column_name(dimension.label), clean(dimension.label)
    if all(p is not None and p.kind == "year" for p in found):
        column = Column(name, "integer", title, clean(dimension.label_en), role="time")
        return _Axis((column,), tuple((p.year,) for p in found if p), tuple(states))
    column = Column(name, "text", title, clean(dimension.label_en), role="time")
    return _Axis((column,), tuple((text,) for text in texts), tuple(states))


def _measures(cube: Cube, contents: int | None) -> list[Column]:
    if contents is None:
        return [Column("gia_tri", "number", "Giá trị", "Value", unit=clean(cube.unit))]
    found = []
    for category in cube.dimensions[contents].categories:
        # A unit that was told in brackets stands in its own place.
        title, unit = measure_unit(clean(category.label))
        title_en, _ = measure_unit(clean(category.label_en))
        unit = clean(category.unit) or unit or clean(cube.unit)
        found.append(Column(column_name(title), "number", title, title_en, unit=unit))
    return found


def _rows(
    cube: Cube, axes: Sequence[_Axis | None], contents: int | None, measures: Sequence[Column]
) -> list[tuple[Scalar, ...]]:
    """One row per combination that has a figure or a symbol, in the order of the cube."""
    sizes = [len(d.categories) for d in cube.dimensions]
    gathered: dict[tuple[int, ...], dict[int, int]] = {}
    for position in sorted(cube.values.keys() | cube.symbols.keys()):
        if cube.values.get(position) is None and not cube.symbols.get(position):
            continue
        index = _indices(position, sizes)
        measure = 0 if contents is None else index[contents]
        key = tuple(at for i, at in enumerate(index) if i != contents)
        gathered.setdefault(key, {})[measure] = position
    kept = [axis for axis in axes if axis]
    rows = []
    for key in sorted(gathered):
        row: list[Scalar] = []
        states = []
        for axis, at in zip(kept, key, strict=True):
            row += axis.cells[at]
            states.append(axis.notes[at])
        positions = gathered[key]
        row += [cube.values.get(positions.get(i, -1)) for i in range(len(measures))]
        symbols = {i: cube.symbols.get(p, "") for i, p in positions.items()}
        row.append(_note(states, symbols, measures))
        rows.append(tuple(row))
    return rows


def _note(
    states: Sequence[str], symbols: Mapping[int, str], measures: Sequence[Column]
) -> str | None:
    said = [state for state in states if state]
    different = set(symbols.values())
    if len(different) == 1:
        said += [symbol for symbol in different if symbol]
    else:
        said += [f"{measures[i].title}: {symbol}" for i, symbol in symbols.items() if symbol]
    return "; ".join(said) or None


def _indices(position: int, sizes: Sequence[int]) -> tuple[int, ...]:
    index = []
    for size in reversed(sizes):
        position, at = divmod(position, size)
        index.append(at)
    return tuple(reversed(index))


def _typed(
    cube: Cube,
    contents: int | None,
    measures: Sequence[Column],
    rows: Sequence[tuple[Scalar, ...]],
    first: int,
) -> list[Column]:
    """Integer only where the source declares no decimals and keeps its word.

    Not by the figures alone: a year of round figures must not change the type of a column.
    """
    if contents is None:
        decimals = [cube.decimals]
    else:
        decimals = [c.decimals for c in cube.dimensions[contents].categories]
    typed = []
    for offset, (column, declared) in enumerate(zip(measures, decimals, strict=True)):
        declared = cube.decimals if declared is None else declared
        whole = all(isinstance(row[first + offset], (int, type(None))) for row in rows)
        typed.append(replace(column, type="integer") if declared == 0 and whole else column)
    return typed


def _unique(columns: Sequence[Column]) -> list[Column]:
    """Names told apart by a number where two titles give the same one, in order."""
    seen: set[str] = set()
    named = []
    for column in columns:
        name, number = column.name, 2
        while name in seen:
            name, number = f"{column.name[:46]}_{number}", number + 1
        seen.add(name)
        named.append(replace(column, name=name))
    return named
