"""Where a search result was found, in words: its texts with the query's words marked.

Works on the dataset as the page has it, not on what Solr says: `package_search` answers what CKAN
answers, and results look the same when they come from the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import flask
from ckan.plugins import toolkit
from ckanext.thanhhoa import helpers, page_helpers, previews, search, search_words
from ckanext.thanhhoa.search_marks import Marked, Query, mark, query_of
from ckanext.thanhhoa.search_places import places_of
from ckanext.thanhhoa.search_reading import Reading, read
from markupsafe import Markup

#: Columns, places and the like that are named for one result.
MOST_VALUES = 3
#: Of these many values of a kind, the first are looked through.
MOST_LOOKED_AT = 500
#: The pages that show results of a search for the address's ``q``.
LISTINGS = ("dataset.search", "organization.read", "group.read")


@dataclass(frozen=True)
class Elsewhere:
    """Where else than in what is shown the words were found: columns, places, tags …"""

    where: str
    values: tuple[Markup, ...]


@dataclass(frozen=True)
class Found:
    """A result as it is shown: marked texts, and where the words stand that these do not have."""

    title: Markup
    line: Markup
    agency: Markup
    elsewhere: tuple[Elsewhere, ...]


def get_helpers() -> dict[str, Callable[..., Any]]:
    """The helpers by the names that templates use."""
    return {"thanhhoa_found": found}


def found(dataset: Mapping[str, Any]) -> Found:
    """One result of the page's search, with marks; without a query it has none."""
    return found_in(dataset, _asked())


def found_in(dataset: Mapping[str, Any], query: Query) -> Found:
    """Where the query's words are found in a dataset, in the reader's language."""
    organization = dataset.get("organization") or {}
    shown = [
        page_helpers.text(dataset, "title") or str(dataset.get("name") or ""),
        page_helpers.plain_text(dataset),
        str(organization.get("title") or ""),
    ]
    hidden = list(_hidden(dataset)) if query.words else []
    marked = mark(query, [*shown, *(value for _, value in hidden)])
    title, line, agency = marked[:3]
    missing = query.telling - title.keys - line.keys - agency.keys
    kinds = [kind for kind, _ in hidden]
    elsewhere = _elsewhere(zip(kinds, marked[3:], strict=True), missing)
    return Found(title.html(), line.snippet(), agency.html(), tuple(elsewhere))


def _elsewhere(
    values: Iterable[tuple[str, Marked]], missing: frozenset[str]
) -> Iterator[Elsewhere]:
    """The values that have words which nothing before them has, by kind."""
    by_kind: dict[str, list[Marked]] = {}
    for kind, value in values:
        if value.keys & missing:
            by_kind.setdefault(kind, []).append(value)
    titles = _titles()
    for kind, found_there in by_kind.items():
        found_there.sort(key=lambda value: -len(value.keys))
        first = found_there[:MOST_VALUES]
        if new := frozenset().union(*(value.keys for value in first)) & missing:
            yield Elsewhere(titles[kind], tuple(value.snippet() for value in first))
            missing -= new


def _titles() -> dict[str, str]:
    return {
        "column": toolkit._("Found in the columns:"),
        "indicator": toolkit._("Found in the indicators:"),
        "tag": toolkit._("Found in the tags:"),
        "place": toolkit._("Found in the places:"),
        "theme": toolkit._("Found in the themes:"),
        "file": toolkit._("Found in the files:"),
    }


def _hidden(dataset: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a result does not show but is found by: (kind, text), each text once for its kind."""
    resources = dataset.get("resources") or []
    texts = {
        "column": (title for resource in resources for title in _columns(resource)),
        "indicator": _labels("indicator", dataset.get("indicator")),
        "tag": (str(tag.get("display_name") or tag["name"]) for tag in dataset.get("tags") or []),
        "place": _places(dataset),
        "theme": _labels("theme", dataset.get("theme")),
        "file": (str(resource.get("name") or "") for resource in resources),
    }
    for kind, values in texts.items():
        for value in list(dict.fromkeys(values))[:MOST_LOOKED_AT]:
            yield kind, value


def _columns(resource: Mapping[str, Any]) -> Iterator[str]:
    for name, field in previews.schema_fields(resource).items():
        yield previews.title_of(field, name)


def _labels(codelist: str, codes: Any) -> Iterator[str]:
    for code in codes if isinstance(codes, list) else [codes] if codes else []:
        yield helpers.thanhhoa_label(codelist, str(code))


def _places(dataset: Mapping[str, Any]) -> list[str]:
    coverage = dataset.get("spatial_coverage")
    records = coverage if isinstance(coverage, list) else []
    places = places_of([record for record in records if isinstance(record, Mapping)])
    return [*places.names, *places.related]


def page_reading(text: str) -> Reading:
    """A query as the search reads it; of no words where it is no free text or a long one."""
    words = search.plain_words(search.clean(text)) if search.is_free_text({"q": text}) else ""
    long = len(words) > search.MAX_CHARACTERS or len(words.split()) > search.MAX_WORDS_BY_ROLE
    return read("" if long else words, search_words.current())


def look_for(text: str) -> Query:
    """Marks in this page's results what of the text is found in them."""
    flask.g.thanhhoa_query = query_of(page_reading(text))
    return flask.g.thanhhoa_query


def _asked() -> Query:
    """The query of the page, read once for all of its results."""
    if "thanhhoa_query" not in flask.g:
        here = flask.request.endpoint in LISTINGS
        return look_for(flask.request.args.get("q", "") if here else "")
    return flask.g.thanhhoa_query
