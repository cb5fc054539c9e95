"""Codelists in the form of the province's reference lists, and how a value is found in one.

Columns of the form: ``ma, ten, ma_cha, mo_ta, thu_tu, ngay_hl, ngay_hhl, trang_thai`` (immutable
code, name, parent code, description, order, first and last day of validity, state). Whatever else
an item has (``uri``, ``ten_khac``, …) is its `Item.extra`. A code may be given again later to
something else, so the key is code and date; what a list holds at one date is unique.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from schemas.text import fold, nfc, tone

IN_FORCE = "hieu_luc"
EXPIRED = "het_hieu_luc"
#: Not yet confirmed by the province: taken from a second hand or from general knowledge.
PENDING = "cho_xac_nhan"
STATES = (IN_FORCE, EXPIRED, PENDING)

_EXPIRED = {"vi": " (hết hiệu lực)", "en": " (no longer in force)"}
_FORM = (
    "ma", "ten", "ten_en", "ma_cha", "mo_ta", "thu_tu", "ngay_hl", "ngay_hhl", "trang_thai",
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One row of a codelist. Dates are first and last day of validity, both included.

    `ngay_hl` None: no start is recorded; `ngay_hhl` None: still valid. `trang_thai` is one of
    `STATES`.
    """

    ma: str
    ten: str
    ten_en: str = ""
    ma_cha: str = ""
    mo_ta: str = ""
    thu_tu: int = 0
    ngay_hl: date | None = None
    ngay_hhl: date | None = None
    trang_thai: str = IN_FORCE
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def valid_on(self, day: date) -> bool:
        """Whether the item was valid on that day, as far as its dates are recorded."""
        started = self.ngay_hl is None or self.ngay_hl <= day
        return started and (self.ngay_hhl is None or day <= self.ngay_hhl)

    def label(self, language: str) -> str:
        """The name for a reader of ``vi`` or ``en``; Vietnamese where there is no English one."""
        return self.ten_en if language.startswith("en") and self.ten_en else self.ten


@dataclass(frozen=True)
class Codelist:
    """A codelist: its name, its title in both languages, and its items in their order."""

    name: str
    ten: str
    ten_en: str
    nguon: str
    items: tuple[Item, ...]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def get(self, code: str, on: date | None = None) -> Item | None:
        """The item with this code, valid on that day; without a day the latest that had it."""
        items = self._by_code.get(code, ())
        if on is not None:
            items = tuple(item for item in items if item.valid_on(on))
        return max(items, key=lambda item: item.ngay_hhl or date.max) if items else None

    def find(self, text: str, on: date | None = None) -> Item | None:
        """The one item a text means: by code, address or name, accents and case aside.

        Names with the same accents win over names that only look alike without them. None when
        nothing fits, or when several items fit equally.
        """
        item = self.get(nfc(text).strip(), on)
        if item is not None:
            return item
        for spelling, index in ((_exact(text), self._exact), (fold(text), self._folded)):
            found = [i for i in index.get(spelling, ()) if on is None or i.valid_on(on)]
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def choices(self) -> list[dict[str, Any]]:
        """The list as a form's choices: ``{value, label: {vi, en}, state}``, expired ones last."""
        items = sorted(self.items, key=lambda item: item.trang_thai == EXPIRED)
        return [
            {
                "value": item.ma,
                "label": {
                    lang: item.label(lang) + _EXPIRED[lang] * (item.trang_thai == EXPIRED)
                    for lang in ("vi", "en")
                },
                "state": item.trang_thai,
            }
            for item in items
        ]

    @cached_property
    def _by_code(self) -> dict[str, tuple[Item, ...]]:
        return _index((item.ma, item) for item in self.items)

    @cached_property
    def _exact(self) -> dict[str, tuple[Item, ...]]:
        return _index((_exact(name), item) for item in self.items for name in names_of(item))

    @cached_property
    def _folded(self) -> dict[str, tuple[Item, ...]]:
        return _index((fold(name), item) for item in self.items for name in names_of(item))


def names_of(item: Item) -> list[str]:
    """Everything an item is called: code, names, ``ten_khac`` (other names), ``uri``, ``url``."""
    addresses = (str(item.extra.get(key) or "") for key in ("uri", "url"))
    names = [item.ma, item.ten, item.ten_en, *addresses, *(item.extra.get("ten_khac") or [])]
    return [name for name in names if name]


def read_codelist(path: Path) -> Codelist:
    """Reads a list from YAML (head, then ``items``) or TSV (``# key: value`` lines, then a table).

    Raises ValueError that names the file and the item when the form is not kept.
    """
    text = nfc(path.read_text(encoding="utf-8"))
    head, rows = _read_tsv(text) if path.suffix == ".tsv" else _read_yaml(text)
    items = []
    for number, row in enumerate(rows, start=1):
        try:
            items.append(_item(row, number))
        except (KeyError, ValueError) as error:
            raise ValueError(f"{path.name}, item {number} ({row.get('ma')}): {error}") from error
    items.sort(key=lambda item: item.thu_tu)
    missing = [key for key in ("ten", "ten_en", "nguon") if not head.get(key)]
    if missing:
        raise ValueError(f"{path.name}: the head lacks {', '.join(missing)}")
    return Codelist(path.stem, head["ten"], head["ten_en"], head["nguon"], tuple(items))


def _exact(text: str) -> str:
    return " ".join(tone(text).lower().split())


def _index(pairs: Iterable[tuple[str, Item]]) -> dict[str, tuple[Item, ...]]:
    index: dict[str, tuple[Item, ...]] = {}
    for key, item in pairs:
        if item not in index.get(key, ()):
            index[key] = (*index.get(key, ()), item)
    return index


def _read_yaml(text: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    document = yaml.safe_load(text)
    return document, document["items"]


def _read_tsv(text: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    lines = text.splitlines()
    comments = [line[1:].partition(":") for line in lines if line.startswith("#")]
    head = {key.strip(): value.strip() for key, _, value in comments}
    table = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
    return head, list(table)


def _item(row: Mapping[str, Any], number: int) -> Item:
    if not isinstance(row["ma"], str) or not row["ma"] or not row["ten"]:
        raise ValueError("ma and ten must be text and not empty")
    state = row.get("trang_thai") or IN_FORCE
    if state not in STATES:
        raise ValueError(f"trang_thai {state!r} is none of {', '.join(STATES)}")
    extra = {k: v for k, v in row.items() if k not in _FORM and v not in (None, "")}
    return Item(
        ma=row["ma"],
        ten=row["ten"],
        ten_en=row.get("ten_en") or "",
        ma_cha=row.get("ma_cha") or "",
        mo_ta=row.get("mo_ta") or "",
        thu_tu=int(row.get("thu_tu") or number),
        ngay_hl=_day(row.get("ngay_hl")),
        ngay_hhl=_day(row.get("ngay_hhl")),
        trang_thai=state,
        extra=MappingProxyType(extra),
    )


def _day(value: Any) -> date | None:
    if isinstance(value, date) or not value:
        return value or None
    return date.fromisoformat(value)
