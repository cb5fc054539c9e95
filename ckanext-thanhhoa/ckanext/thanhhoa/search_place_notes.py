"""What a search page says of the places in a query: what became of an old unit, which may be meant.

`place_notes` is pure. The names in a text are found by `schemas.place_names`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from schemas.admin_units import AdminUnit, unit_on
from schemas.place_names import PlaceFound, places_in, today, words_of

#: Places of one query of which something is said, and units named for one of them.
MOST_PLACES = 3
MOST_UNITS = 6


@dataclass(frozen=True)
class PlaceNote:
    """What is said of one name in a query.

    `old` is the unit that is no more, with its last day and, for a commune, the `district` it lay
    in; None where the note tells which units of today the name may mean. `now`: units of today.
    `typed` is the name as typed, `rest` the query without it.
    """

    typed: str
    rest: str
    now: tuple[AdminUnit, ...]
    old: AdminUnit | None = None
    district: AdminUnit | None = None

    @property
    def until(self) -> date | None:
        """The last day of the old unit."""
        return self.old.end if self.old else None


def place_notes(text: str) -> tuple[PlaceNote, ...]:
    """What is to be said of the places in a query; nothing of a name that means one unit of today.

    >>> [(note.old.name, len(note.now)) for note in place_notes("hộ nghèo huyện Quảng Xương")]
    [('Huyện Quảng Xương', 8)]
    """
    words = words_of(text)
    notes: list[PlaceNote] = []
    for place in places_in(text)[:MOST_PLACES]:
        if not place.is_province or place.kind:
            rest = " ".join(words[: place.start] + words[place.end :])
            notes += _notes(place, " ".join(words[place.start : place.end]), rest)
    return tuple(notes)


def _notes(place: PlaceFound, typed: str, rest: str) -> list[PlaceNote]:
    standing = tuple(unit for unit in place.units if unit.end is None)
    gone = [unit for unit in place.units if unit.end is not None and _is_news(unit, standing)]
    # The town that a district was named after lies in it.
    gone = [unit for unit in gone if _district(unit) not in gone]
    notes = [
        PlaceNote(typed, rest, today(unit), unit, _district(unit)) for unit in gone[:MOST_UNITS]
    ]
    if standing and len(standing) + len(gone) > 1:
        notes.insert(0, PlaceNote(typed, rest, standing[:MOST_UNITS]))
    return notes


def _is_news(unit: AdminUnit, standing: tuple[AdminUnit, ...]) -> bool:
    """Whether the old unit is another place than the units of today of that name."""
    return unit.level == "huyen" or not set(today(unit)) <= set(standing)


def _district(unit: AdminUnit) -> AdminUnit | None:
    if unit.level != "xa" or unit.end is None:
        return None
    return unit_on(unit.parent, unit.end)
