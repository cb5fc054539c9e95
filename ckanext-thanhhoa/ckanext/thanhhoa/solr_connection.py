"""One kept-alive connection to Solr for the threads of a process, and another node when one fails.

CKAN makes a new connection for every request. Here its `make_connection` gives what it always gave,
on a session that stays open. In a SolrCloud the other nodes are named by the option
``ckanext.thanhhoa.solr_nodes``: what one cannot answer is asked of the next, once. That may be done
with searches, which change nothing, and with documents and deletions, which have ids; not with what
makes, swaps or removes an index.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pysolr
import requests
import urllib3
from ckan.lib import search
from ckan.lib.search import common
from ckan.lib.search import index as ckan_index
from ckan.lib.search import query as ckan_query
from ckan.plugins import toolkit
from ckanext.thanhhoa import config, page_versions
from requests.adapters import HTTPAdapter

#: Seconds until a node that takes no connection counts as out of order.
CONNECT_SECONDS = 3.0
#: Seconds that a search may take; a Solr that stands still must not make every page stand.
SEARCH_SECONDS = 10.0
#: Bytes of a request that goes out in one piece.
_SMALL = 16_384
#: A node that failed is asked after the others, a single one that stood still not at all, until it
#: says that it is well; it is asked for that every so many seconds, beside the searches, and has so
#: many to say it. (A starting Solr takes connections long before it answers.)
REST_SECONDS = 5.0
HEALTH_SECONDS = 2.0
#: Connections that a process keeps to a node; more are opened and closed.
POOL = 16
#: What a node answers that is stopping, starting, or cannot reach a part of the collection.
_OUT_OF_ORDER = (404, 500, 502, 503, 504)

#: What the beginning of an answer says that Solr broke off (``timeAllowed`` in solrconfig.xml).
_PARTIAL, _HEADER = b'"partialResults":true', 300
#: What is said instead, here and to who asks for it by name.
TOOK_TOO_LONG = "the query took too long"
_TOOK_TOO_LONG = f'{{"error":{{"msg":"{TOOK_TOO_LONG}","code":400}}}}'.encode()
#: What Solr's administration may be asked twice; the rest changes something by itself.
_HARMLESS = ("action=STATUS", "action=CLUSTERSTATUS")

#: CKAN's own.
_make_connection: Callable[..., pysolr.Solr] = common.make_connection
#: Every place where CKAN's code looks its connection up.
PLACES = (common, search, ckan_index, ckan_query)


def install() -> None:
    """Has CKAN's search use the kept connection; harmless when it does already."""
    for module in PLACES:
        module.make_connection = make_connection  # type: ignore[attr-defined]
    # Asked when CKAN starts, which it must do while one node is down.
    search._get_schema_from_solr = schema_file


def make_connection(decode_dates: bool = True) -> pysolr.Solr:
    """CKAN's connection to Solr, kept alive."""
    solr = _make_connection(decode_dates=decode_dates)
    user, password = config.solr_account()
    if user and password:
        # Not in the address, as CKAN has it: addresses come into messages and logs.
        solr.url, solr.auth = config.solr_url(), (user, password)
    solr.session = _kept.session()
    if not decode_dates:
        # pysolr takes simplejson where it is installed, which reads long texts a sixth as fast.
        solr.decoder = msgspec.json.Decoder()
    return solr


def schema_file(offset: str) -> requests.Response:
    """CKAN's ``_get_schema_from_solr``."""
    solr = make_connection(decode_dates=False)
    timeout = toolkit.config["ckan.requests.timeout"]
    return solr.get_session().get(
        f"{solr.url.rstrip('/')}{offset}", timeout=timeout, auth=solr.auth
    )


def connection_to(url: str) -> pysolr.Solr:
    """A connection to another address of the same Solr, with the same account."""
    solr = make_connection(decode_dates=False)
    solr.url = url
    return solr


class _Kept:
    """The process's session. A child process makes its own: sockets cannot be shared."""

    def __init__(self) -> None:
        self._session: requests.Session | None = None
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self._session = None

    def session(self) -> requests.Session:
        if self._session is None:
            session = requests.Session()
            for scheme in ("http://", "https://"):
                session.mount(scheme, Nodes())
            self._session = session
        return self._session


_kept = _Kept()


