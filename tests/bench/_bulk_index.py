"""Fills the search index of a site with the documents that its own CKAN would send, many at once.

``CKAN_INI=… python -m tests.bench._bulk_index`` runs in the environment of the stock CKAN, whose
own rebuild would take the better part of an hour. The documents are made by CKAN's own code with
the plugins of that site (`index_documents`); some that CKAN itself has sent are compared first.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import islice

from ckan.cli import load_config
from ckan.config.middleware import make_app
from ckan.lib import search
from ckanext.thanhhoa import index_documents

AT_ONCE, COMPARED = 500, 20


def main() -> None:
    """Sends what is missing."""
    app = make_app(load_config(os.environ["CKAN_INI"]))._wsgi_app
    with app.test_request_context():
        from ckan import model

        solr = search.make_connection(decode_dates=False)
        query = {"fl": "id", "sort": "index_id asc", "rows": 5000, "cursorMark": "*"}
        there = {document["id"] for document in solr.search("*:*", **query)}
        _compare(solr, list(islice(there, COMPARED)))
        ids = [id_ for (id_,) in model.Session.query(model.Package.id) if id_ not in there]
        for at in range(0, len(ids), AT_ONCE):
            made, _, failed = index_documents.documents(ids[at : at + AT_ONCE])
            if failed:
                raise RuntimeError(f"no documents for {failed}")
            solr.add(list(made.values()), commit=False)
        solr.commit()
        print(f"  {len(ids)} documents sent in bulk to the stock core", file=sys.stderr)


def _compare(solr: object, ids: list[str]) -> None:
    """What CKAN has sent of these, and what would be sent now: the stored dataset is the same."""
    made, _, _ = index_documents.documents(ids)
    for id_ in ids:
        [sent] = solr.search(f'id:"{id_}"').docs  # type: ignore[attr-defined]
        for name in ("data_dict", "validated_data_dict"):
            if json.loads(sent[name]) != json.loads(made[id_][name]):
                raise RuntimeError(f"{id_}: {name} is not what CKAN sends")
        for name in ("organization", "tags", "res_format", "capacity"):
            if sent.get(name) != made[id_].get(name):
                raise RuntimeError(f"{id_}: {name} is not what CKAN sends")


if __name__ == "__main__":
    main()
