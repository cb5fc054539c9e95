"""A small CKAN API on loopback: what the demo's fourth source reads.

``python catalogue_server.py PORT``. Speaks status_show, package_list, package_show, package_search
(rows, start, sort by id, fl) and serves the files and a page per dataset.
"""

from __future__ import annotations

import html
import json
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from catalogue import ENTRIES, ORGANIZATION

MAX_ROWS = 1000


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    server_version = "cong-du-lieu"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        segments = parts.path.strip("/").split("/")
        if segments[:1] == ["api"] and "action" in segments:
            self._action(segments[-1], query)
        elif segments[0] == "files":
            self._file(segments[-1].removesuffix(".csv"))
        elif segments[0] == "dataset":
            self._page(segments[-1])
        else:
            self._send(HTTPStatus.NOT_FOUND, b"", "text/plain")

    do_HEAD = do_GET

    def _action(self, name: str, query: dict[str, str]) -> None:
        packages = sorted((e.package(self.base) for e in ENTRIES), key=lambda p: str(p["id"]))
        if name == "package_show":
            wanted = query.get("id", "")
            found = [p for p in packages if wanted in (p["id"], p["name"])]
            if not found:
                error = {"__type": "Not Found Error", "message": "Not found"}
                self._json({"success": False, "error": error}, HTTPStatus.NOT_FOUND)
                return
            result: Any = found[0]
        elif name == "package_list":
            result = sorted(p["name"] for p in packages)
        elif name == "package_search":
            result = search(packages, query)
        elif name == "organization_list":
            result = [ORGANIZATION["name"]]
        elif name == "status_show":
            title = "Danh mục dữ liệu dùng chung (minh họa)"
            result = {"site_title": title, "site_url": self.base, "ckan_version": "2.11.3"}
        else:
            message = f"Bad request - Action name not known: {name}"
            self._json(message, HTTPStatus.BAD_REQUEST)
            return
        self._json({"success": True, "result": result})

    def _file(self, name: str) -> None:
        for entry in ENTRIES:
            if entry.name == name:
                self._send(HTTPStatus.OK, entry.csv(), "text/csv; charset=utf-8")
                return
        self._send(HTTPStatus.NOT_FOUND, b"", "text/plain")

    def _page(self, name: str) -> None:
        for entry in ENTRIES:
            if entry.name == name:
                title, notes = html.escape(entry.title), html.escape(entry.notes)
                body = (
                    f'<!doctype html><html lang="vi"><meta charset="utf-8"><title>{title}</title>'
                    f"<h1>{title}</h1><p>{notes}</p>"
                    f'<p><a href="/files/{entry.name}.csv">CSV</a></p></html>'
                )
                self._send(HTTPStatus.OK, body.encode(), "text/html; charset=utf-8")
                return
        self._send(HTTPStatus.NOT_FOUND, b"", "text/plain")

    def _json(self, data: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        body = json.dumps(data, ensure_ascii=False).encode()
        self._send(status, body, "application/json;charset=utf-8")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def search(packages: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    """As `package_search` answers; the query itself is not looked at, everything is found."""
    start, rows = number(query.get("start"), 0), number(query.get("rows"), 10)
    page = packages[start : start + min(rows, MAX_ROWS)]
    if "fl" in query:
        fields = query["fl"].replace(" ", ",").split(",")
        page = [{field: p[field] for field in fields if field in p} for p in page]
    return {"count": len(packages), "sort": "id asc", "results": page, "facets": {}}


def number(text: str | None, default: int) -> int:
    """A count out of a query, or the default."""
    return int(text) if text and text.isdigit() else default


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
