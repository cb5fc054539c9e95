"""A SolrCloud of two nodes with ZooKeeper in a process of its own, from the portal's jars."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
LIB = ROOT / ".runtime" / "solr" / "lib"
COLLECTION = "ckan"
#: Milliseconds without a sign after which a node counts as dead; short, because the test waits.
ZOOKEEPER_PATIENCE = 4000


@dataclass
class Cloud:
    """`urls` are the nodes, without a collection; `ckan` has two shards, each of them twice."""

    folder: Path
    urls: list[str] = field(default_factory=list)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        zookeeper, *ports = _free_ports(3)
        self._run("zookeeper", self._zookeeper(zookeeper), 64)
        _wait(lambda: _listens(zookeeper), "ZooKeeper")
        for number, port in enumerate(ports):
            self._run(f"node{number}", self._node(number, port, zookeeper), 320)
            self.urls.append(f"http://127.0.0.1:{port}/solr")
        for url in self.urls:
            _wait(lambda url=url: self._live_nodes(url) == 2, url)
        self._configure()

    def kill(self, number: int) -> None:
        """As a machine that loses its power."""
        process = self._processes[1 + number]
        process.kill()
        process.wait()

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def _run(self, name: str, arguments: list[str], megabytes: int) -> None:
        log = (self.folder / f"{name}.log").open("wb")
        command = [_java(), f"-Xmx{megabytes}m", "-Dlog4j2.level=WARN", "-cp", f"{LIB}/*"]
        process = subprocess.Popen([*command, *arguments], stdout=log, stderr=log, cwd=self.folder)
        self._processes.append(process)

    def _zookeeper(self, port: int) -> list[str]:
        settings = self.folder / "zoo.cfg"
        settings.write_text(
            f"dataDir={self.folder / 'zookeeper'}\nclientPort={port}\n"
            "clientPortAddress=127.0.0.1\ntickTime=1000\nadmin.enableServer=false\n"
        )
        return ["org.apache.zookeeper.server.ZooKeeperServerMain", str(settings)]

    def _node(self, number: int, port: int, zookeeper: int) -> list[str]:
        home = self.folder / f"home{number}"
        home.mkdir()
        shutil.copy(DOCKER / "solr" / "solr.xml", home)
        return [
            f"-Dsolr.solr.home={home}",
            f"-Dsolr.install.dir={LIB.parent}",
            f"-Dsolr.log.dir={self.folder}",
            "-Djetty.host=127.0.0.1",
            f"-Djetty.port={port}",
            f"-Dportal.webapp={DOCKER / 'local' / 'solr' / 'webapp'}",
            f"-DzkHost=127.0.0.1:{zookeeper}",
            f"-DzkClientTimeout={ZOOKEEPER_PATIENCE}",
            "-Dsolr.http1=true",  # what the portal's Jetty speaks; nodes would use HTTP/2
            "org.eclipse.jetty.xml.XmlConfiguration",
            str(DOCKER / "local" / "solr" / "jetty.xml"),
        ]

    def _configure(self) -> None:
        """The portal's configset, as it is, and the collection."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path in sorted((DOCKER / "solr" / "conf").iterdir()):
                archive.write(path, path.name)
        self.ask("admin/configs", data=packed.getvalue(), action="UPLOAD", name=COLLECTION)
        self.ask(
            "admin/collections", action="CREATE", name=COLLECTION, numShards=2,
            replicationFactor=2, waitForFinalState="true",
            **{"collection.configName": COLLECTION},
        )  # fmt: skip

    def ask(self, path: str, data: bytes | None = None, **params: Any) -> dict[str, Any]:
        """An answer of the administration of the second node."""
        answer = requests.request(
            "GET" if data is None else "POST",
            f"{self.urls[-1]}/{path}",
            params=params,
            data=data,
            headers={"Content-Type": "application/octet-stream"} if data else {},
            timeout=60,
        )
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.text[:2000]}")
        found: dict[str, Any] = answer.json()
        return found

    def _live_nodes(self, url: str) -> int:
        try:
            answer = requests.get(
                f"{url}/admin/collections", params={"action": "CLUSTERSTATUS"}, timeout=5
            )
            return len(answer.json()["cluster"]["live_nodes"])
        except (requests.RequestException, ValueError, KeyError):
            return 0


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cloud]:
    """The cloud, up and with its empty collection."""
    cloud = Cloud(folder)
    try:
        cloud.start()
        yield cloud
    finally:
        cloud.stop()


def _java() -> str:
    sys.path.insert(0, str(DOCKER / "local"))
    try:
        from portal_cli.software import java
    finally:
        sys.path.pop(0)
    return str(java())


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(ready: Any, what: str) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.2)
    raise RuntimeError(f"{what} did not come up (process {os.getpid()})")
