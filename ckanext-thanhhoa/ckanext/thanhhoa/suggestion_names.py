"""Names that a typed beginning may mean: themes, agencies, places. Pure, and held in memory."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

import schemas
from schemas.admin_units import AdminUnit, unit_on, units_with_code
from schemas.place_names import today
from schemas.text import fold, nfc, tone

Kind = Literal["theme", "agency", "place"]

#: From so many letters on there is something to suggest, and up to so many it is a search term.
FEWEST_LETTERS, MOST_LETTERS = 2, 100
MOST_WORDS = 12
_WORD = re.compile(r"[^\W_]+")
#: Whatever follows: what is typed may be the beginning of a longer word.
_FIRST_Y = re.compile("^([hklmst])y")
#: How well words fit that stand apart; suggested only where none stand together.
_SCATTERED = 1


@dataclass(frozen=True)
class Typed:
    """What somebody has typed so far: its words, i for y, and the same without accents."""

    words: tuple[str, ...]
    folded: tuple[str, ...]

    @property
    def accented(self) -> bool:
        """Whether it has an accent, which then counts."""
        return self.words != self.folded


def typed_in(text: str) -> Typed | None:
    """The words of a beginning; None where it is too short or too long to suggest anything."""
    if len(text) > MOST_LETTERS:
        return None
    words = _words(text)[:MOST_WORDS]
    if sum(map(len, words)) < FEWEST_LETTERS:
        return None
    return Typed(words, tuple(map(fold, words)))


@dataclass(frozen=True)
class Name:
    """A name to be suggested. `code` is the theme's, agency's or unit's; `others`: other names.

    `unit` is the administrative unit of a place.
    """

    kind: Kind
    code: str
    label: str
    label_en: str = ""
    others: tuple[str, ...] = ()
    unit: AdminUnit | None = None

    @cached_property
    def _padded(self) -> tuple[tuple[str, str], ...]:
        """Each of its names as words with a blank before each: as spelled, and folded."""
        rows = (_words(name) for name in (self.label, self.label_en, *self.others) if name)
        return tuple((" " + " ".join(row), " " + " ".join(map(fold, row))) for row in rows)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of its names, folded."""
        return frozenset(word for _, folded in self._padded for word in folded.split())

    def fit(self, typed: Typed) -> int:
        """How well the beginning fits: 0 not at all; more where it is the beginning, in a row."""
        return max((_fit(typed, *row) for row in self._padded), default=0)


def best(names: Iterable[Name], typed: Typed, most: int) -> list[Name]:
    """The names that fit a beginning best, at most so many."""
    fitting = [(fit, name) for name in names if (fit := name.fit(typed))]
    fitting.sort(key=lambda pair: (-pair[0], len(pair[1].label)))
    if fitting and fitting[0][0] > _SCATTERED:
        fitting = [pair for pair in fitting if pair[0] > _SCATTERED]
    return [name for _, name in fitting[:most]]


def nearest(names: Iterable[Name], text: str, most: int) -> list[Name]:
    """The names that share the most words of some length with a text, at most so many."""
    asked = {fold(word) for word in _words(text) if len(word) > 2}
    shared = [(len(asked & name.words), name) for name in names]
    return [name for count, name in sorted(shared, key=lambda pair: -pair[0])[:most] if count]


@cache
def themes() -> tuple[Name, ...]:
    """The themes, with their other names."""
    return tuple(
        Name("theme", item.ma, item.ten, item.ten_en, tuple(item.extra.get("ten_khac") or ()))
        for item in schemas.codelist("theme")
    )


@cache
def places() -> tuple[Name, ...]:
    """The units of today, then the districts of before, then communes whose name is gone."""
    codes = dict.fromkeys(item.ma for item in schemas.codelist("admin_unit"))
    units = [unit for code in codes for unit in units_with_code(code)]
    standing = [unit for unit in units if unit.end is None]
    taken = {fold(unit.bare_name) for unit in standing}
    districts = [unit for unit in units if unit.end and unit.level == "huyen"]
    communes = [
        unit
        for unit in units
        if unit.end and unit.level == "xa" and today(unit) and fold(unit.bare_name) not in taken
    ]
    return tuple(
        Name("place", unit.code, unit.name, unit.name_en, (unit.bare_name,), unit)
        for unit in (*standing, *districts, *communes)
    )


@cache
def agency_names(name: str) -> tuple[str, ...]:
    """Other names, among them short forms, of the agency with that address."""
    item = schemas.codelist("agency").get(name)
    if item is None:
        return ()
    return tuple(filter(None, [item.ten, item.ten_en, *(item.extra.get("ten_khac") or ())]))


def district_of(unit: AdminUnit) -> AdminUnit | None:
    """The district that a commune of before lay in."""
    return unit_on(unit.parent, unit.end) if unit.level == "xa" and unit.end else None


def _words(text: str) -> tuple[str, ...]:
    """The words in lower case, with one letter for the vowel of ``kỹ``, ``kĩ``, as Solr has it."""
    return tuple(map(_i_for_y, _WORD.findall(tone(text).lower())))


def _i_for_y(word: str) -> str:
    return nfc(_FIRST_Y.sub(r"\1i", unicodedata.normalize("NFD", word)))


def _fit(typed: Typed, spelled: str, folded: str) -> int:
    if not all(f" {word}" in folded for word in typed.folded):
        return 0
    row = " " + " ".join(typed.folded)
    fit = _SCATTERED + 2 * (row in folded) + 2 * folded.startswith(row)
    if typed.accented:
        fit += 6 * all(f" {word}" in spelled for word in typed.words)
    return fit
