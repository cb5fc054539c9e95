"""What the pages with results ask for, and what they say beside the results.

CKAN's views for searching and for an agency call ``package_search`` for a page (``for_view``) with
the filters of the address. `search_for_page` stands between them: the values of one facet are
alternatives, and each facet keeps the counts that it has without its own filter.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flask
from ckan.plugins import toolkit
from ckanext.thanhhoa import facets, search
from ckanext.thanhhoa.search_found import LISTINGS

Ask = Callable[[Any, dict[str, Any]], dict[str, Any]]

#: Values of one facet that the page can show ("Show all").
MOST_FACET_VALUES = 500


def get_helpers() -> dict[str, Callable[..., Any]]:
    """The helpers by the names that templates use."""
    return {"thanhhoa_sorting": sorting}


@toolkit.chained_action
@toolkit.side_effect_free
def package_search(
    original: Callable[..., dict[str, Any]], context: Any, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """The portal's ``package_search``; for a page, what `search_for_page` makes of it."""
    ask = functools.partial(search.package_search, original)
    if is_page(context):
        return search_for_page(ask, context, data_dict)
    return ask(context, data_dict)


def sorting(query: str) -> list[tuple[str, str]]:
    """The orders of results that a page offers: (name, value of ``sort``), the usual one first."""
    best = (toolkit._("Best match"), "score desc, metadata_modified desc")
    return [
        *([best] if query else []),
        (toolkit._("Changed last on the portal"), "metadata_modified desc"),
        (toolkit._("Newest at the source"), "modified desc, metadata_modified desc"),
        (toolkit._("Title A to Z"), "title_order asc"),
    ]


def is_page(context: Mapping[str, Any]) -> bool:
    """Whether a page with results asks, not the API or a part of another page."""
    in_view = context.get("for_view") and flask.has_request_context()
    return bool(in_view and flask.request.endpoint in LISTINGS)


def search_for_page(ask: Ask, context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """The results for a page, whose address names the filters; `ask` is ``package_search``."""
    fields = list(data_dict.get("facet.field") or [])
    asked = {**data_dict, "facet.limit": MOST_FACET_VALUES}
    chosen = chosen_values(flask.request.args.lists(), fields)
    rest = without_filters(str(data_dict.get("fq") or ""), chosen)
    found = ask(context, {**asked, "fq": with_filters(rest, chosen)})
    for field in chosen:
        others = {name: values for name, values in chosen.items() if name != field}
        counted = ask(
            {**context},
            {**asked, "fq": with_filters(rest, others), "facet.field": [field], "rows": 0,
             "start": 0},
        )  # fmt: skip
        _take_counts(found, counted, field, chosen[field])
    return found


def chosen_values(arguments: Any, fields: Sequence[str]) -> dict[str, list[str]]:
    """The values chosen in each of the page's facets: field → values, each once."""
    named = {name: list(dict.fromkeys(filter(None, values))) for name, values in arguments}
    return {field: named[field] for field in fields if named.get(field)}


def without_filters(fq: str, chosen: Mapping[str, Sequence[str]]) -> str:
    """CKAN's filter query of a page without the filters of these values."""
    for field, values in chosen.items():
        for value in values:
            fq = fq.replace(f'{field}:"{value}"', " ")
    return " ".join(fq.split())


def with_filters(fq: str, chosen: Mapping[str, Sequence[str]]) -> str:
    """A filter query that also asks for one of the values of each facet.

    >>> with_filters("+dataset_type:dataset", {"theme": ["01", "02"]})
    '+dataset_type:dataset +theme:("01" OR "02")'
    """
    asked = [f"+{field}:({' OR '.join(map(_quoted, values))})" for field, values in chosen.items()]
    return " ".join(filter(None, [fq, *asked]))


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _take_counts(
    found: dict[str, Any], counted: Mapping[str, Any], field: str, chosen: Sequence[str]
) -> None:
    """Puts the counts of one facet into the results; a chosen value stays there to be removed."""
    found["facets"][field] = counted["facets"].get(field, {})
    items = counted["search_facets"].get(field, {}).get("items", [])
    there = {item["name"] for item in items}
    items += [
        {"name": value, "display_name": facets.value_label(field, value), "count": 0}
        for value in chosen
        if value not in there
    ]
    found["search_facets"][field] = {"title": field, "items": items}
