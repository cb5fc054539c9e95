"""Commit first, index after: for every write of the portal, with Solr up or down."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.ckanext.harvest_rig import create, update, withdraw


@pytest.fixture
def solr_down(site: Any, monkeypatch: Any) -> Any:
    """`solr_down()`: from now on nobody answers; `solr_down.undo()`: it is back."""
    from ckan.plugins import toolkit

    class Switch:
        def __call__(self) -> None:
            monkeypatch.setitem(toolkit.config, "solr_url", "http://127.0.0.1:9/solr/ckan")

        def undo(self) -> None:
            monkeypatch.undo()

    return Switch()


def test_ckan_asks_for_its_package_index_where_ours_is(site: Any) -> None:
    """The seam: CKAN looks its index up by name, makes documents and sends them in one method."""
    from ckan.lib import search
    from ckan.lib.search.index import PackageSearchIndex
    from ckanext.thanhhoa import index

    assert isinstance(search.index_for("Package"), index.DeferredPackageIndex)
    assert {"make_connection", "parse"} <= set(PackageSearchIndex.index_package.__code__.co_names)
    # Every write of CKAN comes by these three.
    for name in ("insert_dict", "update_dict", "remove_dict"):
        assert hasattr(PackageSearchIndex, name)


def test_a_dataset_is_found_as_soon_as_it_is_saved(agency: Any) -> None:
    title = f"Thử {uuid.uuid4().hex}"
    dataset = _create(agency, title=title)
    assert _found(title) == [dataset["id"]]
    _api("package_patch", id=dataset["id"], title=f"{title} hai")
    assert _titles(dataset["id"]) == [f"{title} hai"]
    _api("package_delete", id=dataset["id"])
    assert _titles(dataset["id"]) == []
    _api("dataset_purge", id=dataset["id"])
    assert _waiting() == 0


def test_a_dead_solr_blocks_no_write(agency: Any, harvest: Any, solr_down: Any) -> None:
    from ckanext.thanhhoa import index

    title = f"Thử {uuid.uuid4().hex}"
    kept = _create(agency, title=f"{title} đã có")
    harvested = harvest.dataset("r", title=f"{title} thu thập")
    solr_down()
    dataset = _create(agency, title=title)
    _api("package_patch", id=kept["id"], title=f"{title} đổi")
    (outcome,) = harvest.apply([create("r", harvested)])
    assert outcome.problem is None
    assert index.flush() == 0
    solr_down.undo()
    assert _titles(dataset["id"], harvested.id) == []

    assert index.flush() >= 3

    assert _titles(dataset["id"]) == [title]
    assert _titles(kept["id"]) == [f"{title} đổi"]
    assert _titles(harvested.id) == [f"{title} thu thập"]
    assert _waiting() == 0


def test_a_database_that_goes_away_while_indexing_fails_no_write(
    agency: Any, monkeypatch: Any
) -> None:
    from ckanext.thanhhoa import index, index_sending
    from sqlalchemy.exc import OperationalError

    def gone(*_: Any) -> None:
        raise OperationalError("SELECT", None, Exception("server closed the connection"))

    title = f"Thử {uuid.uuid4().hex}"
    with monkeypatch.context() as patch:
        patch.setattr(index_sending, "documents", gone)
        dataset = _create(agency, title=title)
    assert index.flush() >= 1
    assert _titles(dataset["id"]) == [title]


def test_a_write_that_fails_leaves_nothing_in_solr(agency: Any) -> None:
    from ckan import model
    from sqlalchemy import event

    class Failed(Exception):
        pass

    def fail(session: Any) -> None:
        raise Failed

    id_ = str(uuid.uuid4())
    event.listen(model.Session, "before_commit", fail)
    try:
        with pytest.raises(Failed):
            _create(agency, id=id_, title="Không thành")
    finally:
        event.remove(model.Session, "before_commit", fail)
        model.Session.rollback()
    assert _titles(id_) == []
    assert _waiting() == 0


@pytest.mark.parametrize("step", ["read", "shaped"])
def test_a_broken_dataset_holds_up_no_other(agency: Any, monkeypatch: Any, step: str) -> None:
    from ckanext.thanhhoa import index, package_shows, reconciler, search

    shape, dictize = search.shape_document, package_shows._Prefetched.dictize

    def fail_for_one(title: str) -> None:
        if title == "hỏng":
            raise ValueError("hỏng")

    def shape_or_fail(document: Any, *rest: Any) -> Any:
        fail_for_one(document["title"])
        return shape(document, *rest)

    def dictize_or_fail(rows: Any, package: Any) -> Any:
        fail_for_one(package.title)
        return dictize(rows, package)

    if step == "read":
        monkeypatch.setattr(package_shows._Prefetched, "dictize", dictize_or_fail)
    else:
        monkeypatch.setattr(search, "shape_document", shape_or_fail)
    with index.deferred():
        bad = _create(agency, title="hỏng")
        good = _create(agency, title="lành")
    index.flush()
    assert _titles(bad["id"], good["id"]) == ["lành"]
    assert _waiting() == 1
    monkeypatch.undo()
    assert reconciler.reconcile() >= 1
    assert _titles(bad["id"]) == ["hỏng"]


@pytest.mark.parametrize(
    "value",
    ["9" * 20, "1e999", "2024-05-01T00:00:00+07:00", "0001-01-01T00:00:00+07:00", "hôm qua",
     ["2024"], "2024-01-01T00:00:00+99:00"],
)  # fmt: skip
def test_no_date_keeps_a_dataset_out_of_the_index(agency: Any, value: Any) -> None:
    from ckan import model
    from ckanext.thanhhoa import index

    title = f"Thử {uuid.uuid4().hex}"
    dataset = _create(agency, title=title)
    package = model.Package.get(dataset["id"])
    package.extras = {**package.extras, "hom_date": value, "views_total": value}
    package.title = f"{title} hai"
    index.mark([dataset["id"]])
    model.Session.commit()
    index.flush()
    assert _titles(dataset["id"]) == [f"{title} hai"]
    assert _waiting() == 0


def test_every_difference_is_found_and_mended(agency: Any) -> None:
    from ckan import model
    from ckan.lib import search
    from ckanext.thanhhoa import reconciler
    from ckanext.thanhhoa.index_documents import document_id, documents

    reconciler.reconcile()
    assert reconciler.check() == []
    missing, stale, hidden = (_create(agency, title=t) for t in ("thiếu", "cũ", "kín"))
    solr = search.make_connection()
    solr.delete(id=document_id(missing["id"]))
    session = model.Session
    session.query(model.Package).filter_by(id=stale["id"]).update(
        {"title": "mới", "metadata_modified": "2030-01-01T00:00:00.120000"}
    )
    session.query(model.Package).filter_by(id=hidden["id"]).update({"private": True})
    session.commit()
    phantom = str(uuid.uuid4())
    document = documents([stale["id"]])[0][stale["id"]]
    solr.add([{**document, "id": phantom, "index_id": document_id(phantom)}], commit=True)

    assert {(d.dataset_id, d.kind) for d in reconciler.check()} == {
        (missing["id"], "missing"),
        (stale["id"], "stale"),
        (hidden["id"], "visibility"),
        (phantom, "phantom"),
    }
    assert reconciler.reconcile() == 4
    assert reconciler.check() == []
    assert _titles(missing["id"], stale["id"], phantom) == ["mới", "thiếu"]


def test_a_batch_is_one_commit_in_solr(harvest: Any, monkeypatch: Any) -> None:
    import pysolr

    commits, adds = [], []
    commit, add = pysolr.Solr.commit, pysolr.Solr.add

    def counted(self: Any, *args: Any, **more: Any) -> Any:
        commits.append(more)
        return commit(self, *args, **more)

    def added(self: Any, docs: Any, *args: Any, **more: Any) -> Any:
        adds.append(len(docs))
        return add(self, docs, *args, **more)

    monkeypatch.setattr(pysolr.Solr, "commit", counted)
    monkeypatch.setattr(pysolr.Solr, "add", added)
    datasets = [harvest.dataset(str(n)) for n in range(5)]
    harvest.apply([create(str(n), d) for n, d in enumerate(datasets)])
    assert adds == [5]
    assert commits == [{"softCommit": True}]
    harvest.apply([update("1", datasets[1]), withdraw("2", datasets[2])])
    assert len(commits) == 2


def _api(action: str, **data: Any) -> Any:
    from ckan.plugins import toolkit

    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})
    return toolkit.get_action(action)({"user": user["name"], "ignore_auth": True}, data)


def _create(agency: Any, **fields: Any) -> dict[str, Any]:
    return _api("package_create", owner_org=agency["id"], access_rights="PUBLIC", **fields)


def _found(title: str) -> list[str]:
    results = _api("package_search", q=f'title:"{title}"')["results"]
    return [dataset["id"] for dataset in results]


def _titles(*ids: str) -> list[str]:
    query = " OR ".join(f'"{id_}"' for id_ in ids)
    found = _api("package_search", q=f"id:({query})", include_private=True, sort="title_string asc")
    return sorted(dataset["title"] for dataset in found["results"])


def _waiting() -> int:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa.model import to_index

    distinct = sa.func.count(sa.distinct(to_index.c.dataset_id))
    return model.Session.execute(sa.select(distinct)).scalar_one()


def test_the_index_is_compared_when_it_is_time_and_by_one_worker(
    site: Any, agency: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckan.lib import search
    from ckanext.thanhhoa import reconciler
    from ckanext.thanhhoa.index_documents import document_id
    from ckanext.thanhhoa.model import upkeep

    model.Session.execute(sa.delete(upkeep))
    model.Session.commit()
    reconciler.reconcile()
    dataset = _create(agency, title=f"Thử {uuid.uuid4().hex}")
    search.make_connection().delete(id=[document_id(dataset["id"])], commit=True)
    assert [d.kind for d in reconciler.check() if d.dataset_id == dataset["id"]] == ["missing"]
    assert reconciler.reconcile_when_due() == 1
    assert reconciler.check() == []
    search.make_connection().delete(id=[document_id(dataset["id"])], commit=True)
    assert reconciler.reconcile_when_due() == 0, "not yet time again"
    model.Session.execute(sa.update(upkeep).values(done_at=sa.text("now() - interval '2 hours'")))
    model.Session.commit()
    assert reconciler.reconcile_when_due() == 1


def test_what_is_closed_leaves_the_index_even_if_solr_refuses_its_new_form(
    site: Any, agency: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan.lib import search
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import index
    from ckanext.thanhhoa import search as portal_search

    dataset = _create(agency, title=f"Thử {uuid.uuid4().hex}")
    own = portal_search.shape_document
    monkeypatch.setattr(
        portal_search,
        "shape_document",
        lambda document: {**own(document), "metadata_created": "không phải ngày"},
    )
    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    toolkit.get_action("package_patch")(
        {"user": user, "ignore_auth": True}, {"id": dataset["id"], "access_rights": "NON_PUBLIC"}
    )
    found = search.make_connection().search(f'id:"{dataset["id"]}"')
    assert len(found) == 0
    index.flush()
