"""A person edits a dataset while a batch that changes it is on its way: both edits are kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from harvesters import run as engine
from harvesters.model import Column, Table
from harvesters.plan import Ports
from tests.ckanext.harvest_rig import create, update

COLUMNS = (Column("nam", "integer", "Năm"), Column("diem", "number", "Điểm"))
OLD, NEW = Table(COLUMNS, ((2023, 1),)), Table(COLUMNS, ((2023, 1), (2024, 2)))


def elsewhere(app: Any, action: str, **values: Any) -> None:
    """An action of a person in another process, so to speak: another thread and session."""
    from ckan import model
    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    user = factories.Sysadmin()["name"]

    def do() -> None:
        with app.flask_app.test_request_context():
            call_action(action, {"user": user}, **values)
            model.Session.remove()

    thread = threading.Thread(target=do)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


def after_staging(monkeypatch: pytest.MonkeyPatch, edit: Callable[[], None]) -> list[int]:
    """Lets `edit` happen once, when the tables of a batch have been staged; how often they were."""
    from ckanext.thanhhoa import catalog_content

    stage, times = catalog_content.stage_tables, list[int]()

    def staged(*args: Any) -> None:
        stage(*args)
        times.append(1)
        if len(times) == 1:
            edit()

    monkeypatch.setattr(catalog_content, "stage_tables", staged)
    return times


@pytest.fixture(params=[True, False], ids=["batch", "single"])
def changing(request: Any, harvest: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two harvested datasets, and a run that is about to change both, in a batch or one by one."""
    from ckanext.thanhhoa import catalog

    monkeypatch.setattr(catalog, "may_batch", lambda: request.param)
    old = [
        harvest.dataset(n, [harvest.resource(n, "bảng", table=OLD)], notes="Cũ", version="1")
        for n in "ab"
    ]
    harvest.apply([create(n, dataset) for n, dataset in zip("ab", old, strict=True)])
    new = [
        harvest.dataset(n, [harvest.resource(n, "bảng", table=NEW)], notes="Cũ", version="2")
        for n in "ab"
    ]
    run = harvest.plan([update(n, dataset) for n, dataset in zip("ab", new, strict=True)])
    return harvest, run, old[0].id, old[1].id


def finish(harvest: Any, run: Any) -> None:
    """Applies as a worker does; nothing went wrong and nothing is left."""
    from ckanext.thanhhoa.run_facts import run_report

    engine.apply(run, Ports(harvest.ledger, harvest.catalog, fetch=None))
    assert harvest.ledger.pending(run, 10) == []
    harvest.ledger.finish(run, "applied")
    assert run_report(run.id)["errors"] == []


def shown(id_: str) -> dict[str, Any]:
    from ckan.tests.helpers import call_action

    return call_action("package_show", {"use_cache": False}, id=id_)


def test_an_edit_while_tables_are_staged_is_kept(
    changing: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    harvest, run, edited, other = changing
    edit = lambda: elsewhere(app, "package_patch", id=edited, notes="Của người phụ trách")  # noqa: E731
    after_staging(monkeypatch, edit)
    finish(harvest, run)
    here = shown(edited)
    assert (here["notes"], here["version"]) == ("Của người phụ trách", "2")
    assert (shown(other)["notes"], shown(other)["version"]) == ("Cũ", "2")
    from ckan.tests.helpers import call_action

    [table] = here["resources"]
    assert call_action("datastore_search", resource_id=table["id"])["total"] == 2


def test_a_dataset_deleted_while_tables_are_staged_stays_deleted(
    changing: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    harvest, run, deleted, other = changing
    after_staging(monkeypatch, lambda: elsewhere(app, "package_delete", id=deleted))
    finish(harvest, run)
    assert (shown(deleted)["state"], shown(other)["version"]) == ("deleted", "2")


def test_what_nobody_edited_is_staged_once(changing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    harvest, run, one, other = changing
    times = after_staging(monkeypatch, lambda: None)
    finish(harvest, run)
    assert len(times) in (1, 2)  # a batch, or one by one
    assert {shown(one)["version"], shown(other)["version"]} == {"2"}


def test_a_plugin_that_fails_at_showing_does_not_fail_what_is_written(
    harvest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.thanhhoa import catalog_content

    def fails(name: str) -> Any:
        raise RuntimeError("của một plugin khác")

    dataset = harvest.dataset("a", [harvest.resource("a", "bảng", table=OLD)])
    monkeypatch.setattr(catalog_content.toolkit, "get_action", fails)
    monkeypatch.setattr(
        catalog_content.datapreview, "get_default_view_plugins", lambda has_data: ["một"]
    )
    catalog_content.add_views(dataset, set(), {"ignore_auth": True})


def test_another_plugins_way_of_showing_is_no_edit(
    changing: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.thanhhoa import catalog_single

    harvest, run, one, other = changing
    own = catalog_single.toolkit.get_action

    def get_action(name: str) -> Any:
        def show(context: Any, data: Any) -> Any:
            return {**own(name)(context, data), "notes": "của plugin khác"}

        return show if name == "package_show" else own(name)

    monkeypatch.setattr(catalog_single.toolkit, "get_action", get_action)
    times = after_staging(monkeypatch, lambda: None)
    finish(harvest, run)
    assert len(times) in (1, 2)  # a batch, or one by one
    assert {shown(one)["version"], shown(other)["version"]} == {"2"}


@pytest.mark.parametrize("action", ["package_patch", "package_delete"])
def test_what_is_edited_while_an_undo_is_written_stays(
    harvest: Any, app: Any, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    from ckanext.thanhhoa.work import work

    one, other = (harvest.dataset(n, [harvest.resource(n, "bảng", table=OLD)]) for n in "ab")
    run = harvest.plan(changes := [create("a", one), create("b", other)])
    harvest.catalog.apply(run, changes)
    harvest.ledger.finish(run, "applied")
    undone, own, edits = undo_of(run.id), harvest.ledger.__class__.guard, []

    def guard(self: Any, leased: Any) -> None:
        if leased.id == undone and not edits:
            edits.append(action)
            values = {"notes": "Của người phụ trách"} if action == "package_patch" else {}
            elsewhere(app, action, id=one.id, **values)
        own(self, leased)

    monkeypatch.setattr(harvest.ledger.__class__, "guard", guard)
    assert work(undone) == "applied"
    assert edits == [action]
    state = "active" if action == "package_patch" else "deleted"
    assert (shown(one.id)["state"], shown(other.id)["state"]) == (state, "deleted")
    if state == "active":
        from ckanext.thanhhoa.run_facts import run_report

        assert shown(one.id)["notes"] == "Của người phụ trách"
        assert [note["code"] for note in run_report(undone)["notes"]] == ["undo_changed_since"]


def undo_of(run_id: str) -> str:
    from ckan import model
    from ckanext.thanhhoa import undo

    new_id = undo.request(run_id, "test")
    model.Session.commit()
    return new_id
