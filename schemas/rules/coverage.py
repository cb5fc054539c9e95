"""Rules of what a dataset says of itself: codes, periods and places it covers, who may see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import schemas
from schemas.admin_units import AdminUnit, unit_on, units_with_code
from schemas.rules.error import RuleError, shown
from schemas.rules.periods import check_order, period_bounds, reporting_period
from schemas.rules.spoken import day_words
from schemas.rules.values import clean_text, day, iso_date
from schemas.text import nearest

NON_PUBLIC = "NON_PUBLIC"


def code(value: str, codelist: str) -> str:
    """The code that a text means in a codelist: by code, URI or name, accents and case aside.

    RuleError ``unknown_code`` names the nearest one. Codes no longer in force are accepted, for a
    dataset may be older than the list.
    """
    items = schemas.codelist(codelist)
    item = items.find(value)
    if item is not None:
        return item.ma
    names = {name: i for i in items for name in (i.ten, i.ten_en, i.ma) if name}
    near = nearest(value, names)
    vi = f" Có phải là “{names[near].ten}” ({names[near].ma})?" if near else ""
    en = f" Did you mean “{names[near].label('en')}” ({names[near].ma})?" if near else ""
    raise RuleError(
        "unknown_code",
        f"“{shown(value)}” không có trong danh mục “{items.ten}”.{vi}",
        f"“{shown(value)}” is not in the codelist “{items.ten_en}”.{en}",
    )


def codes(value: object, codelist: str) -> list[str]:
    """The codes meant by a list, by a JSON list as text or by one text; each once, in order.

    RuleError ``unknown_code``; ``bad_list`` when it is no list of texts.
    """
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise _bad_list() from error
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)) or not all(isinstance(v, str) for v in values):
        raise _bad_list()
    return list(dict.fromkeys(code(v, codelist) for v in values if v.strip()))


def resource_format(value: str) -> str:
    """A format as the codelist ``format`` writes it: “xlsx”, “Excel”, a content type → ``XLSX``.

    What the list does not know stays as it was written.
    """
    items = schemas.codelist("format")
    text = clean_text(value)
    plain = text.lstrip(".").partition(";")[0].strip()
    item = items.find(plain)
    if item is None and "/" in plain:
        item = next((i for i in items if i.extra.get("kieu_noi_dung") == plain.lower()), None)
    return item.ma if item else text


def complete_period(item: Mapping[str, Any]) -> dict[str, Any]:
    """One row of ``temporal_coverage`` with the days its reporting periods begin and end.

    Periods win over days that come with them; without an end the start is the whole. RuleError
    ``bad_period``, ``bad_date`` or ``period_order``.
    """
    row = _given(item)
    first = row.get("start_period") or row.get("end_period")
    if first:
        last = reporting_period(row.get("end_period") or first)
        first = reporting_period(first)
        check_order(first, last)
        row.update(start_period=first, end_period=last)
        row["start"] = period_bounds(first)[0].isoformat()
        row["end"] = period_bounds(last)[1].isoformat()
        return row
    for key in ("start", "end"):
        if key in row:
            row[key] = iso_date(row[key])
    start, end = row.get("start", ""), row.get("end", "")
    shared = min(len(start), len(end), len("YYYY-MM-DD"))
    if start[:shared] > end[:shared]:
        raise RuleError(
            "period_order",
            f"Ngày cuối ({day_words(end)}) sớm hơn ngày đầu ({day_words(start)}). Đổi lại thứ tự "
            "hai ngày.",
            f"The last day ({day_words(end, 'en')}) is before the first "
            f"({day_words(start, 'en')}). Put them in order.",
        )
    return row


def complete_place(item: Mapping[str, Any]) -> dict[str, Any]:
    """One row of ``spatial_coverage`` with the name and the centroid of the unit its code means.

    What the row says itself stays. RuleError ``unknown_admin_unit``, ``admin_unit_needs_date``
    when the code has named several units and no date tells which, ``admin_unit_not_valid`` when
    it named none on the date, or ``bad_date``.
    """
    row = _given(item)
    on = day(row["valid_on"]) if "valid_on" in row else None
    if on is not None:
        row["valid_on"] = on.isoformat()
    if "code" not in row:
        return row
    unit = _unit(str(row["code"]), on)
    row["code"] = unit.code
    row.setdefault("text", unit.name)
    if unit.lat is not None and unit.lon is not None and "centroid" not in row:
        point = {"type": "Point", "coordinates": [unit.lon, unit.lat]}
        row["centroid"] = json.dumps(point)
    return row


def is_private(
    access: str | None, asked: bool | None, before: tuple[str | None, bool] | None = None
) -> bool:
    """Whether a dataset must be private in the catalogue.

    `asked` is what the caller says of it, None if nothing; `before` the stored access class and
    flag. What is not public is always private; a dataset made private by its class alone becomes
    visible when its class changes; nothing else makes a private dataset visible unasked.
    """
    if access == NON_PUBLIC:
        return True
    if asked is not None:
        return asked
    if before is None:
        return False
    access_before, private_before = before
    return private_before and access_before != NON_PUBLIC


def _unit(value: str, on: date | None) -> AdminUnit:
    units = units_with_code(value)
    if not units:
        raise RuleError(
            "unknown_admin_unit",
            f"Mã đơn vị hành chính “{shown(value)}” không có trong danh mục của tỉnh. Kiểm tra "
            "lại mã; địa bàn ngoài tỉnh thì chỉ ghi tên.",
            f"The administrative unit code “{shown(value)}” is not in the province's list. Check "
            "it; for a place outside the province give the name only.",
        )
    if on is not None:
        unit = unit_on(value, on)
        if unit is not None:
            return unit
        raise RuleError(
            "admin_unit_not_valid",
            f"Ngày {on:%d/%m/%Y} không có đơn vị nào mang mã {value} (mã này của "
            f"{_history(units, 'vi')}). Kiểm tra lại ngày hoặc mã.",
            f"On {on.isoformat()} no unit had the code {value} (it was that of "
            f"{_history(units, 'en')}). Check the date or the code.",
        )
    if len(units) > 1:
        raise RuleError(
            "admin_unit_needs_date",
            f"Mã {value} đã dùng cho nhiều đơn vị: {_history(units, 'vi')}. Ghi thêm ngày để "
            "biết mã thuộc đơn vị nào.",
            f"The code {value} has named several units: {_history(units, 'en')}. Give a date to "
            "tell which is meant.",
        )
    return units[0]


def _history(units: tuple[AdminUnit, ...], language: str) -> str:
    said = []
    for unit in units:
        words = [unit.name]
        if unit.start:
            words.append(f"từ {unit.start:%d/%m/%Y}" if language == "vi" else f"from {unit.start}")
        if unit.end:
            words.append(f"đến {unit.end:%d/%m/%Y}" if language == "vi" else f"until {unit.end}")
        said.append(" ".join(words))
    return ", ".join(said)


def _given(item: Mapping[str, Any]) -> dict[str, Any]:
    """The row's values that say something, texts cleaned."""
    cleaned = {k: clean_text(v) if isinstance(v, str) else v for k, v in item.items()}
    return {k: v for k, v in cleaned.items() if v not in (None, "")}


def _bad_list() -> RuleError:
    return RuleError(
        "bad_list",
        "Giá trị phải là danh sách các mã.",
        "The value must be a list of codes.",
    )
