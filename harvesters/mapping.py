"""Source field → portal field, declared per source; a mapping is data and has a version.

A rule is one of

- ``"a.b.0"``: a path into the record's fields;
- ``{const: X}``;
- ``{from: PATH, default: X, map: {x: y}, codelist: NAME, unknown: fail|drop|ignore}``;
- ``{template: "{title} – {year}"}``: paths in braces.

Portal fields that no rule names are taken as they are where the record already has them. A value
of a coded field must be in its codelist, by code or by name; otherwise the record fails with
`unknown_code`, or loses that value where the rule says ``unknown: drop`` (with a note in the
report) or ``unknown: ignore`` (without: the source never spoke of our list).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

import schemas
from harvesters.errors import HarvestError, Problem
from harvesters.model import MappedDataset, MappedResource, Record, RecordResource, digest
from harvesters.normal_form import normalise
from schemas.text import nearest, nfc

#: Portal fields that hold codes, and the codelist of each.
CODED = {
    "theme": "theme",
    "frequency": "frequency",
    "access_rights": "access_class",
    "license_id": "licence",
    "applicable_legislation": "legal_basis",
    "indicator": "indicator",
    "language": "language",
}
#: Fields that are not the harvest's to set.
RESERVED = frozenset({"id", "name", "owner_org", "private", "state", "tag_string", "resources"})
RESOURCE_RESERVED = frozenset({"id", "package_id", "url_type", "position", "datastore_active"})
RULE_KEYS = ("const", "from", "default", "map", "codelist", "unknown", "template")
_PATH = re.compile(r"\{([^{}]+)\}")
_TAG_REFUSED = re.compile(r"[^\w\s.-]+")


@cache
def portal_fields() -> tuple[frozenset[str], frozenset[str]]:
    """Names of the dataset and resource fields a mapping may set."""
    schema = schemas.load("dataset")
    dataset = {f["field_name"] for f in schema["dataset_fields"]} - RESERVED | {"tags"}
    resource = {f["field_name"] for f in schema["resource_fields"]} - RESOURCE_RESERVED
    return frozenset(dataset), frozenset(resource | {"filename", "url"})


def check_mapping(mapping: Mapping[str, Any]) -> None:
    """Raises `unknown_setting` (naming the nearest) or `bad_setting` for a mapping's mistakes."""
    dataset, resource = portal_fields()
    _check_rules({k: v for k, v in mapping.items() if k != "resources"}, dataset, "mapping")
    _check_rules(mapping.get("resources") or {}, resource, "mapping.resources")


def version_of(mapping: Mapping[str, Any]) -> str:
    """Changes whenever a record would have to be mapped again: rules, schema or codelists."""
    return digest([mapping, schemas.VERSION])[:16]


