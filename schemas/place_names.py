"""Names of administrative units within free text: which units somebody may mean, then and now.

Pure. A name counts with its kind (“xã Quảng Phú”, “TP. Sầm Sơn”) or bare, with all accents, some
or none: a syllable with accents is taken as it is written, one without may stand for any.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import schemas
from schemas.admin_units import AdminUnit, successors, unit_on, units_with_code
from schemas.text import fold, tone

#: A word of free text: letters and digits; signs part words.
WORD = re.compile(r"[^\W_]+")

_KINDS = {
    ("thanh", "pho"): "thành phố", ("thi", "xa"): "thị xã", ("thi", "tran"): "thị trấn",
    ("tinh",): "tỉnh", ("huyen",): "huyện", ("phuong",): "phường", ("xa",): "xã",
    ("tp",): "thành phố", ("tx",): "thị xã", ("tt",): "thị trấn", ("h",): "huyện",
    ("p",): "phường", ("x",): "xã",
}  # fmt: skip
_LONGEST_NAME = 3
#: Names of units that are everyday words: they count with their kind or in capitals only.
_ALSO_WORDS = {
    "ban cong", "binh minh", "cong binh", "cong chinh", "dan ly", "dan quyen", "dinh cong",
    "dong luong", "giao an", "hop ly", "khuyen nong", "minh khoi", "nong truong", "quyet thang",
    "thanh cong", "thanh tam", "thiet ke", "thong nhat", "tien nong", "trung chinh", "trung thanh",
    "yen tam",
}  # fmt: skip


@dataclass(frozen=True)
class PlaceFound:
    """A name found in a text, from its word `start` up to, not including, its word `end`.

    `units`: all that may be meant; those of today first, among equals the spelling as typed.
    `kind` is the kind as named in the text (“xã”), empty where the name stands bare. `name` is
    the name alone, as typed.
    """

    start: int
    end: int
    kind: str
    name: str
    units: tuple[AdminUnit, ...]

    @property
    def is_old(self) -> bool:
        """Whether no unit of today bears the name."""
        return all(unit.end is not None for unit in self.units)

    @property
    def is_province(self) -> bool:
        """Whether the whole province may be meant, and so every dataset."""
        return any(unit.level == "tinh" for unit in self.units)


def words_of(text: str) -> list[str]:
    """The words of a text as `places_in` counts them.

    >>> words_of("TP.Thanh Hóa (cũ)")
    ['TP', 'Thanh', 'Hóa', 'cũ']
    """
    return WORD.findall(tone(text))


def places_in(text: str) -> tuple[PlaceFound, ...]:
    """Every name of a unit in the text, from left to right; the longest one where names overlap.

    >>> [(p.name, p.is_old) for p in places_in("hộ nghèo huyện Quảng Xương, xã Nông Cống")]
    [('Quảng Xương', True), ('Nông Cống', False)]
    """
    words = words_of(text)
    found, at = [], 0
    while at < len(words):
        place = _place_at(words, at)
        if place is not None:
            found.append(place)
        at = place.end if place is not None else at + 1
    return tuple(found)


@cache
def today(unit: AdminUnit) -> tuple[AdminUnit, ...]:
    """The units of today on the unit's ground, whole or in part; itself if it still exists."""
    if unit.end is None:
        return (unit,)
    heirs = [change.unit for change in successors(unit.code, unit.end)]
    heirs = heirs or list(_communes(unit))
    return tuple(dict.fromkeys(now for heir in heirs for now in today(heir)))


def _communes(district: AdminUnit) -> list[AdminUnit]:
    day = district.end
    items = schemas.codelist("admin_unit")
    inside = [item.ma for item in items if day and item.ma_cha == district.code]
    return [unit for ma in dict.fromkeys(inside) if day and (unit := unit_on(ma, day))]


def _place_at(words: list[str], at: int) -> PlaceFound | None:
    kind, first = _kind_at(words, at)
    for length in range(min(_LONGEST_NAME, len(words) - first), 0, -1):
        name = words[first : first + length]
        units = _meant(name, kind)
        if units and (kind or _may_stand_bare(name)):
            return PlaceFound(at, first + length, kind, " ".join(name), units)
    return None


def _kind_at(words: list[str], at: int) -> tuple[str, int]:
    """The kind named at a word and where the name after it begins; no kind: ("", at)."""
    for length in (2, 1):
        kind = _KINDS.get(tuple(fold(word) for word in words[at : at + length]))
        if kind and _agree(words[at : at + length], kind) and at + length < len(words):
            return kind, at + length
    return "", at


def _agree(typed: list[str], spelled: str) -> bool:
    """Whether the typed syllables may be the spelled ones; short forms of kinds always may."""
    syllables = spelled.lower().split()
    if len(typed) != len(syllables) or len(typed[0]) <= 2 < len(syllables[0]):
        return len(typed) == 1
    return all(
        word.lower() in (syllable, fold(syllable), _without_vowel_accents(syllable))
        for word, syllable in zip(typed, syllables, strict=True)
    )


def _without_vowel_accents(syllable: str) -> str:
    plain = fold(syllable)
    return f"đ{plain[1:]}" if syllable.startswith("đ") else plain


def _may_stand_bare(name: list[str]) -> bool:
    if len(name) < 2:
        return False
    # "KHUYẾN NÔNG" is a heading, "Khuyến Nông" a name.
    return fold(" ".join(name)) not in _ALSO_WORDS or all(word.istitle() for word in name)


def _meant(name: list[str], kind: str) -> tuple[AdminUnit, ...]:
    """The units of that name, those of today first; of the kind, if one is named."""
    units = [
        unit
        for unit in _by_folded_name().get(fold(" ".join(name)), ())
        if _agree(name, unit.bare_name)
    ]
    if kind:
        # People keep saying "xã" of what has become a ward.
        communes = kind in ("xã", "phường", "thị trấn")
        units = [
            unit
            for unit in units
            if unit.kind.lower() == kind or (communes and unit.level == "xa" and unit.end is None)
        ]
    return tuple(sorted(units, key=lambda u: (u.end is not None, _order(u.level), u.code)))


def _order(level: str) -> int:
    return ("tinh", "huyen", "xa").index(level)


@cache
def _by_folded_name() -> dict[str, tuple[AdminUnit, ...]]:
    index: dict[str, list[AdminUnit]] = {}
    for code in dict.fromkeys(item.ma for item in schemas.codelist("admin_unit")):
        for unit in units_with_code(code):
            index.setdefault(fold(unit.bare_name), []).append(unit)
    return {name: tuple(units) for name, units in index.items()}
