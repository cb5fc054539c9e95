"""Pages and answers that everybody gets alike tell their version, and need not be sent twice.

The version (an ETag) stands for the state of the catalogue: triggers in the database note every
transaction that changes what pages show, whoever writes, and one query sums them up. With it go
the language, the form that was asked for, the code and the configuration, and a few minutes, as
some things a process remembers. A page that somebody sees who has logged in has no version, nor
one with a message for a single visitor, nor one that was made while the search was out of order.

Such pages hold no CSRF token: nothing on them is sent by a form, and a token would make a session,
and so a page of its own, for every visitor.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import ckan
import flask
import sqlalchemy as sa
from ckan import model, plugins
from ckan.common import current_user
from ckan.lib import signals
from ckan.plugins import toolkit
from ckanext.thanhhoa.model import change
from flask_wtf.csrf import generate_csrf
from sqlalchemy.exc import DBAPIError

import schemas

log = logging.getLogger(__name__)

#: Endpoints. Where pages are also given as DCAT, ckanext-dcat stands before CKAN's own.
PAGES = frozenset({
    "dcat.read_catalog", "dcat.read_dataset",
    "home.index", "home.about", "dataset.search", "dataset.read", "organization.index",
    "organization.read", "group.index", "group.read",
})  # fmt: skip
ACTIONS = frozenset({
    "group_list", "group_show", "license_list", "organization_list", "organization_show",
    "package_list", "package_search", "package_show", "resource_show", "tag_list", "tag_show",
})  # fmt: skip
#: Seconds after which a page is made anew though nothing has changed: days pass, and processes
#: remember figures and names for a while.
MINUTES = 300
#: Triggers that the migrations have made; with fewer of them a change could go by.
TRIGGERS = 12
#: Rows from which on the older half is taken away.
MOST_ROWS = 500
#: Actions that change tables in the other database, where there are no triggers.
_TABLE_ACTIONS = ("datastore_create", "datastore_upsert", "datastore_delete",
                  "datastore_records_delete")  # fmt: skip
_QUERY = (
    "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname = 'thanhhoa_change'),"
    " count(*), sum(xid), max(xid) FROM thanhhoa.change"
)
#: Where a request's address, before CKAN takes the language out of it, and the state are kept.
_ADDRESS, _STATE = "thanhhoa.address", "thanhhoa.state"
_CODE = ("*.py", "*.html", "*.mo", "*.yaml", "*.tsv", "*.css", "*.js", "*.svg")


def keep(app: flask.Flask) -> None:
    """Has the application tell and ask versions."""
    told = Versions(code_version())
    app.wsgi_app = Door(app.wsgi_app, told)
    # Behind CKAN's own beginning, which says who asks, and before what plugins do.
    app.before_request_funcs.setdefault(None, []).insert(1, told.before)
    app.after_request(told.after)
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.context_processor(lambda: {"csrf_token": csrf_token})
    for action in _TABLE_ACTIONS:
        signals.action_succeeded.connect(_table_changed, sender=action)


def csrf_token() -> str:
    """A form's token; none on a page that is the same for everybody."""
    return "" if "thanhhoa_version" in flask.g else str(generate_csrf())


def not_for_all() -> None:
    """What is being made now, if anything, must not be taken for the page as it is."""
    if flask.has_request_context():
        flask.g.pop("thanhhoa_version", None)
        flask.g.thanhhoa_passing = True


def note_change() -> None:
    """Notes that something has changed that the database does not see. Commits, by itself."""
    with model.ensure_engine().begin() as connection:
        connection.execute(sa.text("INSERT INTO thanhhoa.change DEFAULT VALUES"))


class Door:
    """Before everything else, for who has no cookie and no key: is it known already?

    Everybody gets the same then, and a version stands for one address in one form: who names the
    current one has been told it by `Versions`, so nothing has to be looked up but the state.
    """

    def __init__(self, inner: Callable[..., Any], versions: Versions):
        self._inner, self._versions = inner, versions

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        address = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
        environ[_ADDRESS] = f"{address}?{environ.get('QUERY_STRING', '')}"
        named = environ.get("HTTP_IF_NONE_MATCH")
        if named and environ["REQUEST_METHOD"] in ("GET", "HEAD") and _is_unknown(environ):
            now = environ[_STATE] = _read_state()
            tag = self._versions.tag(environ, now) if now else ""
            if tag and f'W/"{tag}"' in named:
                return _known(tag)(environ, start_response)
        return self._inner(environ, start_response)


