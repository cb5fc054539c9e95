"""The development collection asked of one Solr core: ``python -m tests.bench._relevance SIDE URL``.

SIDE is `portal` (its documents and queries) or `stock` (CKAN's). Prints the evaluator's report.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import types
import uuid
from pathlib import Path
from typing import Any

import ckan.lib.search.index as ckan_index
import ckan.lib.search.query as ckan_query
import pytest
from ckan.lib.plugins import DefaultPermissionLabels

from tests.search import conftest
from tests.search.test_search_relevance import COLLECTION, as_dataset, lines


def main(side: str, url: str) -> None:
    """The report as JSON, with the median share of the collection that long queries return."""
    site = conftest.Site(url, f"bench-{uuid.uuid4().hex[:8]}")
    shape = side == "portal"
    hooks = [types.SimpleNamespace(before_dataset_index=conftest.shape_document)] if shape else []
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        _stand_in(patch, site, hooks)
        if not shape:
            patch.setattr(conftest, "shape_query", lambda asked, *_: dict(asked))
            patch.setattr(conftest, "package_search", lambda action, *asked: action(*asked))
        try:
            for record in lines("corpus.jsonl"):
                site.add(record["title"], **as_dataset(record))
            print(json.dumps(_report(site, Path(folder))))
        finally:
            site.clear()


def _stand_in(patch: pytest.MonkeyPatch, site: Any, hooks: list[Any]) -> None:
    labels = types.SimpleNamespace(get_dataset_labels=lambda dataset: ["public"])
    for module, connect in (
        (ckan_index, lambda: site._solr),
        (ckan_query, lambda **_: site.solr),
    ):
        patch.setattr(module, "config", site.config)
        patch.setattr(module, "make_connection", connect)
    patch.setattr(ckan_index, "PluginImplementations", lambda interface: hooks)
    plugins = types.SimpleNamespace(
        get_permission_labels=lambda: labels, DefaultPermissionLabels=DefaultPermissionLabels
    )
    patch.setattr(ckan_index, "lib_plugins", plugins)
    no_database = types.SimpleNamespace(
        Resource=types.SimpleNamespace(get_extra_columns=list),
        Package=types.SimpleNamespace(get=lambda id_: object()),
    )
    patch.setattr(ckan_index, "model", no_database)


def _report(site: Any, folder: Path) -> dict[str, Any]:
    shares = []
    size = site.search("*:*", rows=0)["count"]
    with (folder / "run").open("w") as run:
        for query in lines("queries.jsonl"):
            found = site.search(query["text"], rows=250)
            if len(query["text"].split()) >= 3:
                shares.append(found["count"] / size)
            for rank, name in enumerate(found["results"], start=1):
                run.write(f"{query['qid']} Q0 {name} {rank} {-rank} {rank}\n")
    command = [sys.executable, COLLECTION / "evaluate.py", "--run", folder / "run"]
    command += ["--json", folder / "report.json"]
    subprocess.run(command, check=True, capture_output=True)
    report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {**report, "share": sorted(shares)[len(shares) // 2]}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
