"""The two sites of `./portal bench search`: the portal, and stock CKAN beside it.

Both have the same datasets, the same PostgreSQL, Redis and Solr servers and the same web server
with one worker. The stock side has CKAN's own Solr schema, `package_search`, pages and theme, and
the portal's dataset schema by ckanext-scheming; nothing of the portal's plugin is loaded, only the
validators that the schema names.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import ckan
import psycopg2

from tests.bench._stock import LOCAL, ensure_environment, get

STOCK_PLUGINS = (
    "bench_schema scheming_datasets activity datastore datatables_view text_view image_view"
)
#: As little as Solr needs; CKAN brings a schema only.
SOLRCONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<config>
  <luceneMatchVersion>9.12.3</luceneMatchVersion>
  <schemaFactory class="ClassicIndexSchemaFactory"/>
  <updateHandler class="solr.DirectUpdateHandler2">
    <updateLog/>
    <autoCommit><maxTime>15000</maxTime><openSearcher>false</openSearcher></autoCommit>
  </updateHandler>
  <query>
    <filterCache class="solr.CaffeineCache" size="512" initialSize="512" autowarmCount="0"/>
    <queryResultCache class="solr.CaffeineCache" size="512" initialSize="512" autowarmCount="0"/>
    <documentCache class="solr.CaffeineCache" size="512" initialSize="512" autowarmCount="0"/>
    <enableLazyFieldLoading>true</enableLazyFieldLoading>
    <queryResultWindowSize>20</queryResultWindowSize>
    <queryResultMaxDocsCached>200</queryResultMaxDocsCached>
  </query>
  <requestHandler name="/select" class="solr.SearchHandler">
    <lst name="defaults"><str name="wt">json</str><int name="rows">10</int></lst>
  </requestHandler>
</config>
"""
_FOR_TESTS = ("testing", "SERVER_NAME", "SESSION_TYPE", "ckan.auth.create_user_via_api")


class Client:
    """One kept-alive connection to a server."""

    def __init__(self, url: str):
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[float, Any, bytes]:
        """Seconds, the answer and its body."""
        for again in (True, False):
            began = time.perf_counter()
            try:
                self._connection.request("GET", path, headers=dict(headers or {}))
                answer = self._connection.getresponse()
                body = answer.read()
            except (http.client.HTTPException, ConnectionError):
                # The server has closed the connection while nobody used it.
                self._connection.close()
                if not again:
                    raise
                continue
            return time.perf_counter() - began, answer, body
        raise AssertionError

    def ask(self, path: str, **params: Any) -> tuple[float, Any]:
        """Seconds and the JSON of the answer."""
        seconds, answer, body = self.get(f"{path}?{urlencode(params, doseq=True)}")
        if answer.status != 200:
            raise RuntimeError(f"{path} {params}: {answer.status} {body[:300]!r}")
        return seconds, json.loads(body)


