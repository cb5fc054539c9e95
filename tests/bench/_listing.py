"""A CKAN portal of very many packages, written to disk beforehand so that serving costs little.

Every page comes with status 200 and whole packages. It knows no `fl` (a reader cannot ask for dates
alone) and takes `rows` up to CKAN's own limit. ``python -m tests.bench._listing FILE`` serves what
`write` has written and prints its address.
"""

from __future__ import annotations

import contextlib
import json
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.ckan_source import package

MAX_ROWS = 1000
#: Where the packages say that their files are; nothing asks there.
BASE = "http://cong-nguon.test"
_JOIN = b", "


def packages(count: int) -> Iterator[dict[str, Any]]:
    """The packages of the portal, each with three resources."""
    return (package(number, BASE) for number in range(count))


def write(file: Path, listed: Iterable[Mapping[str, Any]]) -> int:
    """Writes packages as CKAN spells them (ASCII), in order of their ids; gives the bytes."""
    texts = sorted((str(item["id"]), json.dumps(item).encode()) for item in listed)
    ends = array("Q", [0])
    with file.open("wb") as out:
        for _, text in texts:
            ends.append(ends[-1] + out.write(text + _JOIN))
    file.with_suffix(".ends").write_bytes(ends.tobytes())
    return ends[-1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    file: Path
    ends: array[int]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if not parts.path.endswith("/action/package_search") or "fl" in query:
            self._send(409, b'{"success": false, "error": {"message": "fl"}}')
            return
        count = len(self.ends) - 1
        first = min(int(query.get("start", 0)), count)
        last = min(first + min(int(query.get("rows", 10)), MAX_ROWS), count)
        with self.file.open("rb") as file:
            file.seek(self.ends[first])
            items = file.read(self.ends[last] - self.ends[first])[: -len(_JOIN)]
        head = b'{"success": true, "result": {"count": %d, "results": [' % count
        self._send(200, head + items + b"]}}")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def main() -> None:
    _Handler.file = Path(sys.argv[1])
    _Handler.ends = array("Q")
    _Handler.ends.frombytes(_Handler.file.with_suffix(".ends").read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
