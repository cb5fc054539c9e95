"""JSON gateways: every paging style, and the ways in which they mislead."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.messages import say
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.registry import settings_of
from harvesters.settings import Auth, Limits
from harvesters.sources.rest import SOURCE, probe

ROWS = [{"id": f"bo-{n}", "ten": f"Bộ {n}", "sua": f"2025-01-{n:02d}"} for n in range(1, 8)]
NO_AUTH = Auth()
QUICK = Limits(deadline=10, timeout=3, retries=0, requests_per_second=0)


class Gateway:
    """A service whose answer is a function of the request's parameters."""

    def __init__(self, httpserver: HTTPServer):
        self.server = httpserver
        self.asked: list[dict[str, str]] = []

    def serve(self, answer: Callable[[dict[str, str]], Any], path: str = "/api") -> None:
        def handler(request: Request) -> Response:
            params = dict(request.args)
            if request.method == "POST":
                params.update(request.get_json())
            self.asked.append(params)
            found = answer(params)
            if isinstance(found, Response):
                return found
            return Response(json.dumps(found), content_type="application/json")

        for method in ("GET", "POST"):
            self.server.expect_request(path, method=method).respond_with_handler(handler)

    def read(
        self, since: Mapping[str, str] | None = None, auth: Auth = NO_AUTH, **config: Any
    ) -> list[Item]:
        settings = settings_of("rest", self.server.url_for("/api"), config)
        allow = [f"127.0.0.1:{self.server.port}"]
        with Fetcher(allow, QUICK, auth, lambda reference: "bi-mat") as fetch:
            return list(SOURCE.read(settings, fetch, since or {}))


@pytest.fixture
def gateway(httpserver: HTTPServer) -> Gateway:
    return Gateway(httpserver)


def ids(items: list[Item]) -> list[str]:
    return [item.remote_id for item in items if isinstance(item, Record)]


def the_end(items: list[Item]) -> End:
    assert isinstance(items[-1], End)
    return items[-1]


ALL = [row["id"] for row in ROWS]


def by_number(params: dict[str, str]) -> Any:
    page, size = int(params["trang"]), int(params.get("so", 3))
    return {"data": ROWS[(page - 1) * size : page * size], "tong": len(ROWS), "so_trang": 3}


def test_pages_by_number_are_counted(gateway: Gateway):
    gateway.serve(by_number)
    paging = {"style": "page", "page": "trang", "size": "so", "per_page": 3, "total": "tong"}
    items = gateway.read(records="data", paging=paging, query={"loai": "mo"})
    assert ids(items) == ALL
    assert the_end(items) == End(True, 7)
    assert [call["trang"] for call in gateway.asked] == ["1", "2", "3"]
    assert {call["loai"] for call in gateway.asked} == {"mo"}


def test_without_a_count_an_empty_page_is_the_end(gateway: Gateway):
    gateway.serve(lambda p: by_number(p)["data"])
    items = gateway.read(paging={"style": "page", "page": "trang"})
    assert (ids(items), the_end(items).complete, len(gateway.asked)) == (ALL, True, 4)


def test_the_number_of_pages_ends_the_listing(gateway: Gateway):
    gateway.serve(by_number)
    paging = {"style": "page", "page": "trang", "pages": "so_trang"}
    items = gateway.read(records="data", paging=paging)
    assert (ids(items), the_end(items).complete, len(gateway.asked)) == (ALL, True, 3)


def test_a_service_that_gives_less_than_asked_for_is_read_whole(gateway: Gateway):
    def answer(params: dict[str, str]) -> Any:
        start = int(params["bo_qua"])
        return {"ds": ROWS[start : start + 2], "total": 7}

    gateway.serve(answer)
    paging = {"style": "offset", "offset": "bo_qua", "size": "lay", "per_page": 5, "total": "total"}
    items = gateway.read(records="ds", paging=paging)
    assert (ids(items), the_end(items)) == (ALL, End(True, 7))


