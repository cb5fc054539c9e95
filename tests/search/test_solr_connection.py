"""One kept-alive connection to Solr, and another node where one fails."""

import contextlib
import importlib
import json
import os
import pkgutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import ckan.lib.search
import pysolr
import pytest
import requests
from ckan.plugins import toolkit
from ckanext.thanhhoa import solr_connection


class Node:
    """A Solr that answers all with its own name; `status`, `drop`, `cut`, `hang` make it fail."""

    def __init__(self, name: str):
        self.hang, self.busy, self.partial = threading.Event(), threading.Event(), False
        self.status, self.drop, self.cut, self.asked, self.connections = 200, False, False, [], 0
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                node.connections += 1
                super().setup()

            def answer(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                node.asked.append((self.path, sent, self.headers.get("Authorization")))
                searching = "/select" in self.path
                while node.hang.is_set() or (searching and node.busy.is_set()):
                    time.sleep(0.02)
                if node.drop:
                    node.drop = False
                    self.close_connection = True
                    return
                docs = {"response": {"numFound": 1, "docs": [{"name": name}]}}
                if node.partial:
                    docs = {"responseHeader": {"partialResults": True}, **docs}
                said = docs if node.status == 200 else {"error": {"msg": name}}
                body = json.dumps(said, separators=(",", ":")).encode()
                self.send_response(node.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:9] if node.cut else body)
                self.close_connection = node.cut

            do_GET = do_POST = answer

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/solr"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def die(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two nodes; the process begins with the first."""
    made = [Node("first"), Node("second")]
    monkeypatch.setitem(toolkit.config, "solr_url", f"{made[0].url}/ckan")
    monkeypatch.setitem(toolkit.config, "ckanext.thanhhoa.solr_nodes", made[1].url)
    monkeypatch.setitem(toolkit.config, "solr_timeout", 5)
    monkeypatch.setattr(solr_connection, "_kept", solr_connection._Kept())
    monkeypatch.setattr(os, "getpid", lambda: 2)
    yield made
    for node in made:
        node.die()


def ask() -> str:
    return solr_connection.make_connection(decode_dates=False).search("*:*").docs[0]["name"]


def test_every_place_where_ckan_makes_a_connection_is_known() -> None:
    """The canary: a module of CKAN's search with a `make_connection` of its own would go past."""
    package = ckan.lib.search
    names = [package.__name__] + [
        f"{package.__name__}.{found.name}" for found in pkgutil.iter_modules(package.__path__)
    ]
    modules = [importlib.import_module(name) for name in names]
    having = {module for module in modules if hasattr(module, "make_connection")}
    assert having == set(solr_connection.PLACES)


def test_the_plugin_puts_it_there(with_plugins: None) -> None:
    for module in solr_connection.PLACES:
        assert module.make_connection is solr_connection.make_connection
    assert ckan.lib.search._get_schema_from_solr is solr_connection.schema_file


def test_one_connection_serves_many_requests(nodes: list[Node]) -> None:
    assert {ask() for _ in range(10)} == {"first"}
    assert nodes[0].connections == 1
    assert nodes[1].asked == []


