import contextlib
import gzip
import json
import socket
import ssl
import threading
import time
from dataclasses import replace

import pytest
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.settings import Auth, Limits
from tests.raw_server import fixed, raw_server

NOT_FOUND = '{"success": false, "error": {"message": "Không thấy", "__type": "Not Found Error"}}'
NOT_VALID = '{"success": false, "error": {"__type": "Validation Error", "fq": ["Sai cú pháp"]}}'
SOAP_FAULT = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
<faultcode>s:Client</faultcode><faultstring> Mã đơn vị
không đúng</faultstring></s:Fault></s:Body></s:Envelope>"""
OWS_REPORT = """<?xml version="1.0"?><ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1">
<ows:Exception><ows:ExceptionText>Thiếu tham số</ows:ExceptionText></ows:Exception>
</ows:ExceptionReport>"""
SERVER_ERROR = "HTTP 500 Internal Server Error"
QUICK = Limits(deadline=5, timeout=2, retries=1, requests_per_second=1000)


@pytest.fixture
def fetch(httpserver):
    with Fetcher([f"127.0.0.1:{httpserver.port}"], QUICK) as fetcher:
        yield fetcher


def refusal(function, *args) -> HarvestError:
    with pytest.raises(HarvestError) as caught:
        function(*args)
    return caught.value


def test_a_body_comes_unpacked_with_lower_case_headers(httpserver, fetch):
    body = gzip.compress('{"tên": "Thủy sản"}'.encode())
    httpserver.expect_request("/a", query_string={"q": "dân số"}).respond_with_data(
        body, headers={"Content-Encoding": "gzip", "ETag": '"1"'}
    )
    answer = fetch.get(httpserver.url_for("/a"), {"q": "dân số"}, {"Accept": "application/json"})
    assert answer.json() == {"tên": "Thủy sản"}
    assert answer.headers["etag"] == '"1"'
    assert answer.status == 200
    request = httpserver.log[0][0]
    assert request.headers["Accept"] == "application/json"


def test_a_post_sends_json(httpserver, fetch):
    httpserver.expect_request("/q", method="POST", json={"a": ["ệ"]}).respond_with_json([1])
    assert fetch.post(httpserver.url_for("/q"), {"a": ["ệ"]}).json() == [1]


def test_a_body_of_another_kind_is_sent_as_it_is(httpserver, fetch):
    body = '<?xml version="1.0"?><tên>Thủy sản</tên>'.encode()
    httpserver.expect_request("/soap", method="POST", data=body).respond_with_data(b"<a/>")
    answer = fetch.send(
        httpserver.url_for("/soap"), body, "text/xml; charset=utf-8", {"SOAPAction": '"doc"'}
    )
    assert answer.content == b"<a/>"
    headers = httpserver.log[0][0].headers
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    assert headers["SOAPAction"] == '"doc"'


def test_sending_obeys_the_grant_and_the_caps(httpserver):
    httpserver.expect_request("/", method="POST").respond_with_data(b"x" * 2000)
    url = httpserver.url_for("/")
    with Fetcher([f"127.0.0.1:{httpserver.port + 1}"], QUICK) as elsewhere:
        assert refusal(elsewhere.send, url, b"<a/>", "text/xml").code == "host_not_granted"
    small = replace(QUICK, max_bytes=1000)
    with Fetcher([f"127.0.0.1:{httpserver.port}"], small) as fetch:
        assert refusal(fetch.send, url, b"<a/>", "text/xml").code == "too_large"
    assert len(httpserver.log) == 1


def test_what_is_sent_is_sent_again_to_a_busy_server(httpserver, fetch):
    answers = [Response("", 503, {"Retry-After": "0"}), Response("<a/>")]
    httpserver.expect_request("/").respond_with_handler(lambda request: answers.pop(0))
    assert fetch.send(httpserver.url_for("/"), b"<hoi/>", "text/xml").content == b"<a/>"
    assert [request.data for request, _ in httpserver.log] == [b"<hoi/>", b"<hoi/>"]


def test_connections_are_kept_between_requests():
    def answer(server, connection):
        for _ in range(3):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            if not connection.recv(65536):
                return

    with raw_server(answer) as server, Fetcher(server.allow, QUICK) as fetcher:
        for _ in range(3):
            assert fetcher.get(server.url).json() == {}
        assert server.connections == 1


def test_a_host_that_was_not_granted_is_never_connected_to():
    with (
        raw_server(fixed(b"")) as server,
        Fetcher([f"127.0.0.1:{server.port + 1}"], QUICK) as fetch,
    ):
        assert refusal(fetch.get, server.url).code == "host_not_granted"
        assert refusal(fetch.get, "file:///etc/passwd").code == "host_not_granted"
        assert server.connections == 0


def test_a_redirect_to_a_host_not_granted_is_refused(httpserver):
    with raw_server(fixed(b"HTTP/1.1 200 OK\r\n\r\nsecret")) as other:
        httpserver.expect_request("/").respond_with_data(
            status=302, headers={"Location": f"{other.url}/noi-bo"}
        )
        with Fetcher([f"127.0.0.1:{httpserver.port}"], QUICK) as fetch:
            error = refusal(fetch.get, httpserver.url_for("/"))
        assert error.code == "host_not_granted"
        assert error.problem.where == f"127.0.0.1:{other.port}"
        assert other.connections == 0


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "//127.0.0.1:1/x"])
def test_a_redirect_cannot_change_to_something_else(httpserver, fetch, target):
    httpserver.expect_request("/").respond_with_data(status=302, headers={"Location": target})
    assert refusal(fetch.get, httpserver.url_for("/")).code == "host_not_granted"


def test_relative_redirects_are_followed_and_loops_end(httpserver, fetch):
    httpserver.expect_request("/a/b").respond_with_data(
        status=302, headers={"Location": "../c?x=1"}
    )
    httpserver.expect_request("/c").respond_with_json({"ok": True})
    httpserver.expect_request("/l").respond_with_data(status=307, headers={"Location": "/l"})
    assert fetch.get(httpserver.url_for("/a/b")).url == httpserver.url_for("/c?x=1")
    error = refusal(fetch.get, httpserver.url_for("/l"))
    said = "chuyển hướng 6 lần liên tiếp (HTTP 307)"
    assert (error.code, error.problem.params["detail"]) == ("api_error", said)


def test_a_post_becomes_a_get_when_told_to_see_other(httpserver, fetch):
    httpserver.expect_request("/q").respond_with_data(status=303, headers={"Location": "/r"})
    httpserver.expect_request("/r", method="GET").respond_with_json([])
    assert fetch.post(httpserver.url_for("/q"), {}).json() == []


def test_the_address_that_was_checked_is_the_one_connected_to():
    """A resolver that answers differently each time: one answer a connection, and it is judged."""
    with raw_server(fixed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as server:
        answers = iter([["10.9.9.9", "127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"]])
        asked = []

        def resolver(host, port):
            asked.append(host)
            return next(answers)

        allow = [f"so.thanhhoa.vn:{server.port}"]
        with Fetcher(allow, QUICK, resolver=resolver) as fetch:
            for _ in range(3):
                error = refusal(fetch.get, f"http://so.thanhhoa.vn:{server.port}/")
                assert error.code == "host_not_granted"
        assert server.connections == 0
        assert asked == ["so.thanhhoa.vn"] * 3

        with Fetcher([*allow, *server.allow], QUICK, resolver=lambda h, p: ["127.0.0.1"]) as fetch:
            assert fetch.get(f"http://so.thanhhoa.vn:{server.port}/").json() == {}
        assert b"Host: so.thanhhoa.vn" in server.heads[0]


def test_a_host_that_does_not_exist_and_a_port_that_is_closed_are_unreachable():
    def no_such_host(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Fetcher([f"127.0.0.1:{port}"], QUICK) as fetch:
        error = refusal(fetch.get, f"http://127.0.0.1:{port}/x")
        assert (error.code, error.problem.where) == ("unreachable", f"http://127.0.0.1:{port}/x")
    with Fetcher(["khong-co.vn:80"], QUICK, resolver=no_such_host) as fetch:
        assert refusal(fetch.get, "http://khong-co.vn/").code == "unreachable"


@pytest.mark.parametrize(
    ("status", "body", "code", "detail"),
    [
        (401, "{}", "auth_failed", None),
        (403, "Forbidden", "auth_failed", None),
        (404, NOT_FOUND, "api_error", "HTTP 404 Not Found: Không thấy"),
        (409, NOT_VALID, "api_error", "HTTP 409 Conflict: Sai cú pháp"),
        (500, "<html><body>Traceback</body></html>", "api_error", "HTTP 500 Internal Server Error"),
        (400, '{"title": "Bad", "detail": "x\\n  y"}', "api_error", "HTTP 400 Bad Request: x y"),
        (599, "[" * 50_000, "api_error", "HTTP 599"),
        (500, SOAP_FAULT, "api_error", "HTTP 500 Internal Server Error: Mã đơn vị không đúng"),
        (400, OWS_REPORT, "api_error", "HTTP 400 Bad Request: Thiếu tham số"),
        (500, "<!DOCTYPE a [<!ENTITY b 'c'>]><message>&b;</message>", "api_error", SERVER_ERROR),
        (500, "<message>cắt gi", "api_error", SERVER_ERROR),
    ],
)
def test_a_refusal_says_what_the_server_said(httpserver, fetch, status, body, code, detail):
    httpserver.expect_request("/").respond_with_data(body, status=status)
    error = refusal(fetch.get, httpserver.url_for("/"))
    assert (error.code, error.problem.params.get("detail")) == (code, detail)


def test_a_busy_server_is_asked_again_when_it_says(httpserver, fetch):
    times = []

    def busy(request: Request) -> Response:
        times.append(time.monotonic())
        if len(times) == 1:
            return Response("busy", 503, {"Retry-After": "1"})
        return Response("{}")

    httpserver.expect_request("/").respond_with_handler(busy)
    assert fetch.get(httpserver.url_for("/")).json() == {}
    assert times[1] - times[0] > 0.95


def test_a_server_that_wants_a_long_pause_is_left_alone(httpserver, fetch):
    httpserver.expect_request("/").respond_with_data("", status=429, headers={"Retry-After": "900"})
    began = time.monotonic()
    assert refusal(fetch.get, httpserver.url_for("/")).code == "api_error"
    assert time.monotonic() - began < 60
    assert len(httpserver.log) == 1


def test_retries_are_counted(httpserver):
    httpserver.expect_request("/").respond_with_data("", status=502)
    limits = Limits(retries=2, requests_per_second=1000)
    with Fetcher([f"127.0.0.1:{httpserver.port}"], limits) as fetch:
        refusal(fetch.get, httpserver.url_for("/"))
    assert len(httpserver.log) == 3


def test_a_broken_connection_is_tried_again():
    def answer(server, connection):
        if server.connections > 1:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with raw_server(answer) as server, Fetcher(server.allow, QUICK) as fetch:
        assert fetch.get(server.url).json() == {}


def test_requests_to_one_host_are_spaced(httpserver):
    httpserver.expect_request("/").respond_with_data("{}")
    limits = Limits(requests_per_second=10)
    with Fetcher([f"127.0.0.1:{httpserver.port}"], limits) as fetch:
        began = time.monotonic()
        for _ in range(4):
            fetch.get(httpserver.url_for("/"))
    assert time.monotonic() - began > 0.29


def test_the_whole_run_has_a_byte_budget(httpserver):
    httpserver.expect_request("/").respond_with_data("x" * 600)
    limits = Limits(max_total_bytes=1000, requests_per_second=1000)
    with Fetcher([f"127.0.0.1:{httpserver.port}"], limits) as fetch:
        fetch.get(httpserver.url_for("/"))
        assert refusal(fetch.get, httpserver.url_for("/")).code == "too_large"


def test_account_in_the_url_is_refused_and_not_repeated(fetch):
    error = refusal(fetch.get, "http://admin:mat-khau@127.0.0.1:9/")
    assert error.code == "credentials_in_url"
    assert "mat-khau" not in f"{error} {error.problem}"


def test_no_proxy_of_the_environment_is_used(httpserver, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    httpserver.expect_request("/").respond_with_data("{}")
    with Fetcher([f"127.0.0.1:{httpserver.port}"], QUICK) as fetch:
        assert fetch.get(httpserver.url_for("/")).json() == {}


def test_the_portals_own_proxy_is_used_when_there_is_one(httpserver):
    """The granted name need not resolve here; what is not granted is not asked of it either."""
    httpserver.expect_request("/x").respond_with_data('"qua proxy"')
    proxy = f"http://127.0.0.1:{httpserver.port}"
    with Fetcher(["so.thanhhoa.vn:80"], QUICK, proxy=proxy) as fetch:
        assert fetch.get("http://so.thanhhoa.vn/x").json() == "qua proxy"
        assert refusal(fetch.get, "http://khac.vn/x").code == "host_not_granted"
    assert httpserver.log[0][0].headers["Host"] == "so.thanhhoa.vn"
    assert len(httpserver.log) == 1


def test_tls_goes_through_the_proxy_as_a_tunnel(certificates, tls_server, monkeypatch):
    """The proxy is told where to connect, and sees nothing of what is said."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "server.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    port = tls_server(context)
    monkeypatch.setattr("certifi.where", lambda: str(certificates / "ca.pem"))
    pem = (certificates / "client.pem").read_text()

    def tunnel(server, connection):
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port)) as beyond:
            back = threading.Thread(target=_pump, args=(beyond, connection), daemon=True)
            back.start()
            _pump(connection, beyond)

    with raw_server(tunnel) as proxy:
        auth = Auth("certificate", secret="file:x")
        allow = [f"localhost:{port}"]
        with Fetcher(allow, QUICK, auth, lambda reference: pem, proxy=proxy.url) as fetch:
            assert fetch.get(f"https://localhost:{port}/").json() == "Cong du lieu"
            error = refusal(fetch.get, f"https://localhost:{port + 1}/")
        assert error.code == "host_not_granted"
        assert proxy.heads[0].startswith(f"CONNECT localhost:{port} ".encode())
        assert proxy.connections == 1


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


