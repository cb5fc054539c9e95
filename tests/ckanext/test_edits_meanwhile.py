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