class Nodes(HTTPAdapter):
    """Sends a request to the node that it names, or to another one when that fails."""

    def __init__(self) -> None:
        super().__init__(pool_connections=8, pool_maxsize=POOL)
        self._resting: dict[str, float] = {}
        self._lock = threading.Lock()

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, timeout: Any = None, **more: Any
    ) -> requests.Response:
        """The answer of the first node that has one, of two at most."""
        try:
            response = self._first_answer(request, timeout, more)
        except requests.RequestException:
            page_versions.not_for_all()
            raise
        if response.status_code in _OUT_OF_ORDER:
            page_versions.not_for_all()
        if _is_search(request) and _PARTIAL in response.content[:_HEADER]:
            # Half an answer is none.
            response.status_code, response._content = 400, _TOOK_TOO_LONG
        return response

    def _first_answer(
        self, request: requests.PreparedRequest, timeout: Any, more: Mapping[str, Any]
    ) -> requests.Response:
        if not isinstance(timeout, tuple) and timeout is not None:
            timeout = _timeouts(request, timeout)
        urls = self._urls(str(request.url))
        if _is_once(request):
            return self._ask(request, urls[0], timeout, more)
        if len(urls) == 1 and _is_search(request) and self._is_resting(self._node(urls[0])):
            raise requests.ConnectionError("Solr did not answer a moment ago")
        try:
            response = self._ask(request, urls[0], timeout, more)
        except requests.RequestException as error:
            if len(urls) == 1 and not _was_dropped(error):
                if isinstance(error, requests.ReadTimeout):
                    self._rest_unless_well(urls[0])
                raise
            if len(urls) > 1:
                self._rest(urls[0])
            return self._ask(request, urls[-1], timeout, more)
        if len(urls) > 1 and response.status_code in _OUT_OF_ORDER:
            self._rest(urls[0])
            return self._ask(request, urls[1], timeout, more)
        return response

    def _ask(
        self,
        request: requests.PreparedRequest,
        url: str,
        timeout: Any,
        more: Mapping[str, Any],
    ) -> requests.Response:
        request.url = url
        response = super().send(request, timeout=timeout, **more)
        if not more.get("stream"):
            # Read here, where another node can still be asked when this one dies half-way.
            _ = response.content
        return response

    def _urls(self, url: str) -> list[str]:
        """The same request at two nodes at most; those that failed come last."""
        first, *others = nodes = config.solr_nodes()
        if not others or not url.startswith(first):
            return [url]
        # Processes begin with different nodes, so that all have work.
        turn = os.getpid() % len(nodes)
        order = sorted(nodes[turn:] + nodes[:turn], key=self._is_resting)
        return [node + url[len(first) :] for node in order[:2]]

    def _rest(self, url: str) -> None:
        self._resting[self._node(url)] = time.monotonic() + REST_SECONDS

    def _rest_unless_well(self, url: str) -> None:
        """One costly question is no reason to ask nothing else."""
        self._rest(url)
        self._ask_health(self._node(url), config.solr_account())

    def _node(self, url: str) -> str:
        return next((node for node in config.solr_nodes() if url.startswith(node)), url)

    def _is_resting(self, node: str) -> bool:
        """Whether the node has failed and not said since that it is well."""
        with self._lock:
            until = self._resting.get(node)
            if until is None:
                return False
            if until <= time.monotonic():
                self._resting[node] = time.monotonic() + REST_SECONDS + HEALTH_SECONDS
                asked = (node, config.solr_account())
                threading.Thread(target=self._ask_health, args=asked, daemon=True).start()
            return True

    def _ask_health(self, node: str, account: tuple[str, str]) -> None:
        try:
            response = requests.get(
                f"{node}/admin/info/health",
                params={"requireHealthyCores": "true"},
                auth=account if all(account) else None,
                timeout=HEALTH_SECONDS,
            )
        except requests.RequestException:
            return
        if response.status_code == 200:
            with self._lock:
                self._resting.pop(node, None)


def _timeouts(request: requests.PreparedRequest, seconds: float) -> tuple[float, float]:
    """The time for connecting and for each piece sent, and that for each piece of the answer."""
    # A busy Solr takes documents more slowly than it takes connections.
    patient = len(request.body or "") > _SMALL
    return (
        seconds if patient else min(CONNECT_SECONDS, seconds),
        min(SEARCH_SECONDS, seconds) if _is_search(request) else seconds,
    )


def _is_search(request: requests.PreparedRequest) -> bool:
    return urlsplit(str(request.url)).path.rstrip("/").endswith("/select")


def _is_once(request: requests.PreparedRequest) -> bool:
    """Whether it must not be asked twice: two swaps of cores are none."""
    asked = urlsplit(str(request.url))
    managing = asked.path.endswith(("/admin/cores", "/admin/collections"))
    return managing and not any(harmless in asked.query for harmless in _HARMLESS)


def _was_dropped(error: requests.RequestException) -> bool:
    """Whether Solr closed a kept connection just when it was to be used again."""
    reasons = error.args[:1]
    return isinstance(error, requests.ConnectionError) and any(
        isinstance(reason, urllib3.exceptions.ProtocolError) for reason in reasons
    )
