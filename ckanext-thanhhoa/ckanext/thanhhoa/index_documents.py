"""Making Solr documents: CKAN's own code, without its sending."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Mapping
from types import FunctionType, MappingProxyType
from typing import Any

from ckan import model
from ckan.lib.search import index as ckan_index
from ckan.plugins import toolkit
from ckanext.thanhhoa import package_shows
from dateutil import parser

log = logging.getLogger(__name__)


#: A dataset by the default schema and by the portal's own.
Shows = tuple[dict[str, Any], dict[str, Any]]


def documents(
    dataset_ids: Collection[str], shows: Mapping[str, Shows] = MappingProxyType({})
) -> tuple[dict[str, dict[str, Any]], set[str], set[str]]:
    """The datasets' documents by id, those that are to go, and those that could not be built.

    `shows` are datasets that need not be read again.
    """
    made: dict[str, dict[str, Any]] = {}
    gone, failed = set(), set()
    found = package_shows.load(dataset_ids)
    unread = {id_: package for id_, package in found.items() if id_ not in shows}
    read = package_shows.reader(unread)
    for dataset_id in dataset_ids:
        try:
            document = _document(found.get(dataset_id), shows.get(dataset_id), read)
        except Exception:
            # One dataset with a broken field or hook must not keep the others from the search.
            log.exception("no document for dataset %s", dataset_id)
            model.Session.rollback()
            failed.add(dataset_id)
            continue
        if document is None:
            gone.add(dataset_id)
        else:
            made[dataset_id] = document
    model.Session.rollback()
    return made, gone, failed


def _document(
    package: model.Package | None,
    shows: Shows | None,
    read: Callable[[model.Package], dict[str, Any]],
) -> dict[str, Any] | None:
    """What CKAN would send to Solr for the dataset; None when it does not belong there."""
    if package is None:
        return None
    if shows is None:
        data = read(package)
        shows = package_shows.by_default_schema(data), package_shows.by_own_schema(data)
    default, custom = shows
    collector = _Collector()
    collector.index_package(dict(default, with_custom_schema=custom))
    return collector.document


class _Collector(ckan_index.PackageSearchIndex):
    """CKAN's own making of a document, whose sending ends here instead of at Solr."""

    document: dict[str, Any] | None = None

    def index_package(self, pkg_dict: dict[str, Any] | None, defer_commit: bool = False) -> None:
        own = ckan_index.PackageSearchIndex.index_package
        ours = {"make_connection": lambda: self, "parse": _date}
        names = {**own.__globals__, **ours}
        FunctionType(own.__code__, names, own.__name__, own.__defaults__)(self, pkg_dict, True)

    def add(self, docs: list[dict[str, Any]], commit: bool) -> None:
        (self.document,) = docs

    def delete_package(self, pkg_dict: dict[str, Any]) -> None:
        self.document = None


def _date(value: Any) -> Any:
    """CKAN's reading of a date; what is none, or cannot be written as one, CKAN leaves out."""
    try:
        moment = parser.parse(value)
        moment.isoformat()
    except (OverflowError, TypeError, ValueError) as error:
        raise parser.ParserError(str(error)) from error
    return moment


def document_id(dataset_id: str) -> str:
    """CKAN's unique key of a dataset's document."""
    site = toolkit.config["ckan.site_id"]
    return hashlib.md5(f"{dataset_id}{site}".encode(), usedforsecurity=False).hexdigest()
