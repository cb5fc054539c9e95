"""A statistical cube as PX and JSON-stat tell it: dimensions with categories, and figures.

What a source did not declare (which dimension is the time, which one tells indicators apart) is
told here by evidence. `cube_table` makes the typed table of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from harvesters.errors import HarvestError
from harvesters.tables.period import Period, coverage, frequency, looks_like_time, parse_period
from schemas.text import fold, nfc

Figure = int | Decimal | None

#: Figures above which a table is refused where its source has no limit of its own.
MAX_CELLS = 5_000_000
#: What offices call the dimension that tells one indicator from another, folded.
_CONTENTS = {
    "chi tieu", "cac chi tieu", "items", "item", "indicator", "indicators", "contents",
    "statistical variable", "observations", "contentscode", "tabellinnehall", "uppgifter", "tiedot",
}  # fmt: skip
_UNIT = re.compile(
    r"%|‰|\b(km2|km²|km|m2|m²|m3|m³|ha|hecta|héc-ta|kg|tấn|tạ|tonnes?|tons?|người|lượt|hộ"
    r"|pers(ons?)?|thous|mill|bill|nghìn|ngàn|triệu|tỷ|đồng|vnd|usd|đô la|kwh|mw|lần|vụ|cái|con"
    r"|index|percent)\b",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"^(?P<name>.+?)\s*\((?P<unit>.+)\)$")
_STAR = re.compile(r"\s*\(?\*+\)?$")


@dataclass(frozen=True)
class Category:
    """One value of a dimension. `label` is as published (leading blanks and all)."""

    code: str
    label: str
    label_en: str = ""
    parent: str = ""
    unit: str = ""
    decimals: int | None = None


@dataclass(frozen=True)
class Dimension:
    """One axis. `role` is ``dimension``, ``time``, ``contents``, or empty when not declared."""

    code: str
    label: str
    categories: tuple[Category, ...]
    role: Literal["", "dimension", "time", "contents"] = ""
    label_en: str = ""


@dataclass(frozen=True)
class Cube:
    """`values` and `symbols` by position, counted row by row (the last dimension runs fastest).

    A position that is in neither has no figure and no explanation. `updated` is an ISO date or
    date and time, empty when unknown.
    """

    title: str
    dimensions: tuple[Dimension, ...]
    values: Mapping[int, Figure]
    symbols: Mapping[int, str] = field(default_factory=dict)
    title_en: str = ""
    key: str = ""
    unit: str = ""
    decimals: int | None = None
    source: str = ""
    updated: str = ""
    next_update: str = ""
    language: str = ""
    contact: str = ""
    link: str = ""
    subject: str = ""
    notes: tuple[str, ...] = ()


def too_many(where: str, cells: int) -> HarvestError:
    """More figures than the source's limit on cells lets through."""
    limit, limit_en = f"{cells} ô số liệu", f"{cells} cells"
    return HarvestError("too_large", where=where, limit=limit, limit_en=limit_en)


def clean(text: str) -> str:
    """NFC, one line, single blanks, none at the ends."""
    return " ".join(nfc(text).split())


def with_roles(cube: Cube) -> Cube:
    """The cube with the roles that its source did not declare, told by evidence.

    At most one dimension is the time and at most one the contents.
    """
    dimensions = list(cube.dimensions)
    if not any(d.role == "time" for d in dimensions):
        _give_role(dimensions, "time", _is_time)
    if not any(d.role == "contents" for d in dimensions):
        _give_role(dimensions, "contents", _is_contents)
    return replace(cube, dimensions=tuple(dimensions))


def _give_role(
    dimensions: list[Dimension],
    role: Literal["time", "contents"],
    fits: Callable[[Dimension], bool],
) -> None:
    for index, dimension in enumerate(dimensions):
        if not dimension.role and fits(dimension):
            dimensions[index] = replace(dimension, role=role)
            return


def _is_time(dimension: Dimension) -> bool:
    return looks_like_time(dimension.label, [clean(c.label) for c in dimension.categories])


def _is_contents(dimension: Dimension) -> bool:
    """By its name, or because every category names a unit and the units differ."""
    if {fold(dimension.label), fold(dimension.code)} & _CONTENTS:
        return True
    units = [measure_unit(clean(c.label))[1] for c in dimension.categories]
    return all(units) and len(set(units)) > 1


def plain_title(cube: Cube) -> str:
    """The title without the list of its dimensions, which PX-Web puts behind it.

    ``Area and population by province by Cities, Year and Items`` says twice what it is divided by;
    a title that would have no division left (``Population by region and year``) stays whole.
    """
    title = clean(cube.title)
    names = [clean(dimension.label) for dimension in cube.dimensions]
    for joint, last in (("by", "and"), ("chia theo", "và"), ("phân theo", "và")):
        listed = f" {last} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        head = title.removesuffix(f" {joint} {listed}")
        if head != title and re.search(r"\b(by|theo)\b", head, re.IGNORECASE):
            return head
    return title


def measure_unit(label: str) -> tuple[str, str]:
    """The name and the unit of ``Dân số (Nghìn người)``; the unit is empty when none is told.

    Only brackets that hold a known unit count: in ``Population (1 January)`` there is none.
    """
    match = _TRAILING.match(_STAR.sub("", label)) or _TRAILING.match(label)
    if not match or not _UNIT.search(match["unit"]):
        return label, ""
    return match["name"], _STAR.sub("", match["unit"]).strip()


def periods(cube: Cube) -> list[Period]:
    """The periods of the time dimension that could be read."""
    found = []
    for dimension in cube.dimensions:
        if dimension.role == "time":
            found = [period_of(category) for category in dimension.categories]
    return [period for period in found if period]


def time_fields(cube: Cube) -> dict[str, object]:
    """``temporal_coverage`` and ``frequency`` as the time dimension shows them."""
    known = periods(cube)
    span = coverage(known)
    if span is None:
        return {}
    fields: dict[str, object] = {
        "temporal_coverage": [{"start_period": span[0], "end_period": span[1]}]
    }
    if code := frequency(known):
        fields["frequency"] = code
    return fields


def period_of(category: Category) -> Period | None:
    """The period that a category of the time names by its label or, failing that, its code."""
    return parse_period(clean(category.label)) or parse_period(category.code)