def test_a_cursor_in_the_body_of_a_post(gateway: Gateway):
    def answer(params: dict[str, Any]) -> Any:
        start = int(params.get("con_tro") or 0)
        token = str(start + 4) if start + 4 < len(ROWS) else None
        return {"ket_qua": {"ds": ROWS[start : start + 4], "tiep": token}}

    gateway.serve(answer)
    paging = {"style": "cursor", "cursor": "con_tro", "next": "ket_qua.tiep"}
    items = gateway.read(method="POST", body={"ma": "38"}, records="ket_qua.ds", paging=paging)
    assert (ids(items), the_end(items).complete) == (ALL, True)
    assert gateway.asked == [{"ma": "38"}, {"ma": "38", "con_tro": "4"}]


def test_a_cursor_that_was_never_there_proves_nothing(gateway: Gateway):
    gateway.serve(lambda p: {"ds": ROWS[:3]})
    items = gateway.read(records="ds", paging={"style": "cursor", "next": "tiep"})
    assert (ids(items), the_end(items).complete) == (ALL[:3], False)


@pytest.mark.parametrize("style", ["next_link", "link_header"])
def test_links_to_the_next_page(gateway: Gateway, style: str):
    def answer(params: dict[str, str]) -> Any:
        start = int(params.get("tu", 0))
        more = start + 3 < len(ROWS)
        link = f"/api?tu={start + 3}" if more else None
        body = json.dumps({"ds": ROWS[start : start + 3], "links": {"next": link}})
        headers = {"Link": f'</api?tu=0>; rel="first", <{link}>; rel="next"'} if more else {}
        return Response(body, headers=headers, content_type="application/json")

    gateway.serve(answer)
    paging = {"style": style, **({"next": "links.next"} if style == "next_link" else {})}
    items = gateway.read(records="ds", paging=paging)
    assert (ids(items), the_end(items).complete) == (ALL, True)


@pytest.mark.parametrize(
    "paging",
    [
        {"style": "page"},
        {"style": "offset", "total": "total"},
        {"style": "cursor", "next": "next"},
        {"style": "next_link", "next": "next"},
    ],
)
def test_the_same_page_for_ever_ends_at_once_and_is_incomplete(gateway: Gateway, paging: Any):
    gateway.serve(lambda p: {"ds": ROWS[:3], "next": "/api?trang=2", "total": 700})
    items = gateway.read(records="ds", paging=paging)
    assert ids(items) == ALL[:3]
    assert not the_end(items).complete
    assert the_end(items).problem.code == "page_repeated"
    assert len(gateway.asked) == 2


def test_a_next_link_in_a_circle_ends(gateway: Gateway):
    def answer(params: dict[str, str]) -> Any:
        start = int(params.get("tu", 0))
        row = {"id": f"x{len(gateway.asked)}", "ten": "x"}
        return {"ds": [row], "next": f"/api?tu={1 - start}"}

    gateway.serve(answer)
    items = gateway.read(records="ds", paging={"style": "next_link", "next": "next"})
    assert the_end(items).problem.code == "page_repeated"
    assert len(gateway.asked) == 3


def test_a_count_that_changes_makes_the_listing_incomplete(gateway: Gateway):
    gateway.serve(lambda p: by_number(p) | {"tong": 7 if p["trang"] == "1" else 8})
    paging = {"style": "page", "page": "trang", "total": "tong"}
    items = gateway.read(records="data", paging=paging)
    assert ids(items) == ALL
    assert not the_end(items).complete


def test_a_count_in_a_header_and_one_that_is_not_reached(gateway: Gateway):
    def answer(params: dict[str, str]) -> Response:
        return Response(json.dumps(ROWS), headers={"X-Total-Count": "9"})

    gateway.serve(answer)
    items = gateway.read(paging={"total": "header:X-Total-Count"})
    assert (ids(items), the_end(items).complete, the_end(items).expected) == (ALL, False, 9)
    assert the_end(items).problem.params == {"seen": "7", "expected": "9"}


