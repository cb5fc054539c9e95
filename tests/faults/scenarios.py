"""What is done to a portal while it harvests. The short suite does each a little, the bench a lot.

Every scenario leaves a portal that works again; `World.check` then asks whether anything was lost,
doubled or left standing. Random choices come from the world's seed.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.ckan_source import Portal as Catalogue
from tests.ckan_source import serving
from tests.faults.invariants import violations
from tests.faults.portal import LEASE, Broken, OwnPortal
from tests.faults.proxy import proxy_to

DATASETS = 60
#: A source may lose datasets in a scenario; that is not what is tested here.
CONFIG = {"guards": {"withdraw_at_most": 1000, "rows_at_least_share": 0.0}}


class World:
    """A portal with sources that change, and what it ought to hold of them."""

    def __init__(self, portal: OwnPortal, seed: int, folder: Path):
        self.portal = portal
        self.random = random.Random(seed)
        self._folder = folder
        self._ids: dict[str, str] = {}
        self._catalogues: dict[str, Catalogue] = {}
        self._tables: dict[str, dict[str, str]] = {}

    # Sources

    def add_catalogue(self, catalogue: Catalogue, address: str = "") -> str:
        """Another CKAN as a source; `address` when it is reached through a proxy."""
        name = f"cong-{len(self._ids)}-{self.random.getrandbits(32):x}"
        base = address or catalogue.base
        allow = [base.removeprefix("http://")]
        added = self.portal.agent("add_source", name, "ckan", base, allow, CONFIG)
        self._ids[name], self._catalogues[name] = added["source"], catalogue
        return name

    def add_folder(self, files: int) -> str:
        """A folder of CSV files: tables for the DataStore, bytes for the file storage."""
        name = f"tep-{len(self._ids)}-{self.random.getrandbits(32):x}"
        folder = self._folder / name
        folder.mkdir()
        self._tables[name] = {}
        for at in range(files):
            self._write_table(name, f"bang-{at:03}")
        added = self.portal.agent("add_source", name, "files", str(folder), [str(folder)], CONFIG)
        self._ids[name] = added["source"]
        return name

    def change(self, name: str) -> None:
        """Something of the source is new, something is gone, something is otherwise."""
        if name in self._catalogues:
            catalogue = self._catalogues[name]
            count = len(catalogue.packages)
            touch = self.random.randrange(1, max(2, count))
            catalogue.switch(touch=touch, drop=self.random.choice([0.0, 0.1, 0.2]))
            return
        tables = self._tables[name]
        for stem in self.random.sample(sorted(tables), k=max(1, len(tables) // 2)):
            self._write_table(name, stem)
        gone = self.random.choice(sorted(tables))
        (self._folder / name / f"{gone}.csv").unlink()
        del tables[gone]
        self._write_table(name, f"bang-{self.random.randrange(1000, 9999)}")

    def _write_table(self, name: str, stem: str) -> None:
        figures = [f"{self.random.uniform(1, 999):.1f}" for _ in range(20)]
        rows = "".join(f"Xã {n};{figure.replace('.', ',')}\n" for n, figure in enumerate(figures))
        (self._folder / name / f"{stem}.csv").write_text(f"Đơn vị;Sản lượng\n{rows}")
        self._tables[name][stem] = stem

    # Runs

    def request(self, *names: str) -> list[str]:
        """Asks for a run of each source that is not being run."""
        asked = [self.portal.agent("request_run", name) for name in names]
        return [run_id for run_id in asked if run_id]

    def until_under_way(self, lines: int, seconds: float = 60) -> bool:
        """Waits until so many more lines of plans are settled; False when everything ends first."""
        wanted = self.portal.settled_lines() + lines
        self.portal.until(
            lambda: self.portal.settled_lines() >= wanted or self._all_ended(),
            f"{lines} more lines to be settled",
            seconds,
        )
        return not self._all_ended()

    def _all_ended(self) -> bool:
        active = "SELECT count(*) FROM thanhhoa.run WHERE state IN ('queued', 'running')"
        return not self.portal.value(active)

    def state(self, run_id: str) -> str:
        return str(self.portal.value("SELECT state FROM thanhhoa.run WHERE id = %s", run_id))

    # Looking

    def expected(self) -> dict[str, set[str]]:
        """Titles of every source's datasets, as the source has them now."""
        found = {
            self._ids[name]: {str(p["title"]) for p in catalogue.packages.values()}
            for name, catalogue in self._catalogues.items()
        }
        return found

    def check(self, applied: list[str] = ()) -> None:  # type: ignore[assignment]
        """Everything rests within two minutes and nothing is wrong; these runs were applied."""
        self.portal.wait_until_quiet()
        wrong = violations(self.portal, self.expected())
        for name, tables in self._tables.items():
            query = (
                "SELECT count(*) FROM thanhhoa.record r JOIN package p ON p.id = r.dataset_id "
                "WHERE r.source_id = %s AND p.state = 'active'"
            )
            there = self.portal.value(query, self._ids[name])
            if there != len(tables):
                wrong.append(f"{there} datasets of {len(tables)} files of {name}")
        for run_id in applied:
            report = self.portal.agent("report", run_id)
            if report["state"] != "applied" or report["errors"]:
                wrong.append(f"run {run_id}: {report['state']} {report['errors'][:3]}")
        if wrong:
            raise Broken("\n".join([*wrong, self.portal.log()[-6000:]]))


