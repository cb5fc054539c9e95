"""Sources that drip, stall, cut or promise too much: nothing hangs, and the code says why."""

import time

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.settings import Limits
from tests.raw_server import fixed, raw_server

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def drip_headers(server, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    server.drip(connection, b"a" * 1000, every=0.1)


def drip_body(server, connection):
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    server.drip(connection, b"a" * 1000, every=0.1)


def drip_chunks(server, connection):
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    server.drip(connection, b"1\r\na\r\n" * 500, every=0.1)


def drip_without_end(server, connection):
    connection.sendall(HEAD + b"Connection: close\r\n\r\n[")
    server.drip(connection, b"1," * 500, every=0.1)


def read(server, **limits):
    began = time.monotonic()
    values = {"deadline": 1.0, "timeout": 5.0, "retries": 1, "requests_per_second": 1000}
    with (
        Fetcher(server.allow, Limits(**{**values, **limits})) as fetch,
        pytest.raises(HarvestError) as caught,
    ):
        fetch.get(server.url)
    return caught.value, time.monotonic() - began


@pytest.mark.parametrize("answer", [drip_headers, drip_body, drip_chunks, drip_without_end])
def test_a_byte_now_and_then_is_cut_at_the_deadline(answer):
    with raw_server(answer) as server:
        error, seconds = read(server)
    assert (error.code, error.problem.params) == ("deadline", {"limit": "1"})
    assert 0.9 < seconds < 25


def test_silence_ends_at_the_timeout():
    with raw_server(lambda server, connection: server.wait(20)) as server:
        error, seconds = read(server, timeout=0.3, deadline=10, retries=0)
    assert (error.code, error.problem.params) == ("deadline", {"limit": "0.3"})
    assert seconds < 9


def test_after_the_deadline_nothing_more_is_asked():
    with raw_server(drip_body) as server, Fetcher(server.allow, Limits(deadline=0.5)) as fetch:
        for _ in range(3):
            with pytest.raises(HarvestError, match="deadline"):
                fetch.get(server.url)
        assert server.connections == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (HEAD + b"Content-Length: 100\r\n\r\n[1,2", "truncated"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n[1,2", "truncated"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n[1,2", "truncated"),
        (HEAD + b"Content-Length: 2147483648\r\n\r\n", "too_large"),
        (b"", "unreachable"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "unreachable"),
    ],
    ids=["short", "chunk", "no chunk", "2 GB", "nothing", "ssh", "200 headers"],
)
def test_what_is_cut_or_no_http_has_its_code(data, code):
    with raw_server(fixed(data)) as server:
        error, _ = read(server, deadline=5)
    assert error.code == code


def test_more_than_the_cap_is_not_read_on():
    def endless(server, connection):
        connection.sendall(HEAD + b"Connection: close\r\n\r\n")
        while not server._stop.is_set():
            connection.sendall(b"x" * 65536)

    with raw_server(endless) as server:
        error, seconds = read(server, deadline=20, max_bytes=1_000_000)
    assert (error.code, error.problem.params) == ("too_large", {"limit": "1 MB"})
    assert seconds < 15
