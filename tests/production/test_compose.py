"""compose.yaml and the Dockerfiles: what has to hold of them, read without a container engine."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.production.conftest import DOCKER, ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
IMAGES = ("ckan", "nginx", "solr")
EVERY = sorted(SERVICES)


def _lines(image: str) -> list[str]:
    """Instructions of a Dockerfile, continued lines joined."""
    text = (DOCKER / image / "Dockerfile").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_engine_itself_accepts_the_file() -> None:
    command = ["docker", "compose", "-f", str(DOCKER / "compose.yaml"), "config", "--quiet"]
    if (
        shutil.which("docker") is None
        or subprocess.run(
            ["docker", "compose", "version"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("docker's compose plugin is not installed here; the other tests read the file")
    env = {"PORTAL_URL": "https://x.vn", "PATH": "/usr/bin:/bin:/usr/local/bin"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_service_is_there_and_watched() -> None:
    assert set(SERVICES) == {"init", "ckan", "worker", "nginx", "solr", "postgres", "redis"}
    unwatched = {name for name, service in SERVICES.items() if "test" not in service["healthcheck"]}
    assert unwatched == {"init"}  # it ends when its work is done


def test_who_waits_waits_for_health_or_for_the_end_of_the_set_up() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other == "init" else "service_healthy"
            assert how == {"condition": wanted}, (name, other)
    assert set(SERVICES["init"]["depends_on"]) == {"postgres", "redis", "solr"}
    assert all("init" in SERVICES[name]["depends_on"] for name in ("ckan", "worker"))


def test_only_nginx_can_be_reached_from_outside() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"nginx"}
    internal = {name for name, net in COMPOSE["networks"].items() if (net or {}).get("internal")}
    assert internal == {"door", "inside"}
    assert all(SERVICES[name]["networks"] == ["inside"] for name in ("solr", "postgres", "redis"))
    assert "inside" not in SERVICES["nginx"]["networks"]


@pytest.mark.parametrize("name", EVERY)
def test_a_container_may_do_nothing_it_need_not(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    if "build" not in service:
        assert service["user"] not in ("", "root", "0")


@pytest.mark.parametrize("name", EVERY)
def test_an_image_is_named_by_its_version(name: str) -> None:
    assert re.fullmatch(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-\w+)?", SERVICES[name]["image"])


def test_secrets_are_files_and_nothing_else() -> None:
    declared = COMPOSE["secrets"]
    assert all(secret == {"file": f"secrets/{name}"} for name, secret in declared.items())
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert used == set(declared)
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            assert not re.search(r"PASSWORD(?!_FILE)|SECRET|_KEY|TOKEN", key), (name, key)
            assert not re.search(r"://[^/\s]*:[^/\s]*@", str(value)), (name, key)


def test_the_superuser_s_password_is_the_set_up_s_and_postgresql_s_only() -> None:
    holders = {
        name for name, one in SERVICES.items() if "postgres_password" in one.get("secrets", [])
    }
    assert holders == {"init", "postgres"}
    makers = {name for name, one in SERVICES.items() if "admin_password" in one.get("secrets", [])}
    assert makers == {"init"}


def test_git_and_the_images_leave_the_secrets_alone() -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", "docker/secrets/ckan_password", "docker/.env"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert len(ignored.stdout.splitlines()) == 2
    for image in IMAGES:
        rules = (DOCKER / image / "Dockerfile.dockerignore").read_text().splitlines()
        kept = [rule[1:] for rule in rules if rule.startswith("!")]
        assert rules[1] == "*"
        assert not any(fnmatch.fnmatch("docker/secrets/x", f"{rule}*") for rule in kept)


def test_what_is_mounted_exists() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = re.sub(r"^\$\{\w+:-(.*?)\}", r"\1", volume).split(":")[0]
            if source == "./secrets/sources":
                continue  # make_secrets.py makes it
            assert source in COMPOSE["volumes"] or (DOCKER / source).exists(), volume


@pytest.mark.parametrize("image", IMAGES)
def test_a_dockerfile_is_sound(image: str) -> None:
    lines = _lines(image)
    bases = [line.split()[1] for line in lines if line.startswith("FROM")]
    assert all(re.fullmatch(r"debian:\d+\.\d+-slim", base) for base in bases)
    assert re.fullmatch(r"USER [1-9]\d+:[1-9]\d+", [x for x in lines if x.startswith("USER")][-1])
    for line in lines:
        assert not line.startswith("ADD")
        if "apt-get install" in line:
            assert "--no-install-recommends" in line
            assert "rm -rf /var/lib/apt/lists/*" in line
    assert not any(re.search(r"(?i)(password|secret|token)\s*=", line) for line in lines)
    entry = next(line for line in lines if line.startswith("ENTRYPOINT"))
    assert isinstance(json.loads(entry.removeprefix("ENTRYPOINT")), list)


@pytest.mark.parametrize("image", IMAGES)
def test_a_dockerfile_copies_what_there_is_and_what_may_be_sent(image: str) -> None:
    rules = (DOCKER / image / "Dockerfile.dockerignore").read_text().splitlines()
    sent = [rule[1:] for rule in rules if rule.startswith("!")]
    for source in _copied(image):
        assert (ROOT / source).exists(), source
        assert any(source == rule or source.startswith(f"{rule}/") for rule in sent), source


def test_solr_gets_the_configset_of_the_local_portal() -> None:
    assert "docker/solr/conf" in _copied("solr")
    services = (DOCKER / "local" / "portal_cli" / "services.py").read_text()
    assert 'ROOT / "docker" / "solr"' in services


@pytest.fixture
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What the first stage of an image has before it runs its step."""
    for source in _copied(request.param, first_stage=True):
        target = tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        place = ROOT / source
        if place.is_dir():
            hidden = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(place, target, ignore=hidden, dirs_exist_ok=True)
        else:
            shutil.copy(place, target)
    return tmp_path


@pytest.mark.parametrize("checkout", ["solr"], indirect=True)
def test_solr_s_install_step_runs_on_what_is_copied(checkout: Path) -> None:
    assert "RUN python3 docker/local/install.py solr" in " ".join(_lines("solr"))
    if shutil.which("mvn") is None:
        pytest.skip("Maven is not installed: ./portal up asks for it, the image installs it")
    step = [sys.executable, "docker/local/install.py", "solr"]
    done = subprocess.run(step, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list((checkout / ".runtime/solr/lib").glob("solr-core-*.jar"))


@pytest.mark.parametrize("checkout", ["ckan"], indirect=True)
def test_the_portal_can_be_built_of_what_is_copied(checkout: Path) -> None:
    """Its packages are the lock's, as `./portal up` has installed them for this very test."""
    assert "RUN python3 docker/local/install.py python" in " ".join(_lines("ckan"))
    step = [sys.executable, "docker/local/install.py"]  # nothing to install: it has all it imports
    assert subprocess.run(step, cwd=checkout, check=False).returncode == 0
    wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    wheel += ["--no-index", "-w", "wheels", "."]
    done = subprocess.run(wheel, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list((checkout / "wheels").glob("*.whl"))


def _copied(image: str, first_stage: bool = False) -> list[str]:
    sources: list[str] = []
    for line in _lines(image)[1:]:
        if first_stage and line.startswith("FROM"):
            break
        if line.startswith("COPY") and "--from" not in line:
            sources += line.split()[1:-1]
    return sources
