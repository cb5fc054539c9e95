"""What CKAN asks or works out again at every request though it stays the same: asked once.

Each of these is CKAN's own answer, kept: the parser of local parameters (``{!edismax …}``) is built
anew for every query, the addresses of style sheets and scripts are read from files for every page,
ckanext-dcat's profiles are looked up among all installed packages for every dataset's page, and
whether an administrator has changed a setting is a query and a commit. ckanext-dcat asks an action
for the schema of every dataset shown or indexed, which is a look-up here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import webassets
from ckan.common import config
from ckan.lib import app_globals
from ckan.lib.search import query as ckan_query
from ckanext.dcat import plugins as dcat_plugins
from ckanext.dcat import processors
from ckanext.scheming.helpers import scheming_get_dataset_schema
from ckanext.thanhhoa import page_versions

#: Local parameters that are remembered; the portal's own queries have two.
_PARSED = 64

_parse: Callable[[str], list[Any]] = ckan_query._parse_local_params
_load_profiles: Callable[..., list[Any]] = processors.RDFProcessor._load_profiles
_addresses: Callable[..., list[str]] = webassets.Bundle.urls
_check_settings: Callable[[Any], None] = type(app_globals.app_globals)._check_uptodate


def install() -> None:
    """Has CKAN use the kept answers; harmless when it does already."""
    ckan_query._parse_local_params = parse_local_params
    webassets.Bundle.urls = addresses
    type(app_globals.app_globals)._check_uptodate = check_settings
    processors.RDFProcessor._load_profiles = profiles
    dcat_plugins._get_dataset_schema = dataset_schema


@lru_cache(_PARSED)
def parse_local_params(local_params: str) -> list[Any]:
    """CKAN's ``_parse_local_params``, whose result is only read."""
    return _parse(local_params)


def profiles(processor: Any, names: list[str]) -> list[Any]:
    """The classes of these RDF profiles, which are there as long as the process is."""
    return list(_profiles(tuple(names)))


@cache
def _profiles(names: tuple[str, ...]) -> list[Any]:
    # It makes no use of the processor.
    return _load_profiles(None, list(names))


def dataset_schema(dataset_type: str = "dataset") -> Any:
    """ckanext-dcat's ``_get_dataset_schema``: scheming's schema, expanded; None without one."""
    return scheming_get_dataset_schema(dataset_type)


def addresses(bundle: Any, *arguments: Any, **more: Any) -> list[str]:
    """The addresses of a bundle of assets; while the site is being worked on, asked each time."""
    if arguments or more or config.get("debug"):
        return _addresses(bundle, *arguments, **more)
    kept = bundle.__dict__.get("_thanhhoa_urls")
    if kept is None:
        kept = bundle.__dict__["_thanhhoa_urls"] = _addresses(bundle)
    return list(kept)


def check_settings(known: Any) -> None:
    """Reads the settings again that an administrator may have changed, if anything has changed."""
    state = page_versions.state()
    if state is None or known.__dict__.get("_thanhhoa_state") != state:
        _check_settings(known)
        known.__dict__["_thanhhoa_state"] = state
