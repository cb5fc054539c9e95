"""The places of a dataset, for the index: codes of today for the facet, names to be found.

A dataset covers a unit as it was on a day. Whoever looks for a place may know it by its name of
then or of today: the unit's own names (and those of the units it lies in) are `Places.names`, the
names of what it was made of or became are `Places.related`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from schemas.admin_units import AdminUnit, predecessors, unit_on, units_with_code
from schemas.place_names import PlaceFound, places_in, today
from schemas.text import nfc

#: Stands for "names no place", so that such datasets can be asked for.
NOWHERE = "none"


@dataclass(frozen=True)
class Places:
    """Codes of units of today; names as said; names that lead there from before or after."""

    codes: list[str]
    names: list[str]
    related: list[str]


def places_of(coverage: Iterable[Mapping[str, Any]]) -> Places:
    """The places of a ``spatial_coverage``, whose records have ``code``, ``valid_on``, ``text``.

    Without ``valid_on`` (YYYY-MM-DD) the code means the last unit that has it. A code that no unit
    ever had gives nothing but the record's text.
    """
    codes: list[str] = []
    names: list[str] = []
    related: list[str] = []
    for record in coverage:
        text = record.get("text")
        if isinstance(text, str) and text.strip():
            names.append(nfc(text))
        unit = _unit(record)
        if unit is not None:
            names += _names_upwards(unit)
            codes += [u.code for u in today(unit)]
            related += _related_names(unit)
    return Places(*(list(dict.fromkeys(found)) for found in (codes, names, related)))


def areas_named(*texts: Any) -> list[str]:
    """Codes of today's units that the first text with any names, for a dataset without coverage."""
    for text in texts:
        if isinstance(text, str) and (found := places_in(text)):
            units = [unit for place in found for unit in _as_named(place)]
            return list(dict.fromkeys(now.code for unit in units for now in today(unit)))
    return [NOWHERE]


def _as_named(place: PlaceFound) -> tuple[AdminUnit, ...]:
    now = tuple(unit for unit in place.units if unit.end is None)
    return now or place.units


def _unit(record: Mapping[str, Any]) -> AdminUnit | None:
    code = record.get("code")
    if not isinstance(code, str) or not code.strip():
        return None
    try:
        found = unit_on(code, date.fromisoformat(str(record.get("valid_on"))[:10]))
    except ValueError:
        found = None
    holders = units_with_code(code)
    return found or (holders[-1] if holders else None)


def _names_upwards(unit: AdminUnit) -> list[str]:
    """The unit's name and those of the units around it, up to the province."""
    parent = unit_on(unit.parent, _last_day(unit)) if unit.parent else None
    return [unit.name, *(_names_upwards(parent) if parent else [])]


@cache
def _related_names(unit: AdminUnit) -> tuple[str, ...]:
    """What became of an old unit; what a new one was made of, with the districts of that."""
    if unit.level == "tinh":
        return ()
    if unit.end is not None:
        return tuple(now.name for now in today(unit))
    before = [change.unit for change in predecessors(unit.code, _last_day(unit))]
    names = [name for old in before for name in _names_upwards(old)]
    province = _names_upwards(unit)[1:]
    return tuple(name for name in dict.fromkeys(names) if name not in province)


def _last_day(unit: AdminUnit) -> date:
    return unit.end or date.max
