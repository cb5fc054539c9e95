"""nginx with the portal's configuration, for real, in front of a server that says what it got."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.production.conftest import (
    eventually,
    free_port,
    listens,
    nginx_command,
    nginx_environment,
    running,
)


class _Echo(BaseHTTPRequestHandler):
    """Answers with the request's headers; counts, so that a cached answer can be told."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        length = int(self.headers.get("Content-Length") or 0)
        body = {"headers": dict(self.headers), "got": len(self.rfile.read(length))}
        content = json.dumps({**body, "pad": "x" * 2000}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "private")
        self.send_header("Set-Cookie", "ckan=1")
        if "own-policy" in self.path:
            self.send_header("Content-Security-Policy", "default-src 'none'")
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@dataclass
class Door:
    """A running nginx: ask it."""

    env: dict[str, str]
    log: Path
    upstream: ThreadingHTTPServer

    def __call__(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        context = ssl._create_unverified_context()
        port = int(self.env["NGINX_HTTPS"])
        connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=20)
        return _asked(connection, path, method, body, headers)

    def plain(self, path: str, host: str = "localhost", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", int(self.env["NGINX_HTTP"]))
        return _asked(connection, path, "GET", None, {"Host": host, **headers})


def _asked(
    connection: http.client.HTTPConnection,
    path: str,
    method: str,
    body: bytes | None,
    headers: dict[str, str],
) -> http.client.HTTPResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def _sent(answer: http.client.HTTPResponse) -> dict[str, str]:
    return json.loads(answer.body)["headers"]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def upstream() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def door(
    nginx: str,
    secrets: Path,
    upstream: ThreadingHTTPServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("nginx")
    url = f"https://localhost:{free_port()}"
    env = nginx_environment(nginx, folder, secrets, url, upstream.server_port)
    with running(nginx_command(), env, folder / "log"):
        assert eventually(lambda: listens(int(env["NGINX_HTTPS"])), 20), (
            folder / "log"
        ).read_text()
        yield Door(env, folder / "log", upstream)


@pytest.mark.parametrize("proxies", ["", "10.0.0.5 10.1.0.0/16 fd00::/8"])
def test_nginx_itself_accepts_it_without_a_warning(
    nginx: str, secrets: Path, tmp_path: Path, proxies: str
) -> None:
    env = nginx_environment(nginx, tmp_path, secrets, f"https://localhost:{free_port()}", 1)
    command = nginx_command("-t")
    env["PORTAL_TRUSTED_PROXIES"] = proxies
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr
    for place in (tmp_path / "run").glob("*.conf"):
        assert "@" not in place.read_text().replace("between @ are", ""), place


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_URL", "http://data.example.vn"),
        ("PORTAL_URL", "https://data.example.vn/a"),
        ("PORTAL_URL", "https://x;return 200"),
        ("PORTAL_URL", ""),
        ("PORTAL_TRUSTED_PROXIES", "10.0.0.1;"),
        ("NGINX_SECRETS", "/nonexistent"),
    ],
)
def test_a_bad_setting_is_refused_in_words(
    nginx: str, secrets: Path, tmp_path: Path, name: str, value: str
) -> None:
    env = nginx_environment(nginx, tmp_path, secrets, f"https://localhost:{free_port()}", 1)
    command = nginx_command("-t")
    done = subprocess.run(
        command, env=env | {name: value}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert name.replace("NGINX_SECRETS", "tls.crt") in done.stderr


def test_plain_http_leads_to_https(door: Door) -> None:
    answer = door.plain("/dataset/?q=x")
    assert (answer.status, answer.headers["Location"]) == (
        308,
        f"{door.env['PORTAL_URL']}/dataset/?q=x",
    )


def test_another_name_than_the_portal_s_is_not_served(door: Door) -> None:
    with pytest.raises(ConnectionError):
        door.plain("/", host="evil.example")
    context = ssl._create_unverified_context()
    address = ("127.0.0.1", int(door.env["NGINX_HTTPS"]))
    with pytest.raises(ssl.SSLError):
        context.wrap_socket(socket.create_connection(address), server_hostname="evil.example")


def test_every_answer_carries_the_headers_that_protect(door: Door) -> None:
    for path in ("/", "/solr/", "/webassets/base/abc.css", "/api/3/action/status_show"):
        headers = door(path).headers
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
        assert "/" not in headers["Server"]


def test_scripts_run_from_files_only_where_ckan_needs_no_more(door: Door) -> None:
    strict = ("/", "/en/", "/dataset/x", "/dataset/x/resource/y", "/dataset/x-edit", "/user/login")
    loose = ("/dataset/x/resource/y/view/z", "/en/dataset/x/resource/new", "/dataset/edit/x")
    for path in strict:
        policy = door(path).headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy, path
    for path in loose:
        policy = door(path).headers["Content-Security-Policy"]
        assert "script-src 'self' 'unsafe-inline';" in policy, path
        assert "unsafe-eval" not in policy


def test_a_published_file_cannot_run_in_the_portal_s_name(door: Door) -> None:
    for path in ("/dataset/x/resource/y/download/a.html", "/dataset/x/resource/y/download",
                 "/uploads/group/a.svg", "/datastore/dump/y"):  # fmt: skip
        policy = door(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "script-src" not in policy
    assert (
        door("/dataset/download")
        .headers["Content-Security-Policy"]
        .startswith("default-src 'self'")
    )


def test_ckan_s_own_policy_goes_first(door: Door) -> None:
    policies = door("/dataset/own-policy").headers.get_all("Content-Security-Policy")
    assert policies == ["default-src 'none'"]


def test_the_site_learns_who_asks_and_cannot_be_lied_to(door: Door) -> None:
    sent = _sent(door("/", X_Forwarded_For="6.6.6.6", X_Script_Name="/evil", Proxy="evil",
                      X_Forwarded_Host="evil.example", X_Forwarded_Proto="http"))  # fmt: skip
    assert sent["X-Forwarded-For"] == "127.0.0.1"
    assert sent["X-Forwarded-Proto"] == "https"
    assert sent["Host"] == door.env["PORTAL_URL"].removeprefix("https://")
    assert not {"X-Script-Name", "Proxy", "X-Forwarded-Host"} & set(sent)


def test_the_inside_has_no_address(door: Door) -> None:
    before = _Echo.asked
    for path in ("/solr/ckan/select", "/SOLR", "/.git/config", "/.env", "//solr/", "/%73olr/"):
        assert door(path).status == 404, path
    assert _Echo.asked == before


def test_assets_are_kept_and_carry_no_cookie(door: Door) -> None:
    path, before = "/webassets/base/0a1b2c3d_main.css", _Echo.asked
    first, second = door(path), door(path)
    assert _Echo.asked == before + 1
    assert first.headers["Cache-Control"] == second.headers["Cache-Control"] == "max-age=31536000"
    assert "Set-Cookie" not in second.headers
    assert door("/base/images/a.png").headers["Cache-Control"] == "max-age=86400"
    page = door("/dataset/")
    assert (page.headers["Cache-Control"], page.headers["Set-Cookie"]) == ("private", "ckan=1")


def test_answers_are_compressed(door: Door) -> None:
    assert door("/api/3/x", Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"


def test_a_body_has_its_limit(door: Door) -> None:
    big = b"x" * (3 << 20)
    assert door("/contact", "POST", big).status == 413
    answer = door("/api/3/action/resource_create", "POST", big)
    assert json.loads(answer.body)["got"] == len(big)  # type: ignore[attr-defined]


@pytest.mark.parametrize("length", [8150, 8300, 40_000, 60_000])
def test_an_address_that_is_too_long_is_said_in_vietnamese(door: Door, length: int) -> None:
    path = "/dataset/?q="
    assert door(path + "x" * (8100 - len(path))).status == 200
    answer = door(path + "x" * (length - len(path)))
    assert answer.status == 414
    assert "Câu tìm kiếm quá dài" in answer.body.decode()  # type: ignore[attr-defined]


def test_the_log_has_the_path_and_not_the_query(door: Door) -> None:
    door("/dataset/noted?q=benh+hiem&token=geheim", Cookie="ckan=geheim", Referer="https://x/?s=1")
    log = eventually(lambda: "/dataset/noted" in door.log.read_text() and door.log.read_text(), 5)
    assert "benh" not in log
    assert "geheim" not in log
    line = next(line for line in log.splitlines() if "/dataset/noted" in line)
    assert json.loads(line)["status"] == 200


def test_guessing_passwords_is_slowed_down_and_reading_is_not(door: Door) -> None:
    tries = [door("/user/login", "POST", b"").status for _ in range(20)]
    assert tries[:10] == [200] * 10
    assert 429 in tries
    assert door("/en/user/login", "POST", b"").status == 429
    assert {door("/user/login").status for _ in range(30)} == {200}
    assert {door("/api/3/action/package_search").status for _ in range(60)} == {200}


def test_a_flood_of_writes_is_slowed_down(door: Door) -> None:
    found: list[int] = []

    def ask() -> None:
        found.extend(door("/api/3/action/x", "POST", b"{}").status for _ in range(12))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {200, 429} == set(found)


def test_behind_a_proxy_only_that_proxy_is_believed(
    nginx: str, secrets: Path, upstream: ThreadingHTTPServer, tmp_path: Path
) -> None:
    url = f"https://localhost:{free_port()}"
    base = nginx_environment(nginx, tmp_path, secrets, url, upstream.server_port)
    for trusted, address in (("127.0.0.1", "203.0.113.9"), ("10.9.9.9", "127.0.0.1")):
        env = base | {"PORTAL_TRUSTED_PROXIES": trusted, "NGINX_HTTP": str(free_port()),
                      "NGINX_SECRETS": "/nonexistent"}  # fmt: skip
        with running(nginx_command(), env, tmp_path / "log"):
            assert eventually(lambda port=int(env["NGINX_HTTP"]): listens(port), 20)
            door = Door(env, tmp_path / "log", upstream)
            answer = door.plain("/", X_Forwarded_For="203.0.113.9")
            assert _sent(answer)["X-Forwarded-For"] == address
            assert _sent(answer)["X-Forwarded-Proto"] == "https"
            assert answer.headers["Strict-Transport-Security"]


def test_a_site_that_is_away_is_told_to_people_in_vietnamese(
    nginx: str, secrets: Path, tmp_path: Path
) -> None:
    url = f"https://localhost:{free_port()}"
    env = nginx_environment(nginx, tmp_path, secrets, url, free_port())
    with running(nginx_command(), env, tmp_path / "log"):
        assert eventually(lambda: listens(int(env["NGINX_HTTPS"])), 20)
        answer = Door(env, tmp_path / "log", None)("/dataset/")  # type: ignore[arg-type]
        assert answer.status == 503
        assert "Cổng dữ liệu tạm thời gián đoạn" in answer.body.decode()  # type: ignore[attr-defined]
        health = http.client.HTTPConnection("127.0.0.1", int(env["NGINX_HEALTH"]))
        health.request("GET", "/health")
        assert health.getresponse().status == 204
