"""What is kept of old runs, and what an undo says when it is not kept any more."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from harvesters.errors import HarvestError
from harvesters.model import Column, File, Table
from tests.ckanext.harvest_rig import create, update

COLUMNS = (Column("nam", "integer", "Năm"),)


def version(harvest: Any, number: int) -> Any:
    """The dataset with the table and the file of one version."""
    content = f"nam\n{harvest.source_id}-{number}\n".encode()
    table = harvest.resource("r", "bảng", table=Table(COLUMNS, ((number,),), harvest.source_id))
    file = harvest.resource("r", "tệp", file=File("tep.csv", "text/csv", content))
    return harvest.dataset("r", [table, file], notes=str(number))


def history(harvest: Any, versions: int) -> list[str]:
    """That many runs, each with another version; their ids."""
    found = []
    for number in range(versions):
        dataset = version(harvest, number)
        change = update("r", dataset) if number else create("r", dataset)
        run = harvest.plan([change])
        harvest.catalog.apply(run, [change])
        harvest.ledger.finish(run, "applied")
        found.append(run.id)
    return found


def aged(*run_ids: str, days: int = 40) -> None:
    """Makes runs, and every blob, older."""
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa.model import blob, run

    back = sa.literal_column(f"interval '{days} days'")
    old = sa.update(run).where(run.c.id.in_(run_ids))
    model.Session.execute(
        old.values(requested_at=run.c.requested_at - back, ended_at=run.c.ended_at - back)
    )
    model.Session.execute(sa.update(blob).values(created_at=sa.func.now() - back))
    model.Session.commit()


def has_blob(harvest: Any, digest: str) -> bool:
    try:
        harvest.ledger.get_blob(digest)
    except LookupError:
        return False
    return True


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from ckan.plugins.toolkit import config

    monkeypatch.setitem(config, "ckanext.thanhhoa.keep_runs", 2)
    monkeypatch.setitem(config, "ckanext.thanhhoa.keep_days", 30)


def test_what_is_old_and_not_among_the_last_expires_together(harvest: Any, kept: None) -> None:
    from ckanext.thanhhoa import originals, retention, undo
    from ckanext.thanhhoa.run_facts import run_report

    first, second, third, fourth = history(harvest, 4)
    versions = [version(harvest, number) for number in range(4)]
    aged(first, second, third, fourth)
    retention.expire()
    tables = [has_blob(harvest, dataset.resources[0].table) for dataset in versions]
    files = [originals.exists(dataset.resources[1].file) for dataset in versions]
    # The third run's pre-image is the second version.
    assert (tables, files) == ([False, True, True, True], [False, True, True, True])
    for gone in (first, second):
        assert run_report(gone)["changes_total"] == 0
        with pytest.raises(HarvestError) as refused:
            undo.request(gone, "test")
        assert refused.value.code == "undo_expired"
    assert undo.preview(fourth, "vi")["changes"] != []
    assert harvest.catalog.current([versions[3].id]) == {versions[3].id: versions[3]}


def test_young_runs_and_waiting_plans_stay_however_many(harvest: Any, kept: None) -> None:
    from ckan import model
    from ckanext.thanhhoa import retention, runs
    from ckanext.thanhhoa.run_facts import run_report

    from harvesters.ports import Verdict

    dataset = version(harvest, 9)
    waiting = harvest.run()
    harvest.ledger.begin_plan(waiting)
    harvest.ledger.spool(waiting, [create("r", dataset)], [])
    harvest.ledger.judge(waiting, Verdict(True, {}, ("personal_data",)))
    young = harvest.run()
    harvest.ledger.finish(young, "failed")
    others = [harvest.run() for _ in range(1)]
    for run in others:
        harvest.ledger.finish(run, "failed")
    last = harvest.run()
    harvest.ledger.finish(last, "failed")
    model.Session.commit()
    aged(waiting.id)
    retention.expire()
    assert runs.find(waiting.id).expired_at is None
    assert runs.find(young.id).expired_at is None
    assert run_report(waiting.id)["changes_total"] == 1
    assert has_blob(harvest, dataset.resources[0].table)
    assert has_blob(harvest, dataset.resources[1].file)


def test_a_run_that_is_being_undone_waits_for_that(harvest: Any, kept: None) -> None:
    from ckan import model
    from ckanext.thanhhoa import retention, runs, undo
    from ckanext.thanhhoa.work import work

    first, *_ = history(harvest, 4)
    asked = undo.request(first, "test")
    model.Session.commit()
    aged(first)
    retention.expire()
    assert runs.find(first).expired_at is None
    assert work(asked) == "applied"
    retention.expire()
    assert runs.find(first).expired_at is not None


def test_a_table_that_is_read_again_is_young_again(harvest: Any, kept: None) -> None:
    from ckanext.thanhhoa import retention

    digest = version(harvest, 5).resources[0].table
    aged()
    assert version(harvest, 5).resources[0].table == digest
    retention.expire()
    assert has_blob(harvest, digest)
    aged()
    retention.expire()
    assert not has_blob(harvest, digest)


def test_a_file_that_a_writer_is_about_to_need_is_not_removed(harvest: Any) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import originals

    digest = originals.store(f"sắp cần {harvest.source_id}".encode())
    model.Session.commit()
    with model.ensure_engine().connect() as writer:
        lock = sa.text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:d, 0))")
        writer.execute(lock, {"d": digest})
        assert not originals.remove_unless(digest, lambda: False)
        assert originals.exists(digest)
    assert not originals.remove_unless(digest, lambda: True)
    assert originals.exists(digest)
    assert originals.remove_unless(digest, lambda: False)
    assert not originals.exists(digest)
