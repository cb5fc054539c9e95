"""What the pages say of the portal and of a dataset, as templates take it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from ckan import model
from ckan.plugins import toolkit
from ckanext.thanhhoa import (
    access,
    config,
    facets,
    helpers,
    key_figures,
    previews,
    search_outage,
    series,
)
from ckanext.thanhhoa.search import SearchOutOfOrder

import schemas
from schemas.wording import date_label, period_label

#: Example queries under the home page's search field.
_EXAMPLES = 5
_NEWEST = 6
#: Seconds for which a worker process keeps them.
_KEEP = 300
#: A format beyond these many letters is an address or a sentence, no badge.
_FORMAT_LENGTH = 24

#: Characters of a description where it is one of many.
_LINE = 160

_examples: dict[str, tuple[float, list[str]]] = {}


def get_helpers() -> dict[str, Callable[..., Any]]:
    """The helpers by the names that templates use."""
    return {
        "thanhhoa_charts": series.charts,
        "thanhhoa_coverage": coverage,
        "thanhhoa_dataset_url": dataset_url,
        "thanhhoa_facet": facet,
        "thanhhoa_facet_label": facets.value_label,
        "thanhhoa_files_refused": files_refused,
        "thanhhoa_format": format_label,
        "thanhhoa_format_badge": format_badge,
        "thanhhoa_formats": formats,
        "thanhhoa_home": home,
        "thanhhoa_key_figures": key_figures.key_figures,
        "thanhhoa_line": line,
        "thanhhoa_main_table": previews.main_table,
        "thanhhoa_organization": organization,
        "thanhhoa_preview": previews.preview,
        "thanhhoa_row_period": row_period,
        "thanhhoa_schema_columns": previews.schema_columns,
        "thanhhoa_text": text,
        "thanhhoa_updated": updated,
        "thanhhoa_web_url": web_url,
    }


@lru_cache(1_000)
def line(description: str) -> str:
    """A description written in Markdown as the beginning of its text.

    Those of agencies are shown again and again, and reading Markdown is half the work of a line.
    """
    return str(toolkit.h.markdown_extract(description, extract_length=_LINE))


def home() -> dict[str, Any]:
    """The catalogue at a glance, with one search (and the examples, kept for some minutes).

    ``{count, themes, agencies, examples, newest}``; themes and agencies are lists of
    ``{name, label, count}``, all twenty themes in the codelist's order; a count is None while the
    search is out of order.
    """
    try:
        found = _newest()
    except SearchOutOfOrder:
        return _home_without_search()
    items = {name: value["items"] for name, value in found["search_facets"].items()}
    counts = {item["name"]: item["count"] for item in items.get("theme", [])}
    themes = [{**theme, "count": counts.get(theme["name"], 0)} for theme in _themes()]
    return {
        "count": found["count"],
        "themes": themes,
        "agencies": [_labelled(item) for item in _by_count(items.get("organization", []))],
        "examples": examples(),
        "newest": found["results"],
    }


def _newest() -> dict[str, Any]:
    asked = {
        "rows": _NEWEST,
        "sort": "metadata_modified desc",
        "facet.field": ["theme", "organization"],
        "facet.limit": 100,
    }
    return dict(toolkit.get_action("package_search")({}, asked))


def _themes() -> list[dict[str, Any]]:
    return [
        {"name": item.ma, "label": item.label(helpers.language()), "count": None}
        for item in schemas.codelist("theme")
    ]


def _home_without_search() -> dict[str, Any]:
    """The home page from the database, while the search is out of order: no counts by theme."""
    found = search_outage.listed({"rows": _NEWEST}, {}, {})
    agencies = (
        model.Session.query(model.Group.name, model.Group.title)
        .filter_by(is_organization=True, state="active")
        .order_by(model.Group.title)
    )
    return {
        "count": found["count"],
        "themes": _themes(),
        "agencies": [
            {"name": name, "label": title or name, "count": None} for name, title in agencies
        ],
        "examples": [],
        "newest": found["results"],
    }


def examples() -> list[str]:
    """The configured example queries that find something."""
    since, found = _examples.get("", (float("-inf"), []))
    if time.monotonic() - since > _KEEP:
        found = [query for query in config.example_queries() if _finds(query)][:_EXAMPLES]
        _examples[""] = (time.monotonic(), found)
    return found


def _finds(query: str) -> bool:
    # As an anonymous reader, and strictly: the answer is kept for everybody.
    found = toolkit.get_action("package_search")(
        {"user": "", "auth_user_obj": None}, {"q": query, "rows": 0, "mm": "100%"}
    )
    return bool(found["count"])


def text(data: Mapping[str, Any], field: str) -> str:
    """A field in the reader's language: its ``_en`` where there is one and English is read."""
    if helpers.language() == "en" and data.get(f"{field}_en"):
        return str(data[f"{field}_en"])
    return str(data.get(field) or "")


