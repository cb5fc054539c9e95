"""The production form: what can be held without a container engine.

The roles of the image run here as they run there, against the tests' services; the install steps of
the images are those that `./portal up` has run on this machine.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "tls.crt").touch()  # the certificate is openssl's work
    _make_secrets(folder)
    return folder


def _make_secrets(folder: Path) -> None:
    code = f"import make_secrets, pathlib; make_secrets.main('x.vn', pathlib.Path({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=DOCKER, check=True, capture_output=True)


def test_every_service_is_there_and_watched() -> None:
    assert set(SERVICES) == {"init", "web", "worker", "nginx", "solr", "postgres", "redis"}
    unwatched = {name for name, service in SERVICES.items() if "test" not in service["healthcheck"]}
    assert unwatched == {"init"}  # it ends when its work is done


def test_only_nginx_can_be_reached_from_outside() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"nginx"}
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert all(SERVICES[name]["networks"] == ["inside"] for name in ("solr", "postgres", "redis"))


def test_no_secret_has_a_value_in_the_file() -> None:
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    settings = [name for service in SERVICES.values() for name in service.get("environment", {})]
    secret = re.compile("PASSWORD|SECRET|KEY|TOKEN")
    assert {name for name in settings if secret.search(name)} == {"POSTGRES_PASSWORD_FILE"}


def test_each_secret_is_made_once_and_is_strong(secrets: Path) -> None:
    named = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    made = {path.name: path.read_text() for path in secrets.iterdir()}
    assert named - set(made) == {"tls.key"}
    values = [value for name, value in made.items() if name.endswith(("_password", "_key"))]
    assert len(set(values)) == len(values) == 7
    assert min(map(len, values)) >= 40
    _make_secrets(secrets)
    assert {path.name: path.read_text() for path in secrets.iterdir()} == made


def test_the_images_take_the_steps_of_the_local_form() -> None:
    steps = {
        "docker/ckan/Dockerfile": "RUN python3 docker/local/install.py python",
        "docker/solr/Dockerfile": "RUN python3 docker/local/install.py solr",
    }
    for file, step in steps.items():
        assert step in (ROOT / file).read_text()
    built = {service["build"]["dockerfile"] for service in SERVICES.values() if "build" in service}
    assert built == set(steps)


def test_what_the_dockerfiles_copy_exists() -> None:
    for file in ("ckan/Dockerfile", "solr/Dockerfile"):
        for line in re.findall(r"^COPY (?!--from)(.+)$", (DOCKER / file).read_text(), re.MULTILINE):
            for source in line.split()[:-1]:
                assert (ROOT / source).exists(), f"{file} copies {source}"


@pytest.fixture(scope="module")
def container(ini: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a container, with the tests' services in the place of its neighbours."""
    state = json.loads((Path(os.environ["PORTAL_TEST_HOME"]) / "state.json").read_text())
    folder = tmp_path_factory.mktemp("production")
    for name in ("secrets", "data"):
        (folder / name).mkdir()
    for name in ("postgres", "ckan", "datastore", "redis"):
        (folder / "secrets" / f"{name}_password").write_text(state["passwords"][name])
    for name in ("session_key", "jwt_key", "admin_password"):
        (folder / "secrets" / name).write_text("x" * 40)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ports = state["ports"]
    return {
        **{name: value for name, value in os.environ.items() if name != "CKAN_INI"},
        "PYTHONPATH": str(DOCKER / "local"),
        "PORTAL_SECRETS": str(folder / "secrets"),
        "PORTAL_DATA": str(folder / "data"),
        "PORTAL_BIND": "127.0.0.1",
        "PORTAL_PORT": str(port),
        "PORTAL_URL": "https://data.example.vn",
        "POSTGRES_HOST": f"127.0.0.1:{ports['postgres']}",
        "REDIS_HOST": f"127.0.0.1:{ports['redis']}",
        "SOLR_URL": f"http://127.0.0.1:{ports['solr']}/solr/ckan",
        "TMPDIR": str(folder),
    }


def _serve(environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(DOCKER / "ckan" / "serve.py"), *words]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _becomes_well(environment: dict[str, str], role: str, process: subprocess.Popen[str]) -> bool:
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        check = _serve(environment, "health", role)
        check.communicate()
        if check.returncode == 0:
            return True
        time.sleep(1)
    return False


def test_init_can_be_run_again_and_again(container: dict[str, str]) -> None:
    for _ in range(2):
        process = _serve(container, "init")
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output
    configuration = (Path(container["TMPDIR"]) / "ckan.ini").read_text()
    assert "SESSION_COOKIE_SECURE = true" in configuration
    assert "ckan.site_url = https://data.example.vn\n" in configuration
    assert "@" not in re.sub(r"//[^\s@]*@", "//", configuration), "a place was not filled"


@pytest.mark.parametrize("role", ["web", "worker"])
def test_a_role_becomes_healthy_and_ends_when_asked(container: dict[str, str], role: str) -> None:
    process = _serve(container, role)
    try:
        assert _becomes_well(container, role, process)
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=60)
    assert process.returncode in (0, -15), output


def test_an_empty_secret_is_refused(container: dict[str, str]) -> None:
    place = Path(container["PORTAL_SECRETS"]) / "session_key"
    held = place.read_text()
    place.write_text("")
    try:
        process = _serve(container, "web")
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert f"{place} is empty" in output
    finally:
        place.write_text(held)
