"""The portal on a SolrCloud: the same configset and code, and a node that dies under load."""

from __future__ import annotations

import contextvars
import json
import os
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.search import solr_cloud

DATASETS = 12


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, ini: str) -> Iterator[solr_cloud.Cloud]:
    with solr_cloud.running(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def portal(
    cloud: solr_cloud.Cloud,
    clean_portal: None,
    with_plugins: None,
    app: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """The portal, which searches in the cloud and begins with its first node."""
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import solr_connection

    monkeypatch.setitem(toolkit.config, "solr_url", f"{cloud.urls[0]}/{solr_cloud.COLLECTION}")
    monkeypatch.setitem(toolkit.config, "ckanext.thanhhoa.solr_nodes", cloud.urls[1])
    monkeypatch.setattr(solr_connection, "_kept", solr_connection._Kept())
    pid = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: pid - pid % 2)
    return app


def test_the_portal_on_a_cluster(portal: Any, cloud: solr_cloud.Cloud) -> None:
    """One story, because a cluster takes its time: fill, rebuild, rebuild again, lose a node."""
    from ckanext.thanhhoa import rebuilding, reconciler, solr_targets

    key = f"k{uuid.uuid4().hex[:8]}"
    agency = _api(portal, "organization_create", name=key, title="Sở Thủy sản")
    for number in range(DATASETS):
        _create(portal, agency["id"], f"Thủy sản {key} số {number}")
    assert _count(portal, f"thuy san {key}") == DATASETS
    before = _documents(portal)
    assert len({shard for shard, _ in before.values()}) == 2, "both shards have documents"

    # The first rebuild makes an alias of the collection's name, the second points it elsewhere.
    with portal.flask_app.test_request_context():
        for _ in range(2):
            assert rebuilding.rebuild_beside(1).indexed == DATASETS
            assert reconciler.check() == []
        assert solr_targets.target().names() == []
    after = _documents(portal)
    assert {k: v for k, (_, v) in after.items()} == {k: v for k, (_, v) in before.items()}

    answers, failures = _under_load(portal, key, lambda: cloud.kill(0))
    assert failures == []
    assert set(answers) == {DATASETS}
    assert answers[DATASETS] > 50

    # Writing goes on, too: at the latest when the cluster has chosen its leaders anew.
    made = _create(portal, agency["id"], f"Thủy sản {key} sau sự cố")
    assert _eventually(portal, f"thuy san {key}", DATASETS + 1), made


def _under_load(portal: Any, key: str, disaster: Any) -> tuple[Counter[int], list[Any]]:
    """Counts found and failures of four who search all the time, before and after."""
    answers: Counter[int] = Counter()
    failures: list[Any] = []
    ended = threading.Event()
    lock = threading.Lock()

    def ask() -> None:
        client = portal.flask_app.test_client()
        while not ended.is_set():
            got = client.get(
                "/api/3/action/package_search",
                query_string={"q": f"thuy san {key}", "facet.field": '["organization"]'},
                base_url="http://test.ckan.net",
            )
            body = json.loads(got.data)
            with lock:
                if got.status_code == 200:
                    answers[body["result"]["count"]] += 1
                else:
                    failures.append((got.status_code, body))

    threads = [threading.Thread(target=contextvars.Context().run, args=(ask,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    ended.wait(3)
    disaster()
    ended.wait(12)  # longer than it takes the cluster to see that a node is gone
    ended.set()
    for thread in threads:
        thread.join()
    return answers, failures


def _eventually(portal: Any, query: str, count: int) -> bool:
    from ckanext.thanhhoa import index

    waiting = threading.Event()
    for _ in range(60):
        with portal.flask_app.test_request_context():
            index.flush()
        if _count(portal, query) == count:
            return True
        waiting.wait(0.5)
    return False


def _count(portal: Any, query: str) -> int:
    answer = portal.get("/api/3/action/package_search", query_string={"q": query, "rows": 0})
    return int(json.loads(answer.body)["result"]["count"])


def _documents(portal: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """Shard and content of every document."""
    from ckan.lib import search

    moments = ("_version_", "timestamp", "indexed_ts", "[shard]")
    found = search.make_connection(decode_dates=False).search(
        "*:*", rows=1000, fl="*,[shard]", fq="entity_type:package"
    )
    return {
        d["id"]: (d["[shard]"], {k: v for k, v in d.items() if k not in moments})
        for d in found.docs
    }


def _create(portal: Any, owner: str, title: str) -> dict[str, Any]:
    common = {"access_rights": "PUBLIC", "frequency": "ANNUAL", "theme": ["08"]}
    made: dict[str, Any] = _api(portal, "package_create", title=title, owner_org=owner, **common)
    return made


def _api(portal: Any, action: str, **values: Any) -> Any:
    from ckan.plugins import toolkit

    with portal.flask_app.test_request_context():
        user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        return toolkit.get_action(action)({"ignore_auth": True, "user": user}, values)
