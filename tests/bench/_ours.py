"""The portal itself with one harvest worker, in the services of `./portal bench`."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg2

CKAN = Path(sys.executable).with_name("ckan")


class Ours:
    """The portal's own database and core, as `./portal test` has set them up."""

    def __init__(self, services: Mapping[str, str], test_ini: Path):
        self._home = Path(services["PORTAL_TEST_HOME"])
        self._database = urlsplit(services["PORTAL_TEST_DATABASE_URL"])._replace(path="/ckan")
        self._solr = services["PORTAL_TEST_SOLR_URL"]
        self.ini = self._home / "bench.ini"
        self._log = (self._home / "bench.log").open("a")
        lines = test_ini.read_text().splitlines()
        for_tests = ("testing", "SERVER_NAME")
        self.ini.write_text("\n".join(line for line in lines if not line.startswith(for_tests)))
        # Kept services may have been measured in before: names of our own each time.
        self._mark = secrets.token_hex(3)
        organization = {"name": f"bench-{self._mark}", "title": "Sở Tài chính"}
        asked = json.dumps(organization).encode()
        self._ckan("api", "action", "organization_create", "-i", sent=asked)

    def close(self) -> None:
        self._log.close()

    @contextmanager
    def workers(self, number: int = 1) -> Iterator[list[psutil.Process]]:
        """So many workers, each with one slot, ready."""
        command = [str(CKAN), "-c", str(self.ini), "thanhhoa", "worker", "--concurrency", "1"]
        started = [
            subprocess.Popen(command, stdout=self._log, stderr=self._log, cwd=self._home)
            for _ in range(number)
        ]
        try:
            time.sleep(6 + 4 * number)  # they have loaded CKAN
            yield [psutil.Process(worker.pid) for worker in started]
        finally:
            for worker in started:
                worker.terminate()
            for worker in started:
                worker.wait(60)

    def harvest(self, name: str, url: str, datasets: int) -> tuple[float, int]:
        """Harvests a new source: seconds until every dataset can be searched, and datasets.

        The clock is the database's own: how long it takes to start a command is not counted.
        """
        name = self._add(name, url)
        self._ask(name)
        return self._wait(name, datasets)

    def harvest_together(self, names: Sequence[str], urls: Sequence[str], datasets: int) -> float:
        """Harvests several new sources at once: seconds from the first begin to the last end."""
        added = [self._add(name, url) for name, url in zip(names, urls, strict=True)]
        for name in added:
            self._ask(name)
        for name in added:
            self._wait(name, datasets)
        with closing(psycopg2.connect(self._database.geturl())) as connection:
            cursor = connection.cursor()
            cursor.execute(
                """SELECT extract(epoch FROM max(r.ended_at) - min(r.started_at))
                   FROM thanhhoa.run r JOIN thanhhoa.source s ON s.id = r.source_id
                   WHERE s.name = ANY(%s)""",
                [added],
            )
            row = cursor.fetchone()
        return float(row[0]) if row else 0.0

    def _add(self, name: str, url: str) -> str:
        name = f"{name}-{self._mark}"
        add = ["thanhhoa", "source", "add", name, "--type", "ckan", "--url", url]
        self._ckan(*add, "--org", f"bench-{self._mark}", "--allow", urlsplit(url).netloc)
        return name

    def _ask(self, name: str) -> None:
        asked = json.dumps({"source": name}).encode()
        self._ckan("api", "action", "thanhhoa_harvest_run", "-i", sent=asked)

    def _wait(self, name: str, datasets: int) -> tuple[float, int]:
        self._behind = 0.0
        deadline = time.monotonic() + 60 + datasets * 3
        while time.monotonic() < deadline:
            state, seconds, counts, waiting = self._progress(name)
            if state in ("failed", "held", "cancelled"):
                raise RuntimeError(f"our harvest of {name}: {state}")
            if state == "applied" and not waiting and self._found(name) == datasets:
                return seconds, int(counts["created"])
            time.sleep(0.2)
        raise RuntimeError(f"our harvest of {name} did not end: {self._progress(name)}")

    def add(self, name: str, url: str) -> str:
        """Adds a source of type `ckan`; gives its id."""
        name = self._add(name, url)
        return str(self._row("SELECT id FROM thanhhoa.source WHERE name = %s", name)[0])

    def request(self, source_id: str) -> None:
        """Asks for a run of the source."""
        self._ask(source_id)

    def ended(self, source_id: str, within: float) -> tuple[str, float, dict[str, int]]:
        """State, seconds and counts of the source's one run, when it has ended."""
        query = """SELECT state, extract(epoch FROM ended_at - started_at), counts
                   FROM thanhhoa.run WHERE source_id = %s"""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            state, seconds, counts = self._row(query, source_id)
            if seconds is not None:
                return state, float(seconds), counts
            time.sleep(0.5)
        raise RuntimeError(f"our harvest did not end within {within:.0f} s")

    def connect(self) -> Any:
        """A connection to the portal's database."""
        return psycopg2.connect(self._database.geturl())

    def _row(self, query: str, *values: Any) -> tuple[Any, ...]:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            row = cursor.fetchone()
        if row is None:
            raise LookupError(query)
        return tuple(row)

    def _progress(self, name: str) -> tuple[str, float, dict[str, Any], bool]:
        """State, seconds from the run's start to its end (or the index's, if that lags behind)."""
        with closing(psycopg2.connect(self._database.geturl())) as connection:
            cursor = connection.cursor()
            cursor.execute(
                """SELECT r.state, r.counts, EXISTS (SELECT 1 FROM thanhhoa.to_index) AS waiting,
                          extract(epoch FROM r.ended_at - r.started_at),
                          extract(epoch FROM clock_timestamp() - r.started_at)
                   FROM thanhhoa.run r JOIN thanhhoa.source s ON s.id = r.source_id
                   WHERE s.name = %s""",
                [name],
            )
            state, counts, waiting, ended, now = cursor.fetchone() or ("", {}, True, 0, 0)
        if waiting and state == "applied":
            self._behind = float(now or 0)
        return state, max(float(ended or 0), self._behind), counts, bool(waiting)

    def _found(self, name: str) -> int:
        """Datasets of the source that a search finds."""
        query = urllib.parse.urlencode(
            {"q": "*:*", "fq": f'extras_harvest_source:"{name}"', "rows": 0, "wt": "json"}
        )
        with urllib.request.urlopen(f"{self._solr}/select?{query}", timeout=60) as answer:
            return int(json.load(answer)["response"]["numFound"])

    def _ckan(self, *arguments: str, sent: bytes | None = None) -> None:
        command = [str(CKAN), "-c", str(self.ini), *arguments]
        done = subprocess.run(
            command,
            input=sent,
            stdout=self._log,
            stderr=self._log,
            cwd=self._home,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"ckan {' '.join(arguments)} failed; see {self._log.name}")
