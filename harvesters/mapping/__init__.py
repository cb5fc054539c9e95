"""Source field → portal field, declared per source; a mapping is data and has a version.

A rule is one of

- ``"a.b.0"``: a path into the record's fields (`harvesters.paths`);
- ``{from: PATH}``, ``{first_of: [PATH, …]}``, ``{template: "{title} – {year}"}``, each with steps
  behind it (`harvesters.mapping.rules`): ``split``, ``map``, ``date | period | number``,
  ``default``, ``codelist``, ``join``;
- ``{const: X}``;
- ``{fields: {name: RULE, email: RULE}}`` for a field made of parts, such as ``contact``.

Beside the portal's fields stand ``resources`` (rules for files and links; with ``each: PATH`` they
are made from a list inside the record), ``only`` and ``skip`` (`harvesters.mapping.filters`) and
``volatile``: paths whose changes do not make a record a changed one.

Portal fields that no rule names are taken as they are where the record already has them. A value
of a coded field must be in its codelist, by code or by name; otherwise the record fails with
`unknown_code`, or loses that value where the rule says ``unknown: drop`` (with a note in the
report) or ``unknown: ignore`` (without: the source never spoke of our list). Dates, periods and
numbers that cannot be read are dropped with a note unless the rule says otherwise.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import schemas
from harvesters.errors import HarvestError, Problem
from harvesters.mapping.checks import (
    RESOURCE_SECTIONS,
    SECTIONS,
    check_mapping,
    portal_fields,
)
from harvesters.mapping.columns import table_schema
from harvesters.mapping.filters import is_wanted
from harvesters.mapping.rules import apply_rule, as_list, is_empty, look_up
from harvesters.model import MappedDataset, MappedResource, Record, RecordResource, digest
from harvesters.normal_form import normalise
from harvesters.paths import at_path, without
from schemas.text import nfc

__all__ = [
    "CODED",
    "check_mapping",
    "clean_tags",
    "combine",
    "dataset_id",
    "map_record",
    "portal_fields",
    "resource_id",
    "settled",
    "table_schema",
    "version_of",
    "wanted",
]

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
_ADDRESS = re.compile(r"(?:https?|ftp)://[^\s/]", re.IGNORECASE)
_TAG_REFUSED = re.compile(r"[^\w\s.-]+")


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
    rules = {k: v for k, v in mapping.items() if k not in SECTIONS}
    notes: list[Problem] = []
    allowed, allowed_resource = portal_fields()
    fields = _apply(record.fields, rules, allowed, notes)
    if "tags" in fields:
        fields["tags"] = clean_tags(fields["tags"])
    _check_codes(fields, rules, notes)
    if not fields.get("title"):
        raise HarvestError("missing_value", record=record.remote_id, field="title")
    of_resources = mapping.get("resources") or {}
    own = {k: v for k, v in of_resources.items() if k not in RESOURCE_SECTIONS}
    resources = tuple(
        MappedResource(
            resource_id(source_id, record.remote_id, resource.remote_id),
            _resource_fields(resource, own, allowed_resource, notes),
            *blobs.get(resource.remote_id, (None, None)),
        )
        for resource in record.resources
    )
    resources += tuple(_listed_resources(source_id, record, of_resources, own, notes))
    fields = normalise({k: v for k, v in fields.items() if not is_empty(v)}, "dataset")
    dataset = MappedDataset(dataset_id(source_id, record.remote_id), fields, resources)
    return dataset, [note.as_note(record.remote_id) for note in notes]


def wanted(record: Record, mapping: Mapping[str, Any]) -> bool:
    """Whether the filters of the mapping let the record through; the others are not there."""
    return is_wanted(record.fields, mapping)


def settled(record: Record, mapping: Mapping[str, Any]) -> Record:
    """The record without its ``volatile`` fields: what is compared to tell whether it changed.

    Paths of resources' fields begin with ``resources.``.
    """
    volatile = [str(path) for path in mapping.get("volatile") or ()]
    if not volatile:
        return record
    inner = [p.removeprefix("resources.") for p in volatile if p.startswith("resources.")]
    resources = tuple(replace(r, fields=without(r.fields, inner)) for r in record.resources)
    return replace(record, fields=without(record.fields, volatile), resources=resources)


def clean_tags(value: Any) -> list[str]:
    """Keywords as CKAN takes them: letters, digits, blanks and ``-_.``, 2 to 100 characters."""
    words = value.split(",") if isinstance(value, str) else list(value or [])
    names = (word.get("name", "") if isinstance(word, Mapping) else str(word) for word in words)
    cleaned = (" ".join(_TAG_REFUSED.sub(" ", nfc(name)).split())[:100] for name in names)
    return sorted({name for name in cleaned if len(name) >= 2})


def _listed_resources(
    source_id: str,
    record: Record,
    mapping: Mapping[str, Any],
    rules: Mapping[str, Any],
    notes: list[Problem],
) -> Iterator[MappedResource]:
    """Links made from a list inside the record (``resources.each``).

    Their id is what stands at ``id``, else their address, so that it stays when the order changes.
    One without a valid address is left out with a note.
    """
    if "each" not in mapping:
        return
    taken: set[str] = set()
    for at, item in enumerate(as_list(at_path(record.fields, mapping["each"]))):
        fields = item if isinstance(item, Mapping) else {"value": item}
        here = RecordResource("", fields)
        try:
            mapped = _resource_fields(here, rules, portal_fields()[1], notes)
        except HarvestError as error:
            notes.append(error.problem)
            continue
        if not _ADDRESS.match(str(mapped.get("url") or "")):
            field = f"{mapping['each']}[{at}].url"
            notes.append(Problem("link_left_out", params={"field": field}))
            continue
        remote_id = str(at_path(fields, mapping.get("id", "id")) or mapped["url"])
        while remote_id in taken:
            remote_id += "+"
        taken.add(remote_id)
        yield MappedResource(resource_id(source_id, record.remote_id, remote_id), mapped)


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
    return normalise({k: v for k, v in fields.items() if not is_empty(v)}, "resource")


def _apply(
    source: Mapping[str, Any],
    rules: Mapping[str, Any],
    allowed: frozenset[str],
    notes: list[Problem],
) -> dict[str, Any]:
    fields = {k: v for k, v in source.items() if k in allowed and k not in rules}
    for name, rule in rules.items():
        fields[name] = apply_rule(source, name, rule, notes)
    return {k: _plain(v) for k, v in fields.items()}


def _check_codes(fields: dict[str, Any], rules: Mapping[str, Any], notes: list[Problem]) -> None:
    for name, codelist in CODED.items():
        if name in fields:
            rule = rules.get(name)
            unknown = rule.get("unknown", "fail") if isinstance(rule, Mapping) else "fail"
            fields[name] = look_up(fields[name], name, codelist, unknown, notes)


def _plain(value: Any) -> Any:
    """NFC text without control characters at the ends; JSON-able values only."""
    if isinstance(value, str):
        return nfc(value.replace("\x00", "")).strip()
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items() if not is_empty(v)}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value if not is_empty(v)]
    return value