def combine(default: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The source type's default mapping with the source's own rules over it."""
    resources = {**(default.get("resources") or {}), **(own.get("resources") or {})}
    merged = {**default, **own}
    if resources:
        merged["resources"] = resources
    return merged


def dataset_id(source_id: str, remote_id: str) -> str:
    """Deterministic, so that a retry writes the same dataset."""
    return str(uuid.uuid5(uuid.UUID(source_id), remote_id))


def resource_id(source_id: str, remote_id: str, resource: str) -> str:
    """Deterministic, so that DataStore tables keep their resource."""
    return str(uuid.uuid5(uuid.UUID(source_id), f"{remote_id}/{resource}"))


def map_record(
    source_id: str,
    record: Record,
    mapping: Mapping[str, Any],
    blobs: Mapping[str, tuple[str | None, str | None]],
) -> tuple[MappedDataset, list[Problem]]:
    """The record in the portal's words, and notes on values that were dropped.

    `blobs` gives for each resource's remote id the digests of its table and file. Raises
    HarvestError (`unknown_code`, `missing_value`, `bad_value`) when the record cannot be mapped.
    """
    rules = {k: v for k, v in mapping.items() if k != "resources"}
    notes: list[Problem] = []
    allowed, allowed_resource = portal_fields()
    fields = _apply(record.fields, rules, allowed, notes)
    if "tags" in fields:
        fields["tags"] = clean_tags(fields["tags"])
    _check_codes(fields, rules, notes)
    if not fields.get("title"):
        raise HarvestError("missing_value", record=record.remote_id, field="title")
    resources = tuple(
        MappedResource(
            resource_id(source_id, record.remote_id, resource.remote_id),
            _resource_fields(resource, mapping.get("resources") or {}, allowed_resource, notes),
            *blobs.get(resource.remote_id, (None, None)),
        )
        for resource in record.resources
    )
    fields = normalise({k: v for k, v in fields.items() if not _empty(v)}, "dataset")
    dataset = MappedDataset(dataset_id(source_id, record.remote_id), fields, resources)
    return dataset, [note.as_note(record.remote_id) for note in notes]


def clean_tags(value: Any) -> list[str]:
    """Keywords as CKAN takes them: letters, digits, blanks and ``-_.``, 2 to 100 characters."""
    words = value.split(",") if isinstance(value, str) else list(value or [])
    names = (word.get("name", "") if isinstance(word, Mapping) else str(word) for word in words)
    cleaned = (" ".join(_TAG_REFUSED.sub(" ", nfc(name)).split())[:100] for name in names)
    return sorted({name for name in cleaned if len(name) >= 2})


def _resource_fields(
    resource: RecordResource,
    rules: Mapping[str, Any],
    allowed: frozenset[str],
    notes: list[Problem],
) -> dict[str, Any]:
    fields = _apply(resource.fields, rules, allowed, notes)
    if resource.file is not None:
        fields.update(
            filename=nfc(resource.file.name),
            mimetype=resource.file.media_type,
            size=len(resource.file.content),
            hash=resource.file.sha256,
            hash_algorithm="sha256",
        )
    if resource.table is not None:
        fields.setdefault("format", "CSV")
        fields["table_schema"] = table_schema(resource)
    return normalise({k: v for k, v in fields.items() if not _empty(v)}, "resource")


_FRICTIONLESS = {"timestamp": "datetime", "text": "string"}


def table_schema(resource: RecordResource) -> dict[str, Any]:
    """The columns of a resource's table as a Frictionless Table Schema."""
    columns = resource.table.columns if resource.table else ()
    described = []
    for column in columns:
        entry = {
            "name": column.name,
            "type": _FRICTIONLESS.get(column.type, column.type),
            "title": column.title,
            "title_en": column.title_en,
            "description": column.description,
            "unit": column.unit,
            "role": column.role,
        }
        described.append({k: v for k, v in entry.items() if v})
    return {"fields": described}


def _apply(
    source: Mapping[str, Any],
    rules: Mapping[str, Any],
    allowed: frozenset[str],
    notes: list[Problem],
) -> dict[str, Any]:
    fields = {k: v for k, v in source.items() if k in allowed and k not in rules}
    for name, rule in rules.items():
        fields[name] = _value(source, name, rule, notes)
    return {k: _plain(v) for k, v in fields.items()}


def _value(source: Mapping[str, Any], name: str, rule: Any, notes: list[Problem]) -> Any:
    if isinstance(rule, str):
        return _path(source, rule)
    if "const" in rule:
        return rule["const"]
    if "template" in rule:
        return _PATH.sub(lambda m: str(_path(source, m[1]) or ""), rule["template"]).strip()
    value = _path(source, rule["from"])
    if "map" in rule and not isinstance(value, Mapping):
        mapped = [rule["map"].get(str(v), v) for v in _as_list(value)]
        value = mapped if isinstance(value, list) else (mapped[0] if mapped else None)
    if _empty(value):
        value = rule.get("default")
    if "codelist" in rule:
        value = _look_up(value, name, rule["codelist"], rule.get("unknown", "fail"), notes)
    return value


def _check_codes(fields: dict[str, Any], rules: Mapping[str, Any], notes: list[Problem]) -> None:
    for name, codelist in CODED.items():
        if name in fields:
            rule = rules.get(name)
            unknown = rule.get("unknown", "fail") if isinstance(rule, Mapping) else "fail"
            fields[name] = _look_up(fields[name], name, codelist, unknown, notes)


def _look_up(value: Any, name: str, codelist: str, unknown: str, notes: list[Problem]) -> Any:
    if _empty(value):
        return None
    found = []
    items = schemas.codelist(codelist)
    for part in _as_list(value):
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


def _some(items: schemas.Codelist) -> str:
    """A few codes to choose from where none is near."""
    return ", ".join(item.ma for item in items.items[:5])


def _path(source: Any, path: str) -> Any:
    value = source
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, Sequence) and not isinstance(value, str) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value


def _plain(value: Any) -> Any:
    """NFC text without control characters at the ends; JSON-able values only."""
    if isinstance(value, str):
        return nfc(value.replace("\x00", "")).strip()
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items() if not _empty(v)}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value if not _empty(v)]
    return value


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _check_rules(rules: Any, allowed: frozenset[str], section: str) -> None:
    if not isinstance(rules, Mapping):
        raise HarvestError("bad_setting", where=section, key=section, expected="mapping")
    for name, rule in rules.items():
        key = f"{section}.{name}"
        if name not in allowed:
            near = nearest(str(name), sorted(allowed)) or ", ".join(sorted(allowed))
            raise HarvestError("unknown_setting", where=section, key=key, nearest=near)
        if isinstance(rule, str):
            continue
        expected = "text, or one of " + ", ".join(RULE_KEYS)
        if not isinstance(rule, Mapping):
            raise HarvestError("bad_setting", where=section, key=key, expected=expected)
        for word in rule:
            if word not in RULE_KEYS:
                near = nearest(str(word), RULE_KEYS) or expected
                raise HarvestError(
                    "unknown_setting", where=section, key=f"{key}.{word}", nearest=near
                )
        if not {"const", "from", "template"} & set(rule):
            raise HarvestError("bad_setting", where=section, key=key, expected=expected)
        known = sorted(schemas.codelist_names())
        if "codelist" in rule and rule["codelist"] not in known:
            near = nearest(str(rule["codelist"]), known) or ", ".join(known)
            raise HarvestError(
                "unknown_setting", where=section, key=f"{key}.codelist", nearest=near
            )
