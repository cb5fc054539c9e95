"""Who holds a run: workers that die on it, people who hasten it, and a slow source."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from tests.ckan_source import serving
from tests.ckanext.worker_rig import (
    add_source,
    value,
)


def test_a_run_that_kills_its_workers_is_ended(clean_ledger: None, with_plugins: None) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import runs
    from ckanext.thanhhoa.run_facts import run_report
    from ckanext.thanhhoa.work import work

    with serving(1) as there:
        run_id = runs.request(add_source(there), "run", "test")
        died = sa.text("UPDATE thanhhoa.run SET attempts = :n")
        model.Session.execute(died, {"n": runs.ATTEMPTS})
        model.Session.commit()
        assert work(run_id) == "failed"
    assert [error["code"] for error in run_report(run_id)["errors"]] == ["interrupted"]


def test_the_record_that_kills_its_workers_is_refused_and_the_rest_goes_on(
    clean_portal: None, with_plugins: None
) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import leases, runs
    from ckanext.thanhhoa.ledger import Ledger
    from ckanext.thanhhoa.run_facts import run_report
    from ckanext.thanhhoa.work import work

    with serving(6) as there:
        run_id = runs.request(add_source(there), "run", "test")
        model.Session.commit()
        assert work(run_id, stopping=lambda: settled_plan(run_id)) is None
        for _ in range(leases.DEADLY_FROM - 1):  # each of these workers dies on the first line
            run = runs.acquire(run_id, "doomed")
            assert run is not None
            Ledger().divide(run, 4)
            part = Ledger().claim(run)
            assert part is not None
            assert part.part is not None
            assert len(Ledger().pending(part, 10)) == 6
            died = sa.text("UPDATE thanhhoa.run SET lease_until = now() - interval '1 second'")
            model.Session.execute(died)
            model.Session.commit()
        assert part.part.careful
        assert work(run_id) == "applied"
    report = run_report(run_id)
    assert (report["created"], report["failed"]) == (5, 1)
    assert [(error["code"], bool(error["record"])) for error in report["errors"]] == [
        ("deadly_record", True)
    ]


def settled_plan(run_id: str) -> bool:
    return value("SELECT phase FROM thanhhoa.run WHERE id = :id", id=run_id) == "applying"


def test_a_person_hastens_what_waits_and_what_runs_is_not_doubled(
    clean_ledger: None, with_plugins: None
) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import runs

    from harvesters.errors import HarvestError

    with serving(1) as there:
        source = add_source(there)
    scheduled = runs.request(source, "run", None, runs.SCHEDULE)
    later = sa.text("UPDATE thanhhoa.run SET not_before = now() + interval '1 hour'")
    model.Session.execute(later)
    model.Session.commit()
    assert runs.free_runs() == []
    assert runs.request(source, "run", "a person") == scheduled
    assert runs.free_runs() == [(scheduled, True)]
    for kind in ("run", "plan"):
        with pytest.raises(HarvestError, match="already_running"):
            runs.request(source, kind, "another person")


def test_a_lease_is_prolonged_while_a_source_is_slow(
    clean_ledger: None, with_plugins: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import runs
    from ckanext.thanhhoa.leases import Heartbeat

    monkeypatch.setitem(toolkit.config, "ckanext.thanhhoa.lease_seconds", 1)
    with serving(1) as there:
        run_id = runs.request(add_source(there), "run", "test")
    run = runs.acquire(run_id, "slow one")
    assert run is not None
    with Heartbeat(run):
        time.sleep(2.5)
        assert runs.acquire(run_id, "another") is None
    time.sleep(1.2)
    assert runs.acquire(run_id, "another") is not None


def test_waking_without_a_jobs_database_is_no_error(
    with_plugins: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import jobs

    monkeypatch.setitem(
        toolkit.config, "ckanext.thanhhoa.jobs_url", "postgresql://127.0.0.1:1/jobs"
    )
    jobs.wake(["x"])
    assert "not woken" in caplog.text
