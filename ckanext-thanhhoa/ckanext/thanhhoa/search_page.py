"""What the pages with results ask for, and what they say beside the results.

CKAN's views for searching and for an agency call ``package_search`` for a page (``for_view``) with
the filters of the address. `search_for_page` stands between them: the values of one facet are
alternatives, and each facet keeps the counts that it has without its own filter.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flask
from ckan.lib.search import SearchQueryError
from ckan.plugins import toolkit
from ckanext.thanhhoa import (
    facets,
    helpers,
    search,
    search_found,
    search_outage,
    search_words,
    stored_json,
)
from ckanext.thanhhoa.search_found import LISTINGS
from ckanext.thanhhoa.search_spelling import other_spelling

log = logging.getLogger(__name__)

Ask = Callable[[Any, dict[str, Any]], dict[str, Any]]

#: Values of one facet that the page can show ("Show all").
MOST_FACET_VALUES = 500
#: What of an address CKAN takes for no filter, besides names that begin with "_" or "ext_".
_NO_FILTERS = ("q", "page", "sort")
#: CKAN's home page, also where ckanext-dcat stands before it.
HOMES = ("home.index", "dcat.read_catalog")
#: Results shown where the search itself has none.
MOST_NEAREST = 3


@dataclass(frozen=True)
class Nearest:
    """What is found instead of nothing: by which query, with the page's filters or without."""

    query: str
    filtered: bool
    count: int
    results: list[dict[str, Any]]


@dataclass
class Outcome:
    """How the search of a page went. `problem`: a sentence where it could not be done.

    `outage`: the results come from the database; `unheeded` are the filters that it does not know.
    """

    problem: str = ""
    outage: bool = False
    unheeded: list[str] = dataclasses.field(default_factory=list)
    count: int = 0
    relaxed: bool = False
    nearest: Nearest | None = None


def get_helpers() -> dict[str, Callable[..., Any]]:
    """The helpers by the names that templates use."""
    return {"thanhhoa_search_outcome": outcome, "thanhhoa_sorting": sorting}


def outcome() -> Outcome:
    """How the search of this page went."""
    return flask.g.get("thanhhoa_search") or Outcome()


