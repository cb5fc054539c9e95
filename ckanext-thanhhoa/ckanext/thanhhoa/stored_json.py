"""`package_search` over the API hands on the datasets as the index keeps them: as JSON.

CKAN reads the JSON of every dataset found, and writes it again for the answer. Nobody looks at it
in between, unless a plugin changes results. CKAN's own ``lib/lazyjson`` is read only when somebody
does look. Solr is asked to write that JSON into its answer as it is (the transformer ``[json]``),
which spares both sides the escaping; the coordinating node of a SolrCloud writes a string all the
same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import FunctionType, SimpleNamespace
from typing import Any, TypedDict

import flask
import msgspec
import pysolr
from ckan import plugins
from ckan.lib.lazyjson import LazyJSONObject
from ckan.lib.search.query import PackageSearchQuery
from ckan.logic.action import get
from ckanext.thanhhoa import solr_connection

#: The plugins of which is known that they leave the datasets found as they are.
_KEEP_RESULTS = ("ThanhhoaPlugin",)


def passed_on(
    original: Callable[..., Any], context: Mapping[str, Any], asked: Mapping[str, Any]
) -> Callable[..., Any]:
    """CKAN's ``package_search``, or the same without reading the datasets where it may be."""
    if original is not get.package_search or not _is_for_api(context):
        return original
    # Who asks for fields gets these as they are: among them may be the stored JSON, as a string.
    if asked.get("fl") or any(_changers()):
        return original
    return _unread(original)


def _is_for_api(context: Mapping[str, Any]) -> bool:
    """Whether the answer becomes JSON at once: a part of a page, or another action, reads it."""
    if context.get("for_view") or not flask.has_request_context():
        return False
    arguments = flask.request.view_args or {}
    asked = flask.request.endpoint == "api.action" and "api_version" in context
    return asked and arguments.get("logic_function") == "package_search"


def _changers() -> Iterator[str]:
    """The plugins that may look at the datasets found."""
    default = plugins.IPackageController.after_dataset_search
    for plugin in plugins.PluginImplementations(plugins.IPackageController):
        kind = type(plugin)
        if kind.__name__ not in _KEEP_RESULTS and kind.after_dataset_search is not default:
            yield kind.__name__
    for actions in plugins.PluginImplementations(plugins.IActions):
        kind = type(actions)
        if kind.__name__ not in _KEEP_RESULTS and _acts_on_search(actions):
            yield kind.__name__


@cache
def _acts_on_search(plugin: Any) -> bool:
    """Whether the plugin has a `package_search` of its own around ours."""
    return "package_search" in plugin.get_actions()


@cache
def _unread(action: Any) -> Callable[..., Any]:
    """CKAN's action, whose ``json.loads`` of a dataset waits until somebody asks for a value."""
    search = {**vars(action.__globals__["search"]), "query_for": lambda kind: _Query()}
    own = {"json": SimpleNamespace(loads=_as_stored), "search": SimpleNamespace(**search)}
    names = {**action.__globals__, **own}
    unread = FunctionType(action.__code__, names, action.__name__, action.__defaults__)
    unread.__dict__.update(action.__dict__)
    return unread


def _as_stored(stored: str | msgspec.Raw) -> LazyJSONObject:
    """A dataset, from its JSON or from the JSON of a string that holds it."""
    text = stored if isinstance(stored, str) else bytes(stored).decode()
    return LazyJSONObject(msgspec.json.decode(text) if text.startswith('"') else text)


class _Query(PackageSearchQuery):
    """CKAN's query of datasets, whose stored JSON is not read."""

    def run(self, query: Any, permission_labels: Any = None, **more: Any) -> dict[str, Any]:
        own = PackageSearchQuery.run
        names = {**own.__globals__, "make_connection": _Embedding}
        run = FunctionType(own.__code__, names, own.__name__, own.__defaults__)
        found: dict[str, Any] = run(self, query, permission_labels, **more)
        return found


class _Document(TypedDict, total=False):
    id: str
    data_dict: msgspec.Raw
    validated_data_dict: msgspec.Raw


class _Response(TypedDict):
    numFound: int
    docs: list[_Document]


class _Answer(TypedDict, total=False):
    """What `pysolr.Results` looks for in an answer to such a query."""

    response: _Response
    facet_counts: Any


class _Embedding:
    """CKAN's connection to Solr, for searches that want nothing but stored datasets."""

    decoder = msgspec.json.Decoder(_Answer)

    def __init__(self, decode_dates: bool):
        self._solr = solr_connection.make_connection(decode_dates)

    def search(self, **query: Any) -> pysolr.Results:
        if query["fl"] not in ("id data_dict", "id validated_data_dict"):
            return self._solr.search(**query)
        plain, self._solr.decoder = self._solr.decoder, self.decoder
        try:
            return self._solr.search(**{**query, "fl": f"{query['fl']}:[json]"})
        except (msgspec.DecodeError, RecursionError):
            # What Python writes as JSON may be none to others: NaN, a value deep in others.
            self._solr.decoder = plain
            return self._solr.search(**query)