def test_one_page_that_says_there_is_more_is_incomplete(gateway: Gateway):
    gateway.serve(lambda p: {"totalCount": 700, "items": ROWS})
    items = gateway.read(records="items")
    assert (ids(items), the_end(items).complete) == (ALL, False)


def test_a_listing_that_moves_gives_a_record_once_but_a_real_double_twice(gateway: Gateway):
    pages = {"1": ROWS[:3], "2": [ROWS[2], *ROWS[3:]], "3": [{"id": "bo-1", "ten": "Khác"}]}
    gateway.serve(lambda p: pages.get(p["page"], []))
    items = gateway.read(paging={"style": "page"})
    assert ids(items) == [*ALL, "bo-1"]


@pytest.mark.parametrize(
    ("answer", "config", "code", "detail"),
    [
        ({"success": False, "message": "Hết hạn"}, {}, "api_error", "Hết hạn"),
        ({"status": "error", "error": {"message": "Sai mã"}}, {}, "api_error", "Sai mã"),
        (
            {"error": {"message": "Không có quyền"}},
            {"records": "data"},
            "api_error",
            "Không có quyền",
        ),
        (
            {"ma": "99", "mo_ta_loi": "Token sai", "data": []},
            {
                "records": "data",
                "success": {"path": "ma", "values": ["00"], "message": "mo_ta_loi"},
            },
            "api_error",
            "Token sai",
        ),
        ({"dataa": []}, {"records": "data.items"}, "unexpected_answer", "data.items (dataa)"),
    ],
)
def test_an_error_with_status_200_is_an_error(
    gateway: Gateway, answer: Any, config: Any, code: str, detail: str
):
    gateway.serve(lambda p: answer)
    with pytest.raises(HarvestError) as caught:
        gateway.read(**config)
    assert (caught.value.code, caught.value.problem.params["detail"]) == (code, detail)


def test_a_success_flag_that_is_set_lets_an_empty_answer_pass(gateway: Gateway):
    gateway.serve(lambda p: {"ma": "00", "data": None})
    items = gateway.read(records="data", success={"path": "ma", "values": ["00", "0"]})
    assert items == [End(True, 0)]


def test_an_answer_that_is_null_is_no_empty_list(gateway: Gateway):
    gateway.serve(lambda p: Response("null", content_type="application/json"))
    with pytest.raises(HarvestError) as caught:
        gateway.read()
    assert (caught.value.code, caught.value.problem.params["detail"]) == (
        "unexpected_answer",
        "null",
    )


def test_a_login_page_in_the_middle_is_no_end(gateway: Gateway):
    def answer(params: dict[str, str]) -> Any:
        if params["page"] == "2":
            return Response("<html>Đăng nhập</html>", content_type="text/html")
        return ROWS[:3]

    gateway.serve(answer)
    settings = settings_of("rest", gateway.server.url_for("/api"), {"paging": {"style": "page"}})
    got = []
    with (
        Fetcher([f"127.0.0.1:{gateway.server.port}"], QUICK) as fetch,
        pytest.raises(HarvestError) as caught,
    ):
        got.extend(SOURCE.read(settings, fetch, {}))
    assert caught.value.code == "html_instead_of_data"


def test_records_without_an_id_are_said_and_make_no_dataset(gateway: Gateway):
    gateway.serve(lambda p: [{"id": None, "ten": "a"}, {"id": True}, {"id": " "}, ROWS[0], "chữ"])
    items = gateway.read()
    assert ids(items) == ["bo-1"]
    failures = [item for item in items if isinstance(item, Failure)]
    assert [(f.problem.code, f.problem.record) for f in failures] == [
        ("unexpected_answer", None)
    ] * 4


