"""The same faults through every source type that speaks HTTP, as `table.WEB` says.

What must hold of every cell: the reading ends by itself in time, no listing is called complete, a
person is told the code of the table in plain Vietnamese, and nothing of a file of the portal's own
comes out. Memory is measured in `test_memory.py`.
"""

import socket

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.model import End, Failure, Record
from harvesters.registry import settings_of, source_type, source_types
from harvesters.settings import parse_config
from tests.bad_inputs import table
from tests.bad_inputs.faults import BODIES, FAULTS, READ, REPEATED, SAID, body_of, http
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
    "soap": "/dichvu",
    "wfs": "/wfs",
}
SECONDS = 30
CELLS = list(table.cells(table.WEB, PATHS))
WORDS = {(type_, fault): word for type_, fault, word in CELLS}
types = pytest.mark.parametrize("type_", list(PATHS))


def config_of(type_, **fetch):
    return {"fetch": {**FETCH, "max_bytes": 5_000_000, **fetch}, "read": READ.get(type_, {})}


def ask(type_, answer, **fetch):
    with raw_server(answer) as server, Stopwatch() as watch:
        url = server.url + PATHS[type_]
        found = read(type_, url, server.allow, config_of(type_, **fetch))
    assert watch.seconds < SECONDS
    return found


def check(type_, items, error, word):
    found = problems(items, error)
    for problem in found:
        assert_said_well(problem)
    assert {problem.code for problem in found} == {table.CODES[word]} - {""}, found
    assert any(isinstance(item, Record) for item in items) == (word == "read")
    # An empty list is the run's to hold; who has no id is counted by the run; and `files` was told
    # of one file, which is there and keeps its dataset. Nothing else may make the rest seem gone.
    complete = any(isinstance(item, End) and item.complete for item in items)
    nameless = any(isinstance(item, Failure) and not item.problem.record for item in items)
    assert not complete or nameless or type_ == "files" or word in ("none", "read")
    assert "root:" not in str(found)


def test_every_type_has_its_column():
    """Whoever adds a source type says here what it does with each fault."""
    covered = {
        name
        for rows in table.ALL
        for short in rows.split("\n")[1].split()
        for name in source_types()
        if name.startswith(short)
    }
    assert covered == set(source_types())
    assert set(PATHS) == {type_ for type_, _, _ in CELLS}
    tested = {*FAULTS, "nobody there", "host not granted", "redirect elsewhere", "name that moves"}
    assert set(table.rows_of(table.WEB)) == tested | {"page repeated"}


@pytest.mark.parametrize(("type_", "fault", "word"), [cell for cell in CELLS if cell[1] in FAULTS])
def test_a_fault(type_, fault, word):
    slow = {"deadline": 1} if fault == "a byte now and then" else {}
    items, error = ask(type_, FAULTS[fault], **slow)
    check(type_, items, error, word)
    if (fault, word) == ("success: false", "said"):
        assert [problem.params["detail"] for problem in problems(items, error)] == [SAID]


@types
@pytest.mark.parametrize("fault", list(BODIES))
def test_a_body_that_calls_itself_something_else(type_, fault):
    """What it is counts, not what it says it is."""
    kind = "application/json" if BODIES[fault][1] != "application/json" else "text/xml"
    check(type_, *ask(type_, body_of(fault, kind)), WORDS[type_, fault])


@types
def test_nobody_there(type_):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}{PATHS[type_]}"
    items, error = read(type_, url, [f"127.0.0.1:{port}"], config_of(type_))
    check(type_, items, error, WORDS[type_, "nobody there"])


@types
def test_a_host_that_was_not_granted(type_):
    with raw_server(fixed(http(b"{}"))) as server:
        url = server.url + PATHS[type_]
        items, error = read(type_, url, ["127.0.0.1:1"], config_of(type_))
        check(type_, items, error, WORDS[type_, "host not granted"])
        assert server.connections == 0


@types
def test_a_redirect_to_a_host_that_was_not_granted(type_):
    with raw_server(fixed(http(b"{}"))) as inner:
        away = http(b"", more=f"Location: {inner.url}/\r\n", status="302 Found")
        check(type_, *ask(type_, fixed(away)), WORDS[type_, "redirect elsewhere"])
        assert inner.connections == 0


@types
def test_a_name_that_turns_to_another_address(type_):
    """A granted name leads back to itself, and by then answers an address nobody granted."""
    asked = []

    def resolver(host, port):
        asked.append(host)
        return ["127.0.0.1" if len(asked) == 1 else "127.0.0.2"]

    def again(server, connection):
        place = f"Location: http://nguon.test:{server.port}/khac\r\n"
        connection.sendall(http(b"", more=place, status="302 Found"))

    with raw_server(again) as server:
        url = f"http://nguon.test:{server.port}{PATHS[type_]}"
        allow = [f"nguon.test:{server.port}", *server.allow]
        limits = parse_config(config_of(type_)).fetch
        settings = settings_of(type_, url, READ.get(type_, {}))
        fetcher = Fetcher(allow, limits, resolver=resolver)
        with fetcher as fetch, pytest.raises(HarvestError) as caught:
            list(source_type(type_).read(settings, fetch, {}))
        check(type_, [], caught.value, WORDS[type_, "name that moves"])
        assert (server.connections, len(asked)) == (1, 2)


@types
@pytest.mark.parametrize("url", ["file:///etc/passwd", "/etc/passwd", "../../etc/passwd"])
def test_an_address_that_is_a_file_of_the_server(type_, url):
    items, error = read(type_, url, ["127.0.0.1:80"], {"read": READ.get(type_, {})})
    found = problems(items, error)
    for problem in found:
        assert_said_well(problem)
    assert {problem.code for problem in found} <= {"host_not_granted", "bad_setting"}
    assert found
    assert "root:" not in str(found)


@pytest.mark.parametrize(
    ("type_", "word"), [(t, word) for t, fault, word in CELLS if fault == "page repeated"]
)
def test_a_page_repeated_for_ever(type_, word):
    """What came is given out once; the listing ends by itself and is not called complete."""
    service = REPEATED[type_]
    with raw_server(service.answer) as server, Stopwatch() as watch:
        config = {"fetch": FETCH, "read": service.read}
        items, error = read(type_, server.url + service.path, server.allow, config)
        requests = server.connections
    (problem,) = problems(items, error)
    assert problem.code == table.CODES[word]
    assert_said_well(problem)
    ids = [item.remote_id for item in items if isinstance(item, Record)]
    assert ids
    assert len(ids) == len(set(ids))
    assert not any(isinstance(item, End) and item.complete for item in items)
    assert requests < 20
    assert watch.seconds < SECONDS
