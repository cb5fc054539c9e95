"""ckanext-harvest as released, in an environment of its own beside the portal's services.

Same CKAN, same dataset schema with its validators, same PostgreSQL server (two databases of its
own), same Solr (a core of its own with the same configset), same Redis (another number). Nothing of
the portal's write path is loaded: the one plugin of ours that is, `bench_schema`, only brings the
schema's validators, without which stock CKAN could not store such a dataset.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg2

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".runtime" / "bench-stock"
LOCAL = ROOT / "docker" / "local"
REQUIREMENTS = Path(__file__).with_name("requirements-stock.txt")
PLUGINS = "harvest ckan_harvester bench_schema scheming_datasets activity"
DATABASES = ("stock", "stock_datastore")
SCHEMA_PLUGIN = '''
import ckan.plugins as plugins
from ckanext.thanhhoa.logic.validators import get_validators


@plugins.toolkit.blanket.validators(get_validators)
class BenchSchema(plugins.SingletonPlugin):
    """The validators that the dataset schema names."""
'''


def ensure_environment() -> Path:
    """Installs it where it is missing; gives the folder of its programs."""
    locks = [LOCAL / "requirements.txt", LOCAL / "requirements-ckan.txt", REQUIREMENTS]
    content = b"".join(path.read_bytes() for path in locks) + SCHEMA_PLUGIN.encode()
    stamp, place = hashlib.sha256(content).hexdigest(), HOME / "bench.stamp"
    if not (place.is_file() and place.read_text() == stamp):
        print("installing ckanext-harvest beside the portal …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", HOME], check=True)
        _pip("--require-hashes", "-r", str(locks[0]))
        _pip("--require-hashes", "--no-deps", "-r", str(locks[1]), "-r", str(locks[2]))
        _pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
        _register_schema_plugin(next((HOME / "lib").glob("python3*")) / "site-packages")
        place.write_text(stamp)
    return HOME / "bin"


def _pip(*arguments: str) -> None:
    pip = [str(HOME / "bin" / "python"), "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "--disable-pip-version-check", *arguments], check=True)


def _register_schema_plugin(packages: Path) -> None:
    # CKAN imports `magic`, which looks for the C library that pylibmagic carries.
    (packages / "portal-libmagic.pth").write_text("import pylibmagic\n")
    (packages / "bench_schema.py").write_text(SCHEMA_PLUGIN)
    facts = packages / "bench_schema-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-schema\nVersion: 1\n")
    entry = "[ckan.plugins]\nbench_schema = bench_schema:BenchSchema\n"
    (facts / "entry_points.txt").write_text(entry)


class Stock:
    """A stock CKAN with its harvest consumers, set up in the services of `./portal bench`."""

    def __init__(self, services: Mapping[str, str], portal_ini: Path):
        self._bin = ensure_environment()
        self._home = Path(services["PORTAL_TEST_HOME"]) / "stock"
        self._home.mkdir(exist_ok=True)
        self._admin = services["PORTAL_TEST_DATABASE_URL"]
        self.ini = self._home / "ckan.ini"
        self._log = (self._home / "stock.log").open("a")
        self._make_databases()
        self._make_core(services["PORTAL_TEST_SOLR_URL"])
        self.ini.write_text(self._configuration(portal_ini.read_text(), services))
        self._ckan("db", "init")
        self._ckan("db", "upgrade", "-p", "harvest")
        self._ckan("db", "upgrade", "-p", "activity")
        self._action("organization_create", {"name": "so-tai-chinh", "title": "Sở Tài chính"})

    def close(self) -> None:
        self._log.close()

    @contextmanager
    def consumers(self) -> Iterator[list[psutil.Process]]:
        """The gather and the fetch consumer, as ckanext-harvest's documentation starts them."""
        started = [self._start("gather-consumer"), self._start("fetch-consumer")]
        try:
            time.sleep(8)  # both have loaded CKAN
            yield [psutil.Process(process.pid) for process in started]
        finally:
            for process in started:
                process.terminate()
                process.wait(30)

    def harvest(self, name: str, url: str, datasets: int, **config: Any) -> tuple[float, int]:
        """Harvests a new source: seconds from the gather's begin to the last import, and imports.

        The clock is the database's own: how long it takes to start a command is not counted.
        `config` is the source's configuration in ckanext-harvest's words.
        """
        common = {"source_type": "ckan", "owner_org": "so-tai-chinh", "frequency": "MANUAL"}
        if config:
            common["config"] = json.dumps(config)
        self._action("harvest_source_create", {"name": name, "title": name, "url": url, **common})
        return self._job(name, datasets, datasets)

    def harvest_again(self, name: str, datasets: int) -> None:
        """The same source once more, when all of the job before is done."""
        self._ckan("harvester", "run")  # closes that job
        _, done, _ = self._progress(name)
        self._job(name, datasets, done + datasets)

    def _job(self, name: str, datasets: int, expected: int) -> tuple[float, int]:
        self._ckan("harvester", "job", name)
        self._ckan("harvester", "run")
        deadline = time.monotonic() + 60 + datasets * 3
        while time.monotonic() < deadline:
            open_, done, seconds = self._progress(name)
            if done == expected and not open_:
                return seconds, done
            time.sleep(0.5)
        raise RuntimeError(f"stock harvest of {name} did not end: {self._progress(name)}")

    def _progress(self, name: str) -> tuple[int, int, float]:
        with closing(psycopg2.connect(self._url("stock"))) as connection:
            cursor = connection.cursor()
            cursor.execute(
                """SELECT count(*) FILTER (WHERE o.state NOT IN ('COMPLETE', 'ERROR')),
                          count(*) FILTER (WHERE o.state = 'COMPLETE'),
                          extract(epoch FROM max(o.import_finished) - min(j.gather_started))
                   FROM harvest_object o JOIN harvest_job j ON j.id = o.harvest_job_id
                   JOIN package p ON p.id = j.source_id WHERE p.name = %s""",
                [name],
            )
            open_, done, seconds = cursor.fetchone() or (0, 0, None)
        return int(open_), int(done), float(seconds or 0)

    def _url(self, database: str) -> str:
        return urlsplit(self._admin)._replace(path=f"/{database}").geturl()

    def _make_databases(self) -> None:
        with closing(psycopg2.connect(self._admin)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            for name in DATABASES:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                cursor.execute(f'CREATE DATABASE "{name}"')

    def _make_core(self, portal_core: str) -> None:
        solr, _, core = portal_core.rpartition("/")
        home = Path(os.environ["PORTAL_TEST_HOME"]) / "solr"
        target = home / "stock"
        get(f"{solr}/admin/cores?action=UNLOAD&core=stock&deleteIndex=true", missing=True)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        shutil.copytree(home / core / "conf", target / "conf")
        get(f"{solr}/admin/cores?action=CREATE&name=stock&instanceDir=stock")
        self.solr = f"{solr}/stock"

    def _configuration(self, text: str, services: Mapping[str, str]) -> str:
        """The portal's own configuration with what has to differ, and without what is ours."""
        redis = services["PORTAL_TEST_REDIS_URL"]
        own = {
            "ckan.plugins": PLUGINS,
            "sqlalchemy.url": self._url("stock"),
            "ckan.datastore.write_url": self._url("stock_datastore"),
            "ckan.datastore.read_url": self._url("stock_datastore"),
            "solr_url": self.solr,
            # redis-py 8, which CKAN 2.12 pins, ends a blocking read after five seconds, and the
            # consumers with it; a longer time-out keeps them alive.
            "ckan.redis.url": f"{redis.rpartition('/')[0]}/5?socket_timeout=3600",
            "ckan.harvest.mq.type": "redis",
            "ckan.search.solr_commit": "true",
            "ckan.storage_path": str(self._home),
            "scheming.dataset_fallback": "true",
        }
        unwanted = ("ckanext.", "scheming.organization", "ckan.files.", "ckan.views.", "testing")
        unwanted += ("SERVER_NAME", "SESSION_", "ckan.site_id", *own)
        lines = [line for line in text.splitlines() if not line.startswith(unwanted)]
        at = lines.index("[loggers]")
        added = [f"{key} = {value.replace('%', '%%')}" for key, value in own.items()]
        return "\n".join([*lines[:at], *added, "ckan.site_id = stock", "", *lines[at:]]) + "\n"

    def _start(self, consumer: str) -> subprocess.Popen[bytes]:
        command = [str(self._bin / "ckan"), "-c", str(self.ini), "harvester", consumer]
        return subprocess.Popen(command, stdout=self._log, stderr=self._log, cwd=self._home)

    def _ckan(self, *arguments: str) -> None:
        command = [str(self._bin / "ckan"), "-c", str(self.ini), *arguments]
        done = subprocess.run(
            command, stdout=self._log, stderr=self._log, cwd=self._home, check=False
        )
        if done.returncode:
            raise RuntimeError(f"ckan {' '.join(arguments)} failed; see {self._log.name}")

    def _action(self, name: str, values: Mapping[str, Any]) -> None:
        command = [str(self._bin / "ckan"), "-c", str(self.ini), "api", "action", name, "-i"]
        subprocess.run(
            command,
            input=json.dumps(values).encode(),
            stdout=self._log,
            stderr=self._log,
            check=True,
            cwd=self._home,
            env={**os.environ, "PATH": f"{self._bin}:{os.environ['PATH']}"},
        )


def get(url: str, missing: bool = False) -> None:
    """Asks Solr's core administration; with `missing` a refusal is all right."""
    try:
        urllib.request.urlopen(url, timeout=60).close()
    except OSError:
        if not missing:
            raise
