"""A dataset as CKAN's actions take and give it ↔ as the harvest knows it (`MappedDataset`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ckan import model
from ckanext.thanhhoa.names import file_name
from ckanext.thanhhoa.resource_urls import TABLE

from harvesters.mapping import portal_fields
from harvesters.model import MappedDataset, MappedResource

#: (digest of the table, digest of the file) by resource id.
Holdings = Mapping[str, tuple[str | None, str | None]]

#: What ``package_show`` adds and nobody sets.
_COMPUTED = (
    "metadata_created",
    "metadata_modified",
    "organization",
    "num_resources",
    "num_tags",
    "isopen",
    "license_title",
    "license_url",
    "tag_string",
    # The access class decides; what it was before is in the database.
    "private",
)


def to_mapped(package: Mapping[str, Any], holdings: Holdings) -> MappedDataset:
    """What a harvest can set of a dataset, as ``package_show`` gives it."""
    managed, _ = portal_fields()
    fields = {k: v for k, v in package.items() if k in managed and not _empty(v)}
    tags = sorted(tag["name"] for tag in package.get("tags") or [])
    if tags:
        fields["tags"] = tags
    resources = tuple(_mapped_resource(r, holdings) for r in package.get("resources") or [])
    return MappedDataset(package["id"], fields, resources)


def to_package(
    dataset: MappedDataset, existing: Mapping[str, Any] | None, holdings: Holdings
) -> dict[str, Any]:
    """The dict for ``package_create`` or ``package_update``, without name and owner.

    What is not the harvest's to set stays as `existing` has it; a resource that does not change
    is handed back as it came, so that CKAN need not save it.
    """
    managed, _ = portal_fields()
    before = dict(existing or {})
    kept = {k: v for k, v in before.items() if k not in managed and k not in _COMPUTED}
    fields = {k: v for k, v in dataset.fields.items() if k != "tags"}
    old = {resource["id"]: resource for resource in before.get("resources") or []}
    return {
        **kept,
        **fields,
        "id": dataset.id,
        "type": "dataset",
        "state": "active",
        "tags": [{"name": name} for name in dataset.fields.get("tags", [])],
        "resources": [_resource(r, old.get(r.id), holdings) for r in dataset.resources],
    }


def _mapped_resource(resource: Mapping[str, Any], holdings: Holdings) -> MappedResource:
    _, managed = portal_fields()
    table, file = holdings.get(resource["id"], (None, None))
    kind = resource.get("url_type")
    fields = {k: v for k, v in resource.items() if k in managed and not _empty(v)}
    if kind in ("upload", TABLE, "datastore"):
        fields.pop("url", None)
    schema = fields.get("table_schema")
    if isinstance(schema, str):
        fields["table_schema"] = json.loads(schema)
    return MappedResource(
        resource["id"],
        fields,
        table if kind == TABLE else None,
        file if kind == "upload" else None,
    )


def _resource(
    resource: MappedResource, existing: Mapping[str, Any] | None, holdings: Holdings
) -> dict[str, Any]:
    if existing is not None and _mapped_resource(existing, holdings) == resource:
        return dict(existing)
    _, managed = portal_fields()
    kept = {k: v for k, v in (existing or {}).items() if k not in managed}
    data = {**_blank_columns(), **kept, **resource.fields, "id": resource.id}
    if resource.table:
        data.update(url="", url_type=TABLE, datastore_active=True)
    elif resource.file:
        data.update(url=file_name(data["filename"]), url_type="upload", datastore_active=False)
    elif kept.get("url_type") == TABLE:
        data.update(url_type="", datastore_active=False)
    return data


def _blank_columns() -> dict[str, str]:
    """CKAN keeps a resource's own columns where an update does not name them, and those of a
    resource that was removed where it comes back; it also guesses a missing type, on updates only.
    """
    _, managed = portal_fields()
    columns = model.Resource.get_columns(extra_columns=False)
    return {name: "" for name in columns if name in managed}


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}