def test_a_child_process_has_a_connection_of_its_own(nodes: list[Node]) -> None:
    ask()
    before = solr_connection._kept.session()
    child = os.fork()
    if child == 0:
        os._exit(0 if solr_connection._kept._session is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert solr_connection._kept.session() is before


def test_ckan_starts_while_its_first_node_is_down(nodes: list[Node]) -> None:
    nodes[0].die()
    nodes[0].status = 503
    assert solr_connection.schema_file("/schema?wt=schema.xml").status_code == 200
    assert nodes[1].asked[0][0] == "/solr/ckan/schema?wt=schema.xml"


def test_a_node_that_is_gone_is_stood_in_for(nodes: list[Node]) -> None:
    assert ask() == "first"
    nodes[0].die()
    nodes[0].status = 503  # what a kept connection of the dead server may still say
    assert [ask() for _ in range(5)] == ["second"] * 5


def test_a_node_that_dies_in_the_middle_of_its_answer_is_stood_in_for(nodes: list[Node]) -> None:
    nodes[0].cut = True
    assert ask() == "second"


@pytest.mark.parametrize("status", [404, 500, 502, 503, 504])
def test_a_node_out_of_order_is_stood_in_for(nodes: list[Node], status: int) -> None:
    nodes[0].status = status
    assert [ask() for _ in range(3)] == ["second"] * 3
    # It rests for a while: the following requests do not try it first.
    assert len(nodes[0].asked) == 1


def test_a_node_is_asked_again_when_it_says_that_it_is_well(
    nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solr_connection, "REST_SECONDS", 0.05)
    monkeypatch.setattr(solr_connection, "HEALTH_SECONDS", 0.5)
    nodes[0].status = 503
    assert ask() == "second"
    eventually(lambda: ask() and len(nodes[0].asked) > 2)
    searches = [path for path, *_ in nodes[0].asked if "/select" in path]
    assert len(searches) == 1, "searches wait for no node that is out of order"
    assert {path for path, *_ in nodes[0].asked[1:]} == {
        "/solr/admin/info/health?requireHealthyCores=true"
    }
    nodes[0].status = 200
    eventually(lambda: ask() == "first")


def eventually(test: Any, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_wrong_query_is_wrong_at_once(nodes: list[Node]) -> None:
    nodes[0].status = 400
    with pytest.raises(pysolr.SolrError, match="HTTP 400"):
        ask()
    assert nodes[1].asked == []


def test_two_nodes_are_asked_and_no_more(nodes: list[Node]) -> None:
    for node in nodes:
        node.status = 503
    with pytest.raises(pysolr.SolrError, match="HTTP 503"):
        ask()
    assert [len(node.asked) for node in nodes] == [1, 1]


def test_documents_are_sent_to_the_other_node_whole(nodes: list[Node]) -> None:
    nodes[0].status = 503
    solr_connection.make_connection().add([{"id": "a", "title": "Đất"}], commit=False)
    assert nodes[0].asked[0][:2] == nodes[1].asked[0][:2]
    assert "Đất".encode() in nodes[1].asked[0][1] or b"\\u0110" in nodes[1].asked[0][1]


def test_a_single_solr_that_closed_the_connection_is_asked_again(
    nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(toolkit.config, "ckanext.thanhhoa.solr_nodes", "")
    ask()
    nodes[0].drop = True
    assert ask() == "first"
    assert len(nodes[0].asked) == 3


def test_a_single_solr_that_is_down_is_told_at_once(
    nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(toolkit.config, "ckanext.thanhhoa.solr_nodes", "")
    monkeypatch.setitem(toolkit.config, "solr_url", "http://127.0.0.1:9/solr/ckan")
    with pytest.raises(pysolr.SolrError, match="Failed to connect"):
        ask()


def test_a_solr_that_stands_still_is_given_up_by_searches_only(
    nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solr_connection, "SEARCH_SECONDS", 0.3)
    solr = solr_connection.make_connection()
    nodes[0].hang.set()
    assert solr.search("*:*").docs == [{"name": "second"}]
    nodes[1].hang.set()
    with pytest.raises(pysolr.SolrError, match="timed out"):
        solr.search("*:*")
    for node in nodes:
        threading.Timer(1, node.hang.clear).start()
    solr.add([{"id": "1"}], commit=False)  # takes its time


def test_a_single_solr_that_stood_still_is_left_alone_until_it_is_well(
    nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(toolkit.config, "ckanext.thanhhoa.solr_nodes", "")
    for name, seconds in (("SEARCH_SECONDS", 0.3), ("REST_SECONDS", 3), ("HEALTH_SECONDS", 0.3)):
        monkeypatch.setattr(solr_connection, name, seconds)
    solr = solr_connection.make_connection()
    nodes[0].hang.set()
    with pytest.raises(pysolr.SolrError, match="timed out"):
        solr.search("*:*")
    asked = nodes[0].connections
    with pytest.raises(pysolr.SolrError, match="Failed to connect"):
        solr.search("*:*")
    assert nodes[0].connections == asked
    nodes[0].hang.clear()
    until = time.monotonic() + 20
    while True:
        try:
            assert solr.search("*:*").docs == [{"name": "first"}]
        except pysolr.SolrError:
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            break


def test_one_costly_query_is_no_reason_to_ask_nothing_else(
    nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(toolkit.config, "ckanext.thanhhoa.solr_nodes", "")
    monkeypatch.setattr(solr_connection, "SEARCH_SECONDS", 0.3)
    solr = solr_connection.make_connection()
    nodes[0].busy.set()
    with pytest.raises(pysolr.SolrError, match="timed out"):
        solr.search("*:*")
    nodes[0].busy.clear()
    assert solr.search("*:*").docs == [{"name": "first"}]


def test_half_an_answer_is_none(nodes: list[Node]) -> None:
    nodes[0].partial = True
    with pytest.raises(pysolr.SolrError, match="took too long"):
        solr_connection.make_connection(decode_dates=False).search("*:*")
    assert nodes[1].asked == []


@pytest.mark.parametrize(
    ("action", "times"), [("SWAP", 1), ("CREATE", 1), ("UNLOAD", 1), ("STATUS", 2)]
)
def test_what_changes_solr_is_asked_once(nodes: list[Node], action: str, times: int) -> None:
    nodes[0].drop = True
    session = solr_connection.make_connection().get_session()
    with contextlib.suppress(requests.ConnectionError):
        session.get(f"{nodes[0].url}/admin/cores", params={"action": action}, timeout=5)
    assert len(nodes[0].asked) + len(nodes[1].asked) == times


def test_the_password_is_in_no_address(nodes: list[Node], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(toolkit.config, "solr_user", "cong")
    monkeypatch.setitem(toolkit.config, "solr_password", "bi-mat/1")
    solr = solr_connection.make_connection()
    assert "bi-mat" not in solr.url
    solr.search("*:*")
    assert nodes[0].asked[0][2] == "Basic Y29uZzpiaS1tYXQvMQ=="