def test_what_is_held_is_not_asked_for_again(gateway: Gateway):
    gateway.serve(lambda p: ROWS[:3])
    gateway.serve(lambda p: {"ket_qua": {"mo_ta": "Chi tiết"}}, "/api/bo/bo-2")
    gateway.serve(lambda p: Response("{}", 404), "/api/bo/bo-3")
    config = {"modified": "sua", "detail": "/bo/{id}", "detail_record": "ket_qua"}
    unchanged, changed, failed, end = gateway.read({"bo-1": "2025-01-01", "bo-2": "x"}, **config)
    assert unchanged == Unchanged("bo-1")
    assert isinstance(changed, Record)
    assert changed.fields == {**ROWS[1], "mo_ta": "Chi tiết"}
    assert isinstance(failed, Failure)
    assert (failed.problem.code, failed.problem.record) == ("api_error", "bo-3")
    assert end == End(True, 3)


def test_an_id_cannot_lead_a_detail_elsewhere(gateway: Gateway):
    gateway.serve(lambda p: [{"id": "../../khac?x=1#y", "ten": "a"}])
    items = gateway.read(detail="/bo/{id}")
    assert isinstance(items[0], Failure)
    asked = gateway.server.log[-1][0]
    assert asked.path == "/api/bo/../../khac?x=1#y"
    assert asked.query_string == b""


def test_rows_become_a_table_and_come_back_unchanged(gateway: Gateway):
    rows = [
        {
            "xa": {"ma": "14758", "ten": "Hàm Rồng"},
            "nam": 2025,
            "ho_ngheo": "1.250",
            "ty_le": "2,15",
        },
        {"xa": {"ma": "14812", "ten": "Bỉm Sơn"}, "nam": 2025, "ho_ngheo": "87", "ty_le": "0,9"},
        {"xa": {"ma": "14797", "ten": "Hạc Thành"}, "nam": 2024, "ho_ngheo": "-", "ty_le": None},
    ]
    gateway.serve(lambda p: {"data": rows})
    table = {
        "id": "ho-ngheo",
        "title": "Số hộ nghèo",
        "key": ["nam", "xa.ma"],
        "columns": {"ty_le": {"title": "Tỷ lệ", "unit": "%"}},
        "fields": {"theme": ["02"]},
    }
    record, end = gateway.read(records="data", table=table)
    assert isinstance(record, Record)
    assert end == End(True, 1)
    assert record.fields["theme"] == ["02"]
    found = record.resources[1].table
    assert [(c.name, c.type, c.role) for c in found.columns] == [
        ("xa_ma", "text", "dimension"),
        ("xa_ten", "text", "dimension"),
        ("nam", "integer", "time"),
        ("ho_ngheo", "integer", "measure"),
        ("ty_le", "number", "measure"),
    ]
    assert found.columns[4].unit == "%"
    assert found.rows[0][:4] == ("14797", "Hạc Thành", 2024, None)
    assert found.rows[1] == ("14758", "Hàm Rồng", 2025, 1250, Decimal("2.15"))
    csv = record.resources[0].file.content.decode()
    assert csv.splitlines()[1] == "14797,Hạc Thành,2024,,"
    again = gateway.read({"ho-ngheo": record.mark}, records="data", table=table)
    assert again == [Unchanged("ho-ngheo"), End(True, 1)]


def test_a_table_that_is_not_whole_is_not_given(gateway: Gateway):
    gateway.serve(lambda p: {"data": ROWS, "total": 9})
    failed, end = gateway.read(records="data", table={"id": "bang"}, paging={"total": "total"})
    assert isinstance(failed, Failure)
    assert (failed.problem.code, failed.problem.record) == ("incomplete_listing", "bang")
    assert say(failed.problem).message.endswith("mới nhận được 7/9 dòng.")
    assert not end.complete


def test_a_row_that_came_twice_does_not_stand_for_one_that_is_missing(gateway: Gateway):
    pages = {"1": ROWS[:3], "2": ROWS[2:5], "3": ROWS[6:]}
    gateway.serve(lambda p: {"data": pages.get(p["page"], []), "total": 7})
    paging = {"style": "page", "total": "total"}
    table = {"id": "bang", "key": ["id"]}
    failed, end = gateway.read(records="data", table=table, paging=paging)
    assert isinstance(failed, Failure)
    assert not end.complete