def plain_text(data: Mapping[str, Any]) -> str:
    """The whole description without markup, in one line."""
    return " ".join(str(toolkit.h.markdown_extract(text(data, "notes"), extract_length=0)).split())


def dataset_url(dataset: Mapping[str, Any]) -> str:
    """The path of a dataset's page."""
    return str(toolkit.url_for("dataset.read", id=dataset["name"]))


def coverage(dataset: Mapping[str, Any]) -> list[str]:
    """The periods a dataset is about, in words: ``["2011 – 2024"]``."""
    rows = dataset.get("temporal_coverage") or []
    # A span does not break at its dash.
    return [label.replace(" – ", "\u00a0–\u00a0") for label in map(row_period, rows) if label]


def row_period(row: Mapping[str, Any]) -> str:
    """One row of the temporal coverage in words; days where there is no period."""
    first, last = row.get("start_period"), row.get("end_period")
    if first or last:
        # Tables of one period often say it twice.
        span = "/".join(dict.fromkeys(str(part) for part in (first, last) if part))
        return period_label(span, helpers.language())
    ends = (row.get("start"), row.get("end"))
    days = [date_label(str(day), helpers.language()) for day in ends if day]
    return " – ".join(dict.fromkeys(days))


def updated(dataset: Mapping[str, Any]) -> dict[str, str]:
    """When the data changed last: ``{day, at}``; `at` is ``source``, failing that ``portal``."""
    at_source = dataset.get("modified") or dataset.get("issued")
    day = at_source or dataset.get("metadata_modified")
    return {
        "day": helpers.thanhhoa_date(day),
        "at": "source" if at_source else "portal",
    }


def formats(dataset: Mapping[str, Any]) -> list[str]:
    """The formats of a dataset's resources, each once, in their order."""
    labels = (format_badge(resource.get("format")) for resource in dataset.get("resources") or [])
    return list(dict.fromkeys(label for label in labels if label))


def format_label(value: Any) -> str:
    """A format in words (``Bảng tính Excel``); the value itself when it is unknown."""
    given = str(value or "").strip()
    item = schemas.codelist("format").find(given) if given else None
    return item.label(helpers.language()) if item else given[:_FORMAT_LENGTH]


def format_badge(value: Any) -> str:
    """A format in one short word: its code (``XLSX``), however the resource spells it."""
    given = str(value or "").strip()
    item = schemas.codelist("format").find(given) if given else None
    return item.ma if item else given[:_FORMAT_LENGTH]


def files_refused(dataset: Mapping[str, Any]) -> bool:
    """Whether the reader sees the description only, and files and tables need a permission."""
    package = model.Package.get(dataset["id"])
    if package is None:
        return False
    return not access.may_read_content({"user": toolkit.current_user.name}, package)


def organization(reference: str) -> dict[str, Any]:
    """An agency with its own fields, as ``organization_show`` gives it, without its datasets."""
    shown = toolkit.get_action("organization_show")
    return dict(
        shown(
            {},
            {
                "id": reference,
                "include_datasets": False,
                "include_dataset_count": False,
                "include_users": False,
                "include_groups": False,
                "include_followers": False,
                "include_tags": False,
            },
        )
    )


def facet(name: str, title: str, search_facets: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A facet's items for the page: ``{label, count, active, url}``; years from the newest on."""
    items = toolkit.h.get_facet_items_dict(name, search_facets, limit=0)
    if name == "year":
        items = sorted(items, key=lambda item: str(item["name"]), reverse=True)
    default = toolkit.config["search.facets.default"]
    # CKAN would cut the list before it is in order; 0 asks for all. What is chosen always shows.
    limit = toolkit.h.get_param_int(f"_{name}_limit", default) or len(items)
    shown = items[:limit] + [item for item in items[limit:] if item["active"]]
    return [
        {
            **_labelled(item),
            "active": item["active"],
            "url": toolkit.h.remove_url_param(name, item["name"])
            if item["active"]
            else toolkit.h.add_url_param(new_params={name: item["name"]}),
        }
        for item in shown
    ]


def web_url(value: Any) -> str:
    """The address if a browser may be sent there, else empty (``javascript:`` and its like)."""
    address = str(value or "").strip()
    return address if re.match(r"https?://", address, re.IGNORECASE) else ""


def _labelled(item: Mapping[str, Any]) -> dict[str, Any]:
    label = item.get("display_name") or item["name"]
    return {"name": item["name"], "label": label, "count": item["count"]}


def _by_count(items: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(items, key=lambda item: (-item["count"], str(item.get("display_name"))))
