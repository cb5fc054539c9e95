"""A CKAN portal to harvest from: N datasets with three resources each, always the same.

It speaks as much of the action API as our `ckan` source and ckanext-harvest's CKAN harvester ask
for: package_search (paging, `fl`, `sort`, `fq` on id, organization and metadata_modified),
package_list, package_show, organization_list, organization_show, status_show. Whole packages are
kept as JSON text, so that what is measured is the reader.

``python -m tests.ckan_source --datasets 500 --port 0`` prints its address and serves. What a
source can do wrong is switched on by ``POST /-/switch`` with JSON, or `Portal.switch`:

- ``drop``: the share of datasets that are gone (the last ones by id);
- ``touch``: the number of datasets (from the first) whose title and date have changed;
- ``fail``: the number of answers to come that are a 500;
- ``slow``: seconds that each answer waits;
- ``count``: what `package_search` says it has, when that is not so.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_NAMESPACE = uuid.UUID("3f0f7a1e-6f0e-4d0b-9f39-0d0c5c9f2a11")
SUBJECTS = (
    ("Diện tích gieo trồng lúa", "nông nghiệp", "QUARTERLY"),
    ("Sản lượng thủy sản nuôi trồng", "thủy sản", "ANNUAL"),
    ("Số trường học và lớp học", "giáo dục", "ANNUAL"),
    ("Số giường bệnh và cán bộ y tế", "y tế", "ANNUAL"),
    ("Vốn đầu tư thực hiện", "đầu tư", "MONTHLY"),
    ("Kết quả giải quyết thủ tục hành chính", "cải cách hành chính", "MONTHLY"),
    ("Tỷ lệ hộ nghèo và cận nghèo", "an sinh xã hội", "ANNUAL"),
    ("Khối lượng hàng hóa vận chuyển", "giao thông", "MONTHLY"),
    ("Chỉ số chất lượng không khí", "môi trường", "DAILY"),
    ("Số khách du lịch lưu trú", "du lịch", "MONTHLY"),
)
PLACES = (
    *("Hạc Thành", "Sầm Sơn", "Bỉm Sơn", "Nghi Sơn", "Thọ Xuân", "Vĩnh Lộc", "Hậu Lộc"),
    *("Nga Sơn", "Hoằng Hóa", "Quảng Xương", "Đông Sơn", "Triệu Sơn", "Nông Cống", "Như Thanh"),
    *("Cẩm Thủy", "Ngọc Lặc", "Lang Chánh", "Bá Thước", "Quan Hóa", "Quan Sơn", "Mường Lát"),
)
ORGANIZATIONS = (
    ("so-nong-nghiep-va-moi-truong", "Sở Nông nghiệp và Môi trường"),
    ("so-tai-chinh", "Sở Tài chính"),
    ("so-y-te", "Sở Y tế"),
)
FORMATS = (("CSV", "text/csv"), ("XLSX", "application/vnd.ms-excel"), ("JSON", "application/json"))
_FQ = re.compile(r"\+?\(?(-?\w+):(\([^)]*\)|\[[^\]]*\]|\"[^\"]*\"|[^\s)]+)\)?")
_SINCE = re.compile(r"\[(\S+) TO \*\]")


def organization(at: int) -> dict[str, Any]:
    name, title = ORGANIZATIONS[at % len(ORGANIZATIONS)]
    id_ = str(uuid.uuid5(_NAMESPACE, name))
    common = {"type": "organization", "state": "active", "is_organization": True}
    return {"id": id_, "name": name, "title": title, "description": "", **common}


def package(at: int, base: str, touched: bool = False) -> dict[str, Any]:
    """The dataset of that number, as `package_show` gives it."""
    subject, tag, frequency = SUBJECTS[at % len(SUBJECTS)]
    place = PLACES[at // len(SUBJECTS) % len(PLACES)]
    year = 2010 + at // (len(SUBJECTS) * len(PLACES))
    id_ = str(uuid.uuid5(_NAMESPACE, f"dataset {at}"))
    title = f"{subject} tại {place} năm {year}" + (" (đã chỉnh lý)" if touched else "")
    created = (
        f"2025-{at % 12 + 1:02}-{at % 28 + 1:02}T08:{at % 60:02}:00.{at * 7919 % 1_000_000:06}"
    )
    return {
        "id": id_,
        "name": f"bo-du-lieu-{at:06}",
        "title": title,
        "notes": f"{title}. Số liệu do cơ quan chuyên môn tổng hợp theo kỳ báo cáo thống kê.",
        "type": "dataset",
        "state": "active",
        "private": False,
        "license_id": "cc-by",
        "frequency": frequency,
        "version": "1.0",
        "author": organization(at)["title"],
        "author_email": "thongke@thanhhoa.gov.vn",
        "metadata_created": created,
        "metadata_modified": "2026-01-05T09:30:00.123456" if touched else created,
        "organization": organization(at),
        "owner_org": organization(at)["id"],
        "tags": [{"name": name, "display_name": name} for name in (tag, place.lower(), "thống kê")],
        "groups": [],
        "extras": [],
        "resources": [
            {
                "id": str(uuid.uuid5(_NAMESPACE, f"dataset {at} resource {number}")),
                "package_id": id_,
                "name": f"{title} ({format_})",
                "description": f"Tệp {format_} của bộ dữ liệu",
                "format": format_,
                "mimetype": media_type,
                "url": f"{base}/tep/{id_}/{number}.{format_.lower()}",
                "position": number,
                "state": "active",
                "created": created,
            }
            for number, (format_, media_type) in enumerate(FORMATS)
        ],
    }


@dataclass
class Portal:
    """The datasets from number `first` on, and the switches.

    `requests` are the paths asked for, in order.
    """

    datasets: int
    base: str = ""
    first: int = 0
    drop: float = 0.0
    touch: int = 0
    fail: int = 0
    slow: float = 0.0
    count: int | None = None

    def __post_init__(self) -> None:
        self.requests: list[str] = []
        self._lock = threading.Lock()
        self._build()

    def switch(self, **values: Any) -> None:
        for name, value in values.items():
            if name not in ("drop", "touch", "fail", "slow", "count"):
                raise KeyError(name)
            setattr(self, name, value)
        self._build()

    def _build(self) -> None:
        packages = [
            package(self.first + n, self.base, n < self.touch) for n in range(self.datasets)
        ]
        packages.sort(key=lambda item: str(item["id"]))
        packages = packages[: len(packages) - round(len(packages) * self.drop)]
        self.packages = {item["id"]: item for item in packages}
        self.text = {id_: json.dumps(item) for id_, item in self.packages.items()}
        self.by_name = {item["name"]: id_ for id_, item in self.packages.items()}

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, str]:
        """Status and body. `fail` and `slow` apply here."""
        with self._lock:
            self.requests.append(path)
            failing, self.fail = self.fail > 0, max(0, self.fail - 1)
        began = time.monotonic()
        while time.monotonic() - began < self.slow:  # switched off, it lets go at once
            time.sleep(0.02)
        if failing:
            return 500, "<html><body>Internal Server Error</body></html>"
        action = getattr(self, "_" + path.rpartition("/")[2], None)
        if not re.fullmatch(r"/api/(3/)?action/[a-z_]+", path) or action is None:
            return 404, _error("Not Found Error", "Không tìm thấy")
        status, result = action(query)
        return status, result if status != 200 else f'{{"success": true, "result": {result}}}'

    def _status_show(self, query: dict[str, str]) -> tuple[int, str]:
        title = "Cổng dữ liệu thử nghiệm"
        return 200, json.dumps({"site_title": title, "ckan_version": "2.12.0"})

    def _organization_list(self, query: dict[str, str]) -> tuple[int, str]:
        return 200, json.dumps([name for name, _ in ORGANIZATIONS])

    def _organization_show(self, query: dict[str, str]) -> tuple[int, str]:
        for at in range(len(ORGANIZATIONS)):
            found = organization(at)
            if query.get("id") in (found["id"], found["name"]):
                return 200, json.dumps(found)
        return 404, _error("Not Found Error", "Không tìm thấy")

    def _package_list(self, query: dict[str, str]) -> tuple[int, str]:
        return 200, json.dumps(sorted(self.by_name))

    def _package_show(self, query: dict[str, str]) -> tuple[int, str]:
        id_ = query.get("id", "")
        text = self.text.get(self.by_name.get(id_, id_))
        return (200, text) if text else (404, _error("Not Found Error", "Không tìm thấy"))

    def _package_search(self, query: dict[str, str]) -> tuple[int, str]:
        if query.get("sort", "id asc") not in ("id asc", "name asc", "metadata_modified desc"):
            return 409, _error("Validation Error", "sort")
        try:
            found = self._filtered(query.get("fq", ""))
        except KeyError as error:
            return 409, _error("Validation Error", f"fq: {error}")
        start, rows = int(query.get("start", 0)), min(int(query.get("rows", 10)), 1000)
        page = found[start : start + rows]
        fl = [name for name in re.split(r"[ ,]+", query.get("fl", "")) if name]
        items = [self._fields(id_, fl) for id_ in page] if fl else [self.text[i] for i in page]
        count = len(found) if self.count is None else self.count
        return 200, f'{{"count": {count}, "facets": {{}}, "results": [{", ".join(items)}]}}'

    def _fields(self, id_: str, names: list[str]) -> str:
        """As Solr has them: times with three digits at most and a Z."""
        values = {name: self.packages[id_][name] for name in names if name in self.packages[id_]}
        if "metadata_modified" in values:
            second, _, fraction = values["metadata_modified"].partition(".")
            values["metadata_modified"] = f"{second}.{fraction[:3]}".rstrip("0").rstrip(".") + "Z"
        return json.dumps(values)

    def _filtered(self, fq: str) -> list[str]:
        ids = list(self.text)
        for name, value in _FQ.findall(fq):
            words = set(re.findall(r"[\w-]+", value)) - {"OR", "AND"}
            if name == "id":
                ids = [id_ for id_ in self.text if id_ in words & self.text.keys()]
            elif name == "organization":
                ids = [i for i in ids if self.packages[i]["organization"]["name"] in words]
            elif name == "metadata_modified" and (since := _SINCE.fullmatch(value)):
                after = since[1].rstrip("Z")
                ids = [i for i in ids if self.packages[i]["metadata_modified"] >= after]
            else:
                raise KeyError(name)
        return ids


def _error(kind: str, message: str) -> str:
    return json.dumps({"success": False, "error": {"__type": kind, "message": message}})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    portal: Portal

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        self._send(*self.portal.answer(parts.path, query))

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/-/switch":
            self.portal.switch(**json.loads(sent))
            self._send(200, json.dumps({"datasets": len(self.portal.text)}))
        else:
            self._send(*self.portal.answer(self.path, json.loads(sent or b"{}")))

    def _send(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        kind = "text/html" if text.startswith("<") else "application/json"
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextlib.contextmanager
def serving(datasets: int, port: int = 0, first: int = 0) -> Iterator[Portal]:
    """A running portal, in threads of this process."""
    handler = type("Handler", (_Handler,), {})
    handler.disable_nagle_algorithm = True  # type: ignore[attr-defined]
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    portal = Portal(datasets, f"http://127.0.0.1:{server.server_address[1]}", first)
    handler.portal = portal  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield portal
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def main() -> None:
    """Serves until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=500)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    with serving(options.datasets, options.port) as portal:
        print(portal.base, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