def test_a_figure_with_many_digits_stays_what_was_published(gateway: Gateway):
    body = '[{"so": 1234567890.1234567891}, {"so": 0.1}, {"so": 12345678901234567890123}]'
    gateway.serve(lambda p: Response(body))
    record, _ = gateway.read(table={"id": "so"})
    assert [row[0] for row in record.resources[1].table.rows] == [
        "1234567890.1234567891",
        "0.1",
        "12345678901234567890123",
    ]


def test_several_listings_are_complete_together(gateway: Gateway):
    gateway.serve(lambda p: ROWS[:3], "/api/xa")
    gateway.serve(lambda p: {"total": 99, "value": "x"}, "/api/phuong")
    items = gateway.read(paths=["xa", "/phuong"], id="id")
    assert ids(items) == ALL[:3]
    assert not the_end(items).complete


def test_the_token_of_a_gateway_is_asked_for_and_renewed_once(gateway: Gateway):
    given: list[str] = []

    def token(request: Request) -> Response:
        assert request.form["grant_type"] == "client_credentials"
        given.append(f"t{len(given) + 1}")
        return Response(json.dumps({"access_token": given[-1], "expires_in": 3600}))

    def data(request: Request) -> Response:
        if request.headers.get("Authorization") != "Bearer t2":
            return Response("{}", 401)
        return Response(json.dumps(ROWS))

    gateway.server.expect_request("/token", method="POST").respond_with_handler(token)
    gateway.server.expect_request("/api").respond_with_handler(data)
    auth = Auth(
        "oauth2", token_url=gateway.server.url_for("/token"), client_id="cong", secret="file:khoa"
    )
    assert ids(gateway.read(auth=auth)) == ALL
    assert given == ["t1", "t2"]


@pytest.mark.parametrize(
    ("config", "code", "key", "hint"),
    [
        ({"recrods": "a"}, "unknown_setting", "recrods", "records"),
        ({"paging": {"stile": "page"}}, "unknown_setting", "stile", "style"),
        ({"paging": {"style": "pages"}}, "bad_setting", "read.paging.style", "page"),
        ({"paging": {"style": "cursor"}}, "bad_setting", "read.paging.next", "a.b.c"),
        ({"success": {"pad": "x"}}, "unknown_setting", "pad", "path"),
        ({"table": {"titel": "x"}}, "unknown_setting", "titel", "title"),
        ({"table": {"columns": {"a": {"unitt": 1}}}}, "unknown_setting", "unitt", "unit"),
        ({"method": "DELETE"}, "bad_setting", "read.method", "GET"),
        ({"headers": {"Authorization": "x"}}, "bad_setting", "read.headers.Authorization", "auth"),
        ({"query": {"api_key": "x"}}, "bad_setting", "read.query.api_key", "auth"),
        ({"body": {"a": 1}}, "bad_setting", "read.body", "POST"),
    ],
)
def test_mistakes_show_when_the_source_is_saved(config: Any, code: str, key: str, hint: str):
    with pytest.raises(HarvestError) as caught:
        settings_of("rest", "https://so.example/api", config)
    params = caught.value.problem.params
    assert (caught.value.code, params["key"]) == (code, key)
    assert hint in (params.get("nearest") or params.get("expected"))


@pytest.mark.parametrize(
    ("body", "datasets"),
    [
        ([{"a": 1}, {"a": 2}], 2),
        ({"data": {"items": [{"a": 1}]}}, 1),
        ({"help": "…", "success": True, "result": [{"a": 1}, {"b": 2}]}, None),
        ({"@context": "x", "data": [{"a": 1}, {"a": 1}]}, None),
        ({"type": "FeatureCollection", "features": []}, None),
        ("<html>", None),
        ({"a": 1}, None),
    ],
)
def test_a_look_at_an_address(gateway: Gateway, body: Any, datasets: int | None):
    gateway.serve(lambda p: Response(body) if isinstance(body, str) else body)
    with Fetcher([f"127.0.0.1:{gateway.server.port}"], QUICK) as fetch:
        found = probe(gateway.server.url_for("/api"), fetch)
    assert (found.datasets if found else None) == datasets
