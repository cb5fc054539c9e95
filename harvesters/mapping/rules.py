"""What one rule of a mapping makes of a record. Pure.

A rule begins with one of ``const``, ``from``, ``first_of``, ``template``, ``fields`` and goes on
with steps that are always taken in this order: ``split``, ``map``, ``date`` or ``period`` or
``number``, ``default``, ``codelist``, ``join``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import schemas
from harvesters.errors import HarvestError, Problem
from harvesters.mapping.written import read_date, read_number, read_period
from harvesters.paths import at_path, filled, paths_in
from schemas.text import nearest, nfc

STARTS = ("from", "first_of", "template", "const", "fields")
READERS = ("date", "period", "number")
STEPS = ("split", "map", *READERS, "default", "codelist", "join", "unknown")
RULE_KEYS = (*STARTS, *STEPS)


def apply_rule(source: Mapping[str, Any], name: str, rule: Any, notes: list[Problem]) -> Any:
    """The value that a rule gives the portal field `name`; what was dropped goes into `notes`.

    Raises HarvestError `unknown_code`, `bad_value`.
    """
    if isinstance(rule, str):
        return at_path(source, rule)
    if "const" in rule:
        return rule["const"]
    if "fields" in rule:
        parts = {
            key: apply_rule(source, f"{name}.{key}", part, notes)
            for key, part in rule["fields"].items()
        }
        return {key: value for key, value in parts.items() if not is_empty(value)} or None
    value = _split(_begun(source, rule), rule.get("split"))
    if "map" in rule:
        value = _each(value, lambda item: rule["map"].get(str(item), item))
    value = _read(value, name, rule, notes)
    if is_empty(value):
        value = rule.get("default")
    if "codelist" in rule:
        value = look_up(value, name, rule["codelist"], rule.get("unknown", "fail"), notes)
    if "join" in rule and isinstance(value, (list, tuple)):
        value = str(rule["join"]).join(str(item) for item in value if not is_empty(item))
    return _as_rows(name, value) if "period" in rule else value


def sources_of(source: Mapping[str, Any], rule: Any) -> dict[str, Any]:
    """The paths that a rule looks at, each with what stands there."""
    if isinstance(rule, str):
        return {rule: at_path(source, rule)}
    paths = [str(path) for path in rule.get("first_of") or ()]
    if "from" in rule:
        paths.append(rule["from"])
    paths += paths_in(rule.get("template", ""))
    found = {path: at_path(source, path) for path in paths}
    for part in (rule.get("fields") or {}).values():
        found.update(sources_of(source, part))
    return found


def look_up(value: Any, name: str, codelist: str, unknown: str, notes: list[Problem]) -> Any:
    """The codes of a codelist that a value or a list of values means."""
    if is_empty(value):
        return None
    found = []
    items = schemas.codelist(codelist)
    for part in as_list(value):
        item = items.get(str(part)) or items.find(str(part))
        if item is not None:
            found.append(item.ma)
            continue
        if unknown == "ignore":
            continue
        near = nearest(str(part), [i.ten for i in items.items] + [i.ma for i in items.items])
        problem = HarvestError("unknown_code", field=name, value=part, nearest=near or _some(items))
        if unknown == "fail":
            raise problem
        notes.append(problem.problem)
    if isinstance(value, list):
        return list(dict.fromkeys(found))
    return found[0] if found else None


def as_list(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def is_empty(value: Any) -> bool:
    """Whether a value says nothing."""
    return value is None or value == "" or value == [] or value == {}


def _begun(source: Mapping[str, Any], rule: Mapping[str, Any]) -> Any:
    if "template" in rule:
        return filled(rule["template"], source).strip()
    if "first_of" in rule:
        found = (at_path(source, str(path)) for path in rule["first_of"])
        return next((value for value in found if not is_empty(_trimmed(value))), None)
    return at_path(source, rule["from"])


def _split(value: Any, marks: Any) -> Any:
    if marks is None:
        return value
    parts = [str(item) for item in as_list(value)]
    for mark in as_list(marks):
        parts = [piece for part in parts for piece in part.split(str(mark))]
    return [piece.strip() for piece in parts if piece.strip()]


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    """Changes each item of a list, or the one value; an object stays as it is."""
    if isinstance(value, Mapping) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return [change(item) for item in value]
    return change(value)


def _read(value: Any, name: str, rule: Mapping[str, Any], notes: list[Problem]) -> Any:
    """Dates, periods and numbers in their normal form; what is none is dropped with a note."""
    kind = next((word for word in READERS if rule.get(word)), None)
    if kind is None:
        return value
    wanted = rule[kind]

    def change(item: Any) -> Any:
        if is_empty(_trimmed(item)):
            return None
        try:
            return _converted(kind, item, wanted)
        except ValueError:
            return _refused(name, item, kind, wanted, rule.get("unknown", "drop"), notes)

    return _each(value, change)


def _converted(kind: str, value: Any, wanted: Any) -> Any:
    if kind == "period":
        return read_period(value)
    if kind == "number":
        return read_number(value, wanted)
    return read_date(value, date_formats(wanted))


def date_formats(wanted: Any) -> tuple[str, ...]:
    """The formats that ``date: …`` names, to be tried in this order; ``true`` is ``auto``."""
    return ("auto",) if wanted is True else tuple(str(item) for item in as_list(wanted))


def _refused(
    name: str, value: Any, kind: str, wanted: Any, unknown: str, notes: list[Problem]
) -> None:
    vi, en = _EXPECTED[kind]
    form = (
        "" if wanted is True or kind == "number" else f" ({', '.join(map(str, as_list(wanted)))})"
    )
    problem = HarvestError(
        "bad_value", field=name, value=str(value)[:80], detail=vi + form, detail_en=en + form
    )
    if unknown == "fail":
        raise problem
    if unknown == "drop":
        notes.append(problem.problem)


_EXPECTED = {
    "date": ("không đọc được ngày theo cách viết đã khai báo", "not a date as declared"),
    "period": ("không phải kỳ báo cáo", "not a reporting period"),
    "number": ("không phải số theo cách viết đã khai báo", "not a number as declared"),
}


def _as_rows(name: str, value: Any) -> Any:
    """A period as the rows that the dataset's field of reporting periods is made of."""
    if name != "temporal_coverage" or value is None:
        return value
    spans = [str(item).partition("/") for item in as_list(value) if item]
    return [{"start_period": first, "end_period": last or first} for first, _, last in spans]


def _trimmed(value: Any) -> Any:
    return nfc(value).strip() if isinstance(value, str) else value


def _some(items: schemas.Codelist) -> str:
    """A few codes to choose from where none is near."""
    return ", ".join(item.ma for item in items.items[:5])
