"""The facets of the search page, and codes in words."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit
from ckanext.thanhhoa import helpers, search

#: Facets whose values are codes, and the codelist of each.
_CODED = {"theme": "theme", "frequency": "frequency", "access_rights": "access_class"}


def titles(leave_out: str = "") -> dict[str, str]:
    """Solr field → title, in the order of the page, in the reader's language."""
    found = {
        "theme": toolkit._("Theme"),
        "organization": toolkit._("Agency"),
        "place": toolkit._("Place"),
        "year": toolkit._("Year"),
        "frequency": toolkit._("Update frequency"),
        "res_format": toolkit._("Format"),
        "access_rights": toolkit._("Access"),
    }
    found.pop(leave_out, None)
    return found


def label(found: dict[str, Any]) -> dict[str, Any]:
    """Search results whose facet items have their codes' names as display names."""
    for field, facet in (found.get("search_facets") or {}).items():
        for item in facet["items"]:
            if field in _CODED:
                item["display_name"] = helpers.thanhhoa_label(_CODED[field], item["name"])
            elif field == "place":
                item["display_name"] = helpers.thanhhoa_place(item["name"])
    return found


def value_label(field: str, value: str) -> str:
    """The name of one value of a facet, also where the search found nothing."""
    value = search.clean(value)
    if field == "organization":
        group = model.Group.get(value)
        return str(group.title or value) if group else value
    item = {"name": value, "display_name": value, "count": 0}
    label({"search_facets": {field: {"items": [item]}}})
    return str(item["display_name"])
