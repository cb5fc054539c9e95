"""A portal to be broken: PostgreSQL, Redis, Solr, web server and workers of its own.

What happens to it hurts nobody else. Its services run under the portal's own supervisor, as after
`./portal up`; workers are started here, so that a test can kill a certain one. CKAN itself is
asked through an agent (`tests.faults.agent`), a process that has this portal's configuration.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2

ROOT = Path(__file__).resolve().parents[2]
CKAN = Path(sys.executable).with_name("ckan")
sys.path.insert(0, str(ROOT / "docker" / "local"))

from portal_cli import home as homes  # noqa: E402
from portal_cli import postgres, services, site  # noqa: E402
from portal_cli.up import start_base  # noqa: E402

#: Seconds. Short, so that what a dead worker had is taken over within the patience of a test.
LEASE = 5
#: Changes written together: small, so that few datasets make many batches.
BATCH = 10
OPTIONS = f"""\
ckanext.thanhhoa.lease_seconds = {LEASE}
ckanext.thanhhoa.batch = {BATCH}
ckanext.thanhhoa.index_wait = 2
"""
#: A power cut is not tested, so nothing needs to reach the disk itself; commits are kept.
NO_POWER_CUT = "fsync = off\nfull_page_writes = off\nsynchronous_commit = on\n"


class Broken(AssertionError):
    """The portal did not do within its time what it had to."""


class Agent:
    """CKAN with this portal's configuration in a process of its own."""

    def __init__(self, ini: Path, log: Path):
        self._ini, self._log = ini, log
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, name: str, *args: Any) -> Any:
        """Calls a function of `tests.faults.agent`; Broken with what it raised."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([name, args]) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise Broken(f"the agent ended: {self._log.read_text()[-3000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise Broken(f"{name}: {answer['error']}")
        return answer["result"]

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            env = {**os.environ, "CKAN_INI": str(self._ini), "PYTHONPATH": str(ROOT)}
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tests.faults.agent"],
                    env=env,
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
        return self._process

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class OwnPortal:
    """Start, break, mend, look."""

    def __init__(self, path: Path):
        self.home = homes.create(path, 0)
        self.home.web_port = homes.free_ports(("web",))["web"]
        self.home.save()
        self.home.options_file.write_text(OPTIONS)
        site.write_ini(self.home)
        postgres.prepare(self.home)
        with (postgres.data_folder(self.home) / "portal.conf").open("a") as settings:
            settings.write(NO_POWER_CUT)
        services.prepare(self.home)
        start_base(self.home)
        postgres.create_databases(self.home.superuser_url, self.home.passwords)
        site.initialise(self.home)
        self.agent = Agent(self.home.ini, self.home.logs / "agent.log")
        self._workers: list[subprocess.Popen[bytes]] = []

    def close(self) -> None:
        self.stop_workers()
        self.agent.end()
        services.stop_all(self.home)

    # Workers

    def start_worker(
        self, ini: Path | None = None, concurrency: int = 3
    ) -> subprocess.Popen[bytes]:
        """A worker in a process group of its own."""
        env = {**os.environ, "CKAN_INI": str(ini or self.home.ini)}
        command = [CKAN, "thanhhoa", "worker", "--concurrency", str(concurrency)]
        with (self.home.logs / "workers.log").open("ab") as log:
            worker = subprocess.Popen(
                command, env=env, stdout=log, stderr=log, cwd="/", start_new_session=True
            )
        self._workers.append(worker)
        return worker

    def workers(self) -> list[subprocess.Popen[bytes]]:
        """Those that run."""
        self._workers = [worker for worker in self._workers if worker.poll() is None]
        return list(self._workers)

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """As the kernel does when memory runs out."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def freeze(self, worker: subprocess.Popen[bytes]) -> None:
        """As a machine that is put to sleep."""
        os.killpg(worker.pid, signal.SIGSTOP)

    def thaw(self, worker: subprocess.Popen[bytes]) -> None:
        os.killpg(worker.pid, signal.SIGCONT)

    def stop_workers(self) -> None:
        for worker in self.workers():
            self.kill(worker)

    def with_ports(self, name: str, **ports: int) -> Path:
        """A configuration that reaches services at other ports (a proxy's)."""
        text = self.home.ini.read_text()
        for service, port in ports.items():
            text = text.replace(f":{self.home.ports[service]}/", f":{port}/")
        ini = self.home.path / f"{name}.ini"
        ini.touch(mode=0o600)
        ini.write_text(text)
        return ini

    # Services

    def start(self, name: str) -> None:
        services.start(self.home, name)
        self.wait_until_up(name)

    def stop(self, name: str) -> None:
        services.supervisor(self.home).stopProcess(name, True)

    def wait_until_up(self, name: str, seconds: float = 60) -> None:
        probes: dict[str, Callable[[], Any]] = {
            "postgres": lambda: postgres.is_up(self.home),
            "solr": lambda: site.solr_answers(self.home),
            "web": lambda: site.answers(self.home),
        }
        if name in probes:
            self.until(lambda: bool(probes[name]()), f"{name} to answer", seconds)

    def pid(self, name: str) -> int:
        """Process id of a service."""
        return int(services.states(self.home)[name]["pid"])

    def restart_postgres_at_once(self) -> None:
        """An immediate shutdown: clients are cut off, and it comes up by crash recovery."""
        before = self.pid("postgres")
        os.kill(before, signal.SIGQUIT)
        self.until(lambda: self._runs_anew("postgres", before), "PostgreSQL to be restarted")
        self.wait_until_up("postgres")

    def _runs_anew(self, name: str, before: int) -> bool:
        state = services.states(self.home).get(name, {})
        return state.get("statename") == "RUNNING" and state.get("pid") != before

    # Looking

    def rows(self, sql: str, *params: Any, database: str = "ckan") -> list[tuple[Any, ...]]:
        """Rows of a statement, over a connection that lives no longer."""
        connection = psycopg2.connect(self.home.database_url(database))
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql, params or None)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def value(self, sql: str, *params: Any) -> Any:
        return self.rows(sql, *params)[0][0]

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
        """Waits for it; Broken with the end of the workers' log when it takes too long.

        Two minutes are what the portal has to mend itself.
        """
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Broken(f"waited {seconds:g} s for {what}\n{self.log()[-4000:]}")
            time.sleep(0.05)

    def log(self) -> str:
        path = self.home.logs / "workers.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def settled_lines(self) -> int:
        return int(self.value("SELECT count(*) FROM thanhhoa.plan_item WHERE state = 'done'"))

    def quiet(self) -> bool:
        """Whether no run waits or is under way and everything is indexed and loaded."""
        return not self.value(
            "SELECT (SELECT count(*) FROM thanhhoa.run WHERE state IN ('queued', 'running')) "
            "+ (SELECT count(*) FROM thanhhoa.to_index) + (SELECT count(*) FROM thanhhoa.to_load)"
        )

    def wait_until_quiet(self, seconds: float = 120) -> None:
        self.until(self.quiet, "every run to end and to be indexed", seconds)


@contextlib.contextmanager
def own_portal() -> Iterator[OwnPortal]:
    """A portal in a folder of its own that is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="portal-faults-")).resolve()
    path.chmod(0o755)
    portal = None
    try:
        portal = OwnPortal(path)
        yield portal
    finally:
        if portal is not None:
            portal.close()
        elif homes.exists(path):
            services.stop_all(homes.load(path))
        shutil.rmtree(path, ignore_errors=True)
