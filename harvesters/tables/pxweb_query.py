"""Queries to PX-Web's API v1 within the server's limit, and their answers joined. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harvesters.errors import HarvestError
from harvesters.tables.cube import Category, Cube, Dimension, Figure
from harvesters.tables.pxweb_json import TableInfo, Variable
from schemas.text import fold


def choose(info: TableInfo, select: Mapping[str, Any]) -> TableInfo:
    """The table cut down to the wanted values.

    `select` gives for a variable (by code or text) a list of values (by code or text, accents
    aside) or ``top:N`` for the last N. A variable that a table lacks is passed over; a value that
    the variable lacks is `unknown_code`.
    """
    rules = {fold(str(name)): rule for name, rule in select.items()}

    def cut(variable: Variable) -> Variable:
        rule = rules.get(fold(variable.code), rules.get(fold(variable.text)))
        if rule is None:
            return variable
        kept = _wanted(variable, rule)
        return replace(
            variable,
            values=tuple(variable.values[at] for at in kept),
            texts=tuple(variable.texts[at] for at in kept),
        )

    return replace(info, variables=tuple(cut(variable) for variable in info.variables))


def _wanted(variable: Variable, rule: Any) -> list[int]:
    if isinstance(rule, str) and rule.startswith("top:") and rule[4:].isdigit():
        return list(range(len(variable.values)))[-int(rule[4:]) :]
    names: dict[str, int] = {}
    for at, (code, text) in enumerate(zip(variable.values, variable.texts, strict=True)):
        names.setdefault(fold(text), at)
        names.setdefault(code, at)
    kept = []
    for item in rule if isinstance(rule, (list, tuple)) else [rule]:
        at = names.get(str(item), names.get(fold(str(item)), -1))
        if at < 0:
            raise HarvestError(
                "unknown_code", field=f"PX-Web {variable.text}", value=item, nearest=""
            )
        kept.append(at)
    return sorted(set(kept))


def queries(info: TableInfo, answer: str, cells: int) -> list[dict[str, Any]]:
    """The bodies to POST so that no answer has more than `cells` cells.

    The table is cut along its longest variable, then the next one, as far as needed; the order of
    the parts follows the values, so the same table always gives the same parts.
    """
    parts: list[list[Sequence[str]]] = [[variable.values for variable in info.variables]]
    while parts and max(_size(part) for part in parts) > max(cells, 1):
        if all(_size(part) <= max(cells, 1) or max(map(len, part)) == 1 for part in parts):
            break
        parts = [smaller for part in parts for smaller in _split(part, max(cells, 1))]
    return [
        {
            "query": [
                {"code": variable.code, "selection": {"filter": "item", "values": list(values)}}
                for variable, values in zip(info.variables, part, strict=True)
            ],
            "response": {"format": answer},
        }
        for part in parts
    ]


def _size(part: Sequence[Sequence[str]]) -> int:
    return math.prod(map(len, part))


def _split(part: list[Sequence[str]], cells: int) -> list[list[Sequence[str]]]:
    if _size(part) <= cells:
        return [part]
    longest = max(range(len(part)), key=lambda at: len(part[at]))
    rest = _size(part) // len(part[longest])
    step = max(1, cells // rest)
    values = part[longest]
    return [
        [*part[:longest], values[at : at + step], *part[longest + 1 :]]
        for at in range(0, len(values), step)
    ]


def assemble(info: TableInfo, cubes: Sequence[Cube], where: str = "") -> Cube:
    """The parts of a table as one cube, in the order of the metadata's variables and values.

    Units, roles, notes are those of the first part. Raises `bad_value` when a part has a variable
    or a value that was not asked for.
    """
    first = cubes[0]
    if len(cubes) == 1:
        return first
    dimensions = tuple(
        _whole(info, cubes, name, where) for name in (d.code for d in first.dimensions)
    )
    values: dict[int, Figure] = {}
    symbols: dict[int, str] = {}
    for cube in cubes:
        for at, place in _places(cube, dimensions):
            if at in cube.values:
                values[place] = cube.values[at]
            if at in cube.symbols:
                symbols[place] = cube.symbols[at]
    return replace(first, dimensions=dimensions, values=values, symbols=symbols)


def _whole(info: TableInfo, cubes: Sequence[Cube], name: str, where: str) -> Dimension:
    """One dimension with the categories of all parts, ordered as the metadata has them."""
    found: dict[str, Category] = {}
    for cube in cubes:
        own = [d for d in cube.dimensions if d.code == name]
        if not own:
            raise _bad(where, "variables", name)
        found.update({category.code: category for category in own[0].categories})
    order = next((v.values for v in info.variables if v.code == name), ())
    if set(found) - set(order):
        raise _bad(where, name, ", ".join(sorted(set(found) - set(order)))[:80])
    first = next(d for d in cubes[0].dimensions if d.code == name)
    return replace(first, categories=tuple(found[code] for code in order if code in found))


def _places(cube: Cube, whole: Sequence[Dimension]) -> list[tuple[int, int]]:
    """Each position of a part with its position in the whole."""
    by_name = {dimension.code: dimension for dimension in cube.dimensions}
    places = [0]
    for dimension in whole:
        index = {category.code: at for at, category in enumerate(dimension.categories)}
        size = len(dimension.categories)
        own = [index[category.code] for category in by_name[dimension.code].categories]
        places = [place * size + at for place in places for at in own]
    return list(enumerate(places))


def _bad(where: str, field: str, value: object) -> HarvestError:
    return HarvestError(
        "bad_value", where=where, field=f"PX-Web {field}", value=str(value)[:80], detail=""
    )
