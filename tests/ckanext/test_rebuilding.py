"""A full rebuild of the index: beside the old one, by several processes, losing no change."""

from __future__ import annotations

import json
import os
import threading
import uuid
from typing import Any

import pytest


@pytest.fixture
def catalogue(clean_portal: None, site: Any) -> list[str]:
    """Five datasets in two parts and a bit, one private, one restricted, one deleted."""
    from ckan.tests import factories

    agency = factories.Organization(name=f"so-{uuid.uuid4().hex[:8]}")
    fields = ({}, {}, {"private": True, "access_rights": "NON_PUBLIC"},
              {"access_rights": "RESTRICTED"}, {})  # fmt: skip
    ids = [_create(agency["id"], f"Thử {at}", **more) for at, more in enumerate(fields)]
    _api("package_delete", id=ids[4])
    return ids


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.thanhhoa import rebuilding

    monkeypatch.setattr(rebuilding, "PART", 2)


def test_the_new_index_has_the_same_documents(catalogue: list[str]) -> None:
    from ckanext.thanhhoa import rebuilding

    before, told = _documents(), []
    done = rebuilding.rebuild_beside(2, tell=lambda *step: told.append(step))
    assert _documents() == before
    assert set(before) == set(catalogue[:4])
    assert (done.indexed, done.refused, done.resumed) == (4, 0, False)
    assert told[0] == (0, 5)
    assert told[-1] == (5, 5)
    assert _left() == (0, 0, 0)
    assert _cores() == ["ckan"]
    # And once more: the core lies in another folder now.
    rebuilding.rebuild_beside(1)
    assert _documents() == before
    assert _cores() == ["ckan"]


