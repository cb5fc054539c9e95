"""The secrets of production: made once, strong, closed; refused when they are not."""

from __future__ import annotations

import shutil
import ssl
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.production.conftest import DOCKER, make_secrets, serve

NAMED = {
    name
    for name in yaml.safe_load((DOCKER / "compose.yaml").read_text())["secrets"]
    if name.endswith(("_password", "_key"))
}


def test_every_secret_of_compose_is_made_and_strong(secrets: Path) -> None:
    values = {path.name: path.read_text() for path in secrets.iterdir() if path.name in NAMED}
    assert set(values) == NAMED
    assert len(set(values.values())) == len(values)
    assert min(map(len, values.values())) >= 40


def test_nobody_else_on_the_machine_reads_them(secrets: Path) -> None:
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    files = [path for path in secrets.iterdir() if path.is_file()]
    # The containers' users read them through what compose gives them; none may write.
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o444}


def test_a_second_call_changes_nothing_but_an_open_folder(secrets: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir() if path.is_file()}
    secrets.chmod(0o755)
    assert make_secrets(secrets).returncode == 0
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    after = {path.name: path.read_bytes() for path in secrets.iterdir() if path.is_file()}
    assert after == before


def test_the_first_certificate_is_for_the_host_and_fits_its_key(secrets: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secrets / "tls.crt", secrets / "tls.key")


def test_a_weak_secret_is_named(secrets: Path, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    shutil.copytree(secrets, folder)
    (folder / "jwt_key").chmod(0o600)
    (folder / "jwt_key").write_text("changeme")
    made = make_secrets(folder)
    assert made.returncode == 1
    assert f"{folder / 'jwt_key'} is shorter than 24 characters" in made.stdout
    assert (folder / "jwt_key").read_text() == "changeme"


@pytest.fixture
def environment(secrets: Path, tmp_path: Path) -> dict[str, str]:
    shutil.copytree(secrets, tmp_path / "secrets")
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(DOCKER / "local"),
        "PORTAL_SECRETS": str(tmp_path / "secrets"),
        "PORTAL_DATA": str(tmp_path / "data"),
        "PORTAL_RUN": str(tmp_path / "run"),
        "PORTAL_OPTIONS": str(DOCKER / "options.ini"),
        "PORTAL_URL": "https://data.example.vn",
        "POSTGRES_HOST": "postgres",
        "REDIS_HOST": "redis",
        "SOLR_URL": "http://solr:8983/solr/ckan",
    }


@pytest.mark.parametrize(
    ("role", "name", "content", "said"),
    [
        ("web", "session_key", None, "The secret session_key cannot be read"),
        ("worker", "ckan_password", "", "The secret ckan_password is too short"),
        ("web", "redis_password", "changeme", "The secret redis_password is too short"),
        ("web", "jwt_key", "x" * 30 + " " + "y" * 30, "The secret jwt_key is too short or has"),
        ("init", "postgres_password", None, "The secret postgres_password cannot be read"),
        ("init", "admin_password", "admin", "The secret admin_password is too short"),
    ],
)
def test_a_start_without_a_good_secret_is_refused(
    environment: dict[str, str], role: str, name: str, content: str | None, said: str
) -> None:
    place = Path(environment["PORTAL_SECRETS"]) / name
    place.unlink()
    if content is not None:
        place.write_text(content)
    process = serve(environment, role)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said in output
    assert "make_secrets.py" in output
    assert "Traceback" not in output
    assert not (Path(environment["PORTAL_RUN"]) / "ckan.ini").exists()


@pytest.mark.parametrize("url", ["", "http://data.example.vn", "data.example.vn", "https://x.vn/a"])
def test_a_start_without_a_proper_address_is_refused(environment: dict[str, str], url: str) -> None:
    process = serve(environment | {"PORTAL_URL": url}, "web")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "PORTAL_URL" in output
    assert "Traceback" not in output


def test_redis_without_a_good_password_is_refused(tmp_path: Path) -> None:
    weak = tmp_path / "redis_password"
    weak.write_text("short")
    for place, said in ((weak, "too short"), (tmp_path / "absent", "cannot be read")):
        env = {"PATH": "/usr/bin:/bin", "REDIS_RUN": str(tmp_path), "REDIS_SECRET": str(place)}
        command = ["sh", str(DOCKER / "redis" / "serve.sh")]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert said in done.stderr
