"""What is asked and cannot be answered is refused in words, where CKAN would fail."""

from __future__ import annotations

import re

import flask
import sqlalchemy as sa
from ckan.lib.navl.dictization_functions import DataError
from ckan.lib.search import SearchQueryError
from ckan.plugins import toolkit
from ckanext.thanhhoa import search, search_page
from werkzeug.exceptions import BadRequest, ServiceUnavailable

#: What no XML can hold, and so no feed.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def keep(app: flask.Flask) -> None:
    """Looks at each request's address, and tells of a search that a view let fail."""

    def not_read(error: SearchQueryError) -> flask.typing.ResponseReturnValue:
        return app.handle_http_exception(BadRequest(search_page.in_words(error)))

    def out_of_order(error: search.SearchOutOfOrder) -> flask.typing.ResponseReturnValue:
        return app.handle_http_exception(ServiceUnavailable(str(error)))

    def not_stored(error: DataError) -> flask.typing.ResponseReturnValue:
        return app.handle_http_exception(BadRequest(error.error))

    app.before_request(refuse)
    app.register_error_handler(DataError, not_stored)
    app.register_error_handler(SearchQueryError, not_read)
    app.register_error_handler(search.SearchOutOfOrder, out_of_order)
    if not sa.event.contains(sa.Engine, "handle_error", _not_stored):
        sa.event.listen(sa.Engine, "handle_error", _not_stored)


def refuse() -> None:
    """Ends a request for a name with a control character, or for an order by nothing."""
    asked = flask.request
    is_feed = (asked.endpoint or "").startswith("feeds.")
    if "\0" in asked.path or (is_feed and _CONTROL.search(asked.path)):
        toolkit.abort(404)
    if is_feed and _CONTROL.search("".join(asked.args.values())):
        toolkit.abort(400, search_page.in_words(SearchQueryError()))
    sort = asked.args.get("sort")
    if asked.endpoint == "dataset.search" and sort and not all(map(str.strip, sort.split(","))):
        toolkit.abort(400, search_page.in_words(SearchQueryError(sort)))


def _not_stored(failed: sa.engine.ExceptionContext) -> None:
    """No text in PostgreSQL has the character NUL: psycopg2 does not send one that has."""
    error = failed.original_exception
    if isinstance(error, ValueError) and "NUL" in str(error):
        said = "A value holds the character NUL (U+0000), which no text may have: leave it out."
        raise DataError(toolkit._(said)) from error
