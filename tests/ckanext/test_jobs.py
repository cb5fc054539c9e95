"""Workers as real processes: woken, killed, ended, raced. A run always ends by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from tests.ckan_source import Portal, serving

DATASETS = 24
#: Short, so that a dead worker's run is taken over within the patience of a test.
LEASE = 4
CKAN = Path(sys.executable).with_name("ckan")


class Workers:
    """Worker processes, each in a process group of its own; none outlives the test."""

    def __init__(self, folder: Path, ini: str):
        self._ini = folder / "worker.ini"
        text = Path(ini).read_text()
        option = f"[app:main]\nckanext.thanhhoa.lease_seconds = {LEASE}\n"
        self._ini.write_text(text.replace("[app:main]\n", option))
        self._log = folder / "worker.log"
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        env = {**os.environ, "CKAN_INI": str(self._ini)}
        with self._log.open("ab") as log:
            worker = subprocess.Popen(
                [CKAN, "thanhhoa", "worker"],
                env=env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def stop_all(self) -> None:
        for worker in self._running:
            if worker.poll() is None:
                self.kill(worker)

    def log(self) -> str:
        return self._log.read_text(errors="replace")


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


def add_source(there: Portal, name: str = "cong-khac", schedule: str = "manual") -> Any:
    from ckan import model
    from ckan.tests import factories
    from ckanext.thanhhoa import registration, sources

    org = factories.Organization(name=f"so-{uuid.uuid4().hex[:8]}")
    values = {
        "name": name,
        "type": "ckan",
        "url": there.base,
        "owner_org": org["id"],
        "allow": [there.base.removeprefix("http://")],
        "schedule": schedule,
    }
    source_id = registration.register(values, "test", may_grant=True)
    model.Session.commit()
    return sources.by_id(source_id)


def ask(source: Any) -> str:
    from ckan import model
    from ckanext.thanhhoa import jobs, runs

    run_id = runs.request(source, "run", "test")
    model.Session.commit()
    jobs.wake([run_id], runs.PERSON)
    return run_id


def value(sql: str, **params: Any) -> Any:
    """One value from the database as it is now."""
    import sqlalchemy as sa
    from ckan import model

    with model.ensure_engine().connect() as connection:
        return connection.execute(sa.text(sql), params).scalar()


def state(run_id: str) -> str:
    return str(value("SELECT state FROM thanhhoa.run WHERE id = :id", id=run_id))


def settled(run_id: str) -> int:
    query = "SELECT count(*) FROM thanhhoa.plan_item WHERE run_id = :id AND state = 'done'"
    return int(value(query, id=run_id))


def until(condition: Callable[[], bool], workers: Workers, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, workers.log()[-6000:]
        time.sleep(0.05)


def assert_exact(run_id: str) -> None:
    """Every dataset once, in the catalogue and in the ledger, and the run says so."""
    from ckanext.thanhhoa.run_facts import run_report

    report = run_report(run_id)
    assert (report["state"], report["errors"]) == ("applied", [])
    assert (report["created"], report["failed"]) == (DATASETS, 0)
    assert value("SELECT count(*) FROM package WHERE state = 'active'") == DATASETS
    assert value("SELECT count(DISTINCT title) FROM package WHERE state = 'active'") == DATASETS
    assert value("SELECT count(*) FROM resource WHERE state = 'active'") == 3 * DATASETS
    assert value("SELECT count(*) FROM thanhhoa.record WHERE active") == DATASETS
    pending = "SELECT count(*) FROM thanhhoa.plan_item WHERE state <> 'done' AND run_id = :id"
    assert value(pending, id=run_id) == 0


def test_a_worker_killed_in_the_middle_is_replaced_and_nothing_is_doubled(
    workers: Workers, there: Portal
) -> None:
    run_id = ask(add_source(there))
    for at_least in (3, 10):
        worker = workers.start()
        until(lambda least=at_least: settled(run_id) >= least, workers)  # type: ignore[misc]
        workers.kill(worker)
        assert state(run_id) == "running"
        assert settled(run_id) < DATASETS
    workers.start()
    until(lambda: state(run_id) != "running", workers)
    assert_exact(run_id)
    assert value("SELECT token FROM thanhhoa.run WHERE id = :id", id=run_id) == 3


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


def test_a_run_is_cancelled_where_it_stands(workers: Workers, there: Portal) -> None:
    from ckan import model
    from ckanext.thanhhoa import runs
    from ckanext.thanhhoa.run_facts import run_report

    there.switch(slow=1.0)
    run_id = ask(add_source(there))
    workers.start()
    until(lambda: state(run_id) == "running", workers)
    runs.cancel(run_id, "test")
    model.Session.commit()
    until(lambda: state(run_id) != "running", workers)
    report = run_report(run_id)
    assert (report["state"], report["errors"][0]["code"]) == ("cancelled", "cancelled")


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


def test_a_lease_is_prolonged_while_a_source_is_slow(
    clean_ledger: None, with_plugins: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import runs
    from ckanext.thanhhoa.work import Heartbeat

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