def _ensure_workers(world: World, number: int) -> None:
    while len(world.portal.workers()) < number:
        world.portal.start_worker()


def kill_workers(world: World, times: int) -> None:
    """Workers die at random points, while they read, write, index or do nothing."""
    with serving(DATASETS) as one, serving(DATASETS) as other:
        names = [world.add_catalogue(one), world.add_catalogue(other), world.add_folder(6)]
        _ensure_workers(world, 3)
        world.request(*names)
        for _ in range(times):
            if world.random.random() < 0.25:
                time.sleep(world.random.uniform(0, 2))
            elif not world.until_under_way(world.random.randrange(25), 120):
                for name in names:
                    world.change(name)
                world.request(*names)
                time.sleep(world.random.uniform(0, 1.5))
            kill_one(world)
            _ensure_workers(world, 3)
        world.portal.wait_until_quiet()
        world.check(world.request(*names))
    world.portal.stop_workers()


def kill_one(world: World) -> None:
    """A worker dies."""
    world.portal.kill(_victim(world))


def _victim(world: World) -> subprocess.Popen[bytes]:
    """Mostly one that holds a run or a part of one."""
    workers = world.portal.workers()
    held = "SELECT lease_owner FROM thanhhoa.run UNION SELECT lease_owner FROM thanhhoa.part"
    owners = [owner for (owner,) in world.portal.rows(held) if owner]
    busy = [worker for worker in workers if any(f":{worker.pid}:" in owner for owner in owners)]
    return world.random.choice(busy if busy and world.random.random() < 0.8 else workers)


def start_two_on_one(world: World, times: int) -> None:
    """Two workers see the same new run at the same moment."""
    _ensure_workers(world, 2)
    for _ in range(times):
        with serving(12) as one:
            name = world.add_catalogue(one)
            [run_id] = world.request(name)
            world.check([run_id])
            token = "SELECT token FROM thanhhoa.run WHERE id = %s"
            if world.portal.value(token, run_id) != 1:
                raise Broken("the run changed hands without need")
    world.portal.stop_workers()


def freeze_holders(world: World, times: int) -> None:
    """A worker stands still past its lease, another takes over, the first one wakes up again."""
    with serving(DATASETS) as one:
        names = [world.add_catalogue(one), world.add_folder(4)]
        for _ in range(times):
            _ensure_workers(world, 1)
            frozen = world.portal.workers()[0]
            runs = world.request(*names)
            world.until_under_way(world.random.randrange(1, 30))
            time.sleep(world.random.uniform(0, 0.3))
            world.portal.freeze(frozen)
            _ensure_workers(world, 2)
            world.portal.wait_until_quiet()
            tokens = world.portal.rows("SELECT id, token, ended_at FROM thanhhoa.run ORDER BY id")
            written = world.portal.rows(
                "SELECT max(metadata_modified), count(*) FROM package UNION ALL "
                "SELECT max(updated_at), count(*) FROM thanhhoa.record"
            )
            world.portal.thaw(frozen)
            time.sleep(LEASE)
            after = world.portal.rows("SELECT id, token, ended_at FROM thanhhoa.run ORDER BY id")
            written_after = world.portal.rows(
                "SELECT max(metadata_modified), count(*) FROM package UNION ALL "
                "SELECT max(updated_at), count(*) FROM thanhhoa.record"
            )
            if tokens != after or written != written_after:
                raise Broken("a worker that had been taken over wrote something")
            world.check(runs)
            for name in names:
                world.change(name)
            world.portal.stop_workers()
        world.portal.start_worker()
        world.check(world.request(*names))
    world.portal.stop_workers()


