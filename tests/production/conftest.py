"""The production form without a container engine: its own start scripts, in places of the tests."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(what: Callable[[], Any], seconds: float = 60) -> Any:
    """What `what` gives as soon as it is something; what it gives last otherwise."""
    until = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make_secrets(folder: Path, host: str = "localhost") -> subprocess.CompletedProcess[str]:
    """The script itself, for another folder than docker/secrets."""
    code = (
        "import make_secrets, pathlib, sys;"
        f"sys.exit(make_secrets.main({host!r}, pathlib.Path({str(folder)!r})))"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=DOCKER, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="package")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("production") / "secrets"
    made = make_secrets(folder)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture(scope="package")
def container(ini: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a container, with the tests' services in the place of its neighbours."""
    state = json.loads((Path(os.environ["PORTAL_TEST_HOME"]) / "state.json").read_text())
    folder = tmp_path_factory.mktemp("container")
    for name in ("secrets", "data", "run"):
        (folder / name).mkdir()
    for name in ("postgres", "ckan", "datastore", "redis"):
        (folder / "secrets" / f"{name}_password").write_text(state["passwords"][name])
    for name in ("session_key", "jwt_key", "encryption_key", "admin_password"):
        (folder / "secrets" / name).write_text(f"{name}-%-{'x' * 30}\n")
    ports = state["ports"]
    return {
        **{name: value for name, value in os.environ.items() if name != "CKAN_INI"},
        "PYTHONPATH": str(DOCKER / "local"),
        "PORTAL_SECRETS": str(folder / "secrets"),
        "PORTAL_DATA": str(folder / "data"),
        "PORTAL_RUN": str(folder / "run"),
        "PORTAL_OPTIONS": str(DOCKER / "options.ini"),
        "PORTAL_BIND": "127.0.0.1",
        "PORTAL_PORT": str(free_port()),
        "PORTAL_WEB_WORKERS": "1",
        "PORTAL_URL": f"https://localhost:{free_port()}",
        "POSTGRES_HOST": f"127.0.0.1:{ports['postgres']}",
        "REDIS_HOST": f"127.0.0.1:{ports['redis']}",
        "SOLR_URL": f"http://127.0.0.1:{ports['solr']}/solr/ckan",
    }


def serve(environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    """A role of the image, in that environment; its output goes to one pipe."""
    command = [sys.executable, str(DOCKER / "ckan" / "serve.py"), *words]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def is_well(environment: dict[str, str], role: str) -> bool:
    """What the container's healthcheck says."""
    check = serve(environment, "health", role)
    check.communicate()
    return check.returncode == 0


@pytest.fixture(scope="package")
def set_up(container: dict[str, str]) -> dict[str, str]:
    """The same environment once `init` has done its work."""
    process = serve(container, "init")
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return container


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[Any]:
    """A server for as long as the block lasts; whoever started it ends it."""
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="session")
def nginx() -> str:
    """Debian's nginx: the system's, else unpacked (not installed: that would start a server)."""
    found = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if found:
        return found
    place = ROOT / ".runtime" / "nginx"
    program = place / "usr" / "sbin" / "nginx"
    if program.exists():
        return str(program)
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        pytest.skip("nginx is not installed, and this is no Debian to take its package from")
    place.mkdir(parents=True, exist_ok=True)
    download = ["apt-get", "download", "-q", "nginx"]
    got = subprocess.run(download, cwd=place, capture_output=True, text=True, check=False)
    if got.returncode and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-q"], capture_output=True, check=False)
        got = subprocess.run(download, cwd=place, capture_output=True, text=True, check=False)
    if got.returncode:
        pytest.skip(f"nginx is not installed and cannot be fetched: {got.stderr.strip()[-200:]}")
    for package in place.glob("nginx_*.deb"):
        subprocess.run(["dpkg-deb", "-x", package.name, "."], cwd=place, check=True)
    return str(program)


def nginx_environment(
    program: str, folder: Path, secrets: Path, url: str, upstream: int
) -> dict[str, str]:
    """The environment of nginx's start script, with ports and places of the tests."""
    return {
        "PATH": f"{Path(program).parent}:{os.environ['PATH']}",
        "PORTAL_URL": url,
        "NGINX_PROGRAM": str(DOCKER / "nginx"),
        "NGINX_RUN": str(folder / "run"),
        "NGINX_CACHE": str(folder / "cache"),
        "NGINX_SECRETS": str(secrets),
        "NGINX_UPSTREAM": f"127.0.0.1:{upstream}",
        "NGINX_HTTP": str(free_port()),
        "NGINX_HTTPS": url.rsplit(":", 1)[1],
        "NGINX_HEALTH": str(free_port()),
    }


def nginx_command(*words: str) -> list[str]:
    """Its start script. In the image nobody is root; nginx's workers are then who started it."""
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    return ["sh", str(DOCKER / "nginx" / "serve.sh"), *user, *words]
