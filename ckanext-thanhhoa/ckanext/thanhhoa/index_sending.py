"""Bringing Solr to the committed state of a batch of datasets: new documents in, others out."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import pysolr
from ckan.lib import search
from ckanext.thanhhoa.index_documents import Shows, document_id, documents

log = logging.getLogger(__name__)


def send_documents(
    dataset_ids: Collection[str],
    shows: Mapping[str, Shows] = MappingProxyType({}),
    solr: pysolr.Solr | None = None,
    commit: bool = True,
) -> set[str]:
    """Brings Solr to the committed state of these datasets; returns those it would not take.

    `solr` is another core than the one that is searched; without `commit` nothing is seen yet.
    """
    made, gone, refused = documents(dataset_ids, shows)
    solr = solr or search.make_connection()
    if made:
        try:
            solr.add(list(made.values()), commit=False)
        except pysolr.SolrError as error:
            if not _is_refusal(error):
                raise
            refused |= _send_singly(solr, made)
    # What may no longer be seen by everybody must not stay as it was, even if its new form is bad.
    gone |= {id_ for id_ in refused if id_ in made and _is_closed(made[id_])}
    if gone:
        solr.delete(id=[document_id(id_) for id_ in gone], commit=False)
    if commit:
        solr.commit(softCommit=True)
    return refused


def _is_closed(document: Mapping[str, Any]) -> bool:
    return document.get("capacity") == "private" or document.get("state") != "active"


def _is_refusal(error: pysolr.SolrError) -> bool:
    """Whether Solr answered that a document is wrong, rather than did not answer."""
    return "(HTTP 400)" in str(error)


def _send_singly(solr: pysolr.Solr, made: Mapping[str, dict[str, Any]]) -> set[str]:
    refused = set()
    for dataset_id, document in made.items():
        try:
            solr.add([document], commit=False)
        except pysolr.SolrError as error:
            if not _is_refusal(error):
                raise
            log.error("Solr refuses dataset %s: %s", dataset_id, str(error)[:1000])
            refused.add(dataset_id)
    return refused
