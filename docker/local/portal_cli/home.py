"""The state of one portal: its folder, its ports and its generated secrets."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from portal_cli.steps import StepFailed

SERVICES = ("postgres", "redis", "solr", "supervisor", "demo")


@dataclass
class Home:
    """`$PORTAL_HOME`. Ports other than the web's are free ones, chosen once and kept."""

    path: Path
    web_port: int
    ports: dict[str, int] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def ini(self) -> Path:
        return self.path / "ckan.ini"

    @property
    def options_file(self) -> Path:
        """CKAN options of the portal's owner, which take precedence over the template's."""
        return self.path / "local.ini"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def solr_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['solr']}/solr/ckan"

    @property
    def redis_url(self) -> str:
        return f"redis://:{self.passwords['redis']}@127.0.0.1:{self.ports['redis']}/0"

    @property
    def token_file(self) -> Path:
        return self.path / "secrets" / "admin_token"

    @property
    def password_file(self) -> Path:
        return self.path / "secrets" / "admin_password"

    def database_url(self, database: str = "ckan", user: str = "ckan") -> str:
        """A PostgreSQL URL with its password: for files and processes of this portal only."""
        server = f"127.0.0.1:{self.ports['postgres']}"
        return f"postgresql://{user}:{self.passwords[user]}@{server}/{database}"

    def superuser_url(self, database: str) -> str:
        """PostgreSQL's superuser at a database: for setting up, never for the site itself."""
        return self.database_url(database, "postgres")

    def save(self) -> None:
        """Writes the state, readable by its owner only."""
        write_private(self.path / "state.json", json.dumps(asdict(self), default=str, indent=1))


def home_path() -> Path:
    """`$PORTAL_HOME`, else `.portal` in the checkout."""
    named = os.environ.get("PORTAL_HOME")
    return Path(named).resolve() if named else Path(__file__).resolve().parents[3] / ".portal"


def exists(path: Path) -> bool:
    """Whether a portal has ever been set up there."""
    return (path / "state.json").is_file()


def load(path: Path) -> Home:
    """The portal at that place. StepFailed when there is none."""
    if not exists(path):
        raise StepFailed(f"There is no portal in {path}", "Start one with: ./portal up")
    state = json.loads((path / "state.json").read_text())
    return Home(path, state["web_port"], state["ports"], state["passwords"])


def create(path: Path, web_port: int) -> Home:
    """A new portal's folder with secrets of its own."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    for name in ("logs", "secrets", "storage"):
        (path / name).mkdir(exist_ok=True, mode=0o700)
    home = Home(path, web_port)
    home.passwords = {
        name: secrets.token_urlsafe(24)
        for name in ("postgres", "ckan", "datastore", "redis", "supervisor", "session", "jwt")
    }
    home.ports = free_ports(SERVICES)
    home.save()
    return home


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One `up`, `down` or `reset` of a home at a time; a second one waits."""
    path.mkdir(parents=True, exist_ok=True)
    with (path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def free_ports(names: tuple[str, ...]) -> dict[str, int]:
    """A free loopback port for each name."""
    sockets = []
    for _ in names:
        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        sockets.append(probe)
    ports = dict(zip(names, (s.getsockname()[1] for s in sockets), strict=True))
    for probe in sockets:
        probe.close()
    return ports


def is_taken(port: int) -> bool:
    """Whether something listens on the port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def write_private(path: Path, content: str) -> None:
    """A file that only its owner can read; never half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.touch(mode=0o600)
    new.chmod(0o600)
    new.write_text(content)
    new.replace(path)
