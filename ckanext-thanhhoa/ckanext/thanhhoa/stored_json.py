"""`package_search` over the API hands on the datasets as the index keeps them: as JSON.

CKAN reads the JSON of every dataset found, and writes it again for the answer. Nobody looks at it
in between, unless a plugin changes results. CKAN's own ``lib/lazyjson`` is read only when somebody
does look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import FunctionType, SimpleNamespace
from typing import Any

import flask
from ckan import plugins
from ckan.lib.lazyjson import LazyJSONObject
from ckan.logic.action import get

#: The plugins of which is known that they leave the datasets found as they are.
_KEEP_RESULTS = ("ThanhhoaPlugin",)


def passed_on(original: Callable[..., Any], context: Mapping[str, Any]) -> Callable[..., Any]:
    """CKAN's ``package_search``, or the same without reading the datasets where it may be."""
    if original is not get.package_search or not _is_for_api(context) or any(_changers()):
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
    names = {**action.__globals__, "json": SimpleNamespace(loads=LazyJSONObject)}
    unread = FunctionType(action.__code__, names, action.__name__, action.__defaults__)
    unread.__dict__.update(action.__dict__)
    return unread
