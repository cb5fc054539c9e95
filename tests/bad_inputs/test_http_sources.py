"""What an HTTP source can answer instead of data: each source type gives the code of it."""

import gzip
import socket

import pytest
from werkzeug import Response

from tests.bad_inputs.reading import Stopwatch, only_problem, read
from tests.raw_server import fixed, raw_server

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
LOGIN = (
    "<!DOCTYPE html><html><head><title>Đăng nhập</title></head>"
    "<body><form method=post>Tài khoản</form></body></html>"
)
#: Where each source type looks first.
PATHS = {"ckan": "", "pxweb": "/api/v1/vi/", "files": "/bao-cao.csv", "rest": "/bo-du-lieu"}
types = pytest.mark.parametrize("type_", list(PATHS))


@pytest.fixture
def answering(httpserver):
    """Every request gets the same answer; gives a function that reads it."""

    def ask(type_, body, config=None, **options):
        response = Response(body, **options)
        httpserver.expect_request(anything()).respond_with_handler(lambda request: response)
        url = f"http://127.0.0.1:{httpserver.port}{PATHS[type_]}"
        return only_problem(*read(type_, url, [f"127.0.0.1:{httpserver.port}"], config))

    return ask


def anything():
    import re

    return re.compile(".*")


@types
def test_nobody_there(type_):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}{PATHS[type_]}"
    problem = only_problem(*read(type_, url, [f"127.0.0.1:{port}"]))
    assert problem.code == "unreachable"
    assert f"127.0.0.1:{port}" in problem.where


@types
def test_a_host_that_was_not_granted(type_):
    with raw_server(fixed(b"")) as server:
        problem = only_problem(*read(type_, server.url + PATHS[type_], ["127.0.0.1:1"]))
        assert problem.code == "host_not_granted"
        assert server.connections == 0


@types
def test_a_redirect_to_a_host_that_was_not_granted(type_):
    with raw_server(fixed(HEAD + b"\r\n{}")) as inner:
        location = f"HTTP/1.1 302 Found\r\nLocation: {inner.url}/\r\nContent-Length: 0\r\n\r\n"
        with raw_server(fixed(location.encode())) as outer:
            problem = only_problem(*read(type_, outer.url + PATHS[type_], outer.allow))
        assert problem.code == "host_not_granted"
        assert inner.connections == 0


@types
@pytest.mark.parametrize("mimetype", ["text/html", "application/json"])
def test_a_login_page_with_status_200(answering, type_, mimetype):
    assert answering(type_, LOGIN, mimetype=mimetype).code == "html_instead_of_data"


@types
def test_a_login_page_behind_a_redirect(httpserver, type_):
    to_login = {"Location": "/dang-nhap"}
    path = PATHS[type_] or "/api/3/action/package_search"
    httpserver.expect_request(path).respond_with_data(status=302, headers=to_login)
    httpserver.expect_request("/dang-nhap").respond_with_data(LOGIN, content_type="text/html")
    url = f"http://127.0.0.1:{httpserver.port}{PATHS[type_]}"
    problem = only_problem(*read(type_, url, [f"127.0.0.1:{httpserver.port}"]))
    assert problem.code == "html_instead_of_data"


@types
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_account(answering, type_, status):
    assert answering(type_, "", status=status).code == "auth_failed"


@types
def test_a_broken_server(answering, type_):
    problem = answering(type_, LOGIN, status=500, mimetype="text/html")
    assert problem.code == "api_error"
    assert problem.params["detail"] == "HTTP 500 Internal Server Error"


@types
def test_a_body_shorter_than_promised(type_):
    body = HEAD + b'Content-Length: 5000\r\n\r\n{"success": true, "result": {"count": 3, '
    with raw_server(fixed(body)) as server:
        problem = only_problem(*read(type_, server.url + PATHS[type_], server.allow))
    assert problem.code == "truncated"


@pytest.mark.parametrize("type_", ["ckan", "pxweb", "rest"])
@pytest.mark.parametrize("body", ['{"success": true, "result": {"cou', '[{"id": "a", "te', ""])
def test_json_cut_in_the_middle(answering, type_, body):
    assert answering(type_, body, mimetype="application/json").code == "truncated"


@pytest.mark.parametrize("type_", ["ckan", "rest"])
def test_success_false_with_status_200(answering, type_):
    body = '{"success": false, "error": {"message": "Phiên làm việc đã hết hạn"}}'
    problem = answering(type_, body, mimetype="application/json")
    assert (problem.code, problem.params) == ("api_error", {"detail": "Phiên làm việc đã hết hạn"})


@pytest.mark.parametrize("type_", ["ckan", "pxweb", "rest"])
def test_json_in_an_encoding_that_json_does_not_have(answering, type_):
    body = '{"success": true, "result": "Thu\xfd s\xe0n"}'.encode("latin-1")
    assert answering(type_, body, mimetype="application/json").code == "unknown_encoding"


@types
def test_a_byte_now_and_then(type_):
    def drip(server, connection):
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        server.drip(connection, b"[" * 1000, every=0.1)

    with raw_server(drip) as server, Stopwatch() as watch:
        config = {"fetch": {"deadline": 1, "timeout": 5, "retries": 0}}
        problem = only_problem(*read(type_, server.url + PATHS[type_], server.allow, config))
    assert problem.code == "deadline"
    assert watch.seconds < 25


@types
def test_a_promise_of_two_gigabytes(type_):
    with raw_server(fixed(HEAD + b"Content-Length: 2147483648\r\n\r\n")) as server:
        problem = only_problem(*read(type_, server.url + PATHS[type_], server.allow))
    assert problem.code == "too_large"


@types
def test_a_bomb_of_gzip(answering, type_):
    bomb = gzip.compress(b" " * 150_000_000)
    problem = answering(type_, bomb, headers={"Content-Encoding": "gzip"})
    assert problem.code == "too_large"


@types
def test_json_nested_without_end(answering, type_):
    problem = answering(type_, "[" * 200_000, mimetype="application/json")
    assert problem.code in ("too_deep", "unexpected_answer", "no_table", "unknown_encoding")


@pytest.mark.parametrize(
    ("paging", "code"),
    [
        ({"style": "page"}, "page_repeated"),
        ({"style": "offset", "total": "total"}, "page_repeated"),
        ({"style": "next_link", "next": "next"}, "page_repeated"),
        ({"total": "total"}, "incomplete_listing"),
        ({}, "incomplete_listing"),
        ({"style": "cursor", "next": "khong_co"}, "incomplete_listing"),
    ],
)
def test_a_gateway_that_does_not_give_all(answering, paging, code):
    body = '{"total": 40, "next": "?page=2", "ds": [{"id": 1, "ten": "a"}, {"id": 2, "ten": "b"}]}'
    config = {"read": {"records": "ds", "paging": paging}}
    assert answering("rest", body, config, mimetype="application/json").code == code
