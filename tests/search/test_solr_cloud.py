"""The portal on a SolrCloud: the same configset and code, and a node that dies under load."""

from __future__ import annotations

import contextvars
import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pysolr
import pytest

from tests.search.conftest import Site, site_at
from tests.search.solr_cloud import NAME, Cloud, ask, eventually, what_is_missing
from tests.search.test_search_collection import as_dataset, rows

DATASETS = 200
SUBJECTS = ("Thủy sản nuôi trồng", "Hộ nghèo", "Giá đất nông nghiệp", "Bệnh viện công lập")
THREADS = 4
#: Seconds between two searches of a thread.
PAUSE = 0.1
#: Searches that are seen to be answered before, and after, the node dies.
BEFORE, AFTER = 40, 100


@pytest.fixture(scope="module")
def cloud(ini: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Two nodes with an empty collection."""
    missing = what_is_missing()
    if missing:
        pytest.skip(f"no SolrCloud: {missing}")
    with Cloud(tmp_path_factory.mktemp("cloud")).running() as cloud:
        yield cloud


@pytest.fixture
def portal(cloud: Cloud, clean_portal: None, app: Any, monkeypatch: Any) -> Iterator[Any]:
    """An empty portal whose search is the cluster."""
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import solr_connection

    first, second = cloud.nodes
    monkeypatch.setitem(toolkit.config, "solr_url", f"{first.url}/{NAME}")
    monkeypatch.setitem(toolkit.config, "ckanext.thanhhoa.solr_nodes", second.url)
    monkeypatch.setattr(solr_connection, "_kept", solr_connection._Kept())
    with app.flask_app.test_request_context():
        solr_connection.make_connection().delete(q="*:*", commit=True)
        yield app


@pytest.fixture
def alone(solr_url: str) -> Iterator[str]:
    """An empty core of the newest configset in the tests' Solr of its own."""
    root, name = solr_url.rpartition("/")[0], f"alone_{uuid.uuid4().hex[:8]}"
    said = ask(f"{root}/admin/info/properties", name="portal.configset")["system.properties"]
    configset = said["portal.configset"]
    ask(f"{root}/admin/cores", action="CREATE", name=name, instanceDir=name, configSet=configset)
    yield f"{root}/{name}"
    ask(f"{root}/admin/cores", action="UNLOAD", core=name, deleteInstanceDir="true")


@dataclass
class Load:
    """Anonymous searches by several threads until it is ended: how each went."""

    app: Any
    queries: tuple[dict[str, Any], ...]
    answers: list[tuple[float, float, int, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(at,), daemon=True) for at in range(THREADS)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(60)

    def more(self, count: int) -> None:
        """Waits until so many more searches have ended, well or not."""
        goal = len(self.answers) + len(self.errors) + count
        eventually(lambda: len(self.answers) + len(self.errors) >= goal, f"{count} searches")

    def slowest(self, since: float, until: float) -> float:
        return max((took for at, took, *_ in self.answers if since <= at + took and at <= until))

    def _ask(self, turn: int) -> None:
        client = self.app.flask_app.test_client()
        while not self._ended.is_set():
            turn = (turn + 1) % len(self.queries)
            began = time.monotonic()
            try:
                found = found_by(client, **self.queries[turn])
            except Exception as error:
                self.errors.append(f"{self.queries[turn]}: {error!r}")
            else:
                took = time.monotonic() - began
                self.answers.append((began, took, turn, (found["count"], found["facets"])))
            # As people do; else the searches take the processors from a starting node.
            self._ended.wait(PAUSE)


def test_the_index_is_rebuilt_beside_the_old_one(cloud: Cloud, portal: Any) -> None:
    from ckanext.thanhhoa import rebuilding, reconciler, solr_targets

    agency = _agency()
    ids = {_create(agency, f"Thử {at}") for at in range(5)}
    assert not solr_targets.is_outdated()
    documents = _held(agency)
    assert set(documents) == ids
    queries = ({"q": "*:*", "rows": 5}, {"q": "thử", "rows": 5})
    collections = []
    with Load(portal, queries) as load:
        # The first makes an alias of the collection's name, the second points it elsewhere.
        for _ in range(2):
            load.more(4)
            done = rebuilding.rebuild_beside(2)
            assert (done.indexed, done.refused) == (5, 0)
            assert reconciler.check() == []
            assert _held(agency) == documents
            state = cloud.state()
            collections.append(state["aliases"][NAME])
            assert list(state["collections"]) == [collections[-1]]
            assert state["collections"][collections[-1]]["configName"] == solr_targets._property(
                solr_targets.NEWEST
            )
        load.more(4)
    assert load.errors == []
    assert {answer[0] for *_, answer in load.answers} == {5}
    assert collections[0] != collections[1]
    assert {len(copies) for copies in cloud.replicas().values()} == {2}
    assert len(cloud.replicas()) == 2
    _api("package_patch", id=min(ids), title="Đổi tên")
    assert _titles(agency)[min(ids)] == "Đổi tên"


def test_an_older_configset_is_seen(cloud: Cloud, portal: Any, monkeypatch: Any) -> None:
    """After an upgrade the nodes bring another configset; `init` then has the index rebuilt."""
    from ckanext.thanhhoa import solr_targets

    own = solr_targets._property
    monkeypatch.setattr(
        solr_targets,
        "_property",
        lambda name: "ckan-newer" if name == solr_targets.NEWEST else own(name),
    )
    assert solr_targets.is_outdated()


def test_order_and_counts_are_those_of_one_solr(cloud: Cloud, alone: str) -> None:
    """How rare a word is counts over both shards (ExactStatsCache)."""
    answers = []
    with site_at(alone) as site:
        documents = _documents(site)
        for url in (alone, f"{cloud.nodes[0].url}/{NAME}"):
            site._solr, site._unread = pysolr.Solr(url, timeout=60), True
            site._solr.add(documents, commit=True)
            answers.append(
                {query["text"]: _asked(site, query["text"]) for query in rows("queries.tsv")}
            )
    one, many = answers
    assert len(one) > 60
    assert {text: found for text, found in many.items() if found != one[text]} == {}


def test_a_node_dies_under_load_and_nobody_notices(
    cloud: Cloud, portal: Any, record_property: Any
) -> None:
    """The last test here: it leaves one node."""
    from ckanext.thanhhoa import index, search_words

    client = portal.flask_app.test_client()
    began = time.monotonic()
    read, written = _agency(), _agency()
    with index.deferred():
        for at in range(DATASETS):
            _create(read, f"{SUBJECTS[at % len(SUBJECTS)]} năm {2000 + at % 25} số {at}")
        old = [_create(written, f"Cũ {at}") for at in range(2)]
    assert index.flush() == DATASETS + 2
    search_words.read_again()
    filled = time.monotonic()
    parts = cloud.contents()
    assert len(parts) == 2
    assert all(len(copies) == 2 and copies[0] for copies in parts.values()), "one shard has all"

    filters = {"fq": f"organization:{read['name']}", "facet.field": ["year", "theme", "tags"]}
    texts = ("*:*", "thuy san", "hộ nghèo", "gia dat nong nghiep 2015", "bệnh viện", "số 17")
    queries = tuple({"q": text, "rows": 20, **filters} for text in texts)
    expected = [
        (found["count"], found["facets"]) for found in (found_by(client, **q) for q in queries)
    ]
    assert expected[0][0] == DATASETS
    assert all(count for count, _ in expected)

    # The one that this process asks first, so that requests break off half-way.
    victim = _asked_first(cloud)
    survivor = next(node for node in cloud.nodes if node is not victim)
    with Load(portal, queries) as load:
        load.more(BEFORE)
        killed = time.monotonic()
        victim.kill()
        load.more(AFTER)

        # Written while ZooKeeper may still take the dead node for the leader of a part.
        new = {_create(written, f"Mới {at}"): f"Mới {at}" for at in range(6)}
        _api("package_patch", id=old[0], title="Đổi tên")
        _api("package_delete", id=old[1])
        eventually(lambda: index.flush() is not None and not _waiting(), "the writes arrive")
        arrived = time.monotonic()
        wanted = {**new, old[0]: "Đổi tên"}
        assert _titles(written) == wanted
        eventually(lambda: victim.name not in cloud.state()["live_nodes"], "its death is noticed")
        load.more(BEFORE)

        started = time.monotonic()
        victim.start()
        eventually(lambda: victim.is_up() and cloud.all_active(), "both copies again")
        returned = time.monotonic()
        load.more(BEFORE)
    assert load.errors == []
    for _, _, turn, answer in load.answers:
        assert answer == expected[turn], queries[turn]

    connection = pysolr.Solr(f"{victim.url}/{NAME}", timeout=30)
    connection.commit(waitSearcher=True)
    for first, second in cloud.contents().values():
        assert first == second
    assert sum(len(first) for first, _ in cloud.contents().values()) == DATASETS + 7

    survivor.kill()
    assert found_by(client, **queries[0])["count"] == DATASETS, (
        "the one that came back has everything"
    )
    figures = {
        "searches": len(load.answers),
        "seconds of filling": filled - began,
        "slowest before": load.slowest(0, killed),
        "slowest from the death to the writes": load.slowest(killed, arrived),
        "seconds until the writes arrived": arrived - killed,
        "seconds until both copies were there": returned - started,
        "slowest during the return": load.slowest(arrived, returned),
    }
    record_property("solr_cloud", figures)
    print("SolrCloud:", {name: round(value, 3) for name, value in figures.items()})


class Gathered:
    """Stands in for the connection while documents are made: they are sent in one request."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def add(self, docs: list[dict[str, Any]], **_: Any) -> None:
        self.documents += docs


def _documents(site: Site) -> list[dict[str, Any]]:
    site._solr = gathered = Gathered()
    for at, record in enumerate(rows("corpus.tsv")):
        moment = f"2026-01-{1 + at // 24:02}T{at % 24:02}:00:00.000000"
        site.add(record["title"], **as_dataset(record), metadata_modified=moment)
    site._unseen = False
    return gathered.documents


def _asked(site: Site, text: str) -> tuple[int, list[str], Any]:
    """Count, the first twenty, facets."""
    asked = {"facet": "true", "facet.field": ["theme", "year"], "facet.mincount": 1}
    found = site.search(text, rows=20, **asked)
    return found["count"], found["results"], found["facets"]


def _asked_first(cloud: Cloud) -> Any:
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import solr_connection

    url = solr_connection.Nodes()._urls(f"{toolkit.config['solr_url']}/select")[0]
    return next(node for node in cloud.nodes if url.startswith(node.url))


def found_by(client: Any, **params: Any) -> dict[str, Any]:
    """What the API answers everybody. AssertionError for anything but an answer."""
    asked = {key: json.dumps(v) if isinstance(v, list) else v for key, v in params.items()}
    # Apart from the test's own request, whose user Flask would hand on.
    got = contextvars.Context().run(
        client.get, "/api/3/action/package_search", query_string=asked, base_url=_site_url()
    )
    body = json.loads(got.data)
    assert got.status_code == 200, body
    found: dict[str, Any] = body["result"]
    return found


def _site_url() -> str:
    from ckan.plugins import toolkit

    return str(toolkit.config["ckan.site_url"])


def _api(action: str, **values: Any) -> Any:
    from ckan.plugins import toolkit

    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return toolkit.get_action(action)({"ignore_auth": True, "user": user}, values)


def _agency() -> dict[str, Any]:
    from ckan.tests import factories

    agency: dict[str, Any] = factories.Organization(name=f"so-{uuid.uuid4().hex[:8]}")
    return agency


def _create(agency: dict[str, Any], title: str) -> str:
    made = _api(
        "package_create", name=f"d-{uuid.uuid4().hex[:12]}", title=title, owner_org=agency["id"],
        access_rights="PUBLIC", frequency="ANNUAL", theme=["08"],
    )  # fmt: skip
    return str(made["id"])


def _titles(agency: dict[str, Any]) -> dict[str, str]:
    return {id_: document["title"] for id_, document in _held(agency).items()}


def _held(agency: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The agency's documents as the portal's connection gives them, less when they were written."""
    from ckan.lib import search

    solr = search.make_connection(decode_dates=False)
    found = solr.search(f"organization:{agency['name']}", rows=100, fl="*", defType="lucene").docs
    moments = ("_version_", "timestamp", "indexed_ts")
    return {d["id"]: {k: v for k, v in d.items() if k not in moments} for d in found}


def _waiting() -> int:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa.model import to_index

    with model.ensure_engine().connect() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(to_index)) or 0)