def kill_undos(world: World, times: int) -> None:
    """A worker dies while a run is taken back: in the end all of it is."""
    with serving(DATASETS) as one:
        name = world.add_catalogue(one)
        active = (
            "SELECT count(*) FROM thanhhoa.record r JOIN package p ON p.id = r.dataset_id "
            "JOIN thanhhoa.source s ON s.id = r.source_id WHERE s.name = %s AND p.state = 'active'"
        )
        _ensure_workers(world, 2)
        [first] = world.request(name)
        world.check([first])
        for _ in range(times):
            undo = world.portal.agent("undo", first)
            world.until_under_way(world.random.randrange(1, 30))
            kill_one(world)
            _ensure_workers(world, 2)
            world.portal.wait_until_quiet()
            left = world.portal.value(active, name)
            report = world.portal.agent("report", undo)
            if left or (report["state"], report["withdrawn"]) != ("applied", DATASETS):
                raise Broken(f"{left} datasets are left of an undo: {report}")
            [first] = world.request(name)
            world.portal.wait_until_quiet()
            if world.state(first) != "held":
                raise Broken("what was undone was done again without a word")
            world.portal.agent("approve", first)
            world.check([first])
    world.portal.stop_workers()


def flush_redis(world: World, times: int) -> None:
    """Redis forgets everything while a run is under way."""
    import redis

    with serving(DATASETS) as one:
        name = world.add_catalogue(one)
        _ensure_workers(world, 2)
        for _ in range(times):
            runs = world.request(name)
            world.until_under_way(world.random.randrange(1, 30))
            redis.Redis.from_url(world.portal.home.redis_url).flushall()
            world.check(runs)
            world.change(name)
        world.check(world.request(name))
    world.portal.stop_workers()


def restart_postgres(world: World, times: int) -> None:
    """PostgreSQL is shut down at once and recovers from its log, under workers at work."""
    with serving(DATASETS) as one:
        names = [world.add_catalogue(one), world.add_folder(6)]
        _ensure_workers(world, 2)
        for _ in range(times):
            world.request(*names)
            world.until_under_way(world.random.randrange(1, 40))
            time.sleep(world.random.uniform(0, 0.3))
            world.portal.restart_postgres_at_once()
            world.portal.wait_until_quiet()
            for name in names:
                world.change(name)
        world.check(world.request(*names))
    world.portal.stop_workers()


def stop_solr(world: World, times: int) -> None:
    """No Solr for the whole of a run; a minute after its return everything can be found."""
    with serving(DATASETS) as one:
        name = world.add_catalogue(one)
        _ensure_workers(world, 2)
        for _ in range(times):
            world.portal.stop("solr")
            try:
                runs = world.request(name)
                world.portal.until(
                    lambda: all(world.state(run_id) == "applied" for run_id in runs),  # noqa: B023
                    "the run to be applied without Solr",
                )
            finally:
                world.portal.start("solr")
            world.portal.wait_until_quiet(60)
            world.check(runs)
            world.change(name)
    world.portal.stop_workers()


def cut_connections(world: World, times: int) -> None:
    """Connections to the database and to the source break in the middle of what is said."""
    portal = world.portal
    with (
        serving(DATASETS) as one,
        proxy_to(portal.home.ports["postgres"]) as to_postgres,
        proxy_to(int(one.base.rpartition(":")[2])) as to_source,
    ):
        name = world.add_catalogue(one, f"http://127.0.0.1:{to_source.port}")
        ini = portal.with_ports("through-proxy", postgres=to_postgres.port)
        workers = [portal.start_worker(ini) for _ in range(2)]
        for _ in range(times):
            world.request(name)
            for _ in range(3):
                if not world.until_under_way(world.random.randrange(1, 20)):
                    break
                time.sleep(world.random.uniform(0, 0.2))
                world.random.choice([to_postgres, to_source, to_postgres]).cut()
            portal.wait_until_quiet()
            world.change(name)
        world.check(world.request(name))
        if any(worker.poll() is not None for worker in workers):
            raise Broken("a worker ended because its connections were cut")
    portal.stop_workers()


