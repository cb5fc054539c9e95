"""Addresses of what the portal itself serves: stored files and tables."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit
from ckanext.thanhhoa.names import file_name

#: `url_type` of a resource whose rows are in the DataStore and come from a harvest: read-only for
#: the API, which lets editors write into those of type ``datastore``.
TABLE = "table"


def address(resource: dict[str, Any]) -> dict[str, Any]:
    """Gives a resource dict the address under which the portal serves its content."""
    if resource.get("url_type") == TABLE:
        resource["url"] = toolkit.url_for(
            "datastore.dump", resource_id=resource["id"], qualified=True, locale="default"
        )
    elif resource.get("url_type") == "upload" and resource.get("filename"):
        # CKAN's own munging turns "Chuyển đổi số" into "chuyn-i-s".
        resource["url"] = toolkit.url_for(
            "resource.download",
            id=resource.get("package_id"),
            resource_id=resource["id"],
            filename=file_name(resource["filename"]),
            qualified=True,
            locale="default",
        )
    return resource