def test_a_certificate_nobody_vouches_for_is_refused(certificates, tls_server):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "server.pem")
    port = tls_server(context)
    with Fetcher([f"localhost:{port}"], QUICK) as fetch:
        assert refusal(fetch.get, f"https://localhost:{port}/").code == "tls_error"


def test_a_url_gives_one_entry_marked_by_its_validators(httpserver, fetch):
    httpserver.expect_request("/biểu.csv", method="HEAD").respond_with_data(
        "", headers={"ETag": 'W/"7"', "Content-Length": "12"}
    )
    (entry,) = fetch.entries(httpserver.url_for("/biểu.csv"), [".csv"])
    assert (entry.path, entry.mark) == ("biểu.csv", 'etag:W/"7"')


def test_without_validators_the_content_is_the_mark_and_comes_once(httpserver, fetch):
    httpserver.expect_request("/a.csv", method="HEAD").respond_with_data(status=405)
    httpserver.expect_request("/a.csv", method="GET").respond_with_data("a,b")
    (entry,) = fetch.entries(httpserver.url_for("/a.csv"), [])
    assert entry.mark.startswith("sha256:")
    assert entry.size == 3
    assert fetch.read(entry.location).content == b"a,b"
    assert [request.method for request, _ in httpserver.log] == ["HEAD", "GET"]
    fetch.read(entry.location)
    assert len(httpserver.log) == 3


def test_an_error_never_carries_what_signed_the_request(httpserver):
    httpserver.expect_request("/").respond_with_handler(
        lambda r: Response(json.dumps({"message": f"bad key {r.headers['X-Key']}"}), 400)
    )
    auth = Auth("api_key", header="X-Key", secret="env:PORTAL_SECRET_X")
    allow = [f"127.0.0.1:{httpserver.port}"]
    with Fetcher(allow, QUICK, auth, lambda reference: "khoa-bi-mat") as fetch:
        error = refusal(fetch.get, httpserver.url_for("/"))
    assert error.problem.params["detail"] == "HTTP 400 Bad Request: bad key ***"
