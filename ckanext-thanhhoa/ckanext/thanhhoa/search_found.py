"""Where a search result was found, in words: its texts with the query's words marked.

Works on the dataset as the page has it, not on what Solr says: `package_search` answers what CKAN
answers, and results look the same when they come from the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flask
from ckan.plugins import toolkit
from ckanext.thanhhoa import helpers, page_helpers, previews, search, search_words
from ckanext.thanhhoa.search_document import listed_values
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

#: Names of columns with what their tables' schemas say about them.
Columns = Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Elsewhere:
    """Where else than in what is shown the words were found, in words: columns, places, tags …"""

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
    places = [where for where, _ in hidden]
    elsewhere = _elsewhere(zip(places, marked[3:], strict=True), missing)
    return Found(title.html(), line.snippet(), agency.html(), tuple(elsewhere))


def _elsewhere(
    values: Iterable[tuple[str, Marked]], missing: frozenset[str]
) -> Iterator[Elsewhere]:
    """The values that have words which nothing before them has, by where they stand."""
    by_place: dict[str, list[Marked]] = {}
    for where, value in values:
        if value.keys & missing:
            by_place.setdefault(where, []).append(value)
    for where, found_there in by_place.items():
        found_there.sort(key=lambda value: -len(value.keys))
        first = found_there[:MOST_VALUES]
        if new := frozenset().union(*(value.keys for value in first)) & missing:
            yield Elsewhere(where, tuple(value.snippet() for value in first))
            missing -= new


def _hidden(dataset: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a result does not show but is found by: (where, text), each text once for its place."""
    resources = dataset.get("resources") or []
    columns = [
        found for resource in resources for found in previews.schema_fields(resource).items()
    ]
    texts: tuple[Iterable[tuple[str, str]], ...] = (
        _all(toolkit._("Found in the columns:"), _titles(columns)),
        _values(columns),
        _all(toolkit._("Found in the indicators:"), _labels("indicator", dataset.get("indicator"))),
        _all(
            toolkit._("Found in the tags:"),
            (str(tag.get("display_name") or tag["name"]) for tag in dataset.get("tags") or []),
        ),
        _all(toolkit._("Found in the places:"), _places(dataset)),
        _all(toolkit._("Found in the themes:"), _labels("theme", dataset.get("theme"))),
        _all(
            toolkit._("Found in the files:"),
            (str(resource.get("name") or "") for resource in resources),
        ),
    )
    for found_there in texts:
        yield from list(dict.fromkeys(found_there))[:MOST_LOOKED_AT]


def _all(where: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((where, text) for text in texts)


def _titles(columns: Columns) -> Iterator[str]:
    """Titles in the reader's language; then in the other one, which is searched as well."""
    yield from (previews.title_of(column, name) for name, column in columns)
    other = "title" if helpers.language() == "en" else "title_en"
    for _, column in columns:
        if isinstance(column.get(other), str):
            yield previews.title_of({"title": column[other], "unit": column.get("unit")})


def _values(columns: Columns) -> Iterator[tuple[str, str]]:
    """The values that columns list, each with the name of its column."""
    for name, column in columns:
        where = toolkit._("Found in the values of the column “{column}”:")
        where = where.format(column=previews.title_of(column, name))
        yield from ((where, value) for value in listed_values(column) if isinstance(value, str))


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