def test_what_is_changed_meanwhile_is_in_the_new_index(
    catalogue: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan import model
    from ckanext.thanhhoa import rebuilding

    fill, finish = rebuilding._fill, rebuilding._finish
    owner = model.Package.get(catalogue[0]).owner_org
    created: list[str] = []

    def fill_then_change(*args: Any) -> None:
        fill(*args)
        _api("package_patch", id=catalogue[0], title="Đổi tên")
        _api("package_delete", id=catalogue[1])
        created.append(_create(owner, "Mới"))
        assert _titles()[catalogue[0]] == "Đổi tên", "the old index has to follow, too"

    def finish_with_one_waiting(*args: Any) -> None:
        from ckanext.thanhhoa import index

        with index.deferred():
            _api("package_patch", id=catalogue[3], title="Còn chờ")
        finish(*args)

    monkeypatch.setattr(rebuilding, "_fill", fill_then_change)
    monkeypatch.setattr(rebuilding, "_finish", finish_with_one_waiting)
    rebuilding.rebuild_beside(2)
    from ckanext.thanhhoa import index, reconciler

    index.flush()
    assert _titles() == {
        catalogue[0]: "Đổi tên", catalogue[2]: "Thử 2", catalogue[3]: "Còn chờ",
        created[0]: "Mới",
    }  # fmt: skip
    assert reconciler.check() == []


def test_searching_goes_on(catalogue: list[str]) -> None:
    from ckan.lib import search
    from ckanext.thanhhoa import rebuilding

    counts: list[int] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            counts.append(search.make_connection(decode_dates=False).search("*:*", rows=0).hits)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        for _ in range(2):
            rebuilding.rebuild_beside(1)
    finally:
        ended.set()
        thread.join()
    assert set(counts) == {4}
    assert len(counts) > 10


def test_what_was_broken_off_goes_on(catalogue: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.thanhhoa import rebuilding

    before = _documents()
    own = rebuilding._send_part
    sent: list[int] = []

    def die_at_the_second(*args: Any) -> bool:
        if sent:
            os._exit(9)
        sent.append(1)
        return own(*args)

    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "_send_part", die_at_the_second)
        with pytest.raises(rebuilding.Unfinished):
            rebuilding.rebuild_beside(1)
    assert _documents() == before
    assert _left()[0] == 1
    assert len(_cores()) == 2
    told: list[tuple[int, int]] = []
    done = rebuilding.rebuild_beside(2, tell=lambda *step: told.append(step))
    assert done.resumed
    assert told[0] == (2, 5)
    assert _documents() == before
    assert _cores() == ["ckan"]


def _break_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebuild whose process dies at its first part."""
    from ckanext.thanhhoa import rebuilding

    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "_send_part", lambda *_: os._exit(9))
        with pytest.raises(rebuilding.Unfinished):
            rebuilding.rebuild_beside(1)


def test_what_other_code_or_another_configset_began_is_begun_anew(
    catalogue: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.thanhhoa import rebuilding, solr_targets

    _break_off(monkeypatch)
    monkeypatch.setattr(solr_targets.page_versions, "code_version", lambda: "another")
    assert not rebuilding.rebuild_beside(1).resumed
    assert _cores() == ["ckan"]


def test_many_changes_are_sent_in_parts(
    catalogue: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.thanhhoa import rebuilding, reconciler

    fill, send = rebuilding._fill, rebuilding._send
    sizes: list[int] = []

    def fill_then_change(*args: Any) -> None:
        fill(*args)
        for at, dataset_id in enumerate(catalogue[:4]):
            _api("package_patch", id=dataset_id, title=f"Đổi {at}")

    def noted(connection: Any, ids: list[str], solr: Any) -> None:
        sizes.append(len(ids))
        send(connection, ids, solr)

    monkeypatch.setattr(rebuilding, "_fill", fill_then_change)
    monkeypatch.setattr(rebuilding, "FEW", 0)
    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "_send", noted)
        rebuilding.rebuild_beside(1)
    assert sizes == [2, 2]
    assert set(_titles().values()) == {f"Đổi {at}" for at in range(4)}
    assert reconciler.check() == []


def test_an_index_is_not_taken_over_by_who_is_no_longer_alone(
    catalogue: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import rebuilding

    before, own = _documents(), rebuilding._left

    def ended_by_postgresql(alone: Any, number: int) -> int:
        pid = alone.scalar(sa.text("SELECT pg_backend_pid()"))
        left = own(alone, number)
        with model.ensure_engine().connect() as other:
            other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        return left

    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "_left", ended_by_postgresql)
        with pytest.raises(sa.exc.DBAPIError):
            rebuilding.rebuild_beside(1)
    assert len(_cores()) == 2
    rebuilding.rebuild_beside(1)
    assert _documents() == before
    assert _cores() == ["ckan"]


def test_what_was_broken_off_can_be_thrown_away(
    catalogue: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.thanhhoa import rebuilding

    _break_off(monkeypatch)
    assert not rebuilding.rebuild_beside(1, anew=True).resumed
    assert _cores() == ["ckan"]
    assert _left() == (0, 0, 0)


def test_one_rebuild_at_a_time(catalogue: list[str]) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import rebuilding

    with model.ensure_engine().begin() as other:
        other.execute(sa.select(sa.func.pg_advisory_xact_lock(rebuilding._ONE)))
        with pytest.raises(rebuilding.AlreadyRunning):
            rebuilding.rebuild_beside(1)
    assert _cores() == ["ckan"]


def test_a_dataset_without_a_document_keeps_nobody_waiting(
    catalogue: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.thanhhoa import index_documents, rebuilding

    own = index_documents._document

    def broken(package: Any, *more: Any) -> Any:
        if package.id == catalogue[1]:
            raise ValueError("a broken field")
        return own(package, *more)

    monkeypatch.setattr(index_documents, "_document", broken)
    done = rebuilding.rebuild_beside(1)
    assert (done.indexed, done.refused) == (3, 1)


def test_the_command(catalogue: list[str], cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckan.cli.cli import ckan
    from ckanext.thanhhoa import rebuilding

    done = cli.invoke(ckan, ["thanhhoa", "index", "rebuild", "--processes", "1", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["indexed"] == 4
    assert "0/5" in done.stderr

    def refuse(*_: Any) -> None:
        raise rebuilding.Unfinished("3")

    monkeypatch.setattr(rebuilding, "rebuild_beside", refuse)
    done = cli.invoke(ckan, ["thanhhoa", "--lang", "en", "index", "rebuild"])
    assert done.exit_code == 2
    assert "3 datasets are left" in done.stderr


def _api(action: str, **values: Any) -> Any:
    from ckan.plugins import toolkit

    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return toolkit.get_action(action)({"ignore_auth": True, "user": user}, values)


def _create(owner: str, title: str, **fields: Any) -> str:
    given = {"access_rights": "PUBLIC", "frequency": "ANNUAL", "theme": ["08"], **fields}
    resources = [{"name": "Tệp", "format": "CSV", "url": "https://e.org/a.csv"}]
    made = _api("package_create", title=title, owner_org=owner, resources=resources, **given)
    return str(made["id"])


def _documents() -> dict[str, dict[str, Any]]:
    """What the searched index holds by id, less what says when it was written."""
    from ckan.lib import search

    search.make_connection().commit()
    found = search.make_connection(decode_dates=False).search("*:*", rows=100, fl="*").docs
    moments = ("_version_", "timestamp", "indexed_ts")
    return {d["id"]: {k: v for k, v in d.items() if k not in moments} for d in found}


def _titles() -> dict[str, str]:
    return {id_: document["title"] for id_, document in _documents().items()}


def _cores() -> list[str]:
    from ckanext.thanhhoa import solr_targets

    cores = solr_targets._get("admin/cores", action="STATUS")["status"]
    return sorted(name for name in cores if name.startswith("ckan"))


def _left() -> tuple[int, ...]:
    """Rows of rebuilds, parts and changes."""
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa.model import rebuild, rebuild_change, rebuild_part

    with model.ensure_engine().connect() as connection:
        counts = [
            connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (rebuild, rebuild_part, rebuild_change)
        ]
    return tuple(int(count or 0) for count in counts)
