"""Addresses that cannot be answered are refused in words, where CKAN would fail."""

from __future__ import annotations

import flask
from ckan.lib.search import SearchQueryError
from ckan.plugins import toolkit
from ckanext.thanhhoa import search, search_page
from werkzeug.exceptions import BadRequest, ServiceUnavailable


def keep(app: flask.Flask) -> None:
    """Looks at each request's address, and tells of a search that a view let fail."""

    def not_read(error: SearchQueryError) -> flask.typing.ResponseReturnValue:
        return app.handle_http_exception(BadRequest(search_page.in_words(error)))

    def out_of_order(error: search.SearchOutOfOrder) -> flask.typing.ResponseReturnValue:
        return app.handle_http_exception(ServiceUnavailable(str(error)))

    app.before_request(refuse)
    app.register_error_handler(SearchQueryError, not_read)
    app.register_error_handler(search.SearchOutOfOrder, out_of_order)


def refuse() -> None:
    """Ends a request for a name with a control character, or for an order by nothing."""
    asked = flask.request
    if "\0" in asked.path:
        toolkit.abort(404)
    sort = asked.args.get("sort")
    if asked.endpoint == "dataset.search" and sort and not all(map(str.strip, sort.split(","))):
        toolkit.abort(400, search_page.in_words(SearchQueryError(sort)))
