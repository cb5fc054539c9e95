"""Workers as real processes: woken, killed, ended, raced. A run always ends by itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from tests.ckan_source import Portal, serving
from tests.ckanext.worker_rig import (
    DATASETS,
    LEASE,
    Workers,
    add_source,
    ask,
    assert_exact,
    settled,
    state,
    until,
    value,
)


@pytest.fixture
def workers(clean_portal: None, with_plugins: None, tmp_path: Path, ini: str) -> Iterator[Workers]:
    started = Workers(tmp_path, ini)
    try:
        yield started
    except BaseException:
        print(started.log())
        raise
    finally:
        started.stop_all()


@pytest.fixture
def there() -> Iterator[Portal]:
    with serving(DATASETS) as portal:
        yield portal


def test_a_worker_killed_in_the_middle_is_replaced_and_nothing_is_doubled(
    workers: Workers,
) -> None:
    many = 20 * DATASETS
    with serving(many) as large:
        run_id = ask(add_source(large))
        for _ in range(2):
            before = settled(run_id)
            worker = workers.start()
            until(lambda least=before: settled(run_id) > least, workers)  # type: ignore[misc]
            workers.kill(worker)
            assert state(run_id) == "running"
            assert settled(run_id) < many
        workers.start()
        until(lambda: state(run_id) != "running", workers)
    assert_exact(run_id, many)


def test_a_worker_killed_while_reading_reads_anew(workers: Workers, there: Portal) -> None:
    there.switch(slow=1.5)
    run_id = ask(add_source(there))
    worker = workers.start()
    until(lambda: state(run_id) == "running", workers)
    workers.kill(worker)
    there.switch(slow=0.0)
    workers.start()
    until(lambda: state(run_id) != "running", workers)
    assert_exact(run_id)


def test_a_worker_asked_to_end_passes_its_run_on(workers: Workers, there: Portal) -> None:
    run_id = ask(add_source(there))
    worker = workers.start()
    until(lambda: settled(run_id) >= 1, workers)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    if state(run_id) == "running":
        free = "SELECT lease_until <= now() FROM thanhhoa.run WHERE id = :id"
        assert value(free, id=run_id)
        workers.start()
        until(lambda: state(run_id) != "running", workers)
    assert_exact(run_id)


def test_a_run_outlives_the_loss_of_every_database_connection(
    workers: Workers, there: Portal
) -> None:
    """As when PostgreSQL is restarted under it."""
    import sqlalchemy as sa
    from ckan import model

    run_id = ask(add_source(there))
    model.Session.remove()
    workers.start()
    until(lambda: settled(run_id) >= 3, workers)
    cut = sa.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    with model.ensure_engine().connect() as connection:
        assert connection.execute(cut).scalar()
    until(lambda: state(run_id) != "running", workers)
    assert_exact(run_id)


def test_two_workers_on_two_sources_do_each_once(workers: Workers) -> None:
    """Both have datasets of the same titles: their names must not get in each other's way."""
    from ckanext.thanhhoa.run_facts import run_report

    with serving(8) as one, serving(8) as other:
        runs_of = [ask(add_source(one, "mot")), ask(add_source(other, "hai"))]
        for _ in range(2):
            workers.start()
        until(lambda: all(state(run_id) == "applied" for run_id in runs_of), workers)
    for run_id in runs_of:
        report = run_report(run_id)
        assert (report["errors"], report["created"]) == ([], 8)
    assert value("SELECT count(*) FROM package WHERE state = 'active'") == 16
    assert value("SELECT max(token) FROM thanhhoa.run") == 1


def test_two_workers_share_one_run(workers: Workers) -> None:
    many = 40 * DATASETS
    with serving(many) as large:
        for _ in range(2):
            workers.start()
        until(lambda: workers.log().count("Ctrl-C") == 2, workers)
        run_id = ask(add_source(large))
        owners = "SELECT count(DISTINCT lease_owner) FROM thanhhoa.part WHERE state = 'open'"
        until(lambda: value(owners) == 2, workers)
        until(lambda: state(run_id) != "running", workers)
    assert_exact(run_id, many)
    assert value("SELECT token FROM thanhhoa.run WHERE id = :id", id=run_id) == 1
    assert value("SELECT count(*) FROM thanhhoa.part") == 0


def test_what_a_dead_helper_had_is_taken_over(workers: Workers, there: Portal) -> None:
    run_id = ask(add_source(there))
    first = workers.start()
    until(lambda: value("SELECT count(*) FROM thanhhoa.part") > 1, workers)
    os.killpg(first.pid, signal.SIGSTOP)  # it holds the run; the helper is the one that dies
    helper = workers.start()
    held = "SELECT count(*) FROM thanhhoa.part WHERE lease_owner LIKE :who"
    who = f"%:{helper.pid}:%"
    try:
        until(lambda: value(held, who=who) > 0 or state(run_id) != "running", workers)
    finally:
        os.killpg(first.pid, signal.SIGCONT)
    workers.kill(helper)
    until(lambda: state(run_id) != "running", workers)
    assert_exact(run_id)


