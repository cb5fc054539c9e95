"""Administrative units of Thanh Hóa through time.

A code alone names nothing: all 166 communes of 1 July 2025 took over codes of older units, and
101 of those codes now name another place. The key is code and date. Where only a part of an old
unit went into a new one, how much is not known: figures are then not comparable, and nothing here
apportions them. A unit whose `start` is None existed at the latest at its `end`; since when is not
recorded.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, cast

import schemas
from schemas.reference_list import Item
from schemas.text import fold, tone

Level = Literal["tinh", "huyen", "xa"]
PROVINCE = "38"

_KINDS = ("tỉnh", "thành phố", "thị xã", "thị trấn", "huyện", "phường", "xã")
_SHORT = {"tp": "thành phố", "tx": "thị xã", "tt": "thị trấn", "h": "huyện", "p": "phường"}
_SHORT |= {"x": "xã", "t": "tỉnh"}
_SHORT_KIND = re.compile(rf"({'|'.join(_SHORT)})\b[.\s]\s*(?=\w)")
_CROSSWALK = Path(__file__).parent / "codelists" / "crosswalks" / "admin_unit.tsv"


@dataclass(frozen=True)
class AdminUnit:
    """A unit as it was from `start` to `end` (both included; None: not recorded, still there).

    `name` with its kind (“Xã Đồng Tiến”), `bare_name` without. Centroid in degrees (WGS 84) and
    area in km² where known.
    """

    code: str
    name: str
    name_en: str
    level: Level
    parent: str
    start: date | None
    end: date | None
    lat: float | None = None
    lon: float | None = None
    area_km2: float | None = None

    @property
    def kind(self) -> str:
        """The kind of unit as it is written in the name, for example ``Phường``."""
        return self.name[: -len(self.bare_name)].strip()

    @property
    def bare_name(self) -> str:
        """The name without its kind, for example ``Hạc Thành``."""
        kind = next(k for k in _KINDS if self.name.lower().startswith(k + " "))
        return self.name[len(kind) + 1 :]


@dataclass(frozen=True)
class Match:
    """What a name may mean, best first.

    `exact`: the first unit is written just so, accents included. `ambiguous`: the name does not
    tell one unit from another; do not take the first without asking.
    """

    units: tuple[AdminUnit, ...]
    ambiguous: bool
    exact: bool


@dataclass(frozen=True)
class Change:
    """A unit's successor or predecessor. `partly`: only a part of the older unit went over."""

    unit: AdminUnit
    partly: bool
    on: date


def unit_on(code: str, day: date) -> AdminUnit | None:
    """The unit that had this code on that day; None when none had it."""
    item = schemas.codelist("admin_unit").get(code.strip(), day)
    return _unit(item) if item else None


def units_with_code(code: str) -> tuple[AdminUnit, ...]:
    """Every unit that ever had this code, in order of time."""
    return _by_code().get(code.strip(), ())


def find_units(
    name: str, day: date, level: Level | None = None, within: str | None = None
) -> Match:
    """The units meant by a name on a day, with or without its kind (“Xã”, “P.”), any accents.

    `within` is the code of the parent unit. A name written without any accent may mean every unit
    that folds to it, even if one of them is spelled just so.
    """
    kind, bare = _split(name)
    candidates = [
        unit
        for unit in _by_folded_name().get(fold(bare), ())
        if _valid_on(unit, day)
        and level in (None, unit.level)
        and within in (None, unit.parent)
        and (kind is None or fold(unit.kind) == kind)
    ]
    exact = [unit for unit in candidates if _spelled(unit.bare_name) == _spelled(bare)]
    others = [unit for unit in candidates if unit not in exact]
    accented = _spelled(bare) != fold(bare)
    rivals = exact if exact and accented else candidates
    return Match((*exact, *others), len(rivals) > 1, bool(exact))


def successors(code: str, day: date) -> tuple[Change, ...]:
    """What became of the unit with this code on that day; empty while it still exists.

    Empty as well for districts: they were abolished without a successor.
    """
    unit = unit_on(code, day)
    if unit is None or unit.end is None:
        return ()
    return tuple(
        Change(new, partly, on)
        for on, old_code, new_code, partly in _changes()
        if old_code == unit.code and unit.end < on and (new := unit_on(new_code, on))
    )


def predecessors(code: str, day: date) -> tuple[Change, ...]:
    """What the unit with this code on that day was made of; empty where that is not recorded."""
    unit = unit_on(code, day)
    if unit is None or unit.start is None:
        return ()
    return tuple(
        Change(old, partly, on)
        for on, old_code, new_code, partly in _changes()
        if new_code == unit.code and on == unit.start and (old := _last_before(old_code, on))
    )


def _last_before(code: str, day: date) -> AdminUnit | None:
    ended = [u for u in units_with_code(code) if u.end is not None and u.end < day]
    return ended[-1] if ended else None


def _split(name: str) -> tuple[str | None, str]:
    """(folded kind or None, bare name): ``P. Hạc Thành`` → (``phuong``, ``Hạc Thành``)."""
    name = " ".join(tone(name).split())
    short = _SHORT_KIND.match(name.lower())
    if short:
        return fold(_SHORT[short[1]]), name[short.end() :]
    for kind in _KINDS:
        if fold(name).startswith(fold(kind) + " "):
            return fold(kind), name.split(" ", kind.count(" ") + 1)[-1]
    return None, name


def _spelled(name: str) -> str:
    return " ".join(tone(name).lower().split())


def _valid_on(unit: AdminUnit, day: date) -> bool:
    return (unit.start is None or unit.start <= day) and (unit.end is None or day <= unit.end)


@cache
def _all_units() -> tuple[AdminUnit, ...]:
    return tuple(_unit(item) for item in schemas.codelist("admin_unit"))


@cache
def _by_code() -> dict[str, tuple[AdminUnit, ...]]:
    found: dict[str, list[AdminUnit]] = {}
    for unit in sorted(_all_units(), key=lambda unit: unit.end or date.max):
        found.setdefault(unit.code, []).append(unit)
    return {code: tuple(units) for code, units in found.items()}


@cache
def _by_folded_name() -> dict[str, tuple[AdminUnit, ...]]:
    index: dict[str, list[AdminUnit]] = {}
    for unit in _all_units():
        index.setdefault(fold(unit.bare_name), []).append(unit)
    return {name: tuple(units) for name, units in index.items()}


@cache
def _changes() -> tuple[tuple[date, str, str, bool], ...]:
    lines: Iterable[str] = _CROSSWALK.read_text(encoding="utf-8").splitlines()
    table = csv.DictReader((li for li in lines if not li.startswith("#")), delimiter="\t")
    return tuple(
        (date.fromisoformat(r["ngay"]), r["ma_cu"], r["ma_moi"], r["mot_phan"] == "1")
        for r in table
    )


@cache
def _unit(item: Item) -> AdminUnit:
    def number(key: str) -> float | None:
        return float(item.extra[key]) if key in item.extra else None

    return AdminUnit(
        code=item.ma,
        name=item.ten,
        name_en=item.ten_en,
        level=cast(Level, item.extra["cap"]),
        parent=item.ma_cha,
        start=item.ngay_hl,
        end=item.ngay_hhl,
        lat=number("vi_do"),
        lon=number("kinh_do"),
        area_km2=number("dien_tich_km2"),
    )
