"""JSON-stat 1.x and 2.0 into cubes. Pure: takes what `json.loads` gives, with exact numbers.

Own code, because the kept libraries do not fit: pyjstat (2.4.0) and pxwebpy (0.6.0) open their
own connections, and pyjstat gives pandas frames of floats, where a figure must stay what was
published. What is read: a dataset of version 2.0, a collection of such datasets, and the bundle of
versions below (``{"dataset": {…}}``, any number of them under any name); dense and sparse values;
status as text, list or object; a category index as object or list, or none with one category.

Quirks, each seen in `gso_E02.01.json` of the statistics office of Viet Nam: a trailing NUL byte
(taken off by the response), ``updated`` in the year 9999 for "unknown", category ids that are bare
positions, an empty ``role``, doubled blanks in labels. `scb_v1_jsonstat2.json` has blanks inside
``updated`` (``2024-01-12T05: 52: 00Z``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Literal

from harvesters.errors import HarvestError
from harvesters.tables.cube import Category, Cube, Dimension, Figure, clean

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(T\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?")
_FIFTEEN = Context(prec=15)
_ROLES: dict[str, Literal["dimension", "time", "contents"]] = {
    "time": "time",
    "metric": "contents",
    "geo": "dimension",
}


def is_jsonstat(data: Any) -> bool:
    """Whether a JSON document is JSON-stat with at least one dataset in it."""
    return bool(_datasets(data))


def read_jsonstat(data: Any, where: str = "") -> list[Cube]:
    """The cubes of a document, in order. Raises `no_table` when it is no JSON-stat.

    Raises `truncated` when there are fewer values than the sizes say, `bad_value` when the parts
    contradict one another. `key` of a cube is empty when the document has only one.
    """
    found = _datasets(data)
    if not found:
        raise HarvestError("no_table", where=where)
    single = len(found) == 1
    return [_Reader(dataset, where).cube("" if single else key) for key, dataset in found]


def linked(data: Any) -> list[str]:
    """Addresses of the datasets that a collection only points at."""
    if not isinstance(data, Mapping) or data.get("class") != "collection":
        return []
    items = (data.get("link") or {}).get("item") or []
    return [i["href"] for i in items if isinstance(i, Mapping) and i.get("href") and "id" not in i]


def iso_moment(text: Any) -> str:
    """An ISO date or date and time out of ``updated``; empty when it is none or a stand-in.

    The years 9999 and 1 stand for "unknown" in PX-Web.
    """
    match = _DATE.fullmatch(re.sub(r"\s", "", text)) if isinstance(text, str) else None
    if not match or not 1900 <= int(match[1]) <= 2200:
        return ""
    return match[0]


def _datasets(data: Any) -> list[tuple[str, Mapping[str, Any]]]:
    if not isinstance(data, Mapping):
        return []
    if data.get("class") == "collection":
        items = (data.get("link") or {}).get("item") or []
        inner = [i for i in items if _is_dataset(i)]
        return [(str(i.get("href") or at), i) for at, i in enumerate(inner)]
    if _is_dataset(data):
        return [("", data)]
    return [(key, value) for key, value in data.items() if _is_dataset(value)]


def _is_dataset(data: Any) -> bool:
    return (
        isinstance(data, Mapping)
        and isinstance(data.get("dimension"), Mapping)
        and isinstance(data.get("value"), (list, Mapping))
        and bool(data.get("id") or data["dimension"].get("id"))
    )


class _Reader:
    """One dataset; keeps the names that error messages need."""

    def __init__(self, data: Mapping[str, Any], where: str):
        self.data = data
        self.where = where

    def cube(self, key: str) -> Cube:
        data = self.data
        dimensions = tuple(self.dimension(name) for name in self.names())
        count = math.prod(len(d.categories) for d in dimensions)
        extension = data.get("extension") or {}
        px = extension.get("px") or {}
        contacts = [c.get("raw", "") for c in extension.get("contact") or [] if isinstance(c, dict)]
        return Cube(
            title=_text(data.get("label")),
            dimensions=dimensions,
            values=self.values(count),
            symbols=self.symbols(count),
            key=key,
            source=_text(data.get("source")),
            updated=iso_moment(data.get("updated")),
            next_update=iso_moment(px.get("nextUpdate")),
            language=_text(px.get("language")),
            contact=_text(contacts[0]).replace("#", ", ") if contacts else "",
            link=_text(data.get("href")),
            subject=_text(px.get("subject-area")),
            decimals=px.get("decimals") if isinstance(px.get("decimals"), int) else None,
            notes=tuple(self.notes(dimensions)),
        )

    def names(self) -> list[str]:
        names = self.data.get("id") or self.data["dimension"].get("id")
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise self.bad("id", names, "expected a list of names")
        return names

    def bad(self, field: str, value: object, detail: str) -> HarvestError:
        return HarvestError(
            "bad_value",
            where=self.where,
            field=f"JSON-stat {field}",
            value=str(value)[:80],
            detail=detail,
        )

    def dimension(self, name: str) -> Dimension:
        data = self.data["dimension"].get(name)
        category = data.get("category") if isinstance(data, Mapping) else None
        if not isinstance(category, Mapping):
            raise self.bad(f"dimension.{name}", data, "has no categories")
        labels = category.get("label") or {}
        codes = _codes(category.get("index"), labels)
        sizes = self.data.get("size") or self.data["dimension"].get("size") or []
        at = self.names().index(name)
        if at < len(sizes) and sizes[at] != len(codes):
            raise self.bad(f"size[{at}]", sizes[at], f"{name} has {len(codes)} categories")
        parents = _parents(category.get("child"))
        units = category.get("unit") or {}
        return Dimension(
            name,
            _text(data.get("label")) or name,
            tuple(
                Category(
                    code,
                    # Leading blanks are kept: they may be the hierarchy.
                    str(labels.get(code) or code),
                    parent=parents.get(code, ""),
                    unit=_unit(units.get(code)),
                    decimals=_decimals(units.get(code)),
                )
                for code in codes
            ),
            self.role(name),
        )

    def role(self, name: str) -> Literal["", "dimension", "time", "contents"]:
        roles = self.data.get("role") or self.data["dimension"].get("role") or {}
        for word, role in _ROLES.items():
            if name in (roles.get(word) or []):
                return role
        return ""

    def values(self, count: int) -> dict[int, Figure]:
        value = self.data["value"]
        if isinstance(value, Mapping):
            return {self.position(k, count): self.figure(v) for k, v in value.items()}
        if 0 < len(value) < count:
            raise HarvestError("truncated", where=self.where, at=len(value))
        if len(value) > count:
            raise self.bad("value", len(value), f"expected {count} values")
        return {at: self.figure(item) for at, item in enumerate(value)}

    def position(self, key: str, count: int) -> int:
        if not re.fullmatch(r"\d{1,15}", key) or int(key) >= count:
            raise self.bad("value", key, f"no such position among {count}")
        return int(key)

    def figure(self, value: Any) -> Figure:
        number = to_figure(value)
        if number is None and value not in (None, "") and not is_symbol(value):
            raise self.bad("value", value, "is no number")
        return number

    def symbols(self, count: int) -> dict[int, str]:
        """Status by position; a text in place of a figure counts as one."""
        status, value = self.data.get("status"), self.data["value"]
        pairs: Iterator[tuple[int, Any]] = iter(())
        if isinstance(status, Mapping):
            pairs = ((self.position(k, count), v) for k, v in status.items())
        elif isinstance(status, list):
            pairs = iter(enumerate(status[:count])) if len(status) > 1 else _all(count, status)
        elif isinstance(status, str):
            pairs = _all(count, [status])
        found = {at: clean(v) for at, v in pairs if isinstance(v, str) and v.strip()}
        said = value.items() if isinstance(value, Mapping) else enumerate(value)
        words = {int(at): v for at, v in said if isinstance(v, str) and is_symbol(v)}
        return {**words, **found}

    def notes(self, dimensions: Sequence[Dimension]) -> Iterator[str]:
        yield from _lines(self.data.get("note"))
        for dimension in dimensions:
            data = self.data["dimension"][dimension.code]
            for line in _lines(data.get("note")):
                yield f"{clean(dimension.label)}: {line}"
            by_code = data["category"].get("note") or {}
            for category in dimension.categories:
                for line in _lines(by_code.get(category.code)):
                    yield f"{clean(category.label)}: {line}"


def _all(count: int, status: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    return ((at, status[0]) for at in range(count)) if status else iter(())


def to_figure(value: Any) -> Figure:
    """A number as published; text that is one (``"2762601"``) too. None for anything else.

    More than 15 digits are the noise of a binary float (``89202.88900000001`` in `gso_E02.01.json`)
    and are rounded to 15, as the figures of a workbook are.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return Decimal(format(value, ".15g")) if math.isfinite(value) else None
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return None
    if not number.is_finite():
        return None
    if number.as_tuple().exponent == 0 and not isinstance(value, Decimal):
        return int(number)
    return _FIFTEEN.plus(number) if len(number.as_tuple().digits) > 15 else number


def is_symbol(value: Any) -> bool:
    """Whether text in the place of a figure is a sign for a missing one: short, without digits."""
    return isinstance(value, str) and 0 < len(value) <= 6 and not re.search(r"\d", value)


def _codes(index: Any, labels: Mapping[str, Any]) -> list[str]:
    if isinstance(index, list):
        return [str(code) for code in index]
    if isinstance(index, Mapping):
        return sorted(index, key=lambda code: int(index[code]))
    return list(labels)


def _parents(child: Any) -> dict[str, str]:
    if not isinstance(child, Mapping):
        return {}
    return {str(kid): str(parent) for parent, kids in child.items() for kid in kids or []}


def _unit(unit: Any) -> str:
    if not isinstance(unit, Mapping):
        return ""
    return _text(unit.get("label") or unit.get("base") or unit.get("symbol") or "")


def _decimals(unit: Any) -> int | None:
    decimals = unit.get("decimals") if isinstance(unit, Mapping) else None
    return decimals if isinstance(decimals, int) else None


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _lines(note: Any) -> list[str]:
    items = [note] if isinstance(note, str) else note if isinstance(note, list) else []
    return [clean(item) for item in items if isinstance(item, str) and item.strip()]
