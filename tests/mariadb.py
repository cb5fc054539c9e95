"""A real MariaDB for tests, where one is installed (Debian: ``mariadb-server``)."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql

SERVER = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")
INSTALL = shutil.which("mariadb-install-db")
MISSING = "mariadbd is not installed (apt-get install mariadb-server)"
available = bool(SERVER and INSTALL)


@contextmanager
def running() -> Iterator[int]:
    """A server of its own on a free port of 127.0.0.1; root without a password. Gives the port."""
    with tempfile.TemporaryDirectory(prefix="portal-mariadb-") as folder:
        data, user = Path(folder, "data"), getpass.getuser()
        own = [f"--datadir={data}", f"--user={user}"]
        subprocess.run(
            [str(INSTALL), "--no-defaults", *own, "--auth-root-authentication-method=normal",
             "--skip-test-db"],
            check=True, capture_output=True,
        )  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        server = subprocess.Popen(
            [str(SERVER), "--no-defaults", *own, f"--socket={folder}/s", f"--port={port}",
             "--bind-address=127.0.0.1", "--skip-name-resolve",
             "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=4M",
             f"--log-error={folder}/log"],
        )  # fmt: skip
        try:
            _wait(port, server, Path(folder, "log"))
            yield port
        finally:
            server.terminate()
            server.wait(30)


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            connect(port).close()
            return
        except pymysql.MySQLError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(log.read_text("utf-8", "replace")[-2000:] if log.exists() else "mariadbd")


def connect(port: int) -> pymysql.Connection:
    """As the administrator."""
    return pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
