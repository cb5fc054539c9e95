"""A catalogue in a real Solr, written and asked through CKAN's own search code, without a database.

`PORTAL_TEST_SOLR_URL` is the address of a core with the portal's configset. Each test module gets a
site id of its own, so that modules neither see nor disturb one another.
"""

import json
import os
import types
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ckan.lib.search.index as ckan_index
import ckan.lib.search.query as ckan_query
import pysolr
import pytest
from ckanext.thanhhoa import search_words
from ckanext.thanhhoa.search import (
    QUERY_PARSER,
    package_search,
    shape_document,
    shape_query,
)
from ckanext.thanhhoa.search_vocabulary import Vocabulary

CONFIG = {
    "ckan.search.solr_commit": False,
    "ckan.search.remove_deleted_packages": True,
    "search.facets.limit": 50,
    "ckan.search.solr_allowed_query_parsers": [QUERY_PARSER],
}


class Site:
    """One site's part of the index."""

    def __init__(self, url: str, site_id: str):
        self.config = {**CONFIG, "ckan.site_id": site_id}
        self._solr = pysolr.Solr(url, timeout=20)
        self._unseen = False
        self._unread = True
        self._words = Vocabulary()

    @property
    def solr(self) -> pysolr.Solr:
        """The connection; what was added is visible through it."""
        if self._unseen:
            self._solr.commit(softCommit=True)
            self._unseen = False
        return self._solr

    def add(self, title: str, **fields: Any) -> str:
        """Indexes a dataset as CKAN does after a save, and gives its name."""
        dataset = {
            "id": str(uuid.uuid4()),
            "name": f"d-{uuid.uuid4().hex[:12]}",
            "title": title,
            "notes": "",
            "type": "dataset",
            "state": "active",
            "private": False,
            "metadata_created": "2026-01-01T00:00:00.000000",
            "metadata_modified": "2026-01-01T00:00:00.000000",
            "resources": [],
            "tags": [],
            "groups": [],
            "organization": None,
            **fields,
        }
        default = {key: value for key, value in dataset.items() if key in CORE_FIELDS}
        default["extras"] = [
            {"key": key, "value": value if isinstance(value, str) else json.dumps(value)}
            for key, value in dataset.items()
            if key not in CORE_FIELDS
        ]
        ckan_index.PackageSearchIndex().index_package({**default, "with_custom_schema": dataset})
        self._unseen = self._unread = True
        return dataset["name"]

    def search(self, q: str, **params: Any) -> dict[str, Any]:
        """What `package_search` finds: count, results (names unless `fl` says else), facets."""
        return package_search(self._action, {}, {"q": q, **params})

    def vocabulary(self) -> Vocabulary:
        """The words of what has been added; in the portal `search_words` keeps them."""
        if self._unread or self._unseen:
            self._words, self._unread = (
                search_words.read(self.solr, self.config["ckan.site_id"]),
                False,
            )
        return self._words

    def _action(self, context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
        """CKAN's action as far as it goes without a database."""
        asked = {"df": "text", "rows": 50, "fq": "", **data_dict}
        asked.setdefault("sort", "score desc, metadata_modified desc")
        query = ckan_query.PackageSearchQuery()
        query.run(shape_query(asked, self.vocabulary()))
        return {"count": query.count, "results": query.results, "facets": query.facets}

    def names(self, q: str, **params: Any) -> list[str]:
        """The names found, best first."""
        return self.search(q, **params)["results"]

    def document(self, name: str) -> dict[str, Any]:
        return self.solr.search(f'name:"{name}"', fl="*").docs[0]

    def clear(self) -> None:
        self.solr.delete(q=f'site_id:"{self.config["ckan.site_id"]}"', commit=True)


CORE_FIELDS = (
    "id", "name", "title", "notes", "type", "state", "private", "metadata_created",
    "metadata_modified", "resources", "tags", "groups", "organization", "license_id", "version",
    "url", "author", "maintainer",
)  # fmt: skip


@pytest.fixture(scope="session")
def solr_url() -> str:
    url = os.environ.get("PORTAL_TEST_SOLR_URL")
    if not url:
        pytest.skip("PORTAL_TEST_SOLR_URL is not set: no Solr to test with (./portal test has one)")
    return url


@contextmanager
def site_at(solr_url: str) -> Iterator[Site]:
    """An empty site; what of CKAN needs a database or a running application is stood in for."""
    site = Site(solr_url, f"test-{uuid.uuid4().hex[:8]}")
    hook = types.SimpleNamespace(before_dataset_index=shape_document)
    labels = types.SimpleNamespace(get_dataset_labels=lambda dataset: ["public"])
    no_database = types.SimpleNamespace(
        Resource=types.SimpleNamespace(get_extra_columns=list),
        Package=types.SimpleNamespace(get=lambda id_: object()),
    )
    with pytest.MonkeyPatch.context() as patch:
        for module, connect in (
            (ckan_index, lambda: site._solr),
            (ckan_query, lambda **_: site.solr),
        ):
            patch.setattr(module, "config", site.config)
            patch.setattr(module, "make_connection", connect)
        patch.setattr(ckan_index, "PluginImplementations", lambda interface: [hook])
        patch.setattr(
            ckan_index, "lib_plugins", types.SimpleNamespace(get_permission_labels=lambda: labels)
        )
        patch.setattr(ckan_index, "model", no_database)
        yield site
    site.clear()


@pytest.fixture(scope="module")
def site(solr_url: str) -> Iterator[Site]:
    """An empty site in the tests' Solr."""
    with site_at(solr_url) as site:
        yield site