@toolkit.chained_action
@toolkit.side_effect_free
def package_search(
    original: Callable[..., dict[str, Any]], context: Any, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """The portal's ``package_search``; for a page, what `search_for_page` makes of it."""
    if _is_for_ckans_home(data_dict):
        toolkit.check_access("package_search", context, data_dict)
        return _nothing(data_dict)
    ask = functools.partial(
        search.package_search, stored_json.passed_on(original, context, data_dict)
    )
    if is_page(context):
        return search_for_page(ask, context, data_dict)
    try:
        return ask(context, data_dict)
    except search.SearchOutOfOrder:
        if flask.has_request_context() and flask.request.endpoint == "api.action":
            _answer_with(503)  # to CKAN it would be the caller's mistake
        raise


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
    """The results for a page, whose address names the filters; `ask` is ``package_search``.

    What the page has to say besides is kept for its helpers (`Outcome`). A query that cannot be
    read is no results and a sentence, with status 400.
    """
    outcome = flask.g.thanhhoa_search = Outcome()
    try:
        return _searched(ask, context, data_dict, outcome)
    except SearchQueryError as error:
        outcome.problem = in_words(error)
        _answer_with(400)
        return _nothing(data_dict)
    except search.SearchOutOfOrder as error:
        log.warning("a page is listed without the search: %s", error)
        fields = list(data_dict.get("facet.field") or [])
        chosen = chosen_values(flask.request.args.lists(), fields)
        others = other_values(flask.request.args.lists(), fields)
        outcome.outage = True
        outcome.unheeded = [
            name for name in {**chosen, **others} if name not in search_outage.KEPT_FILTERS
        ]
        return search_outage.listed(data_dict, chosen, others)


def _searched(
    ask: Ask, context: Any, data_dict: dict[str, Any], outcome: Outcome
) -> dict[str, Any]:
    found = _filtered(ask, context, data_dict)
    outcome.count = found["count"]
    outcome.relaxed = bool(context.get("thanhhoa_relaxed"))
    if not found["count"]:
        outcome.nearest = _nearest(ask, context, data_dict)
        if outcome.nearest:
            search_found.look_for(outcome.nearest.query)
    return found


def _filtered(ask: Ask, context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """The results of a page's search, with each facet's own counts."""
    fields = list(data_dict.get("facet.field") or [])
    asked = {**data_dict, "facet.limit": MOST_FACET_VALUES}
    chosen = chosen_values(flask.request.args.lists(), fields)
    rest = without_filters(str(data_dict.get("fq") or ""), chosen)
    found = ask(context, {**asked, "fq": with_filters(rest, chosen)})
    for field in chosen:
        others = {name: values for name, values in chosen.items() if name != field}
        narrowed = {**asked, "fq": with_filters(rest, others), "facet.field": [field]}
        counted = ask({**context}, {**narrowed, "rows": 0, "start": 0})
        _take_counts(found, counted, field, chosen[field])
    return found


def _nearest(ask: Ask, context: Any, data_dict: dict[str, Any]) -> Nearest | None:
    """What is found with another spelling or without the filters, where nothing is with both."""
    query = str(data_dict.get("q") or "")
    chosen = chosen_values(flask.request.args.lists(), list(data_dict.get("facet.field") or []))
    rest = without_filters(str(data_dict.get("fq") or ""), chosen)
    free = search.is_free_text({"q": query})
    spelling = other_spelling(query, 0, search_words.current()) if free else ""
    ways = [(spelling, True), ("" if not chosen else query, False), (chosen and spelling, False)]
    for asked, filtered in ways:
        if not asked:
            continue
        fq = with_filters(rest, chosen if filtered else {})
        narrowed = {**data_dict, "q": asked, "fq": fq, "facet": "false", "start": 0}
        found = ask({**context}, {**narrowed, "rows": MOST_NEAREST})
        if found["count"]:
            return Nearest(asked, filtered and bool(chosen), found["count"], found["results"])
    return None


def _is_for_ckans_home(data_dict: Mapping[str, Any]) -> bool:
    """Whether CKAN's view asks what its own home page shows; ours asks by `page_helpers.home`."""
    if not flask.has_request_context() or flask.request.endpoint not in HOMES:
        return False
    return data_dict.get("sort") == "view_recent desc" and data_dict.get("rows") == 4


def _nothing(data_dict: Mapping[str, Any]) -> dict[str, Any]:
    """The shape of an answer without results."""
    return {
        "count": 0, "results": [], "facets": {}, "search_facets": {}, "sort": data_dict.get("sort"),
    }  # fmt: skip


def in_words(error: SearchQueryError) -> str:
    """What is wrong with a query, in the reader's language; nothing that Solr or CKAN said."""
    if isinstance(error, search.QueryRefused):
        return error.said[helpers.language()]
    return toolkit._(
        "The query or a filter in the address of this page cannot be read. Leave out special "
        "signs, or start a new search."
    )


def _answer_with(status: int) -> None:
    """The page is the answer, but not a good one."""

    @flask.after_this_request
    def mark(response: flask.Response) -> flask.Response:
        response.status_code = status
        return response


def chosen_values(arguments: Any, fields: Sequence[str]) -> dict[str, list[str]]:
    """The values chosen in each of the page's facets: field → values, each once."""
    named = {name: list(dict.fromkeys(filter(None, values))) for name, values in arguments}
    return {field: named[field] for field in fields if named.get(field)}


def other_values(arguments: Any, fields: Sequence[str]) -> dict[str, list[str]]:
    """The values of the filters that are none of the page's facets; all of them are asked for."""
    named = dict(arguments)
    others = [name for name in named if not name.startswith(("_", "ext_"))]
    others = [name for name in others if name not in (*fields, *_NO_FILTERS)]
    return chosen_values(named.items(), others)


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