def kill_web(world: World, times: int) -> None:
    """The web server is killed in the middle of people's edits: each is there whole, or not."""
    portal = world.portal
    portal.start("web")
    named = {"name": f"so-web-{time.time_ns()}", "title": "Sở có biên tập viên"}
    org = portal.agent("action", "organization_create", named)
    with serving(12) as one:
        name = world.add_catalogue(one)
        _ensure_workers(world, 1)
        for _ in range(times):
            runs = world.request(name)
            with _edits(portal, str(org["id"]), world.random) as sent:
                portal.until(lambda: len(sent) >= 2, "edits to be answered", 60)
                time.sleep(world.random.uniform(0, 0.5))
                before = portal.pid("web")
                for pid in [before, *_children(before)]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                portal.until(lambda: portal.pid("web") not in (0, before), "the web server")  # noqa: B023
                portal.wait_until_up("web")
            world.check(runs)
            missing = [n for n in sent if not _is_there(portal, n)]
            if missing:
                raise Broken(f"answered with success, but not there: {missing[:3]}")
    portal.stop_workers()
    portal.stop("web")


def _children(pid: int) -> list[int]:
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in done.stdout.split()]


def _is_there(portal: OwnPortal, name: str) -> bool:
    return bool(portal.value("SELECT count(*) FROM package WHERE name = %s", name))


@contextlib.contextmanager
def _edits(portal: OwnPortal, org: str, random_: random.Random) -> Iterator[list[str]]:
    """Datasets made through the web, one after another; gives the names of those acknowledged."""
    import requests

    token = portal.home.token_file.read_text().strip()
    done: list[str] = []
    refused: list[str] = []
    ending = threading.Event()
    prefix = f"bien-tap-{random_.getrandbits(32):x}"

    def edit() -> None:
        number = 0
        while not ending.is_set():
            number += 1
            name = f"{prefix}-{number}"
            data = {
                "name": name,
                "title": f"Bộ dữ liệu {name}",
                "owner_org": org,
                "access_rights": "PUBLIC",
                "resources": [{"name": "Bảng", "url": f"https://example.org/{name}.csv"}],
                "tag_string": f"thử nghiệm,{name}",
            }
            with contextlib.suppress(requests.RequestException):
                answer = requests.post(
                    f"{portal.home.url}/api/3/action/package_create",
                    json=data,
                    headers={"Authorization": token},
                    timeout=30,
                )
                if answer.status_code == 200:
                    done.append(name)
                elif answer.status_code < 500:
                    refused.append(f"package_create: {answer.text[:500]}")

    thread = threading.Thread(target=edit, daemon=True)
    thread.start()
    try:
        yield done
    finally:
        ending.set()
        thread.join(40)
    if refused:
        raise Broken(refused[0])


def fill_storage(world: World, times: int, storage: Path) -> None:
    """The file storage is full while files are harvested, and has room again later."""
    _ensure_workers(world, 1)
    for _ in range(times):
        name = world.add_folder(8)
        ballast = storage / "ballast"
        _fill(ballast)
        [run_id] = world.request(name)
        put_off = "SELECT tries FROM thanhhoa.run WHERE id = %s"
        world.portal.until(
            lambda: world.portal.value(put_off, run_id) > 0,  # noqa: B023
            "the run to be put off",
            60,
        )
        report = world.portal.agent("report", run_id)
        if [error["code"] for error in report["errors"]] != ["portal_unavailable"]:
            raise Broken(f"a full storage was reported as {report['errors']}")
        ballast.unlink()
        world.check([run_id])
    world.portal.stop_workers()


def _fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


Scenario = Callable[[World, int], None]
#: Name -> (scenario, times in the short form, times in the long one).
SCENARIOS: dict[str, tuple[Scenario, int, int]] = {
    "kill -9 of workers": (kill_workers, 8, 200),
    "two workers on one run": (start_two_on_one, 2, 20),
    "a frozen holder": (freeze_holders, 1, 20),
    "kill -9 during an undo": (kill_undos, 1, 20),
    "Redis flushed": (flush_redis, 1, 20),
    "PostgreSQL restarted at once": (restart_postgres, 2, 20),
    "no Solr for a whole run": (stop_solr, 1, 5),
    "connections cut": (cut_connections, 2, 20),
    "kill -9 of the web server": (kill_web, 1, 20),
}