def _is_unknown(environ: Mapping[str, Any]) -> bool:
    """Whether nothing in the request says who asks, or from which other site."""
    key = str(toolkit.config["apitoken_header_name"]).upper().replace("-", "_")
    telling = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_ORIGIN", "REMOTE_USER", f"HTTP_{key}")
    others = plugins.PluginImplementations(plugins.IAuthenticator)
    return not any(environ.get(name) for name in telling) and not any(True for _ in others)


class Versions:
    """Before a request: is it known already? After it: which version was sent."""

    def __init__(self, code: str):
        self._code = code

    def before(self) -> flask.Response | None:
        """An empty answer for who has the current version; else the request goes on."""
        if not _is_for_all():
            return None
        # Read before the page is made: a change meanwhile makes it older than it is, never newer.
        now = state()
        if now is None:
            return None
        tag = self.tag(flask.request.environ, now)
        known = flask.request.if_none_match
        # "*" names no version: whether there is such a page at all is not known yet.
        if known.contains_weak(tag) and not known.star_tag:
            return _known(tag)
        flask.g.thanhhoa_version = tag
        return None

    def after(self, response: flask.Response) -> flask.Response:
        """Adds the version to what everybody gets alike."""
        tag = flask.g.get("thanhhoa_version")
        if tag and response.status_code == 200 and not _is_personal(response):
            return _marked(response, tag)
        if _is_versioned():
            response.vary.update(["Cookie", "HX-Request"])
        return response

    def tag(self, environ: Mapping[str, Any], now: str) -> str:
        """The version of what is asked for."""
        parts = (
            *(now, self._code, str(int(time.time() // MINUTES))),
            *(environ[_ADDRESS], environ.get("HTTP_ACCEPT", "")),
            environ.get("HTTP_HX_REQUEST", ""),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _known(tag: str) -> flask.Response:
    answer = flask.Response(status=304)
    answer.headers.pop("Content-Type", None)
    answer.cache_control.private = True
    return _marked(answer, tag)


def _is_versioned() -> bool:
    request = flask.request
    if request.endpoint == "api.action":
        return (request.view_args or {}).get("logic_function") in ACTIONS
    return request.endpoint in PAGES


def _is_for_all() -> bool:
    """Whether everybody who asks this gets the same answer."""
    if flask.request.method not in ("GET", "HEAD") or not _is_versioned():
        return False
    return bool(current_user.is_anonymous and not flask.session.get("_flashes"))


def _is_personal(response: flask.Response) -> bool:
    """Whether something was made for this visitor after all: a token, a message, a cookie."""
    touched = flask.session.modified or "Set-Cookie" in response.headers
    return bool(touched or flask.g.get("thanhhoa_passing"))


def _marked(response: flask.Response, tag: str) -> flask.Response:
    # Weak, because what stands between may pack the page.
    response.set_etag(tag, weak=True)
    # htmx asks for a part of the page at the page's own address.
    response.vary.update(["Cookie", "Accept", "HX-Request"])
    response.cache_control.no_cache = True
    return response


def state() -> str | None:
    """The state of what pages show, read once for a request; None when it cannot be known."""
    if not flask.has_request_context():
        return _read_state()
    environ = flask.request.environ
    if _STATE not in environ:
        environ[_STATE] = _read_state()
    now: str | None = environ[_STATE]
    return now


def _read_state() -> str | None:
    try:
        with _apart(model.ensure_engine()).connect() as connection:
            there, rows, *numbers = connection.exec_driver_sql(_QUERY).one()
        if there != TRIGGERS:
            return None
        if rows > MOST_ROWS:
            _shorten()
    except DBAPIError as error:
        log.warning("pages have no version: %s", str(error)[:300])
        return None
    return f"{rows} {numbers}"


@lru_cache(1)
def _apart(engine: sa.Engine) -> sa.Engine:
    """Apart from the session: no transaction is begun, and none ended."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _shorten() -> None:
    """Takes the older half of the rows away. It makes a new state, which does no harm."""
    older = sa.select(change.c.xid).order_by(change.c.xid).limit(MOST_ROWS // 2)
    with model.ensure_engine().begin() as connection:
        connection.execute(change.delete().where(change.c.xid.in_(older)))


def _table_changed(sender: str, **more: Any) -> None:
    note_change()


def code_version() -> str:
    """What pages are made with: the portal's files, CKAN's version, the configuration."""
    facts = hashlib.sha256(ckan.__version__.encode())
    for path in _files():
        stat = path.stat()
        facts.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}".encode())
    return facts.hexdigest()


def _files() -> Iterator[Path]:
    for folder in (Path(__file__).parent, Path(schemas.__file__).parent):
        for pattern in _CODE:
            yield from sorted(folder.rglob(pattern))
    configuration = Path(str(toolkit.config.get("__file__") or ""))
    if configuration.is_file():
        yield configuration
