"""The same fault through every source type that speaks HTTP: a code, Vietnamese, time, memory.

Each row of `FAULTS` is what a server does in place of giving data, with the codes that may come of
it. What must hold for every row and type: the reading ends by itself in time, memory stays bounded,
no listing is called complete, and there is a sentence for a person.
"""

import gzip
import tracemalloc

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.model import End, Failure, Record
from harvesters.registry import settings_of, source_type
from harvesters.settings import parse_config
from tests.bad_inputs.reading import FETCH, Stopwatch, assert_said_well, problems, read
from tests.raw_server import fixed, raw_server

#: Where each source type looks first.
PATHS = {
    "ckan": "",
    "csw": "/csw",
    "datajson": "/data.json",
    "dcat": "/catalog.rdf",
    "files": "/bao-cao.csv",
    "oaipmh": "/oai",
    "ogcapi": "/api",
    "pxweb": "/api/v1/vi/",
    "rest": "/bo-du-lieu",
    "sdmx": "/rest",
    "sensorthings": "/v1.1",
    "wfs": "/wfs",
}
#: Bytes that Python may hold at once while 5 MB at most may come in, and seconds.
MEMORY, SECONDS = 150_000_000, 30
CONFIG = {"fetch": {**FETCH, "max_bytes": 5_000_000}}
LOGIN = "<!DOCTYPE html><html><body><form>Đăng nhập</form></body></html>".encode()


def http(body, kind="application/json", more="", status="200 OK"):
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


LAUGHS = b"<!DOCTYPE a [<!ENTITY b 'ha'>%s]><a>&b9;</a>" % b"".join(
    b"<!ENTITY b%d '%s'>" % (n, b"&b%d;" % (n - 1) * 10 if n else b"ha") for n in range(10)
)
OUTSIDE = b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"
#: Fault: what is sent, the codes that may come of it (one of them must).
FAULTS = {
    "login page with 200": (http(LOGIN, "text/html"), {"html_instead_of_data"}),
    "login page called JSON": (http(LOGIN), {"html_instead_of_data"}),
    "a promise of 2 GB": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 2147483648\r\n\r\n",
        {"too_large"},
    ),
    "a gzip bomb": (
        http(gzip.compress(b" " * 100_000_000), more="Content-Encoding: gzip\r\n"),
        {"too_large"},
    ),
    "a body shorter than promised": (http(b"[" * 10).replace(b": 10", b": 99"), {"truncated"}),
    "refused": (http(b"", status="403 Forbidden"), {"auth_failed"}),
    "broken": (http(LOGIN, "text/html", status="500 Oops"), {"api_error"}),
}


def check(items, error, codes):
    found = problems(items, error)
    for problem in found:
        assert problem.code != "internal", problem
        assert_said_well(problem)
    assert {problem.code for problem in found} & codes, found
    assert not any(isinstance(item, Record) for item in items)
    # A file that is there but cannot be read keeps its dataset: the listing is still whole.
    kept = any(isinstance(item, Failure) and item.problem.record for item in items)
    assert kept or not any(isinstance(item, End) and item.complete for item in items)


@pytest.mark.parametrize("type_", list(PATHS))
@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault(type_, fault):
    answer, codes = FAULTS[fault]
    with raw_server(fixed(answer)) as server, Stopwatch() as watch:
        tracemalloc.start()
        try:
            items, error = read(type_, server.url + PATHS[type_], server.allow, CONFIG)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    check(items, error, codes)
    assert peak < MEMORY
    assert watch.seconds < SECONDS


@pytest.mark.parametrize("type_", [name for name in PATHS if name != "files"])
@pytest.mark.parametrize(
    "body",
    [b"\0" * 1000, b"[" * 100_000, b'{"a":' * 100_000, LAUGHS, OUTSIDE],
    ids=["NUL bytes", "lists in lists", "objects in objects", "billion laughs", "outside entity"],
)
@pytest.mark.parametrize("kind", ["application/json", "text/xml"])
def test_a_body_that_is_no_data(type_, body, kind):
    with raw_server(fixed(http(body, kind))) as server, Stopwatch() as watch:
        items, error = read(type_, server.url + PATHS[type_], server.allow, CONFIG)
    found = problems(items, error)
    check(items, error, {problem.code for problem in found})
    assert "root:" not in str(found)
    assert watch.seconds < SECONDS


@pytest.mark.parametrize("type_", list(PATHS))
def test_a_byte_now_and_then(type_):
    def drip(server, connection):
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 999\r\n\r\n"
        )
        server.drip(connection, b" " * 999, every=0.1)

    config = {"fetch": {**FETCH, "deadline": 1}}
    with raw_server(drip) as server, Stopwatch() as watch:
        items, error = read(type_, server.url + PATHS[type_], server.allow, config)
    check(items, error, {"deadline"})
    assert watch.seconds < SECONDS


@pytest.mark.parametrize("type_", list(PATHS))
def test_a_redirect_to_a_host_that_was_not_granted(type_):
    with raw_server(fixed(http(b"{}"))) as inner:
        away = http(b"", more=f"Location: {inner.url}/\r\n", status="302 Found")
        with raw_server(fixed(away)) as outer:
            check(*read(type_, outer.url + PATHS[type_], outer.allow), {"host_not_granted"})
        assert inner.connections == 0


@pytest.mark.parametrize("type_", list(PATHS))
@pytest.mark.parametrize("url", ["file:///etc/passwd", "/etc/passwd", "../../etc/passwd"])
def test_an_address_that_is_a_file_of_the_server(type_, url):
    items, error = read(type_, url, ["127.0.0.1:80"])
    check(items, error, {"host_not_granted", "bad_setting", "no_such_file"})
    assert "root:" not in str(problems(items, error))


@pytest.mark.parametrize("type_", list(PATHS))
def test_a_name_that_turns_to_another_address(type_):
    """A granted name leads back to itself, and by then answers an address nobody granted."""
    asked = []

    def resolver(host, port):
        asked.append(host)
        return ["127.0.0.1" if len(asked) == 1 else "127.0.0.2"]

    def again(server, connection):
        place = f"Location: http://nguon.test:{server.port}/khac\r\nConnection: close\r\n"
        connection.sendall(http(b"", more=place, status="302 Found"))

    with raw_server(again) as server:
        url = f"http://nguon.test:{server.port}{PATHS[type_]}"
        allow = [f"nguon.test:{server.port}", *server.allow]
        fetcher = Fetcher(allow, parse_config(CONFIG).fetch, resolver=resolver)
        with fetcher as fetch, pytest.raises(HarvestError) as caught:
            list(source_type(type_).read(settings_of(type_, url, {}), fetch, {}))
        assert caught.value.code == "host_not_granted"
        assert (server.connections, len(asked)) == (1, 2)