def test_who_stood_still_while_another_took_over_writes_nothing(
    workers: Workers, there: Portal
) -> None:
    run_id = ask(add_source(there))
    still = workers.start()
    until(lambda: settled(run_id) >= 1, workers)
    os.killpg(still.pid, signal.SIGSTOP)
    workers.start()
    until(lambda: state(run_id) != "running", workers)
    before = value("SELECT max(metadata_modified)::text || count(*) FROM package")
    os.killpg(still.pid, signal.SIGCONT)
    time.sleep(LEASE + 2)
    assert value("SELECT max(metadata_modified)::text || count(*) FROM package") == before
    assert_exact(run_id)


def test_who_stands_still_with_a_row_locked_lets_it_go(workers: Workers, there: Portal) -> None:
    """Halted in the middle of a heartbeat, between its statement and its commit."""
    import sqlalchemy as sa
    from ckan import model

    run_id = ask(add_source(there))
    waits = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND query LIKE 'UPDATE thanhhoa.run%'"
    )
    lock = sa.text("SELECT 1 FROM thanhhoa.run WHERE id = :id FOR UPDATE")
    still = workers.start()
    until(lambda: settled(run_id) >= 1, workers)
    with model.ensure_engine().begin() as connection:
        connection.execute(lock, {"id": run_id})
        until(lambda: value(waits) > 0, workers)
        os.killpg(still.pid, signal.SIGSTOP)
    workers.start()
    until(lambda: state(run_id) != "running", workers)
    assert_exact(run_id)


def test_slow_sources_of_the_schedule_leave_room_for_people(workers: Workers) -> None:
    """Two slots, two slow scheduled sources: what a person asks for is done meanwhile."""
    from ckan import model
    from ckanext.thanhhoa import runs

    with serving(4) as one, serving(4) as other, serving(4) as wanted:
        for slow in (one, other):
            slow.switch(slow=25.0)
        sources = [add_source(one, "cham-mot"), add_source(other, "cham-hai")]
        slow_runs = [runs.request(source, "run", None, runs.SCHEDULE) for source in sources]
        model.Session.commit()
        workers.start(concurrency=2)
        until(lambda: [state(id_) for id_ in slow_runs].count("running") == 1, workers)
        run_id = ask(add_source(wanted, "can-ngay"))
        until(lambda: state(run_id) == "applied", workers, 20)
        assert sorted(state(id_) for id_ in slow_runs) == ["queued", "running"]


def test_a_source_that_is_out_of_order_for_a_while_is_tried_again(
    workers: Workers, there: Portal
) -> None:
    from ckan import model
    from ckanext.thanhhoa import runs
    from ckanext.thanhhoa.run_facts import run_report

    there.switch(fail=1000)
    run_id = runs.request(add_source(there), "run", "test", tries_again=2)
    model.Session.commit()
    workers.start()
    until(lambda: value("SELECT tries FROM thanhhoa.run") == 1, workers)
    there.switch(fail=0)
    report = run_report(run_id)
    model.Session.commit()
    assert (report["state"], report["tries"]) == ("queued", 1)
    assert report["not_before"] > report["requested_at"]
    assert [error["code"] for error in report["errors"]] == ["api_error"]
    until(lambda: state(run_id) == "applied", workers)
    assert_exact(run_id)


def test_the_schedule_is_kept(workers: Workers, there: Portal) -> None:
    import sqlalchemy as sa
    from ckan import model

    source = add_source(there, schedule="daily")
    late = "UPDATE thanhhoa.source SET next_run_at = now() - interval '3 days' WHERE id = :id"
    model.Session.execute(sa.text(late), {"id": source.id})
    model.Session.commit()
    workers.start()
    applied = "SELECT count(*) FROM thanhhoa.run WHERE state = 'applied' AND requested_by IS NULL"
    until(lambda: value(applied) == 1, workers)
    assert value("SELECT count(*) FROM thanhhoa.run") == 1
    assert value("SELECT next_run_at > now() FROM thanhhoa.source")


def test_a_run_is_cancelled_in_the_middle_of_a_slow_answer(workers: Workers, there: Portal) -> None:
    """For the person at once; the worker's only slot is free for the next run soon after."""
    from ckan import model
    from ckanext.thanhhoa import runs
    from ckanext.thanhhoa.run_facts import run_report

    there.switch(slow=60.0)
    run_id = ask(add_source(there))
    workers.start(concurrency=1)
    until(lambda: state(run_id) == "running", workers)
    time.sleep(1)
    runs.cancel(run_id, "test")
    model.Session.commit()
    report = run_report(run_id)
    model.Session.commit()
    assert (report["state"], report["errors"][0]["code"]) == ("cancelled", "cancelled")
    with serving(DATASETS) as other:
        next_run = ask(add_source(other, "tiep-theo"))
        until(lambda: state(next_run) == "applied", workers, 30)
        assert_exact(next_run)


def test_a_run_is_cancelled_while_it_is_written(workers: Workers, there: Portal) -> None:
    from ckan import model
    from ckanext.thanhhoa import runs
    from ckanext.thanhhoa.run_facts import run_report

    run_id = ask(add_source(there))
    workers.start()
    until(lambda: settled(run_id) >= 1, workers)
    runs.cancel(run_id, "test")
    model.Session.commit()
    until(lambda: state(run_id) == "cancelled", workers)
    report = run_report(run_id)
    written = value("SELECT count(*) FROM package WHERE state = 'active'")
    assert report["created"] == written == value("SELECT count(*) FROM thanhhoa.record")
    assert 0 < written < DATASETS
    assert value("SELECT count(*) FROM thanhhoa.plan_item WHERE state = 'pending'") == 0