@dataclass
class Site:
    """A CKAN with its configuration: `ckan` runs its commands, `serving` its web server."""

    name: str
    bin: Path
    home: Path
    ini: Path
    solr: str
    database: str
    plugins: str
    _log: Any = field(init=False)

    def __post_init__(self) -> None:
        self._log = (self.home / f"{self.name}.log").open("a")

    def configure(self, portal_ini: str, **options: str) -> None:
        """Writes the configuration: the portal's with what has to differ."""
        own = {
            "ckan.plugins": self.plugins,
            "sqlalchemy.url": self.database,
            "solr_url": self.solr,
            "SESSION_TYPE": "redis",
            **options,
        }
        unwanted = (*_FOR_TESTS, *own)
        lines = [line for line in portal_ini.splitlines() if not line.startswith(unwanted)]
        at = lines.index("[loggers]")
        added = [f"{key} = {value.replace('%', '%%')}" for key, value in own.items()]
        self.ini.write_text("\n".join([*lines[:at], *added, "", *lines[at:]]) + "\n")

    def ckan(self, *arguments: str, check: bool = True) -> float:
        """Runs a command; gives the seconds that it took."""
        command = [str(self.bin / "ckan"), "-c", str(self.ini), *arguments]
        began = time.perf_counter()
        done = subprocess.run(
            command, stdout=self._log, stderr=self._log, cwd=self.home, check=False
        )
        if check and done.returncode:
            raise RuntimeError(f"ckan {' '.join(arguments)} failed; see {self._log.name}")
        return time.perf_counter() - began

    def python(self, *arguments: str) -> str:
        """Runs a module of this project in the site's environment; gives what it prints last."""
        root = Path(__file__).resolve().parents[2]
        command = [str(self.bin / "python"), *arguments]
        environment = {**os.environ, "CKAN_INI": str(self.ini), "PYTHONPATH": str(root)}
        done = subprocess.run(
            command, check=True, cwd=root, env=environment, stderr=self._log, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        return (done.stdout.strip().splitlines() or [""])[-1]

    @contextmanager
    def serving(self) -> Iterator[Client]:
        """The web server with one worker, and a client."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [
            *(str(self.bin / "gunicorn"), f"--bind=127.0.0.1:{port}", "--workers=1"),
            *("--worker-class=gthread", "--threads=4", "--timeout=300", "--keep-alive=300"),
            *("--no-control-socket", f"--pythonpath={LOCAL}", "wsgi:application"),
        ]
        environment = {**os.environ, "CKAN_INI": str(self.ini)}
        server = subprocess.Popen(
            command, stdout=self._log, stderr=self._log, cwd=self.home, env=environment
        )
        try:
            url = f"http://127.0.0.1:{port}"
            self._wait(f"{url}/api/3/action/status_show", server)
            yield Client(url)
        finally:
            server.terminate()
            server.wait(30)

    def _wait(self, url: str, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and server.poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=60):
                    return
            except OSError:
                time.sleep(0.5)
        raise RuntimeError(f"{self.name} does not answer; see {self._log.name}")


def portal(services: Mapping[str, str]) -> Site:
    """The portal in the services of `./portal bench`."""
    home = Path(services["PORTAL_TEST_HOME"])
    ini = Path(services["PORTAL_TEST_INI"]).read_text()
    values = dict(line.split(" = ", 1) for line in ini.splitlines() if " = " in line)
    site = Site(
        "portal",
        Path(sys.executable).parent,
        home,
        home / "bench-search.ini",
        services["PORTAL_TEST_SOLR_URL"],
        values["sqlalchemy.url"].replace("%%", "%"),
        values["ckan.plugins"],
    )
    site.configure(ini)
    return site


def stock(services: Mapping[str, str], ours: Site) -> Site:
    """Stock CKAN; its database is a copy of the portal's, its core begins empty."""
    programs = ensure_environment()
    home = Path(services["PORTAL_TEST_HOME"]) / "stock-search"
    home.mkdir(exist_ok=True)
    solr = _stock_core(services)
    database = urlsplit(ours.database)._replace(path="/stocksearch").geturl()
    _copy_database(services["PORTAL_TEST_DATABASE_URL"], "ckan", "stocksearch")
    site = Site("stock", programs, home, home / "ckan.ini", solr, database, STOCK_PLUGINS)
    redis = services["PORTAL_TEST_REDIS_URL"].rpartition("/")[0]
    ini = Path(services["PORTAL_TEST_INI"]).read_text()
    kept = [line for line in ini.splitlines() if not line.startswith(("ckanext.", "ckan.files."))]
    site.configure(
        "\n".join(line for line in kept if not line.startswith("scheming.organization")),
        **{
            "ckan.redis.url": f"{redis}/6",
            "ckan.storage_path": str(home),
            "scheming.dataset_fallback": "true",
            "ckan.search.solr_commit": "true",
        },
    )
    return site


def _stock_core(services: Mapping[str, str]) -> str:
    solr = services["PORTAL_TEST_SOLR_URL"].rpartition("/")[0]
    target = Path(services["PORTAL_TEST_HOME"]) / "solr" / "stocksearch"
    unload = "action=UNLOAD&core=stocksearch&deleteIndex=true"
    get(f"{solr}/admin/cores?{unload}", missing=True)
    shutil.rmtree(target, ignore_errors=True)
    conf = target / "conf"
    conf.mkdir(parents=True)
    shutil.copy(Path(ckan.__file__).parent / "config" / "solr" / "schema.xml", conf)
    (conf / "solrconfig.xml").write_text(SOLRCONFIG)
    for name in ("protwords.txt", "synonyms.txt", "stopwords.txt"):
        (conf / name).write_text("")
    get(f"{solr}/admin/cores?action=CREATE&name=stocksearch&instanceDir=stocksearch")
    return f"{solr}/stocksearch"


def _copy_database(superuser_url: str, source: str, target: str) -> None:
    url = urlsplit(superuser_url)._replace(path="/postgres").geturl()
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source]
        )
        cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
