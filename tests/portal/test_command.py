"""`./portal` itself: real portals in homes of their own, one after another to keep it short."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = {"postgres", "redis", "solr", "web", "worker"}

pytestmark = pytest.mark.usefixtures("ini")


@dataclass(frozen=True)
class Portal:
    """One home and its port."""

    home: Path
    port: int

    def __call__(
        self, *arguments: str, port: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PORTAL_HOME": str(self.home), "PORTAL_PORT": str(port or self.port)}
        env.pop("CKAN_INI", None)
        return subprocess.run(
            [str(ROOT / "portal"), *arguments],
            env=env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        return json.loads(self("status", "--json").stdout)

    def processes(self) -> list[str]:
        """Command lines of everything that names this home, found without the command's help."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if str(self.home).encode() in words:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _eventually(what: Callable[[], Any], seconds: float = 40) -> Any:
    until = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.3)
    return found


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    portal = Portal(tmp_path_factory.mktemp("first") / "home", _free_port())
    started = portal("up", "--no-demo")
    assert started.returncode == 0, started.stderr
    yield portal
    portal("reset", "--yes")


def test_up_says_where_and_as_whom(portal: Portal) -> None:
    again = portal("up", "--no-demo")
    password = (portal.home / "secrets" / "admin_password").read_text()
    assert again.stdout == f"http://127.0.0.1:{portal.port}  (admin / {password})\n"


def test_a_second_up_changes_nothing(portal: Portal) -> None:
    before = portal.status()["processes"]
    assert portal("up", "--no-demo").returncode == 0
    assert portal.status()["processes"] == before


def test_status_tells_ready_and_every_address(portal: Portal) -> None:
    done = portal("status", "--json")
    status = json.loads(done.stdout)
    assert done.returncode == 0
    assert status["ready"] is True
    assert status["url"] == f"http://127.0.0.1:{portal.port}"
    assert status["solr_url"].startswith("http://127.0.0.1:")
    assert status["database_url"].startswith("postgresql://")
    assert status["redis_url"].startswith("redis://")
    assert set(status["processes"]) >= SERVICES
    assert all(os.path.exists(f"/proc/{pid}") for pid in status["processes"].values())


def test_the_token_file_holds_a_working_token_for_its_owner_only(portal: Portal) -> None:
    status = portal.status()
    file = Path(status["admin_token_file"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    request = urllib.request.Request(
        f"{status['url']}/api/3/action/user_show?id=admin",
        headers={"Authorization": file.read_text()},
    )
    user = json.load(urllib.request.urlopen(request, timeout=30))["result"]
    assert user["sysadmin"] is True


def test_no_secret_of_a_home_can_be_read_by_others(portal: Portal) -> None:
    assert stat.S_IMODE(portal.home.stat().st_mode) == 0o700


def test_ckan_passes_exit_codes_through(portal: Portal) -> None:
    assert portal("ckan", "config", "validate").returncode == 0
    assert portal("ckan", "no-such-command").returncode == 2


def test_what_dies_is_started_again(portal: Portal) -> None:
    before = portal.status()["processes"]["web"]
    os.kill(before, signal.SIGKILL)
    assert _eventually(
        lambda: portal.status()["ready"] and portal.status()["processes"]["web"] != before
    )


def test_a_taken_port_is_said_before_anything_starts(portal: Portal, tmp_path: Path) -> None:
    other = Portal(tmp_path / "home", portal.port)
    done = other("up", "--no-demo")
    assert done.returncode == 2
    assert f"Port {portal.port} is taken" in done.stderr
    assert f"PORTAL_PORT={portal.port + 1} ./portal up" in done.stderr
    assert not other.home.exists()


def test_two_homes_run_side_by_side(portal: Portal, tmp_path: Path) -> None:
    other = Portal(tmp_path / "home", _free_port())
    try:
        assert other("up", "--no-demo").returncode == 0
        ours, theirs = portal.status(), other.status()
        assert ours["ready"]
        assert theirs["ready"]
        assert not set(ours["processes"].values()) & set(theirs["processes"].values())
        assert ours["database_url"] != theirs["database_url"]
        assert other("down").returncode == 0
        assert other.processes() == []
        assert portal.status()["ready"]
    finally:
        other("reset", "--yes")


def test_down_leaves_nothing_even_after_the_supervisor_was_killed(portal: Portal) -> None:
    pid = int((portal.home / "supervisor.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    assert portal.processes()
    assert portal("down").returncode == 0
    assert portal.processes() == []
    assert portal("status").returncode == 1
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{portal.port}", timeout=5)
    stopped = portal("ckan", "user", "list")
    assert stopped.returncode == 2
    assert "./portal up" in stopped.stderr


def test_data_of_another_postgresql_are_refused(portal: Portal) -> None:
    portal("down")
    place = portal.home / "postgres" / "PG_VERSION"
    ours = place.read_text()
    place.write_text("15\n")
    try:
        done = portal("up", "--no-demo")
        assert done.returncode == 2
        assert f"was made by PostgreSQL 15, this is {ours.strip()}" in done.stderr
        assert portal.processes() == []
    finally:
        place.write_text(ours)


def test_up_after_down_is_ready_again(portal: Portal) -> None:
    done = portal("up", "--no-demo")
    assert done.returncode == 0, done.stderr
    assert portal.status()["ready"]


def test_reset_asks_first(portal: Portal) -> None:
    refused = portal("reset")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert portal.status()["ready"]
    assert portal("reset", "--yes").returncode == 0
    assert not portal.home.exists()
    assert portal.processes() == []


def test_a_port_that_is_none_is_told(tmp_path: Path) -> None:
    done = Portal(tmp_path / "home", 0)("up", port=70000)
    assert done.returncode == 2
    assert "70000" in done.stderr
