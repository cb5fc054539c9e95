"""The rule of a resource's Table Schema (Frictionless, specs.frictionlessdata.io/table-schema)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from schemas.rules.error import RuleError, shown
from schemas.rules.values import clean_text

MAX_LENGTH = 500_000
MAX_FIELDS = 2_000
TYPES = frozenset(
    {
        *("any", "array", "boolean", "date", "datetime", "duration", "geojson", "geopoint"),
        *("integer", "list", "number", "object", "string", "time", "year", "yearmonth"),
    }
)


def table_schema(value: str | Mapping[str, Any]) -> str:
    """A Table Schema as JSON text, from JSON text or a mapping.

    Each field has a name of its own; a type, where given, is one of Frictionless'. RuleError
    ``bad_table_schema`` says what is wrong; ``too_large`` over 500,000 characters or 2,000 fields.
    """
    schema = _read(value)
    fields = schema.get("fields")
    if not isinstance(fields, list) or not fields:
        raise _bad("thiếu danh sách cột “fields”", "the list “fields” is missing")
    if len(fields) > MAX_FIELDS:
        raise _too_large()
    names = [_field_name(field, number) for number, field in enumerate(fields, start=1)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _bad(f"cột “{shown(twice)}” bị trùng tên", f"the field “{shown(twice)}” occurs twice")
    _check_key(schema.get("primaryKey"), names)
    try:
        text = clean_text(json.dumps(schema, ensure_ascii=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise _bad("nội dung không phải là JSON", "it is not JSON") from error
    if len(text) > MAX_LENGTH:
        raise _too_large()
    return text


def _read(value: str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(value, str):
        if len(value) > MAX_LENGTH:
            raise _too_large()
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise _bad("nội dung không phải là JSON", "it is not JSON") from error
    if not isinstance(value, Mapping):
        raise _bad("nội dung phải là một đối tượng JSON", "it must be a JSON object")
    return value


def _field_name(field: Any, number: int) -> str:
    if not isinstance(field, Mapping) or not isinstance(field.get("name"), str):
        raise _bad(f"cột thứ {number} chưa có tên", f"field number {number} has no name")
    name = clean_text(field["name"])
    if not name:
        raise _bad(f"cột thứ {number} chưa có tên", f"field number {number} has no name")
    kind = field.get("type", "any")
    if not isinstance(kind, str) or kind not in TYPES:
        raise _bad(
            f"cột “{shown(name)}” có kiểu không dùng được “{shown(kind)}”",
            f"the field “{shown(name)}” has the unknown type “{shown(kind)}”",
        )
    return name


def _check_key(key: Any, names: list[str]) -> None:
    parts = [key] if isinstance(key, str) else key or []
    if not isinstance(parts, list):
        raise _bad("khóa chính phải là danh sách cột", "the primary key must be a list of fields")
    for part in parts:
        if part not in names:
            raise _bad(
                f"khóa chính nêu cột “{shown(part)}” không có trong bảng",
                f"the primary key names the field “{shown(part)}”, which is not there",
            )


def _bad(vi: str, en: str) -> RuleError:
    return RuleError(
        "bad_table_schema",
        f"Cấu trúc bảng không đúng: {vi}.",
        f"The table schema is not valid: {en}.",
    )


def _too_large() -> RuleError:
    return RuleError(
        "too_large",
        "Cấu trúc bảng quá lớn (tối đa 2.000 cột và 500.000 ký tự).",
        "The table schema is too large (at most 2,000 fields and 500,000 characters).",
    )
