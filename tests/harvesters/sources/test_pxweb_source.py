"""The PX-Web source where its server misbehaves, on a scripted fetcher; and real answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch import Entry, QueryResult, Response
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.settings import Limits
from harvesters.sources.pxweb import SOURCE, Settings
from tests import recorded

BASE = "https://px.test/api/v1/vi"
REAL = recorded.REAL / "px"

INFO = {
    "title": "Dân số theo năm",
    "variables": [{"code": "nam", "text": "Năm", "values": ["2023", "2024"], "time": True}],
}
DATA = {
    "class": "dataset",
    "label": "Dân số theo năm",
    "id": ["nam"],
    "size": [2],
    "dimension": {"nam": {"label": "Năm", "category": {"index": ["2023", "2024"]}}},
    "value": [3739, 3764],
}
PLAIN = {
    "columns": [
        {"code": "nam", "text": "Năm", "type": "t"},
        {"code": "ds", "text": "Dân số", "type": "c"},
    ],
    "data": [{"key": ["2023"], "values": ["3739"]}, {"key": ["2024"], "values": ["3764"]}],
}


class Server:
    """A `Fetch` that answers from a table; what is missing there is a 404."""

    limits = Limits()

    def __init__(self, pages: Mapping[str, Any], answers: Mapping[str, Any]):
        self.pages = {f"{BASE}{path}": page for path, page in pages.items()}
        self.answers = answers
        self.posted: list[str] = []

    def get(self, url: str, params: object = None, headers: object = None) -> Response:
        return self._answer(url, self.pages.get(unquote(url)))

    def post(self, url: str, json: Any, headers: object = None) -> Response:
        self.posted.append(json["response"]["format"])
        return self._answer(url, self.answers.get(json["response"]["format"]))

    def _answer(self, url: str, page: Any) -> Response:
        if isinstance(page, HarvestError):
            raise page
        if page is None:
            raise HarvestError("api_error", where=url, detail="404")
        body = page if isinstance(page, bytes) else json.dumps(page).encode()
        return Response(url, body)

    def send(self, url: str, body: bytes, content_type: str, headers: object = None) -> Response:
        raise NotImplementedError

    def entries(self, location: str, suffixes: Sequence[str]) -> tuple[Entry, ...]:
        raise NotImplementedError

    def read(self, location: str) -> Response:
        raise NotImplementedError

    def query(self, url: str, sql: str) -> QueryResult:
        raise NotImplementedError


def _node(name: str, kind: str = "t", updated: str = "2025-07-23T02:00:00") -> dict[str, str]:
    return {"id": name, "type": kind, "text": name, "updated": updated}


def _read(server: Server, since: Mapping[str, str] | None = None, **settings: Any) -> list[Item]:
    return list(SOURCE.read(Settings(BASE, **settings), server, since or {}))


def test_an_old_server_is_asked_in_its_own_format_and_the_next_table_at_once() -> None:
    pages = {"": [_node("a"), _node("b")], "/a": INFO, "/b": INFO}
    server = Server(pages, {"json": PLAIN})
    first, second, end = _read(server)
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert first.resources[0].fields["format"] == "JSON"
    table = first.resources[1].table
    assert table is not None
    assert table.rows == ((2023, 3739), (2024, 3764))
    assert server.posted == ["json-stat2", "json-stat", "json", "json"]
    assert end == End(True, 2)


def test_a_table_without_an_answer_fails_alone() -> None:
    pages = {"": [_node("a"), _node("b")], "/a": INFO, "/b": {"error": "x"}}
    items = _read(Server(pages, {"json-stat2": DATA}))
    assert isinstance(items[0], Record)
    assert isinstance(items[1], Failure)
    assert (items[1].problem.code, items[1].problem.record) == ("api_error", "b")
    assert items[2] == End(True, 2)


def test_a_folder_that_cannot_be_read_makes_the_listing_incomplete() -> None:
    pages = {"": [_node("hong", "l"), _node("a")], "/a": INFO}
    items = _read(Server(pages, {"json-stat2": DATA}))
    assert isinstance(items[0], Record)
    end = items[-1]
    assert isinstance(end, End)
    assert not end.complete
    assert end.problem is not None
    assert end.problem.where.endswith("/hong")


def test_a_folder_within_itself_comes_to_an_end() -> None:
    pages = {"/vong" * depth: [_node("vong", "l")] for depth in range(20)}
    end = _read(Server(pages, {}))[-1]
    assert isinstance(end, End)
    assert (end.complete, end.problem and end.problem.code) == (False, "too_deep")


@pytest.mark.parametrize("code", ["deadline", "host_not_granted"])
def test_what_ends_the_whole_reading(code: str) -> None:
    pages = {"": [_node("a")], "/a": HarvestError(code, where="x")}
    with pytest.raises(HarvestError) as error:
        _read(Server(pages, {}))
    assert error.value.code == code


def test_a_date_that_is_none_is_no_mark() -> None:
    pages = {"": [_node("a"), _node("b", updated="9999-12-31T16:59:59")], "/a": INFO, "/b": INFO}
    server = Server(pages, {"json-stat2": DATA})
    marks = {i.remote_id: i.mark for i in _read(server) if isinstance(i, Record)}
    assert marks["a"] != ""
    assert marks["b"] == ""
    assert isinstance(_read(server, marks)[0], Unchanged)
    assert isinstance(_read(server, marks, source_system="khác")[0], Record), "other settings"


def test_only_the_wanted_tables_and_a_wrong_name_is_said() -> None:
    pages = {"": [_node("a"), _node("b")], "/a": INFO}
    items = _read(Server(pages, {"json-stat2": DATA}), tables=("a", "c"))
    assert [type(item) for item in items] == [Record, Failure, End]
    assert isinstance(items[1], Failure)
    assert items[1].problem.record == "c"


def test_a_table_s_own_address_is_one_dataset() -> None:
    server = Server({"": INFO}, {"json-stat2": DATA})
    record, end = _read(server)
    assert isinstance(record, Record)
    assert (record.remote_id, end) == ("vi", End(True, 1))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<!doctype html><title>login</title>", "html_instead_of_data"),
        (b'[{"id": "a", "ty', "truncated"),
        (b"", "truncated"),
    ],
)
def test_what_is_no_data_at_all(body: bytes, code: str) -> None:
    with pytest.raises(HarvestError) as error:
        _read(Server({"": body}, {}))
    assert error.value.code == code


def test_other_json_is_said_of_the_file() -> None:
    """It may stand where a list of tables did: nothing may seem to be gone."""
    failure, end = _read(Server({"": {"tieu_de": "Dân số"}}, {}))
    assert isinstance(failure, Failure)
    assert failure.problem.code == "no_table"
    assert end == End(False, 1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"success": False, "error": {"message": "Hết phiên làm việc"}}, "Hết phiên làm việc"),
        ({"error": "Parameter error"}, "Parameter error"),
        ({"success": False}, "success: false"),
    ],
)
def test_an_error_with_status_200_ends_the_reading(answer: Any, said: str) -> None:
    with pytest.raises(HarvestError) as caught:
        _read(Server({"": answer}, {}))
    assert caught.value.code == "api_error"
    assert caught.value.problem.params["detail"] == said


def test_a_file_is_not_cut() -> None:
    failure, _ = _read(Server({"": DATA}, {}), select={"nam": "top:1"})
    assert isinstance(failure, Failure)
    assert failure.problem.code == "bad_setting"


@pytest.mark.parametrize(
    ("page", "title", "datasets"),
    [
        ([_node("a"), _node("b")], "px.test", 2),
        ([_node("a", "l")], "px.test", None),
        (INFO, "Dân số theo năm", 1),
        (DATA, "Dân số theo năm", 1),
    ],
)
def test_probe(page: Any, title: str, datasets: int | None) -> None:
    found = SOURCE.probe(BASE, Server({"": page}, {}))
    assert found is not None
    assert (found.title, found.datasets) == (title, datasets)
    assert SOURCE.probe(BASE, Server({"": {"success": True}}, {})) is None


@pytest.mark.skipif(not REAL.is_dir(), reason=recorded.NOT_HERE)
def test_real_answers_of_statistics_sweden() -> None:
    def real(name: str) -> Any:
        return json.loads((REAL / name).read_bytes())

    nodes = real("scb_v1_node_list.json")
    pages = {f"/{node['id']}": real("scb_v1_table_metadata.json") for node in nodes}
    pages |= {"": nodes, "?config": {"maxValues": 10**8}}
    items = _read(Server(pages, {"json-stat2": real("scb_v1_jsonstat2.json")}))
    assert len(items) == len(nodes) + 1
    record = items[0]
    assert isinstance(record, Record)
    assert record.remote_id == "BefolkningNy"
    assert record.fields["modified"] == "2024-01-12"
    assert record.fields["provenance"] == "SCB"
    table = record.resources[-1].table
    assert table is not None
    assert table.rows[0][0] == "män"
