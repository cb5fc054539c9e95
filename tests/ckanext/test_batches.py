"""Batches: what they cost, how a bad record is found, and when the actions are used instead."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa

from harvesters.errors import HarvestError, LeaseLost
from harvesters.model import Change, Column, Table
from tests.ckanext.harvest_rig import Harvest, create, update

#: Statements for a new dataset, all in: the goal of a first harvest.
STATEMENTS = 8


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement of every connection of this process."""
    statements: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)


def _changes(harvest: Harvest, number: int) -> list[Change]:
    changes = []
    for n in range(number):
        links = [
            harvest.resource(f"{n}", f"r{k}", url=f"https://e.org/{n}/{k}.csv", format="CSV")
            for k in range(3)
        ]
        tags = ["y tế", f"nhóm {n % 5}"]
        changes.append(create(f"{n}", harvest.dataset(f"{n}", links, tags=tags)))
    return changes


def test_a_new_dataset_costs_few_statements_and_a_batch_one_commit_of_solr(
    harvest: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pysolr

    commits: list[Any] = []
    own = pysolr.Solr.commit
    monkeypatch.setattr(
        pysolr.Solr, "commit", lambda self, *a, **k: (commits.append(k), own(self, *a, **k))
    )
    run = harvest.plan(changes := _changes(harvest, 50))
    with counted() as statements:
        outcomes = harvest.catalog.apply(run, changes)
        harvest.catalog.wait_for_index()
    assert [outcome.problem for outcome in outcomes] == [None] * 50
    assert len(statements) / 50 <= STATEMENTS, len(statements)
    assert len(commits) == 1


def test_a_record_that_the_database_refuses_stands_alone(
    harvest: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan import model
    from ckanext.thanhhoa import catalog_batch

    changes = _changes(harvest, 9)
    bad = changes[5].dataset_id
    tried: list[int] = []
    own = catalog_batch.Batch.write

    def poisoned(self: Any) -> Any:
        tried.append(len(self._changes))
        outcomes = own  # what the transaction holds is real: it is rolled back
        with pytest.MonkeyPatch.context() as patch:
            if any(dataset.id == bad for _, dataset in self._changes):
                patch.setattr(
                    model.Session, "commit", lambda: model.Session.execute(sa.text("SELECT 1/0"))
                )
            return outcomes(self)

    monkeypatch.setattr(catalog_batch.Batch, "write", poisoned)
    run = harvest.plan(changes)
    outcomes = harvest.catalog.apply(run, changes)
    assert [o.remote_id for o in outcomes if o.problem] == ["5"]
    assert outcomes[5].problem.code == "refused_by_catalogue"
    assert tried[0] == 9
    assert tried.count(1) >= 1
    assert len(harvest.catalog.current([c.dataset_id for c in changes])) == 8
    assert harvest.ledger.pending(run, 10) == []


def test_a_hook_that_fails_stops_its_own_dataset_only(
    harvest: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.thanhhoa.plugin import ThanhhoaPlugin

    changes = _changes(harvest, 4)
    bad = changes[1].dataset_id

    def fails(self: Any, context: Any, data: dict[str, Any]) -> None:
        if data["id"] == bad:
            raise ValueError("a plugin's mistake")

    monkeypatch.setattr(ThanhhoaPlugin, "after_dataset_create", fails)
    outcomes = harvest.apply(changes)
    assert [o.remote_id for o in outcomes if o.problem] == ["1"]
    assert len(harvest.catalog.current([c.dataset_id for c in changes])) == 3


def test_no_room_on_the_disk_is_no_fault_of_a_record(
    harvest: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    from ckanext.thanhhoa import catalog_content

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run = harvest.plan(changes := _changes(harvest, 3))
    with monkeypatch.context() as patch:
        patch.setattr(catalog_content, "keep_files", full)
        with pytest.raises(HarvestError, match="portal_unavailable"):
            harvest.catalog.apply(run, changes)
    assert len(harvest.ledger.pending(run, 10)) == 3
    assert [o.problem for o in harvest.catalog.apply(run, changes)] == [None] * 3


def test_two_of_a_title_in_a_batch_get_two_names(harvest: Harvest) -> None:
    from ckan import model

    same = [harvest.dataset(n, title="Cùng một tên gọi") for n in ("a", "b", "c")]
    harvest.apply([create(n, d) for n, d in zip("abc", same, strict=True)])
    names = {model.Package.get(dataset.id).name for dataset in same}
    assert len(names) == 3
    assert all(name.startswith("cung-mot-ten-goi") for name in names)


def test_an_update_that_changes_nothing_writes_no_activity(harvest: Harvest) -> None:
    from ckan import model
    from ckanext.activity.model import Activity

    dataset = harvest.dataset("r", [harvest.resource("r", "a", url="https://e.org/a")])
    harvest.apply([create("r", dataset)])
    before = model.Package.get(dataset.id).metadata_modified
    harvest.apply([update("r", dataset)])
    model.Session.expire_all()
    assert model.Package.get(dataset.id).metadata_modified == before
    assert model.Session.query(Activity).filter_by(object_id=dataset.id).count() == 1


def test_a_dataset_deleted_by_a_steward_meanwhile_is_written_by_the_actions(
    harvest: Harvest,
) -> None:
    from ckan import model

    dataset = harvest.dataset("r")
    harvest.apply([create("r", dataset)])
    model.Package.get(dataset.id).state = "deleted"
    model.Session.commit()
    changed = dataclasses.replace(dataset, fields={**dataset.fields, "notes": "Khác"})
    (outcome,) = harvest.apply([update("r", changed)])
    assert outcome.problem is None
    assert harvest.catalog.current([dataset.id]) == {dataset.id: changed}


def test_subscribers_and_wrapped_actions_are_seen(site: Any) -> None:
    from ckan.lib import signals
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import batch_effects
    from ckanext.thanhhoa.plugin import ThanhhoaPlugin

    assert batch_effects.bypassed() == []

    def subscriber(sender: str, **_: Any) -> None:
        """Something another extension does after a dataset was created."""

    signals.action_succeeded.connect(subscriber, sender="package_create")
    try:
        (said,) = batch_effects.bypassed()
        assert "subscriber" in said
    finally:
        signals.action_succeeded.disconnect(subscriber, sender="package_create")

    @toolkit.chained_action
    def package_update(original: Callable[..., Any], context: Any, data: Any) -> Any:
        return original(context, data)

    own = ThanhhoaPlugin.get_actions
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ThanhhoaPlugin,
            "get_actions",
            lambda self: {**own(self), "package_update": package_update},
        )
        (said,) = batch_effects.bypassed()
    assert "package_update" in said


def test_the_table_of_a_refused_dataset_stays_as_it_was(harvest: Harvest) -> None:
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import datastore

    def table(*years: int) -> Table:
        return Table((Column("nam", "integer", "Năm"),), tuple((year,) for year in years))

    old = harvest.resource("r", "bảng", table=table(2023))
    harvest.apply([create("r", harvest.dataset("r", [old]))])
    new = harvest.resource("r", "bảng", table=table(2023, 2024))
    refused = update("r", harvest.dataset("r", [new], url="javascript:alert(1)"))
    never = harvest.resource("s", "bảng", table=table(1))
    bad = create("s", harvest.dataset("s", [never], url="javascript:alert(1)"))
    good = harvest.resource("t", "bảng", table=table(7))
    outcomes = harvest.apply([refused, bad, create("t", harvest.dataset("t", [good]))])
    assert [bool(outcome.problem) for outcome in outcomes] == [True, True, False]
    found = toolkit.get_action("datastore_search")({"ignore_auth": True}, {"resource_id": old.id})
    assert [record["nam"] for record in found["records"]] == [2023]
    assert set(datastore.digests([old.id, never.id, good.id])) == {old.id, good.id}


@pytest.mark.parametrize("batched", [True, False])
def test_two_updates_at_once_make_a_tag_once(
    site: Any, harvest: Harvest, monkeypatch: pytest.MonkeyPatch, batched: bool
) -> None:
    from ckan import model
    from ckanext.thanhhoa import catalog, catalog_content

    monkeypatch.setattr(catalog, "may_batch", lambda: batched)
    tag = f"nhãn chung {uuid.uuid4().hex[:8]}"
    one, two = (harvest.dataset(n) for n in "ab")
    harvest.apply([create("a", one), create("b", two)])
    changes = [
        update(n, dataclasses.replace(d, fields={**d.fields, "tags": [tag]}))
        for n, d in (("a", one), ("b", two))
    ]
    run = harvest.plan(changes)
    own, both = catalog_content.note, threading.Barrier(2)

    def note(*args: Any) -> Any:
        with suppress(threading.BrokenBarrierError):  # the second waits for the first's commit
            both.wait(2)
        return own(*args)

    monkeypatch.setattr(catalog_content, "note", note)
    errors: list[BaseException] = []

    def write(change: Any) -> None:
        try:
            with site.flask_app.test_request_context():
                from ckanext.thanhhoa.catalog import CkanCatalog

                CkanCatalog(harvest.ledger).apply(run, [change])
        except BaseException as error:
            errors.append(error)
        finally:
            model.Session.remove()

    threads = [threading.Thread(target=write, args=(c,)) for c in changes]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert not errors
    query = sa.select(sa.func.count()).select_from(model.Tag).where(model.Tag.name == tag)
    assert model.Session.execute(query).scalar() == 1


def test_a_database_that_goes_while_changes_are_sorted_ends_no_run(
    harvest: Harvest,
) -> None:
    from ckan import model

    run = harvest.plan([create("r", dataset := harvest.dataset("r"))])
    pid = model.Session.execute(sa.text("SELECT pg_backend_pid()")).scalar()
    with model.ensure_engine().begin() as other:
        other.execute(sa.text("SELECT pg_terminate_backend(:p)"), {"p": pid})
    with pytest.raises(LeaseLost):
        harvest.catalog.apply(run, [create("r", dataset)])
    model.Session.remove()
