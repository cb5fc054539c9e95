"""The OGC API source against a service that keeps to the standard, and against others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.messages import say
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.settings import Limits
from harvesters.sources.ogcapi import SOURCE, Settings

FAST = Limits(requests_per_second=0, retries=0)
ROOT = "/ogc"


@dataclass
class Service:
    """Collections of records and of features, paged by next links."""

    records: dict[str, list[str]] = field(default_factory=lambda: {"main": list("abcde")})
    features: dict[str, int] = field(default_factory=lambda: {"ho": 3, "duong": 30})
    most: int = 2
    counts: bool = True
    inner: str = ""
    html: bool = False
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        path = request.path.removeprefix(ROOT)
        self.asked.append(f"{path}?{request.query_string.decode()}")
        if self.html and request.args.get("f") != "json":
            return Response("<!doctype html><html></html>", content_type="text/html")
        if path in ("", "/"):
            return _json(self._landing(request))
        if path == "/collections":
            return _json(self._page("collections", self._collections(), request))
        name = path.split("/")[2]
        if name in self.records:
            return _json(self._page("features", [_record(i) for i in self.records[name]], request))
        found = [_feature(n) for n in range(1, self.features[name] + 1)]
        return _json(self._page("features", found, request))

    def _root(self, request: Request) -> str:
        return self.inner or f"http://{request.host}{ROOT}"

    def _landing(self, request: Request) -> Any:
        rels = ("self", "conformance", "data")
        links = [{"rel": r, "href": f"{self._root(request)}/{r}"} for r in rels]
        return {"title": "Dịch vụ thử", "links": links}

    def _collections(self) -> list[Any]:
        records = [{"id": name, "title": name, "itemType": "record"} for name in self.records]
        return records + [{"id": name, "title": name} for name in self.features]

    def _page(self, key: str, items: list[Any], request: Request) -> Any:
        start = int(request.args.get("offset", 0))
        rows = min(int(request.args.get("limit", 100)), self.most)
        page: dict[str, Any] = {key: items[start : start + rows], "links": []}
        if self.counts:
            page["numberMatched"] = len(items)
        if start + rows < len(items):
            path = request.path.removeprefix(ROOT)
            href = f"{self._root(request)}{path}?limit={rows}&offset={start + rows}"
            page["links"].append({"rel": "next", "href": href})
        return page


def _record(id_: str) -> Any:
    return {"id": id_, "type": "Feature", "properties": {"title": f"Bộ {id_}"}}


def _feature(number: int) -> Any:
    shape = {"type": "LineString", "coordinates": [[105, 19], [106, 20]]}
    return {"id": number, "geometry": shape, "properties": {"ten": f"Hồ {number}", "dt": 1.5}}


def _json(data: Any) -> Response:
    return Response(json.dumps(data), content_type="application/json")


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as running:
        yield running


def _items(
    server: HTTPServer,
    answer: Any,
    since: dict[str, str] | None = None,
    path: str = ROOT,
    **settings: Any,
) -> list[Item]:
    server.expect_request(re.compile(".*")).respond_with_handler(answer)
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        return list(SOURCE.read(Settings(server.url_for(path), **settings), fetch, since or {}))


def _ids(items: list[Item]) -> list[str]:
    return [item.remote_id for item in items if isinstance(item, Record)]


@pytest.mark.parametrize(
    "service",
    [
        Service(),
        Service(most=100),
        Service(counts=False),
        Service(inner="http://localhost:5000"),
        Service(inner="http://localhost:5000/pygeoapi"),
        Service(html=True),
    ],
    ids=["pages", "one page", "no count", "inner host", "inner path", "web page first"],
)
def test_services_of_all_manners_are_read_whole(server: HTTPServer, service: Service) -> None:
    items = _items(server, service)
    assert _ids(items) == ["a", "b", "c", "d", "e", "ho", "duong"]
    assert items[-1] == End(True, 7)


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        (f"{ROOT}/", ["a", "b", "c", "d", "e", "ho", "duong"]),
        (f"{ROOT}/collections", ["a", "b", "c", "d", "e", "ho", "duong"]),
        (f"{ROOT}/collections/ho", ["ho"]),
        (f"{ROOT}/collections/main/items?f=html&limit=1", ["a", "b", "c", "d", "e"]),
    ],
)
def test_any_address_of_the_service_will_do(server: HTTPServer, path: str, ids: list[str]) -> None:
    items = _items(server, Service(), path=path)
    assert (_ids(items), items[-1]) == (ids, End(True, len(ids)))


def test_only_the_wanted_collections_and_a_wrong_name_is_said(server: HTTPServer) -> None:
    items = _items(server, Service(), collections=("ho", "song"))
    assert [type(item) for item in items] == [Record, Failure, End]
    assert isinstance(items[1], Failure)
    assert (items[1].problem.code, items[1].problem.record) == ("unknown_code", "song")


def test_a_record_in_two_collections_is_one_dataset(server: HTTPServer) -> None:
    service = Service(records={"main": list("abc"), "phu": list("bcd")}, features={})
    items = _items(server, service)
    assert (_ids(items), items[-1]) == (list("abcd"), End(True, 4))


def test_small_collections_come_as_tables(server: HTTPServer) -> None:
    items = _items(server, Service(records={}), tables=5)
    small, large = (item for item in items if isinstance(item, Record))
    table = small.resources[0].table
    assert table is not None
    assert [(c.name, c.type, c.role) for c in table.columns] == [
        ("feature_id", "integer", "dimension"),
        ("ten", "text", "dimension"),
        ("dt", "number", "measure"),
    ]
    assert [row[1] for row in table.rows] == ["Hồ 1", "Hồ 2", "Hồ 3"]
    assert all(resource.table is None for resource in large.resources)
    assert (small.mark, large.mark) == ("", ""), "the features may change"


def test_a_table_that_comes_in_part_fails_its_dataset_alone(server: HTTPServer) -> None:
    service = Service(records={}, features={"ho": 3, "cau": 2})

    def short(request: Request) -> Response:
        answer = service(request)
        if not request.path.endswith("/ho/items"):
            return answer
        return _json({**json.loads(answer.get_data()), "links": []})

    items = _items(server, short, tables=5)
    assert [type(item) for item in items] == [Failure, Record, End]
    assert isinstance(items[0], Failure)
    assert (items[0].problem.record, items[0].problem.code) == ("ho", "incomplete_listing")
    assert " dòng." in say(items[0].problem).message


def test_marks_tell_what_is_unchanged(server: HTTPServer) -> None:
    service = Service()
    items = _items(server, service)
    marks = {i.remote_id: i.mark for i in items if isinstance(i, Record)}
    assert all(marks.values())
    again = _items(server, service, marks)
    assert [type(item) for item in again] == [Unchanged] * 7 + [End]


@pytest.mark.parametrize("loop", ["same", "circle"])
def test_next_links_that_lead_nowhere(server: HTTPServer, loop: str) -> None:
    service = Service(features={}, counts=False)

    def looping(request: Request) -> Response:
        answer = service(request)
        if not request.path.endswith("/items"):
            return answer
        more = len(service.asked) if loop == "circle" else 0
        data = json.loads(answer.get_data())
        first = [_record("a"), _record("b")]
        link = {"rel": "next", "href": f"items?limit=2&x={more}"}
        return _json({**data, "features": first, "links": [link]})

    items = _items(server, looping)
    assert _ids(items) == ["a", "b"]
    assert isinstance(items[-1], End)
    assert not items[-1].complete
    assert len(service.asked) < 6


def test_a_count_that_is_not_reached(server: HTTPServer) -> None:
    service = Service(features={}, most=100)

    def short(request: Request) -> Response:
        data = json.loads(service(request).get_data())
        if request.path.endswith("/items"):
            data["numberMatched"] += 1
        return _json(data)

    end = _items(server, short)[-1]
    assert isinstance(end, End)
    assert (end.complete, end.problem and end.problem.code) == (False, "incomplete_listing")


def test_records_and_collections_without_an_id(server: HTTPServer) -> None:
    service = Service(most=100)

    def odd(request: Request) -> Response:
        data = json.loads(service(request).get_data())
        for key in ("features", "collections"):
            data.get(key, []).append({"properties": {"title": "Không mã"}})
        data.get("features", []).append("x")
        return _json(data)

    items = _items(server, odd)
    failures = [item for item in items if isinstance(item, Failure)]
    assert [f.problem.params["detail"] for f in failures] == [
        *("features[].id", "features[].id", "collections[].id")
    ]
    assert len(_ids(items)) == 7
    assert isinstance(items[-1], End)
    assert not items[-1].complete


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"code": "NoApplicableCode", "description": "bảo trì"}', "api_error"),
        ('{"collections": {}}', "unexpected_answer"),
        ("[]", "unexpected_answer"),
        ('{"collections": [', "truncated"),
        ("", "truncated"),
        ("<html><body>Đăng nhập</body></html>", "html_instead_of_data"),
    ],
)
def test_what_is_no_list_of_collections(server: HTTPServer, body: str, code: str) -> None:
    with pytest.raises(HarvestError) as error:
        _items(server, lambda request: Response(body))
    assert error.value.code == code


def _probe(server: HTTPServer, answer: Any, path: str = ROOT) -> Any:
    server.expect_request(re.compile(".*")).respond_with_handler(answer)
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        return SOURCE.probe(server.url_for(path), fetch)


@pytest.mark.parametrize("service", [Service(), Service(html=True)])
def test_probe_knows_a_landing_page(server: HTTPServer, service: Service) -> None:
    found = _probe(server, service)
    assert (found.title, found.datasets) == ("Dịch vụ thử", 7)


@pytest.mark.parametrize(
    "body",
    [
        '{"success": true}',
        '{"links": [{"rel": "data", "href": "x"}]}',
        "[]",
        "<WFS_Capabilities/>",
        "<html></html>",
        "",
    ],
)
def test_probe_says_no_to_others(server: HTTPServer, body: str) -> None:
    assert _probe(server, lambda request: Response(body)) is None
