"""Real worker processes for tests, a source for them, and what became of a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.ckan_source import Portal

DATASETS = 24
#: Short, so that a dead worker's run is taken over within the patience of a test.
LEASE = 4
#: Small, so that the few datasets of a test are several parts.
BATCH = 4
CKAN = Path(sys.executable).with_name("ckan")


class Workers:
    """Worker processes, each in a process group of its own; none outlives the test."""

    def __init__(self, folder: Path, ini: str):
        self._ini = folder / "worker.ini"
        text = Path(ini).read_text()
        option = f"[app:main]\nckanext.thanhhoa.lease_seconds = {LEASE}\n"
        option += f"ckanext.thanhhoa.batch = {BATCH}\n"
        self._ini.write_text(text.replace("[app:main]\n", option))
        self._log = folder / "worker.log"
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, concurrency: int = 4) -> subprocess.Popen[bytes]:
        env = {**os.environ, "CKAN_INI": str(self._ini)}
        with self._log.open("ab") as log:
            worker = subprocess.Popen(
                [CKAN, "thanhhoa", "worker", "--concurrency", str(concurrency)],
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


def assert_exact(run_id: str, datasets: int = DATASETS) -> None:
    """Every dataset once, in the catalogue and in the ledger, and the run says so."""
    from ckanext.thanhhoa.run_facts import run_report

    report = run_report(run_id)
    assert (report["state"], report["errors"]) == ("applied", [])
    assert (report["created"], report["failed"]) == (datasets, 0)
    assert value("SELECT count(*) FROM package WHERE state = 'active'") == datasets
    assert value("SELECT count(DISTINCT title) FROM package WHERE state = 'active'") == datasets
    assert value("SELECT count(*) FROM resource WHERE state = 'active'") == 3 * datasets
    assert value("SELECT count(*) FROM thanhhoa.record WHERE active") == datasets
    pending = "SELECT count(*) FROM thanhhoa.plan_item WHERE state <> 'done' AND run_id = :id"
    assert value(pending, id=run_id) == 0
